package media

import (
	"net/netip"
	"slices"

	"github.com/pion/ice/v4"
)

// usable leaves out candidates that mean nothing beyond the phone's own link.
// They are filtered here and not in the library, which with a filter asks every
// relay once for each address of the machine.
func usable(candidates []string) []string {
	return slices.DeleteFunc(candidates, func(line string) bool {
		c, err := ice.UnmarshalCandidate(line)
		if err != nil || c.Component() != ice.ComponentRTP {
			return true // RTCP shares the port of RTP
		}
		a, err := netip.ParseAddr(c.Address())
		return err == nil && a.IsLinkLocalUnicast()
	})
}

// standard is the default candidate for the m= and c= lines, without which some
// peers read a hold: port 9 of 0.0.0.0 if there is none.
func standard(candidates []string) (port int, address netip.Addr) {
	best := -1
	port, address = 9, netip.IPv4Unspecified()
	for _, line := range candidates {
		c, err := ice.UnmarshalCandidate(line)
		if err != nil || c.NetworkType().IsTCP() {
			continue
		}
		a, err := netip.ParseAddr(c.Address())
		if err != nil {
			continue
		}
		if r := standardRank(c.Type(), a); r > best {
			best, port, address = r, c.Port(), a
		}
	}
	return port, address
}

// standardRank orders candidates by how likely a peer without ICE could use
// them (RFC 8839, section 4.2.1.2).
func standardRank(t ice.CandidateType, a netip.Addr) int {
	rank := map[ice.CandidateType]int{
		ice.CandidateTypeRelay: 6, ice.CandidateTypeServerReflexive: 4, ice.CandidateTypeHost: 2,
	}[t]
	if a.IsLoopback() {
		rank = 0
	}
	if a.Is4() {
		rank++
	}
	return rank
}

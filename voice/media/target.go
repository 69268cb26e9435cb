package media

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"offhook/voice/sdp"
)

// resolveLimit is how long the name in a c= line may take to become an address.
const resolveLimit = 3 * time.Second

// locate finds the address of a section whose c= line has a name (RFC 8866, section
// 5.7). A name that means nothing is an error.
func locate(ctx context.Context, m *sdp.Media) error {
	if m.Host == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, resolveLimit)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", m.Host)
	if err != nil || len(found) == 0 {
		return fmt.Errorf("%w: no address for the name in c=: %w", ErrNotAcceptable, err)
	}
	m.Address = found[0].Unmap()
	for _, a := range found {
		if a = a.Unmap(); a.Is4() { // what plain RTP's peers speak, if there is a choice
			m.Address = a
			break
		}
	}
	return targets(m)
}

// addressed refuses a section of an offer that has no address of its own and gets none
// from the session (RFC 8866, section 5.7): nobody could be answered there.
func addressed(m *sdp.Media) error {
	if !m.Address.IsValid() && m.Host == "" {
		return fmt.Errorf("%w: no c= line", ErrNotAcceptable)
	}
	return targets(m)
}

// targets refuses a section that would have packets go to many machines at once
// (RFC 3264, section 5, has multicast negotiated otherwise).
func targets(m *sdp.Media) error {
	for _, a := range []netip.Addr{m.Address, m.RTCPAddress} {
		if !unicast(a) {
			return fmt.Errorf("%w: %s is no unicast address", ErrNotAcceptable, a)
		}
	}
	return nil
}

// unicast reports whether packets to an address reach one machine. No address and
// the unspecified one, which stand for a hold, go nowhere and are fine.
func unicast(a netip.Addr) bool {
	a = a.Unmap()
	switch {
	case !a.IsValid(), a.IsUnspecified():
		return true
	case a.IsMulticast():
		return false
	case a.Is4() && (a.As4()[0] == 0 || a.As4()[0] >= 240):
		return false // "this network", reserved, limited broadcast
	}
	return !directedBroadcast(a)
}

// directedBroadcast reports whether an address is the broadcast address of a network
// that this machine is in.
func directedBroadcast(a netip.Addr) bool {
	if !a.Is4() {
		return false
	}
	own, _ := net.InterfaceAddrs()
	for _, o := range own {
		p, err := netip.ParsePrefix(o.String())
		if err != nil || !p.Addr().Is4() || p.Bits() > 30 || !p.Contains(a) {
			continue
		}
		last := p.Masked().Addr().As4()
		for bit := p.Bits(); bit < 32; bit++ {
			last[bit/8] |= 1 << (7 - bit%8)
		}
		if a.As4() == last {
			return true
		}
	}
	return false
}

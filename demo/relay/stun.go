package relay

import (
	"net"
	"net/netip"
	"strconv"

	"github.com/pion/stun/v4"
)

// What one address may ask without credentials: a phone that measures its way to
// the relay asks fifty times a second. An answer is not much longer than its
// question, so that the relay is of no use to flood others with.
const plainRate, plainBurst = 100, 300

// AnswerPlain answers a STUN binding request that brings no credentials (RFC
// 8489, section 2): a phone that is not signed in sees by it whether media would
// get through. ok is false for everything else.
func AnswerPlain(packet []byte, from netip.AddrPort) (answer []byte, ok bool) {
	// The first byte tells STUN from the media that passes here (RFC 7983).
	if len(packet) < 20 || packet[0] != 0 || packet[1] != 1 || !stun.IsMessage(packet) {
		return nil, false
	}
	request := &stun.Message{Raw: packet}
	if request.Decode() != nil || request.Type != stun.BindingRequest || request.Contains(stun.AttrUsername) {
		return nil, false
	}
	m, err := stun.Build(stun.NewTransactionIDSetter(request.TransactionID), stun.BindingSuccess,
		&stun.XORMappedAddress{IP: from.Addr().Unmap().AsSlice(), Port: int(from.Port())}, stun.Fingerprint)
	if err != nil {
		return nil, false
	}
	return m.Raw, true
}

// Ways are the addresses at which media is taken, each as udp: or tcp: and
// host:port, the best first.
func (r *Relay) Ways() []string {
	var list []string
	for _, c := range r.advertised {
		network := "udp:"
		if c.NetworkType().IsTCP() {
			network = "tcp:"
		}
		list = append(list, network+net.JoinHostPort(c.Address(), strconv.Itoa(c.Port())))
	}
	return list
}

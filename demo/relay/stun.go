package relay

import (
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/pion/stun/v4"

	"offhook/demo/throttle"
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

// plainSocket is the media socket without the packets that are answered at once.
type plainSocket struct {
	*net.UDPConn
	rate *throttle.Rate
}

func newPlainSocket(c *net.UDPConn) plainSocket {
	return plainSocket{c, throttle.NewRate(plainRate, plainBurst, time.Now)}
}

// ReadFromAddrPort implements ice.AddrPortReaderWriter.
func (s plainSocket) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		n, from, err := s.ReadFromUDPAddrPort(b)
		if err != nil {
			return n, from, err
		}
		answer, plain := AnswerPlain(b[:n], from)
		if !plain {
			return n, from, nil
		}
		if s.rate.Allow(from.Addr().Unmap().String()) {
			_, _ = s.WriteToUDPAddrPort(answer, from) // it asks again
		}
	}
}

// WriteToAddrPort implements ice.AddrPortReaderWriter.
func (s plainSocket) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	return s.WriteToUDPAddrPort(b, to)
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

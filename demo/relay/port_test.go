package relay

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// A batch brings packets out in their order, more than it holds too, and takes in what
// has come, on sockets of either family and of both.
func TestBatch(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::1]:0"} {
		t.Run(listen, func(t *testing.T) {
			t.Parallel()
			address, err := net.ResolveUDPAddr("udp", listen)
			if err != nil {
				t.Fatal(err)
			}
			ends := make([]*batch, 2)
			var to netip.AddrPort
			for i := range ends {
				c, err := net.ListenUDP("udp", address)
				if err != nil {
					t.Skip("no such addresses here:", err)
				}
				defer c.Close()
				_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
				if ends[i], err = newBatch(c); err != nil {
					t.Fatal(err)
				}
				to = c.LocalAddr().(*net.UDPAddr).AddrPort()
			}
			if to.Addr().IsUnspecified() {
				to = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), to.Port())
			}
			const all = 150
			for i := range uint32(all) {
				ends[0].queue(binary.BigEndian.AppendUint32(ends[0].room(), i), to)
			}
			ends[0].flush()
			ends[0].flush() // of nothing
			for got := uint32(0); got < all; {
				n, err := ends[1].read()
				if err != nil {
					t.Fatal(err)
				}
				for i := range n {
					packet, from := ends[1].packet(i)
					if len(packet) != 4 || binary.BigEndian.Uint32(packet) != got || from.Addr() != to.Addr() || from.Port() == to.Port() {
						t.Fatalf("packet %d is %x from %v", got, packet, from)
					}
					got++
				}
			}
		})
	}
}

// Several sockets are one port to the phones, and nobody else's: a second platform with
// the same address does not start.
func TestPortOfSeveralSockets(t *testing.T) {
	t.Parallel()
	p, err := openPort(&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	at := p.LocalAddr().(*net.UDPAddr)
	if other, err := openPort(at, 3); err == nil {
		_ = other.Close()
		t.Error("two platforms share a port")
	}
	for range 40 { // whichever socket the kernel picks
		c, err := net.DialUDP("udp", nil, at)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		request := stun.MustBuild(stun.TransactionID, stun.BindingRequest)
		if _, err := c.Write(request.Raw); err != nil {
			t.Fatal(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		answer := make([]byte, 100)
		if n, err := c.Read(answer); err != nil || !stun.IsMessage(answer[:n]) {
			t.Fatal(err)
		}
	}
}

package voice_test

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
)

// wires are everything that leads from one phone to the world: they can be cut.
type wires struct {
	transport.Net
	// noUDP drops every packet of media in both directions.
	noUDP atomic.Bool
	// noTCP refuses new connections.
	noTCP atomic.Bool

	mu    sync.Mutex
	conns map[net.Conn]bool
}

func newWires(t testing.TB) *wires {
	n, err := stdnet.NewNet()
	if err != nil {
		t.Fatal(err)
	}
	return &wires{Net: n, conns: map[net.Conn]bool{}}
}

// dial opens the connections of HTTP and SIP.
func (w *wires) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if w.noTCP.Load() {
		return nil, &net.OpError{Op: "dial", Net: network, Err: net.ErrClosed}
	}
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err == nil {
		w.mu.Lock()
		w.conns[c] = true
		w.mu.Unlock()
	}
	return c, err
}

// cutTCP closes all connections of HTTP and SIP.
func (w *wires) cutTCP() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		c.Close()
	}
	clear(w.conns)
}

func (w *wires) ListenPacket(network, address string) (net.PacketConn, error) {
	c, err := w.Net.ListenPacket(network, address)
	if err != nil {
		return nil, err
	}
	return &cutPackets{c, w}, nil
}

func (w *wires) ListenUDP(network string, address *net.UDPAddr) (transport.UDPConn, error) {
	c, err := w.Net.ListenUDP(network, address)
	if err != nil {
		return nil, err
	}
	return &cutUDP{c, w}, nil
}

// cutPackets and cutUDP are sockets on which nothing passes while noUDP is set.
type cutPackets struct {
	net.PacketConn
	w *wires
}

func (c *cutPackets) WriteTo(b []byte, to net.Addr) (int, error) {
	if c.w.noUDP.Load() {
		return len(b), nil
	}
	return c.PacketConn.WriteTo(b, to)
}

func (c *cutPackets) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.PacketConn.ReadFrom(b)
		if err != nil || !c.w.noUDP.Load() {
			return n, from, err
		}
	}
}

type cutUDP struct {
	transport.UDPConn
	w *wires
}

func (c *cutUDP) WriteTo(b []byte, to net.Addr) (int, error) {
	if c.w.noUDP.Load() {
		return len(b), nil
	}
	return c.UDPConn.WriteTo(b, to)
}

func (c *cutUDP) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.UDPConn.ReadFrom(b)
		if err != nil || !c.w.noUDP.Load() {
			return n, from, err
		}
	}
}

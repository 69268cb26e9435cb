package media

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"

	"offhook/internal/dscp"
)

// Network is the network that a session opens its sockets on: the machine's, or
// a simulated one.
type Network = transport.Net

// machineNet is the machine's network with a way out: what asks a dead server
// for candidates can be interrupted. On its own the library keeps on for 8 s,
// and for minutes where a TCP connection is not refused.
type machineNet struct {
	Network
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex // guards sockets
	sockets map[net.PacketConn]struct{}
}

func newMachineNet() (*machineNet, error) {
	std, err := stdnet.NewNet()
	if err != nil {
		return nil, err
	}
	n := &machineNet{Network: std, sockets: map[net.PacketConn]struct{}{}}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	return n, nil
}

// ListenUDP opens the socket of a candidate.
func (n *machineNet) ListenUDP(network string, local *net.UDPAddr) (transport.UDPConn, error) {
	c, err := n.Network.ListenUDP(network, local)
	if err == nil {
		dscp.Mark(c, dscp.Voice)
	}
	return c, err
}

// ListenPacket opens a socket to a TURN server.
func (n *machineNet) ListenPacket(network, address string) (net.PacketConn, error) {
	c, err := n.Network.ListenPacket(network, address)
	if err != nil {
		return nil, err
	}
	dscp.Mark(c, dscp.Voice)
	s := &trackedSocket{PacketConn: c, net: n}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ctx.Err() != nil {
		_ = c.Close()
		return nil, n.ctx.Err()
	}
	n.sockets[c] = struct{}{}
	return s, nil
}

// DialTCP connects to a TURN server or to a passive TCP candidate.
func (n *machineNet) DialTCP(network string, local, remote *net.TCPAddr) (transport.TCPConn, error) {
	d := net.Dialer{Timeout: 5 * time.Second}
	if local != nil {
		d.LocalAddr = local
	}
	c, err := d.DialContext(n.ctx, network, remote.String())
	if err != nil {
		return nil, err
	}
	dscp.Mark(c, dscp.Voice)
	return c.(*net.TCPConn), nil
}

// interrupt ends what waits for a server.
func (n *machineNet) interrupt() {
	n.cancel()
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.sockets {
		_ = c.Close()
	}
	clear(n.sockets)
}

type trackedSocket struct {
	net.PacketConn
	net *machineNet
}

// Close implements net.PacketConn.
func (s *trackedSocket) Close() error {
	s.net.mu.Lock()
	_, open := s.net.sockets[s.PacketConn]
	delete(s.net.sockets, s.PacketConn)
	s.net.mu.Unlock()
	if !open {
		return nil
	}
	return s.PacketConn.Close()
}

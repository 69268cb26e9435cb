package main

import (
	"errors"
	"io"
	"net"
	"sync"
)

// network is the way of the phones to the platform: all their sockets pass here
// and can be cut.
type network struct {
	listener net.Listener
	// to is the platform's address, which was free when the network was made.
	to string

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

func newNetwork() (*network, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	defer free.Close()
	return &network{listener: l, to: free.Addr().String(), conns: map[net.Conn]struct{}{}}, nil
}

func (n *network) url() string { return "http://" + n.listener.Addr().String() }

// run forwards until close.
func (n *network) run() {
	for {
		near, err := n.listener.Accept()
		if err != nil {
			return
		}
		go n.join(near)
	}
}

func (n *network) join(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("tcp", n.to)
	if err != nil {
		return
	}
	defer far.Close()
	n.mu.Lock()
	n.conns[near], n.conns[far] = struct{}{}, struct{}{}
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		delete(n.conns, near)
		delete(n.conns, far)
		n.mu.Unlock()
	}()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(far, near)
		_ = far.Close()
	}()
	_, _ = io.Copy(near, far)
	_ = near.Close()
	<-done
}

// cut breaks every socket, as a network that changes does, and returns how many.
func (n *network) cut() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
	}
	return len(n.conns) / 2
}

func (n *network) close() error {
	err := n.listener.Close()
	n.cut()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

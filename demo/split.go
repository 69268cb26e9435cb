package demo

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"offhook/demo/relay"
)

// lastICEByte is the highest first byte of ICE-TCP: the high byte of the length
// that frames each packet (RFC 4571, section 2), and packets are short. HTTP
// begins with a letter, TLS with 0x16 (RFC 8446, section 5.1).
const lastICEByte = 0x07

// stunHeader is the length of STUN's header (RFC 8489, section 5), plainLimit how
// long a request without credentials may be.
const stunHeader, plainLimit = 20, 256

// splitter tells two protocols on one TCP port apart by the first byte of each
// connection. A third, STUN without credentials and so without a frame, begins
// like a packet of one byte, which ICE-TCP never sends: it is answered here.
type splitter struct {
	listener net.Listener
	silence  time.Duration // how long a new connection may say nothing
	http     *branch
	ice      *branch
	running  sync.WaitGroup

	mu      sync.Mutex
	waiting map[net.Conn]struct{} // connections whose first byte has not come; nil once closed
}

func newSplitter(l net.Listener, silence time.Duration) *splitter {
	s := &splitter{listener: l, silence: silence, waiting: make(map[net.Conn]struct{})}
	s.http, s.ice = newBranch(l), newBranch(l)
	s.running.Go(s.accept)
	return s
}

func (s *splitter) accept() {
	const most = time.Second
	pause := 5 * time.Millisecond
	for {
		conn, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Out of descriptors, most likely: some will be free again.
			time.Sleep(pause)
			pause = min(2*pause, most)
			continue
		}
		pause = 5 * time.Millisecond
		if s.await(conn) {
			s.running.Go(func() { s.sort(conn) })
		}
	}
}

// await notes a connection, so that Close can end it.
func (s *splitter) await(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting == nil {
		_ = conn.Close()
		return false
	}
	s.waiting[conn] = struct{}{}
	return true
}

func (s *splitter) sort(conn net.Conn) {
	first := make([]byte, 1, 2)
	err := conn.SetReadDeadline(time.Now().Add(s.silence))
	if err == nil {
		_, err = conn.Read(first)
	}
	plain := false
	if err == nil && first[0] == 0 {
		first = first[:2]
		_, err = conn.Read(first[1:])
		plain = err == nil && first[1] == 1
	}
	if plain {
		answerPlain(conn, first)
	}
	if err == nil {
		err = conn.SetReadDeadline(time.Time{})
	}
	s.mu.Lock()
	delete(s.waiting, conn)
	s.mu.Unlock()
	if err != nil || plain {
		_ = conn.Close()
		return
	}
	to := s.http
	if first[0] <= lastICEByte {
		to = s.ice
	}
	to.give(&prefixedConn{Conn: conn, first: first})
}

// answerPlain answers a STUN request over TCP, whose beginning was read (RFC 8489,
// section 6.2.2).
func answerPlain(conn net.Conn, begin []byte) {
	from, ok := conn.RemoteAddr().(*net.TCPAddr)
	request := append(make([]byte, 0, plainLimit), begin...)[:stunHeader]
	if _, err := io.ReadFull(conn, request[len(begin):]); err != nil || !ok {
		return
	}
	length := stunHeader + int(binary.BigEndian.Uint16(request[2:]))
	if length > plainLimit {
		return
	}
	request = request[:length]
	if _, err := io.ReadFull(conn, request[stunHeader:]); err != nil {
		return
	}
	if answer, ok := relay.AnswerPlain(request, from.AddrPort()); ok {
		_, _ = conn.Write(answer) // the one who asked is gone
	}
}

// Close stops listening and ends the connections that have not said anything.
func (s *splitter) Close() error {
	err := s.listener.Close()
	s.mu.Lock()
	for conn := range s.waiting {
		_ = conn.Close()
	}
	s.waiting = nil
	s.mu.Unlock()
	_ = s.http.Close()
	_ = s.ice.Close()
	s.running.Wait()
	return err
}

// branch is the net.Listener of one protocol.
type branch struct {
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newBranch(l net.Listener) *branch {
	return &branch{addr: l.Addr(), conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (b *branch) give(conn net.Conn) {
	select {
	case b.conns <- conn:
	case <-b.closed:
		_ = conn.Close()
	}
}

// Accept implements net.Listener.
func (b *branch) Accept() (net.Conn, error) {
	select {
	case conn := <-b.conns:
		return conn, nil
	case <-b.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. The port stays open for the other protocol.
func (b *branch) Close() error {
	b.once.Do(func() { close(b.closed) })
	return nil
}

// Addr implements net.Listener.
func (b *branch) Addr() net.Addr { return b.addr }

// prefixedConn gives back the byte that was read to look at it.
type prefixedConn struct {
	net.Conn
	first []byte // used by the reader only
}

// Read implements net.Conn.
func (c *prefixedConn) Read(p []byte) (int, error) {
	if len(c.first) > 0 && len(p) > 0 {
		n := copy(p, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

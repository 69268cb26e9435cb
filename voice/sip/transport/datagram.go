package transport

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/pion/stun/v4"
)

// Datagrams is SIP over UDP to one server, from one port: what it sends to that
// port is for us, and no one else is heard. Keepalives are a double CRLF that
// nobody answers, until the server has agreed to outbound; then they are STUN
// binding requests, and their answers are the proof of its life (RFC 5626,
// section 4.4).
type Datagrams struct {
	life
	cfg    Config
	raw    net.Conn
	buffer []byte // of the reader
	// unreachable has an entry when the network has said that nobody is there.
	unreachable chan struct{}

	mu      sync.Mutex
	errors  int // of the network, one after the other
	asked   [stun.TransactionIDSize]byte
	askedAt time.Time // zero if no binding request waits
	mapped  string    // our address as the server saw it last
}

// unansweredInterval is the time between keepalives that nobody answers. They hold
// the way open, and the system tells at the next one when nobody is there any more: also
// of a server that starts again within seconds and has forgotten its phones.
const unansweredInterval = time.Second

// NewDatagrams makes a connection of a connected UDP socket, which it owns from
// here on.
func NewDatagrams(raw net.Conn, cfg Config) *Datagrams {
	if cfg.PingInterval == 0 {
		cfg.PingInterval = unansweredInterval
	}
	d := &Datagrams{cfg: cfg.withDefaults(), raw: raw, buffer: make([]byte, 1<<16), unreachable: make(chan struct{}, 1)}
	d.init(func(err error) {
		_ = raw.Close()
		d.cfg.Logger.Debug("datagrams ended", "reason", err)
	})
	if d.cfg.PingInterval > 0 {
		d.after(d.cfg.PingInterval, d.keepalive)
	}
	return d
}

// Unreachable has an entry after the network has said that nobody is there: the
// server may be starting again, with nothing of what it knew.
func (d *Datagrams) Unreachable() <-chan struct{} { return d.unreachable }

// LocalAddr is that of the socket.
func (d *Datagrams) LocalAddr() net.Addr { return d.raw.LocalAddr() }

// RemoteAddr is the server's.
func (d *Datagrams) RemoteAddr() net.Addr { return d.raw.RemoteAddr() }

// Read returns the next message.
func (d *Datagrams) Read() ([]byte, error) {
	for {
		n, err := d.raw.Read(d.buffer)
		if err != nil {
			if d.failed(err) {
				return nil, d.Err()
			}
			continue
		}
		d.heard()
		d.mu.Lock()
		d.errors = 0
		d.mu.Unlock()
		message := d.buffer[:n]
		switch {
		case stun.IsMessage(message):
			d.bound(message)
		case !blank(message):
			return append([]byte(nil), message...), nil
		}
	}
}

// failed notes an error of the network and says whether it is the end. One may
// be an ICMP message of a server that is just starting; the second in a row
// means that nobody is there.
func (d *Datagrams) failed(err error) bool {
	d.mu.Lock()
	d.errors++
	over := d.errors > 1 || errors.Is(err, net.ErrClosed)
	d.mu.Unlock()
	select {
	case d.unreachable <- struct{}{}:
	default:
	}
	if over {
		d.End(err)
	}
	return over
}

// Write sends a message. The error of a datagram before, which the system
// reports at the next one, is not held against it.
func (d *Datagrams) Write(message []byte) error {
	_, err := d.raw.Write(message)
	if err == nil {
		return nil
	}
	if d.failed(err) {
		return err
	}
	_, err = d.raw.Write(message)
	return err
}

func (d *Datagrams) keepalive() {
	if d.Answers() {
		d.bind()
	} else if d.Write(crlfcrlf) == nil {
		d.after(d.cfg.PingInterval, d.keepalive)
	}
}

// Outbound is called when the server has agreed to RFC 5626: from here on it is
// asked for its life.
func (d *Datagrams) Outbound() {
	d.life.mu.Lock()
	first := !d.answers
	d.answers = d.cfg.PingInterval > 0
	d.life.mu.Unlock()
	if first && d.cfg.PingInterval > 0 {
		d.after(d.cfg.PingInterval, d.keepalive)
	}
}

// bind sends a binding request, and again at growing intervals until it is
// answered or the connection given up.
func (d *Datagrams) bind() {
	request, err := stun.Build(stun.TransactionID, stun.BindingRequest)
	if err != nil {
		d.End(err)
		return
	}
	d.mu.Lock()
	d.asked, d.askedAt = request.TransactionID, time.Now()
	d.mu.Unlock()
	d.ask(request.Raw, d.cfg.PongTimeout/8)
}

func (d *Datagrams) ask(request []byte, delay time.Duration) {
	d.mu.Lock()
	since := time.Since(d.askedAt)
	waiting := !d.askedAt.IsZero()
	if waiting && since < d.cfg.PongTimeout {
		// Armed before the answer can come, which arms it anew.
		d.after(min(delay, d.cfg.PongTimeout-since), func() { d.ask(request, 2*delay) })
	}
	d.mu.Unlock()
	switch {
	case !waiting:
	case since >= d.cfg.PongTimeout:
		d.End(ErrSilent)
	default:
		_ = d.Write(request)
	}
}

// bound takes the answer to a binding request in.
func (d *Datagrams) bound(message []byte) {
	m := &stun.Message{Raw: append([]byte(nil), message...)}
	var seen stun.XORMappedAddress
	if m.Decode() != nil || m.Type != stun.BindingSuccess || seen.GetFrom(m) != nil {
		return
	}
	d.mu.Lock()
	if d.askedAt.IsZero() || m.TransactionID != d.asked {
		d.mu.Unlock()
		return
	}
	d.life.mu.Lock()
	d.rtt = time.Since(d.askedAt)
	d.life.mu.Unlock()
	d.askedAt = time.Time{}
	moved := d.mapped != "" && d.mapped != seen.String()
	d.mapped = seen.String()
	interval := d.cfg.PingInterval
	if interval == unansweredInterval {
		interval = defaultPingInterval // one that is answered is enough now and then
	}
	d.after(interval, d.keepalive)
	d.mu.Unlock()
	if moved {
		d.End(ErrMoved)
	}
}

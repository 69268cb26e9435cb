package sip

import (
	"bytes"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/pion/stun/v4"

	"offhook/voice/sip/wsconn"
)

// maxDatagram is the size from which on a request goes over TCP (RFC 3261,
// section 18.1.1).
const maxDatagram = 1300

// errMoved says that the server sees us at another address than before: what it
// knows of the flow is no longer true (RFC 5626, section 4.4.2).
var errMoved = errors.New("sip: the address seen by the server has changed")

// datagrams is SIP over UDP to one server, from one port: what it sends to that
// port is for us, and no one else is heard. Keepalives are a double CRLF that
// nobody answers, until the server has agreed to outbound; then they are STUN
// binding requests, and their answers are the proof of its life (RFC 5626,
// section 4.4).
type datagrams struct {
	raw      net.Conn
	rewrite  func([]byte) []byte
	interval time.Duration // of the keepalives; negative for none
	patience time.Duration // for the answer to a binding request
	logger   *slog.Logger
	unread   func() // called before the reader learns of the end

	ready     chan struct{} // closed when the reader reads
	readyOnce sync.Once
	buffer    []byte // of the reader

	endOnce sync.Once
	done    chan struct{}

	mu        sync.Mutex
	err       error
	errors    int // of the network, one after the other
	last      time.Time
	rtt       time.Duration
	timer     *time.Timer
	confirmed bool // the server answers STUN
	asked     [stun.TransactionIDSize]byte
	askedAt   time.Time // zero if no binding request waits
	mapped    string    // our address as the server saw it last
}

func newDatagrams(raw net.Conn, cfg *Config, rewrite func([]byte) []byte) *datagrams {
	d := &datagrams{
		raw: raw, rewrite: rewrite, interval: cfg.PingInterval, patience: cfg.PongTimeout, logger: cfg.Logger,
		ready: make(chan struct{}), done: make(chan struct{}), buffer: make([]byte, 1<<16), last: time.Now(),
	}
	if d.interval == 0 {
		d.interval = 24*time.Second + rand.N(5*time.Second) // section 4.4.2
	}
	if d.patience <= 0 {
		d.patience = wsconn.DefaultPongTimeout
	}
	if d.interval > 0 {
		d.again(d.interval, d.keepalive)
	}
	return d
}

// ReadFrom gives the next message in its plain form.
func (d *datagrams) ReadFrom(b []byte) (int, net.Addr, error) {
	d.readyOnce.Do(func() { close(d.ready) })
	for {
		n, err := d.raw.Read(d.buffer)
		if err != nil {
			if d.failed(err) {
				d.unread()
				return 0, nil, net.ErrClosed // an ordinary end for sipgo
			}
			continue
		}
		d.mu.Lock()
		d.last, d.errors = time.Now(), 0
		d.mu.Unlock()
		message := d.buffer[:n]
		if stun.IsMessage(message) {
			d.bound(message)
			continue
		}
		if len(bytes.Trim(message, "\r\n\x00")) == 0 {
			continue
		}
		if plain := d.rewrite(message); len(plain) > 0 && len(plain) <= len(b) {
			return copy(b, plain), d.raw.RemoteAddr(), nil
		}
	}
}

// failed notes an error of the network and says whether it is the end. One may
// be an ICMP message of a server that is just starting; the second in a row
// means that nobody is there.
func (d *datagrams) failed(err error) bool {
	d.mu.Lock()
	d.errors++
	over := d.errors > 1 || errors.Is(err, net.ErrClosed)
	d.mu.Unlock()
	if over {
		d.end(err)
	}
	return over
}

// WriteTo sends a message to the server, whatever address it is given.
func (d *datagrams) WriteTo(b []byte, _ net.Addr) (int, error) { return len(b), d.Send(b) }

// Send sends a message. The error of a datagram before, which the system
// reports at the next one, is not held against it.
func (d *datagrams) Send(message []byte) error {
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

func (d *datagrams) keepalive() {
	d.mu.Lock()
	confirmed := d.confirmed
	d.mu.Unlock()
	if confirmed {
		d.bind()
	} else if d.Send(crlfcrlf) == nil {
		d.again(d.interval, d.keepalive)
	}
}

// again arms the timer, unless the flow is over.
func (d *datagrams) again(after time.Duration, f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.againLocked(after, f)
}

func (d *datagrams) againLocked(after time.Duration, f func()) {
	select {
	case <-d.done:
	default:
		if d.timer != nil {
			d.timer.Stop()
		}
		d.timer = time.AfterFunc(after, f)
	}
}

// outbound is called when the server has agreed to it: from here on it is asked
// for its life.
func (d *datagrams) outbound() {
	d.mu.Lock()
	first := !d.confirmed
	d.confirmed = true
	d.mu.Unlock()
	if first && d.interval > 0 {
		d.again(d.interval, d.keepalive)
	}
}

// bind sends a binding request, and again at growing pauses until it is
// answered or the flow given up.
func (d *datagrams) bind() {
	request, err := stun.Build(stun.TransactionID, stun.BindingRequest)
	if err != nil {
		d.end(err)
		return
	}
	d.mu.Lock()
	d.asked, d.askedAt = request.TransactionID, time.Now()
	d.mu.Unlock()
	d.ask(request.Raw, d.patience/8)
}

func (d *datagrams) ask(request []byte, pause time.Duration) {
	d.mu.Lock()
	since := time.Since(d.askedAt)
	waiting := !d.askedAt.IsZero()
	if waiting && since < d.patience {
		// Armed before the answer can come, which arms it anew.
		d.againLocked(min(pause, d.patience-since), func() { d.ask(request, 2*pause) })
	}
	d.mu.Unlock()
	switch {
	case !waiting:
	case since >= d.patience:
		d.end(wsconn.ErrPongTimeout)
	default:
		_ = d.Send(request)
	}
}

// bound takes the answer to a binding request in.
func (d *datagrams) bound(message []byte) {
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
	d.rtt, d.askedAt = time.Since(d.askedAt), time.Time{}
	moved := d.mapped != "" && d.mapped != seen.String()
	d.mapped = seen.String()
	d.againLocked(d.interval, d.keepalive)
	d.mu.Unlock()
	if moved {
		d.end(errMoved)
	}
}

// end ends the flow, once; err is why.
func (d *datagrams) end(err error) {
	d.endOnce.Do(func() {
		d.mu.Lock()
		d.err = err
		close(d.done)
		if d.timer != nil {
			d.timer.Stop()
		}
		d.mu.Unlock()
		_ = d.raw.Close()
		d.logger.Debug("datagrams ended", "reason", err)
	})
}

// Close ends the flow.
func (d *datagrams) Close() error {
	d.end(net.ErrClosed)
	return nil
}

func (d *datagrams) Done() <-chan struct{} { return d.done }

func (d *datagrams) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

func (d *datagrams) RTT() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rtt
}

func (d *datagrams) LastHeard() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last
}

// LocalAddr has no zone: sipgo finds the socket by an address without.
func (d *datagrams) LocalAddr() net.Addr {
	if a, ok := d.raw.LocalAddr().(*net.UDPAddr); ok {
		return &net.UDPAddr{IP: a.IP, Port: a.Port}
	}
	return d.raw.LocalAddr()
}

func (d *datagrams) SetDeadline(t time.Time) error      { return d.raw.SetDeadline(t) }
func (d *datagrams) SetReadDeadline(t time.Time) error  { return d.raw.SetReadDeadline(t) }
func (d *datagrams) SetWriteDeadline(t time.Time) error { return d.raw.SetWriteDeadline(t) }

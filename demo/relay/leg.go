package relay

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/randutil"
)

// Leg is the media of one phone: it has been offered a session, and answers.
// Sound passes only between legs that are joined, or to and from a bot, and
// only through an open gate. All methods may be called from any goroutine.
type Leg struct {
	relay   *Relay
	created time.Time
	onDigit func(rune)

	// mu guards what signalling changes.
	mu       sync.Mutex
	answer   answerer
	peer     *Offer
	offer    *Offer
	answered bool
	closed   bool
	pending  *path
	sink     sink

	path   atomic.Pointer[path]
	secure atomic.Pointer[secure]
	keys   atomic.Pointer[keys]
	table  atomic.Pointer[payloads]
	to     atomic.Pointer[sink]
	tap    atomic.Pointer[Tap]

	gate gate
	in   inbound
	out  outbound

	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// sink takes what a phone sends. Its methods are called with the leg's inbound
// lock held and must not keep the packet.
type sink interface {
	rtp(p packet)
	rtcp(raw []byte)
	close()
}

// gate says what may pass a leg. The phone's own direction (hold) is kept apart
// from the gate of the call.
type gate struct {
	fromPhone, toPhone        atomic.Bool
	phoneSends, phoneReceives atomic.Bool
}

// NewLeg makes a leg for an offer. onDigit, if it is not nil, is called for each
// digit that the phone sends as a telephone-event (RFC 4733); it must not block.
func (r *Relay) NewLeg(o *Offer, onDigit func(rune)) (*Leg, error) {
	l, err := r.newLeg(onDigit)
	if err != nil {
		return nil, err
	}
	l.offer = o
	l.gate.phoneSends.Store(o.Sends)
	l.gate.phoneReceives.Store(o.Receives)
	return l, nil
}

func (r *Relay) newLeg(onDigit func(rune)) (*Leg, error) {
	name, err := randutil.CryptoUint64()
	if err != nil {
		return nil, err
	}
	l := &Leg{relay: r, created: time.Now(), onDigit: onDigit}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.in.plain = make([]byte, 0, 2048)
	l.out.init(rand.Uint32())
	l.answer = answerer{
		sessionID: name >> 2, version: 1,
		fingerprint: r.fingerprint, candidates: r.advertised,
		address: r.address, port: r.advertised[0].Port(),
		ssrc: l.out.ssrc, cname: hex.EncodeToString([]byte{byte(name), byte(name >> 8), byte(name >> 16), byte(name >> 24)}),
	}
	if err := r.add(l); err != nil {
		l.cancel()
		return nil, err
	}
	return l, nil
}

// Offer returns the phone's latest offer.
func (l *Leg) Offer() *Offer {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.offer
}

// Codec returns the name of the agreed codec, empty before Answer.
func (l *Leg) Codec() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answer.codec.Name
}

// Answer returns the SDP answer with the codec of that name, and starts ICE and
// DTLS. peer is what the far phone offered, whose format parameters the answer
// repeats, since they are what the far phone can take; nil for a bot.
func (l *Leg) Answer(codecName string, peer *Offer) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return "", ErrClosed
	}
	if l.answered {
		return l.answer.answer(l.offer)
	}
	c, ok := l.offer.codec(codecName)
	if !ok {
		return "", fmt.Errorf("%w: no %s", ErrUnacceptable, codecName)
	}
	l.peer = peer
	l.answer.codec = c
	l.settle()
	if err := l.openPath(); err != nil {
		return "", err
	}
	if err := l.openSecure(); err != nil {
		return "", err
	}
	l.answered = true
	return l.answer.answer(l.offer)
}

// settle works out the formats of the answer from the offers. Called with mu
// held.
func (l *Leg) settle() {
	a, c := &l.answer, l.answer.codec
	a.fmtp, a.ptime, a.events, a.comfort, a.red = "", "", nil, nil, nil
	if l.peer != nil {
		far, _ := l.peer.codec(c.Name)
		a.fmtp, a.ptime = far.Fmtp, l.peer.ptime
		if len(l.peer.events) > 0 {
			a.events = l.offer.events
		}
		if l.peer.comfort != nil && c.Clock == 8000 {
			a.comfort = l.offer.comfort
		}
	} else {
		a.fmtp, a.ptime, a.events = botFmtp(c.Name), "20", l.offer.events
	}
	if red, blocks := l.offer.redFor(c); red != nil {
		if l.peer != nil {
			far, _ := l.peer.codec(c.Name)
			_, blocks = l.peer.redFor(far)
		}
		if blocks > 0 {
			a.red = redOf(*red, c, blocks)
		}
	}
	a.sends, a.receives = l.offer.Receives, l.offer.Sends
	a.setup = "passive"
	if l.offer.setup == "passive" {
		a.setup = "active"
	}
	l.table.Store(newPayloads(c, a.events, a.comfort, a.red))
	l.gate.phoneSends.Store(l.offer.Sends)
	l.gate.phoneReceives.Store(l.offer.Receives)
}

// Reoffer answers a later offer of the same phone: hold and resume, and an ICE
// restart, which it does when the offer has new credentials. The codec stays.
func (l *Leg) Reoffer(o *Offer) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || !l.answered {
		return "", ErrClosed
	}
	c, ok := o.codec(l.answer.codec.Name)
	if !ok {
		return "", fmt.Errorf("%w: the call speaks %s", ErrUnacceptable, l.answer.codec.Name)
	}
	old := l.offer
	l.offer = o
	l.answer.codec = c
	l.answer.version++
	l.settle()
	if o.ufrag != old.ufrag || o.pwd != old.pwd {
		if err := l.openPath(); err != nil {
			return "", err
		}
	}
	// Another certificate means another DTLS association (RFC 8842, 4).
	if o.fingerprint != old.fingerprint || o.hash != old.hash {
		if err := l.openSecure(); err != nil {
			return "", err
		}
	}
	return l.answer.answer(l.offer)
}

// LaterOffer returns an offer of the relay's own for the same session, which
// tells the phone what the far phone does with its stream; TakeAnswer takes
// what the phone says to it.
func (l *Leg) LaterOffer(sends, receives bool) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || !l.answered {
		return "", ErrClosed
	}
	l.answer.version++
	a := l.answer
	a.sends, a.receives = sends, receives
	// An offer leaves the role to the answer; the association stays as it is
	// (RFC 8842, 5.5).
	a.setup = "actpass"
	return a.answer(l.offer)
}

// TakeAnswer takes the phone's answer to LaterOffer: its direction. ICE, DTLS
// and codec stay.
func (l *Leg) TakeAnswer(raw string) error {
	answer, err := ParseOffer(raw)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := answer.codec(l.answer.codec.Name); !ok {
		return fmt.Errorf("%w: the call speaks %s", ErrUnacceptable, l.answer.codec.Name)
	}
	l.gate.phoneSends.Store(answer.Sends)
	l.gate.phoneReceives.Store(answer.Receives)
	return nil
}

// openPath starts ICE with the credentials of the offer. The path in use stays
// so for sending until the phone has chosen on the new one. Called with mu held.
func (l *Leg) openPath() error {
	if l.pending != nil {
		l.closeLater(l.pending)
		l.pending = nil
	}
	if current := l.path.Load(); current != nil {
		current.retire()
	}
	var p *path
	ready := make(chan struct{})
	p, err := newPath(l.relay, l.receive, func() {
		<-ready
		l.chosen(p)
	})
	if err != nil {
		return err
	}
	l.answer.ufrag, l.answer.pwd = p.ufrag, p.pwd
	if !l.path.CompareAndSwap(nil, p) {
		l.pending = p
	}
	close(ready)
	if l.offer == nil {
		return nil // Propose: the phone's credentials come with its answer
	}
	return p.start(l.offer.ufrag, l.offer.pwd)
}

// chosen makes p the path to send on.
func (l *Leg) chosen(p *path) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	if l.pending == p {
		l.closeLater(l.path.Swap(p))
		l.pending = nil
	}
	if l.answer.setup == "active" && l.keys.Load() == nil {
		l.startHandshake(true)
	}
}

func (l *Leg) closeLater(p *path) { l.work.Go(p.close) }

// openSecure starts a new DTLS association. Called with mu held.
func (l *Leg) openSecure() error {
	if old := l.secure.Load(); old != nil {
		l.work.Go(old.close)
	}
	active := l.answer.setup == "active"
	s, err := newSecure(l.relay, l.offer, active, l.write)
	if err != nil {
		return err
	}
	l.secure.Store(s)
	if !active {
		l.startHandshake(false)
	}
	return nil
}

// startHandshake is called with mu held.
func (l *Leg) startHandshake(active bool) {
	s := l.secure.Load()
	if s == nil || l.closed {
		return
	}
	l.work.Go(func() {
		k, err := s.handshake(l.ctx, active)
		if err != nil {
			l.relay.log.Debug("DTLS handshake failed", "error", err)
			return
		}
		if l.secure.Load() == s {
			l.keys.Store(k)
		}
	})
}

// write sends one finished packet to the phone.
func (l *Leg) write(b []byte) error {
	p := l.path.Load()
	if p == nil {
		return ErrClosed
	}
	return p.write(b)
}

// Open lets sound pass both ways.
func (l *Leg) Open() {
	l.gate.fromPhone.Store(true)
	l.gate.toPhone.Store(true)
}

// OpenEarly lets sound pass to the phone only.
func (l *Leg) OpenEarly() { l.gate.toPhone.Store(true) }

// Shut stops sound both ways.
func (l *Leg) Shut() {
	l.gate.fromPhone.Store(false)
	l.gate.toPhone.Store(false)
}

// Secured reports whether sound could pass: the phone has chosen a path and the
// DTLS handshake is done.
func (l *Leg) Secured() bool { return l.keys.Load() != nil }

// Idle is the time since the phone was last heard of: sound, RTCP or an ICE
// check; or since the leg was made.
func (l *Leg) Idle() time.Duration {
	last := l.created
	if p := l.path.Load(); p != nil {
		if t := time.Unix(0, p.lastCheck.Load()); t.After(last) {
			last = t
		}
	}
	if t := l.in.last(); t.After(last) {
		last = t
	}
	return time.Since(last)
}

// Join lets two legs hear each other, as far as their gates are open. What
// either was joined to before is let go. Packets pass as they are between legs of
// one codec; legs of different codecs become a conference of two.
func Join(a, b *Leg) {
	if a.Codec() == b.Codec() {
		a.setSink(&joined{from: a, to: b})
		b.setSink(&joined{from: b, to: a})
		return
	}
	c := a.relay.NewConference(nil)
	if err := errors.Join(c.Add(a), c.Add(b)); err != nil {
		a.relay.log.Error("legs of two codecs", "error", err)
	}
}

// setSink replaces where the phone's sound goes.
func (l *Leg) setSink(s sink) {
	l.mu.Lock()
	old := l.sink
	if l.closed {
		l.mu.Unlock()
		if s != nil {
			s.close()
		}
		return
	}
	l.sink = s
	if s == nil {
		l.to.Store(nil)
	} else {
		l.to.Store(&s)
	}
	l.mu.Unlock()
	if old != nil {
		old.close()
	}
}

// Close ends the leg. It returns when its goroutines are gone; closing twice is
// no error.
func (l *Leg) Close() {
	l.setSink(nil)
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	l.closed = true
	pending := l.pending
	l.pending = nil
	l.mu.Unlock()
	l.cancel()
	if s := l.secure.Load(); s != nil {
		s.close()
	}
	if pending != nil {
		pending.close()
	}
	if p := l.path.Load(); p != nil {
		p.close()
	}
	l.work.Wait()
	l.relay.remove(l)
}

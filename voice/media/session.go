package media

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"offhook/internal/crash"
)

// session is everything of a Session that does not depend on how packets
// travel: the two directions of sound, the negotiation, the reports.
type session struct {
	cfg    Config
	link   link
	events *eventQueue
	send   *sender
	recv   *receiver
	report *reporter
	made   time.Duration
	done   chan struct{}
	tasks  sync.WaitGroup

	mu        sync.Mutex // guards what follows
	nego      *negotiation
	sendOpen  bool
	recvOpen  bool
	held      bool
	connected bool
	closed    bool

	security *Security    // as told last, nil before
	via      atomic.Value // string: how digits travel
	opened   atomic.Int64 // when sound was first let out, 0 before
	// quiet says that by the descriptions the far side sends no sound.
	quiet atomic.Bool
}

// newSession makes a session around the link that makeLink returns and starts
// it.
func newSession(cfg Config, makeLink func(Config, uint32, linkHandler) (link, error)) (*session, error) {
	s, err := idleSession(cfg, makeLink)
	if err != nil {
		return nil, err
	}
	s.tasks.Go(crash.Guarded(func() { s.send.run(s.done) }))
	s.tasks.Go(crash.Guarded(func() { s.report.run(s.done) }))
	return s, nil
}

// idleSession makes a session whose goroutines do not run yet.
func idleSession(cfg Config, makeLink func(Config, uint32, linkHandler) (link, error)) (*session, error) {
	cfg = cfg.withDefaults()
	nego, err := newNegotiation(cfg)
	if err != nil {
		return nil, err
	}
	s := &session{
		cfg:    cfg,
		events: newEventQueue(),
		made:   cfg.Now(),
		done:   make(chan struct{}),
		nego:   nego,
	}
	s.via.Store("")
	s.recv = newReceiver(cfg.Now, s.events.emit)
	s.send = newSender(cfg.Now, cfg.DigitDuration, func(h rtpHeader, p []byte) error { return s.link.sendRTP(h, p) })
	s.nego.ssrc = s.send.ssrc
	s.nego.cname = strconv.FormatUint(rand.Uint64(), 36)
	s.report = newReporter(s)
	if s.link, err = makeLink(cfg, s.send.ssrc, s); err != nil {
		return nil, err
	}
	return s, nil
}

// Push implements Session.
func (s *session) Push(frame []int16) { s.send.push(frame) }

// Pull implements Session.
func (s *session) Pull(frame []int16) { s.recv.pull(frame) }

// Events implements Session.
func (s *session) Events() <-chan Event { return s.events.ch }

// OpenSend implements Session.
func (s *session) OpenSend() {
	s.opened.CompareAndSwap(0, max(int64(s.cfg.Now()), 1))
	s.change(func() { s.sendOpen = true })
}

// OpenReceive implements Session.
func (s *session) OpenReceive() { s.change(func() { s.recvOpen = true }) }

// Hold implements Session.
func (s *session) Hold(on bool) { s.change(func() { s.held = on }) }

// SetMuted implements Session.
func (s *session) SetMuted(on bool) { s.send.muted.Store(on) }

// SetTap implements Session.
func (s *session) SetTap(t Tap) {
	s.send.tap.set(t)
	s.recv.tap.set(t)
}

// Overlay implements Session.
func (s *session) Overlay(pcm []int16) {
	if len(pcm) > 0 {
		s.send.over.Store(&overlay{pcm: pcm})
	}
}

// Muted reports whether SetMuted is in force. A real-time thread may ask.
func (s *session) Muted() bool { return s.send.muted.Load() }

// change applies f and moves the gates to where they belong then.
func (s *session) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	f()
	s.gates()
}

// gates derives from all conditions whether sound passes; s.mu is held.
func (s *session) gates() {
	listens := s.connected && !s.held && s.nego.peerReceives
	send := s.sendOpen && listens
	s.send.setKeys(listens)
	if send != s.send.on.Load() {
		s.send.setOn(send)
	}
	s.recv.on.Store(s.recvOpen && !s.held)
	if quiet := s.held || s.nego.settled && !s.nego.peerSends; s.quiet.Swap(quiet) && !quiet {
		s.recv.heard.Store(int64(s.cfg.Now())) // sound is due from now on
	}
}

// SendDTMF implements Session.
func (s *session) SendDTMF(digits string) error {
	s.mu.Lock()
	closed, plan := s.closed, s.send.plan.Load()
	s.mu.Unlock()
	switch {
	case closed:
		return ErrClosed
	case plan == nil || plan.eventClock == 0:
		if err := checkDigits(digits); err != nil {
			return err
		}
		s.via.Store("INFO")
		return ErrNoTelephoneEvent
	}
	if err := s.send.digits.push(digits); err != nil {
		return err
	}
	s.via.Store("RFC4733")
	s.send.signal()
	return nil
}

// SinceReceived implements Session.
func (s *session) SinceReceived() time.Duration {
	return max(s.cfg.Now()-time.Duration(s.recv.heard.Load()), 0)
}

// Offer implements Session.
func (s *session) Offer(ctx context.Context, restart bool) (string, error) {
	s.nego.turn.Lock()
	defer s.nego.turn.Unlock()
	if s.isClosed() {
		return "", ErrClosed
	}
	s.mu.Lock()
	d := s.nego.offer(s.link.proto(), s.held)
	s.mu.Unlock()
	if err := s.link.offer(ctx, &d.Media[0], restart); err != nil {
		return "", fmt.Errorf("media: offer: %w", err)
	}
	d.Address = d.Media[0].Address
	s.nego.bundle(d)
	s.mu.Lock()
	s.nego.pending = d
	s.mu.Unlock()
	s.listen(d)
	return d.String(), nil
}

func (s *session) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// rtp implements linkHandler.
func (s *session) rtp(p []byte, at time.Duration) { s.recv.packet(p, at) }

// rtcp implements linkHandler.
func (s *session) rtcp(p []byte, at time.Duration) {
	if s.silenceAnnounced() {
		s.recv.heard.Store(int64(at))
	}
	s.report.receive(p, at)
}

// state implements linkHandler.
func (s *session) state(kind EventKind, err error) {
	s.change(func() { s.connected = kind == Connected || s.connected && kind == Disconnected })
	s.events.emit(Event{Kind: kind, Err: err})
	if kind == Connected {
		s.report.reportNow()
	}
}

// silenceAnnounced reports whether the far side has reason to send no sound: it said
// that nobody speaks (RFC 3389), its description says so, or the user holds it. Its
// reports are its only sign of life then.
func (s *session) silenceAnnounced() bool {
	return s.recv.noise.level.Load() != 0 || s.quiet.Load()
}

// unannounced is how long sound has been missing for no known reason.
func (s *session) unannounced() time.Duration {
	if s.silenceAnnounced() {
		return 0
	}
	return s.SinceReceived()
}

// secured implements linkHandler.
func (s *session) secured(now Security) {
	s.mu.Lock()
	same := s.security != nil && *s.security == now
	s.security = &now
	s.mu.Unlock()
	if !same {
		s.events.emit(Event{Kind: Secured, Security: now})
	}
}

// Close implements Session.
func (s *session) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.send.setOn(false)
	s.recv.on.Store(false)
	s.mu.Unlock()
	close(s.done)
	// A write to a socket that takes no more ends with the link.
	if within(closeGrace, s.tasks.Wait) {
		s.report.bye()
	}
	s.link.close()
	if !within(closeLimit, s.tasks.Wait) {
		s.cfg.Logger.Warn("media: the session is slow to close", "after", closeLimit)
	}
	s.events.close()
	return nil
}

// Hanging up must not hang on a library that waits for a server or a handshake.
const (
	// closeGrace is what is left to end by itself, such as the good-bye to a
	// relay's server.
	closeGrace = 100 * time.Millisecond
	// closeLimit is how long Close waits at most for what is going on.
	closeLimit = 5 * time.Second
)

// within runs wait and reports whether it returned in time.
func within(limit time.Duration, wait func()) bool {
	done := make(chan struct{})
	go func() {
		defer crash.Guard()
		defer close(done)
		wait()
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

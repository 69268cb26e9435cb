package voice

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"offhook/voice/line"
	"offhook/voice/media"
)

// fakeMedia makes sessions that carry nothing.
type fakeMedia struct {
	mu       sync.Mutex
	sessions []*fakeSession
}

func (m *fakeMedia) newSession(spec line.MediaSpec) (media.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &fakeSession{events: make(chan media.Event, 4096), last: time.Now()}
	m.sessions = append(m.sessions, s)
	return s, nil
}

func (m *fakeMedia) session(i int) *fakeSession {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sessions[i]
}

type fakeSession struct {
	events chan media.Event

	mu      sync.Mutex
	offers  int
	answers []string
	noDTMF  bool
	sessionView
	// flowing says that media arrives all the time, last when it last did.
	flowing bool
	last    time.Time
}

// sessionView is what a test may ask of a session.
type sessionView struct {
	send, receive bool
	muted, held   bool
	digits        string
	closed        bool
}

func (s *fakeSession) view() sessionView {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessionView
}

func (s *fakeSession) Offer(ctx context.Context, restart bool) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offers++
	kind := "offer"
	if restart {
		kind = "restart"
	}
	if s.held {
		kind = "hold"
	}
	return fmt.Sprintf("%s %d", kind, s.offers), nil
}

func (s *fakeSession) Answer(ctx context.Context, offer string) (string, error) {
	return "answer to " + offer, nil
}

func (s *fakeSession) SetAnswer(answer string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answer == "bad" {
		return errors.New("bad answer")
	}
	s.answers = append(s.answers, answer)
	return nil
}

func (s *fakeSession) OpenSend()        { s.set(func() { s.send = true }) }
func (s *fakeSession) OpenReceive()     { s.set(func() { s.receive = true }) }
func (s *fakeSession) SetMuted(m bool)  { s.set(func() { s.muted = m }) }
func (s *fakeSession) Hold(h bool)      { s.set(func() { s.held = h }) }
func (s *fakeSession) SetTap(media.Tap) {}
func (s *fakeSession) Overlay([]int16)  {}
func (s *fakeSession) Push([]int16)     {}
func (s *fakeSession) Pull([]int16)     {}

func (s *fakeSession) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *fakeSession) SendDTMF(digits string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.noDTMF {
		return media.ErrNoTelephoneEvent
	}
	s.digits += digits
	return nil
}

func (s *fakeSession) Events() <-chan media.Event { return s.events }

func (s *fakeSession) tell(ev media.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.events <- ev
	}
}

// flow starts or stops the media that arrives.
func (s *fakeSession) flow(on bool) {
	s.set(func() { s.flowing, s.last = on, time.Now() })
	if on {
		s.tell(media.Event{Kind: media.FirstSound})
	}
}

func (s *fakeSession) Statistics() media.Statistics { return media.Statistics{AudioCodec: "opus"} }

func (s *fakeSession) SinceReceived() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flowing {
		return 10 * time.Millisecond
	}
	return time.Since(s.last)
}

func (s *fakeSession) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errors.New("closed twice")
	}
	s.closed = true
	close(s.events)
	return nil
}

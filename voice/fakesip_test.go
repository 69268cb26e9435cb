package voice

import (
	"context"
	"errors"
	"slices"
	"sync"

	"offhook/voice/line"
	"offhook/voice/line/subscriber"
	"offhook/voice/sip"
)

// fakeSIP hands out flows and keeps the dialogs that were begun on them.
type fakeSIP struct {
	mu     sync.Mutex
	down   error
	dead   bool
	all    int
	flows  []*fakeFlow
	legs   []*fakeDialog
	script func(d *fakeDialog)
}

func (s *fakeSIP) connect(ctx context.Context, who subscriber.Credentials) (line.Flow, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	f := &fakeFlow{sip: s, done: make(chan struct{})}
	s.flows = append(s.flows, f)
	s.all++
	return f, nil
}

// cut ends all flows, as a cable does.
func (s *fakeSIP) cut(lost error) {
	s.mu.Lock()
	flows, legs := s.flows, s.legs
	s.flows = nil
	s.mu.Unlock()
	for _, f := range flows {
		f.once.Do(func() { close(f.done) })
	}
	for _, d := range legs {
		d.lose(lost)
	}
}

func (s *fakeSIP) setDown(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = err
}

// setDead keeps connections from giving a sign of life.
func (s *fakeSIP) setDead(dead bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = dead
}

// opened counts the connections so far.
func (s *fakeSIP) opened() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all
}

func (s *fakeSIP) leg(i int) *fakeDialog {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i >= len(s.legs) {
		return nil
	}
	return s.legs[i]
}

type fakeFlow struct {
	sip  *fakeSIP
	done chan struct{}
	once sync.Once
}

func (f *fakeFlow) Done() <-chan struct{} { return f.done }
func (f *fakeFlow) Err() error            { return errors.New("cut") }
func (f *fakeFlow) Prove(context.Context) error {
	f.sip.mu.Lock()
	defer f.sip.mu.Unlock()
	if f.sip.dead {
		return errors.New("no sign of life")
	}
	return nil
}
func (f *fakeFlow) Close() error { f.once.Do(func() { close(f.done) }); return nil }

func (f *fakeFlow) Invite(ctx context.Context, inv sip.Invitation) (line.Dialog, error) {
	d := &fakeDialog{invitation: inv, flow: f, events: make(chan sip.DialogEvent, 4096)}
	f.sip.mu.Lock()
	f.sip.legs = append(f.sip.legs, d)
	script := f.sip.script
	f.sip.mu.Unlock()
	if script != nil {
		script(d)
	}
	return d, nil
}

// fakeDialog is a dialog whose far side is the test.
type fakeDialog struct {
	invitation sip.Invitation
	events     chan sip.DialogEvent

	mu   sync.Mutex
	flow *fakeFlow
	up   bool
	lost bool
	dialogView
	// onInfo and onOffer answer for the far side; nil accepts.
	onInfo  func() error
	onOffer func(n int) error
}

// dialogView is what a test may ask of a dialog.
type dialogView struct {
	over, hungUp      bool
	infos, offers     []string
	refreshs, rebinds int
}

func (d *fakeDialog) view() dialogView {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := d.dialogView
	v.infos, v.offers = slices.Clone(v.infos), slices.Clone(v.offers)
	return v
}

func (d *fakeDialog) Events() <-chan sip.DialogEvent { return d.events }

func (d *fakeDialog) Done() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	done := make(chan struct{})
	if d.over {
		close(done)
	}
	return done
}

// says makes the far side do something.
func (d *fakeDialog) says(ev sip.DialogEvent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sayLocked(ev)
}

func (d *fakeDialog) sayLocked(ev sip.DialogEvent) {
	if d.over {
		return
	}
	d.events <- ev
	switch ev.(type) {
	case sip.Answered:
		d.up = true
	case sip.Failed, sip.Ended:
		d.over = true
		close(d.events)
	}
}

func (d *fakeDialog) lose(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lost = true; d.up {
		d.sayLocked(sip.FlowLost{Err: err})
	} else {
		d.sayLocked(sip.Failed{Err: err})
	}
}

func (d *fakeDialog) header(name string) string { return sip.HeaderOf(d.invitation.Headers, name) }

func (d *fakeDialog) Hangup(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hungUp = true
	switch {
	case d.over:
		return nil
	case d.lost:
		return errors.New("lost")
	case d.up:
		d.sayLocked(sip.Ended{})
	default:
		d.sayLocked(sip.Failed{Status: 487, Cancelled: true})
	}
	return nil
}

func (d *fakeDialog) Reinvite(ctx context.Context, offer string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lost {
		return "", errors.New("lost")
	}
	d.offers = append(d.offers, offer)
	if d.onOffer != nil {
		if err := d.onOffer(len(d.offers)); err != nil {
			return "", err
		}
	}
	return "answer to " + offer, nil
}

func (d *fakeDialog) Info(ctx context.Context, contentType, body string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lost {
		return errors.New("lost")
	}
	d.infos = append(d.infos, contentType+" "+body)
	if d.onInfo != nil {
		return d.onInfo()
	}
	return nil
}

func (d *fakeDialog) Refresh(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lost {
		return errors.New("lost")
	}
	d.refreshs++
	return nil
}

func (d *fakeDialog) Rebind(f line.Flow) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.flow, d.lost = f.(*fakeFlow), false
	d.rebinds++
	return nil
}

// What the subscriber line never does.

func (d *fakeDialog) Refer(context.Context, string) error { return errors.ErrUnsupported }
func (d *fakeDialog) ReferTo(context.Context, string, line.Dialog) error {
	return errors.ErrUnsupported
}
func (d *fakeDialog) Ring(int, string, ...sip.Header) error { return errors.ErrUnsupported }
func (d *fakeDialog) Accept(string, ...sip.Header) error    { return errors.ErrUnsupported }
func (d *fakeDialog) Refuse(int, ...sip.Header) error       { return errors.ErrUnsupported }

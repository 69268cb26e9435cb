package sip

import (
	"context"
	"errors"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/voice/sip/transport"
)

func TestFlowLostBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	f := s.connect()
	d := invite(t, f)
	(<-legs).respond(180, "")
	event[Provisional](t, d)
	_ = (<-s.conns).Close()
	e := event[Failed](t, d)
	var closed transport.CloseError
	if e.Status != 0 || !errors.Is(e.Err, ErrFlowLost) || !errors.As(e.Err, &closed) {
		t.Errorf("failed: %+v", e)
	}
	finished(t, d)
	<-f.Done()
	if !errors.As(f.Err(), &closed) {
		t.Errorf("the flow ended with %v", f.Err())
	}
	if _, err := f.Invite(limited(t), Invitation{Target: "bob"}); !errors.Is(err, ErrFlowLost) {
		t.Errorf("inviting over a lost flow: %v", err)
	}
}

func TestFlowLostAndRebound(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite, withDigest("SHA-256"))
	f := s.connect()
	d, l := place(t, s, f, legs)
	_ = (<-s.conns).Close()
	if ev := event[FlowLost](t, d); ev.Err == nil {
		t.Error("no reason given")
	}
	if err := d.Info(limited(t), "text/plain", "x"); !errors.Is(err, ErrFlowLost) {
		t.Errorf("INFO without a flow: %v", err)
	}
	if _, err := d.Reinvite(limited(t), "x"); !errors.Is(err, ErrFlowLost) {
		t.Errorf("re-INVITE without a flow: %v", err)
	}
	if err := d.Rebind(f); err != nil {
		t.Errorf("rebinding to where it is: %v", err)
	}
	next := s.connect()
	if err := d.Rebind(next); err != nil {
		t.Fatal(err)
	}
	if err := d.Refresh(limited(t)); err != nil {
		t.Fatal(err)
	}
	l.expect(sipmsg.UPDATE)
	// The far side reaches us over the new flow.
	if res, err := l.request(sipmsg.INFO, "hello again", ""); err != nil || res.StatusCode != 200 {
		t.Fatalf("%v %v", res, err)
	}
	event[Informed](t, d)
	if got, err := d.Reinvite(limited(t), "new path"); err != nil {
		t.Errorf("%q %v", got, err)
	}
	// Moved while the flow still lives.
	third := s.connect()
	if err := d.Rebind(third); err != nil {
		t.Fatal(err)
	}
	if err := next.Close(); err != nil {
		t.Error(err)
	}
	if err := d.Hangup(limited(t)); err != nil {
		t.Error(err)
	}
	event[Ended](t, d)
	finished(t, d)
	if err := d.Rebind(third); !errors.Is(err, ErrDialogEnded) {
		t.Errorf("rebinding an ended dialog: %v", err)
	}
}

func TestHangupWaitsForARebind(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	d, l := place(t, s, s.connect(), legs)
	_ = (<-s.conns).Close()
	event[FlowLost](t, d)
	hungUp := make(chan error, 1)
	go func() { hungUp <- d.Hangup(limited(t)) }()
	if err := d.Rebind(s.connect()); err != nil {
		t.Fatal(err)
	}
	if err := <-hungUp; err != nil {
		t.Error(err)
	}
	l.expect(sipmsg.BYE)
	event[Ended](t, d)

	// With no flow in time the dialog ends all the same.
	d, _ = place(t, s, s.connect(), legs)
	<-s.conns
	_ = (<-s.conns).Close()
	event[FlowLost](t, d)
	short, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := d.Hangup(short); !errors.Is(err, ErrFlowLost) {
		t.Errorf("hanging up without a flow: %v", err)
	}
	event[Ended](t, d)
	finished(t, d)
}

package sip

import (
	"fmt"
	"testing"

	sipmsg "github.com/emiago/sipgo/sip"
)

func TestIncomingReplaces(t *testing.T) {
	t.Parallel()
	s, f, source, calls := called(t)
	first := s.call(f, source, offer)
	d := (<-calls).Dialog
	ringing := fmt.Sprintf("%s;to-tag=%s;from-tag=%s", d.callID, d.localTag, d.remoteTag)
	refused := func(status int, replaces ...string) {
		t.Helper()
		var headers []sipmsg.Header
		for _, r := range replaces {
			headers = append(headers, sipmsg.NewHeader("Replaces", r))
		}
		if res := s.call(f, source, offer, headers...).response(); res.StatusCode != status {
			t.Errorf("%q: %d, want %d", replaces, res.StatusCode, status)
		}
	}
	// A call that rings here is not for others to take.
	refused(481, ringing)
	if err := d.Accept(answer); err != nil {
		t.Fatal(err)
	}
	first.ack(first.response(), "")
	event[Answered](t, d)

	refused(486, ringing+";early-only")
	refused(481, fmt.Sprintf("%s;to-tag=%s;from-tag=%s", d.callID, d.localTag, "other"))
	refused(481, fmt.Sprintf("other;to-tag=%s;from-tag=%s", d.localTag, d.remoteTag))
	refused(400, "other")
	refused(400, ringing, ringing)

	c := s.call(f, source, offer, sipmsg.NewHeader("Replaces", ringing), sipmsg.NewHeader("Require", "replaces"))
	in := <-calls
	if in.Replaces != d {
		t.Fatalf("replaces %v", in.Replaces)
	}
	if err := in.Dialog.Accept(answer); err != nil {
		t.Fatal(err)
	}
	c.ack(c.response(), "")
	event[Answered](t, in.Dialog)
	if err := in.Replaces.Hangup(limited(t)); err != nil {
		t.Error(err)
	}
	event[Ended](t, d)
	if got := first.expect(sipmsg.BYE); got == nil {
		t.Error("no BYE")
	}
	refused(481, ringing)
}

func TestReferWithReplaces(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	d, l := place(t, s, s.connect(), legs)
	done := make(chan int, 1)
	go func() {
		res, err := l.request(sipmsg.REFER, "", "", sipmsg.NewHeader("Refer-To", "<sip:carol@sip.example?Replaces=12%40x%3Bto-tag%3Da%3Bfrom-tag%3Db>"))
		if err != nil {
			done <- 0
			return
		}
		done <- res.StatusCode
	}()
	r := event[Referred](t, d)
	if !r.Replaces || r.Replacing != "12@x;to-tag=a;from-tag=b" {
		t.Errorf("%+v", r)
	}
	if err := r.Reply(true); err != nil || <-done != 202 {
		t.Error(err)
	}
}

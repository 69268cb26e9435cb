package sip

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

// sipgo hands each response over from a goroutine of its own, so their order is
// lost. Whatever it is, nothing comes after the answer.
func TestResponsesInAnyOrder(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	f := s.connect()
	for round := range 40 {
		d := invite(t, f)
		l := <-legs
		// All at once, and past the transaction, which would put them right.
		for _, status := range []int{183, 100, 180, 181, 180, 180, 180, 180, 180, 180, 180, 180, 200, 180, 183} {
			if err := s.transport.WriteMsg(l.response(l.req, status, "")); err != nil {
				t.Fatal(err)
			}
		}
		l.expect(sipmsg.ACK)
		for answered := false; !answered; {
			switch ev := (<-d.Events()).(type) {
			case Provisional:
				if ev.Status == 100 {
					t.Errorf("round %d: a 100 was reported", round)
				}
			case Answered:
				answered = true
			default:
				t.Fatalf("round %d: %T %+v", round, ev, ev)
			}
		}
		if err := d.Hangup(limited(t)); err != nil {
			t.Error(err)
		}
		event[Ended](t, d)
		finished(t, d)
	}
}

func TestAnswerThatComesAgainIsAcknowledgedAgain(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	d, l := place(t, s, s.connect(), legs)
	for range 3 {
		if err := s.transport.WriteMsg(l.response(l.req, 200, answer)); err != nil {
			t.Fatal(err)
		}
		l.expect(sipmsg.ACK)
	}
	// An answer of another fork is acknowledged and ended.
	fork := l.response(l.req, 200, answer)
	fork.To().Params.Add("tag", "other")
	if err := s.transport.WriteMsg(fork); err != nil {
		t.Fatal(err)
	}
	if tag, _ := l.expect(sipmsg.ACK).To().Params.Get("tag"); tag != "other" {
		t.Errorf("ACK went to %q", tag)
	}
	if tag, _ := l.expect(sipmsg.BYE).To().Params.Get("tag"); tag != "other" {
		t.Errorf("BYE went to %q", tag)
	}
	if err := d.Info(limited(t), "text/plain", "still here"); err != nil {
		t.Error(err)
	}
}

func TestReinvite(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite, withDigest("MD5"))
	d, l := place(t, s, s.connect(), legs)
	l.on(func(req *sipmsg.Request, tx *sipmsg.ServerTx) bool {
		if req.Method != sipmsg.INVITE {
			return false
		}
		if string(req.Body()) == "refuse" {
			_ = tx.Respond(l.response(req, 488, ""))
		} else {
			res := l.response(req, 200, "answer to "+string(req.Body()))
			res.Contact().Address.User = "moved"
			_ = tx.Respond(res)
		}
		return true
	})
	got, err := d.Reinvite(limited(t), "offer 2")
	if err != nil || got != "answer to offer 2" {
		t.Fatalf("%q, %v", got, err)
	}
	again := l.expect(sipmsg.INVITE)
	ack := l.expect(sipmsg.ACK)
	if ack.CSeq().SeqNo != again.CSeq().SeqNo || ack.Recipient.User != "moved" {
		t.Errorf("ACK %d to %s, the INVITE was %d", ack.CSeq().SeqNo, ack.Recipient.String(), again.CSeq().SeqNo)
	}
	var refused *StatusError
	if _, err := d.Reinvite(limited(t), "refuse"); !errors.As(err, &refused) || refused.Status != 488 {
		t.Errorf("a refused offer gave %v", err)
	}
	if err := d.Info(limited(t), "text/plain", "x"); err != nil {
		t.Errorf("the dialog did not live on: %v", err)
	}
}

func TestReinviteFromThere(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	d, l := place(t, s, s.connect(), legs)
	type result struct {
		res *sipmsg.Response
		err error
	}
	ask := func(method sipmsg.RequestMethod, body, ackBody string) <-chan result {
		c := make(chan result, 1)
		go func() {
			res, err := l.request(method, body, ackBody)
			c <- result{res, err}
		}()
		return c
	}
	// Accepted.
	c := ask(sipmsg.INVITE, "offer", "")
	ev := event[Reoffered](t, d)
	if ev.Offer != "offer" {
		t.Errorf("offered %q", ev.Offer)
	}
	if err := ev.Reply(200, "answer"); err != nil {
		t.Error(err)
	}
	if err := ev.Reply(200, "answer"); !errors.Is(err, ErrReplied) {
		t.Errorf("replying twice: %v", err)
	}
	r := <-c
	if r.err != nil || r.res.StatusCode != 200 || string(r.res.Body()) != "answer" || r.res.Contact() == nil {
		t.Fatalf("%v %v", r.res, r.err)
	}
	// Refused, by UPDATE.
	c = ask(sipmsg.UPDATE, "offer", "")
	if err := event[Reoffered](t, d).Reply(488, ""); err != nil {
		t.Error(err)
	}
	if r := <-c; r.err != nil || r.res.StatusCode != 488 {
		t.Errorf("UPDATE: %v %v", r.res, r.err)
	}
	// An UPDATE without an offer is answered by itself.
	if r := <-ask(sipmsg.UPDATE, "", ""); r.err != nil || r.res.StatusCode != 200 {
		t.Errorf("%v %v", r.res, r.err)
	}
	// A re-INVITE without an offer: the answer comes in the ACK.
	c = ask(sipmsg.INVITE, "", "answer in the ACK")
	ev = event[Reoffered](t, d)
	if ev.Offer != "" {
		t.Errorf("offered %q", ev.Offer)
	}
	if err := ev.Reply(200, "our offer"); err != nil {
		t.Error(err)
	}
	if r := <-c; r.err != nil || string(r.res.Body()) != "our offer" {
		t.Fatalf("%v %v", r.res, r.err)
	}
	if ev := event[Reanswered](t, d); ev.Answer != "answer in the ACK" {
		t.Errorf("%+v", ev)
	}
	// The far side's Contact is where requests go now.
	if err := d.Info(limited(t), "text/plain", "x"); err != nil {
		t.Error(err)
	}
	if to := l.expect(sipmsg.INFO).Recipient.User; to != "exchange2" {
		t.Errorf("INFO went to %s", to)
	}
	// A BYE while an offer is open answers it too.
	c = ask(sipmsg.INVITE, "offer", "")
	ev = event[Reoffered](t, d)
	if err := d.Hangup(limited(t)); err != nil {
		t.Error(err)
	}
	if r := <-c; r.err != nil || r.res.StatusCode != 487 {
		t.Errorf("%v %v", r.res, r.err)
	}
	if err := ev.Reply(200, "late"); err == nil {
		t.Error("a late reply is no error")
	}
}

func TestGlare(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	d, l := place(t, s, s.connect(), legs)
	first := true
	crossed := make(chan *sipmsg.Response, 1)
	l.on(func(req *sipmsg.Request, tx *sipmsg.ServerTx) bool {
		if req.Method != sipmsg.INVITE {
			return false
		}
		if first {
			first = false
			// The far side offers at the same moment: each refuses the other.
			res, err := l.request(sipmsg.INVITE, "their offer", "")
			if err != nil {
				t.Error(err)
			}
			crossed <- res
			_ = tx.Respond(l.response(req, 491, ""))
			return true
		}
		_ = tx.Respond(l.response(req, 200, "answer"))
		return true
	})
	start := time.Now()
	got, err := d.Reinvite(limited(t), "our offer")
	if err != nil || got != "answer" {
		t.Errorf("%q, %v", got, err)
	}
	if took := time.Since(start); took < 2100*time.Millisecond {
		t.Errorf("tried again after %v", took)
	}
	if res := <-crossed; res.StatusCode != 491 {
		t.Errorf("their offer was answered with %v", res)
	}
	for range 1000 {
		if d := glareDelay(true); d < 2100*time.Millisecond || d > 4*time.Second {
			t.Fatalf("the owner waits %v", d)
		}
		if d := glareDelay(false); d < 0 || d > 2*time.Second {
			t.Fatalf("the other waits %v", d)
		}
	}
}

func TestReinviteGivenUp(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	d, l := place(t, s, s.connect(), legs)
	cancelled := make(chan struct{})
	arrived := make(chan struct{})
	l.on(func(req *sipmsg.Request, tx *sipmsg.ServerTx) bool {
		if req.Method != sipmsg.INVITE || string(req.Body()) != "slow" {
			return false
		}
		tx.OnCancel(func(*sipmsg.Request) { close(cancelled) })
		_ = tx.Respond(l.response(req, 100, ""))
		close(arrived)
		return true
	})
	ctx, cancel := context.WithCancel(limited(t))
	go func() { <-arrived; cancel() }()
	if _, err := d.Reinvite(ctx, "slow"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	<-cancelled
	// The next one waits until the old is out of the way.
	if _, err := d.Reinvite(limited(t), "next"); err != nil {
		t.Error(err)
	}
}

func TestGoneAtTheFarSide(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	f := s.connect()
	for _, status := range []int{481, 408} {
		for name, request := range map[string]func(*Dialog) error{
			"info":     func(d *Dialog) error { return d.Info(limited(t), "text/plain", "x") },
			"reinvite": func(d *Dialog) error { _, err := d.Reinvite(limited(t), "x"); return err },
		} {
			d, l := place(t, s, f, legs)
			l.on(func(req *sipmsg.Request, tx *sipmsg.ServerTx) bool {
				_ = tx.Respond(l.response(req, status, ""))
				return true
			})
			var refused *StatusError
			if err := request(d); !errors.As(err, &refused) || refused.Status != status {
				t.Errorf("%s: %v", name, err)
			}
			if e := event[Ended](t, d); e.Status != status || e.ByRemote {
				t.Errorf("%s: %+v", name, e)
			}
			finished(t, d)
			if err := request(d); !errors.Is(err, ErrDialogEnded) {
				t.Errorf("%s after the end: %v", name, err)
			}
		}
	}
}

func TestPingsDuringACall(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite, func(s *server) { s.ping = 2 * time.Millisecond })
	f := s.connect(func(c *Config) { c.PingInterval, c.PongDelay = 2*time.Millisecond, time.Millisecond })
	d, l := place(t, s, f, legs)
	there := <-s.conns
	for limit := time.Now().Add(timeout); f.RTT() == 0 || there.RTT() == 0 || time.Since(f.LastHeard()) > time.Second; {
		if time.Now().After(limit) {
			t.Fatalf("round trips %v and %v", f.RTT(), there.RTT())
		}
		if err := d.Info(limited(t), "text/plain", strings.Repeat("x", 3000)); err != nil {
			t.Fatal(err)
		}
		l.expect(sipmsg.INFO)
	}
	if err := d.Hangup(limited(t)); err != nil {
		t.Error(err)
	}
}

func TestGarbageDoesNotHurtACall(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	d, l := place(t, s, s.connect(), legs)
	there := <-s.conns
	for _, rubbish := range []string{
		"", "\r\n\r\n", "\x00\x00\x00", "hello", "SIP/2.0 200 OK\r\n\r\n", "SIP/2.0 999999999999 X\r\nVia: x\r\n\r\n",
		"INVITE sip:a SIP/2.0\r\n\r\n", "INVITE", "OPTIONS sip:a@b SIP/2.0\r\nVia: \r\nFrom: \r\nTo: \r\nCSeq: \r\nCall-ID: \r\n\r\n",
		"BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/WS x;branch=z9hG4bK1\r\nCSeq: 1 BYE\r\n\r\n",
		strings.Repeat("A", 100_000), strings.Repeat("\xff", 1000),
		"INFO sip:a@b SIP/2.0\r\nVia: SIP/2.0/WS x;branch=z9hG4bK2\r\nFrom: <sip:x>;tag=1\r\nTo: <sip:y>;tag=2\r\nCall-ID: z\r\nCSeq: 1 INFO\r\nContent-Length: 99999\r\n\r\nx",
		"INFO sip:a@b SIP/2.0\r\nVia: SIP/2.0/WS x;branch=z9hG4bK3\r\nFrom: <sip:x>;tag=1\r\nTo: <sip:y>;tag=2\r\nCall-ID: z\r\nCSeq: -1 INFO\r\nContent-Length: -5\r\n\r\nx",
	} {
		if err := there.Send([]byte(rubbish)); err != nil {
			t.Fatalf("%.40q: %v", rubbish, err)
		}
		if err := d.Info(limited(t), "text/plain", "x"); err != nil {
			t.Fatalf("after %.40q: %v", rubbish, err)
		}
		l.expect(sipmsg.INFO)
	}
	if err := d.Hangup(limited(t)); err != nil {
		t.Error(err)
	}
}

// A reader that does not read makes the far side wait; nothing is lost of what
// was accepted, and the end still comes.
func TestReaderThatFallsBehind(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	d, l := place(t, s, s.connect(), legs)
	accepted := 0
	for range 2 * eventQueue {
		res, err := l.request(sipmsg.INFO, "x", "")
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode == 200 {
			accepted++
		} else if res.StatusCode != 503 {
			t.Errorf("refused with %d", res.StatusCode)
		}
	}
	if res, err := l.request(sipmsg.INVITE, "offer", ""); err != nil || res.StatusCode != 500 {
		t.Errorf("%v %v", res, err)
	}
	if _, err := l.request(sipmsg.BYE, "", ""); err != nil {
		t.Error(err)
	}
	got := 0
	for ev := range d.Events() {
		switch ev.(type) {
		case Informed:
			got++
		case Ended:
		default:
			t.Errorf("%T", ev)
		}
	}
	if got != accepted || got == 0 {
		t.Errorf("%d of %d accepted messages came through", got, accepted)
	}
}

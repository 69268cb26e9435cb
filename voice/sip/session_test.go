package sip

import (
	"strings"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

func TestSessionIsRefreshed(t *testing.T) {
	t.Parallel()
	for _, takesUpdate := range []bool{true, false} {
		legs, onInvite := answering()
		s := newServer(t, onInvite)
		f := s.connect()
		d := invite(t, f)
		l := <-legs
		want := sipmsg.UPDATE
		if !takesUpdate {
			want = sipmsg.INVITE
		}
		l.on(func(req *sipmsg.Request, tx *sipmsg.ServerTx) bool {
			if req.Method != want {
				return false
			}
			_ = tx.Respond(l.response(req, 200, "", sipmsg.NewHeader("Session-Expires", "1;refresher=uac")))
			return true
		})
		res := l.response(l.req, 200, answer, sipmsg.NewHeader("Session-Expires", "1;refresher=uac"))
		if !takesUpdate {
			res.RemoveHeader("Allow")
		}
		if err := l.tx.Respond(res); err != nil {
			t.Fatal(err)
		}
		event[Answered](t, d)
		for range 3 {
			req := l.expect(want)
			if got := req.GetHeader("Session-Expires"); got == nil || got.Value() != "1;refresher=uac" {
				t.Errorf("refreshed with %v", got)
			}
			if !takesUpdate && string(req.Body()) != offer {
				t.Errorf("refreshed with another offer: %q", req.Body())
			}
		}
		if err := d.Hangup(limited(t)); err != nil {
			t.Error(err)
		}
		event[Ended](t, d)
	}
}

func TestSessionExpires(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	d, err := s.connect().Invite(limited(t), Invitation{Target: "bob", Offer: offer})
	if err != nil {
		t.Fatal(err)
	}
	l := <-legs
	start := time.Now()
	l.respond(200, answer, sipmsg.NewHeader("Session-Expires", "9;refresher=uas"))
	event[Answered](t, d)
	l.expect(sipmsg.BYE)
	if e := event[Ended](t, d); e.Status != 408 || e.ByRemote {
		t.Errorf("%+v", e)
	}
	if took := time.Since(start); took < 5*time.Second || took > 9*time.Second {
		t.Errorf("after %v", took)
	}
}

func TestSessionAskedForByTheFarSide(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	d, l := place(t, s, s.connect(), legs)
	res, err := l.request(sipmsg.UPDATE, "", "", sipmsg.NewHeader("Session-Expires", "60"), sipmsg.NewHeader("Supported", "timer"))
	if err != nil || res.StatusCode != 422 || res.GetHeader("Min-SE").Value() != "90" {
		t.Errorf("%v %v", res, err)
	}
	res, err = l.request(sipmsg.UPDATE, "", "", sipmsg.NewHeader("Session-Expires", "1800"), sipmsg.NewHeader("Supported", "timer"))
	if err != nil || res.StatusCode != 200 || res.GetHeader("Session-Expires").Value() != "1800;refresher=uac" || res.GetHeader("Require").Value() != "timer" {
		t.Errorf("%v %v", res, err)
	}
	res, err = l.request(sipmsg.UPDATE, "", "", sipmsg.NewHeader("Session-Expires", "1800;refresher=uas"))
	if err != nil || res.StatusCode != 200 || res.GetHeader("Session-Expires").Value() != "1800;refresher=uas" {
		t.Errorf("%v %v", res, err)
	}
	// One that knows no session timers can't refresh (RFC 4028, table 2).
	res, err = l.request(sipmsg.UPDATE, "", "", sipmsg.NewHeader("Session-Expires", "1800"))
	if err != nil || res.StatusCode != 200 || res.GetHeader("Session-Expires").Value() != "1800;refresher=uas" || res.GetHeader("Require") != nil {
		t.Errorf("%v %v", res, err)
	}
	d.mu.Lock()
	if !d.session.ours || d.session.interval != 30*time.Minute {
		t.Errorf("%+v", d.session)
	}
	d.mu.Unlock()
	// What holds at this side goes on; a far side that has refreshed may stop.
	for _, ours := range []bool{true, false} {
		if !ours {
			_, _ = l.request(sipmsg.UPDATE, "", "", sipmsg.NewHeader("Session-Expires", "1800;refresher=uac"), sipmsg.NewHeader("Supported", "timer"))
		}
		res, err = l.request(sipmsg.UPDATE, "", "")
		if err != nil || res.StatusCode != 200 || res.GetHeader("Session-Expires") != nil {
			t.Errorf("%v %v", res, err)
		}
		d.mu.Lock()
		if on := d.session.interval > 0; on != ours {
			t.Errorf("refreshed here: %v, and then %+v", ours, d.session)
		}
		d.mu.Unlock()
	}
	// An extension that is not understood.
	if res, err := l.request(sipmsg.INFO, "", "", sipmsg.NewHeader("Require", "timer, precondition")); err != nil || res.StatusCode != 420 || res.GetHeader("Unsupported").Value() != "precondition" {
		t.Errorf("%v %v", res, err)
	}
}

func TestTooSmallAnInterval(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	s.challenge = func(req *sipmsg.Request) *sipmsg.Response {
		if req.Method != sipmsg.INVITE || req.GetHeader("Session-Expires") != nil {
			return nil
		}
		res := sipmsg.NewResponseFromRequest(req, 422, "Session Interval Too Small", nil)
		res.AppendHeader(sipmsg.NewHeader("Min-SE", "600"))
		return res
	}
	_, l := place(t, s, s.connect(), legs)
	if got := l.req.GetHeader("Session-Expires").Value(); got != "600" {
		t.Errorf("asked for %s", got)
	}
}

func TestParseSession(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]struct {
		interval  time.Duration
		refresher string
		ok        bool
	}{
		"1800":                     {30 * time.Minute, "", true},
		"90 ; refresher = UAS":     {90 * time.Second, "uas", true},
		"90;x=y;refresher=uac":     {90 * time.Second, "uac", true},
		"2000000000":               {maxSession, "", true},
		"":                         {},
		"0":                        {},
		"-1":                       {},
		"x;refresher=uac":          {},
		"99999999999999999999":     {},
		strings.Repeat(";", 10000): {},
	} {
		interval, refresher, ok := parseSession(value)
		if interval != want.interval || ok != want.ok || ok && refresher != want.refresher {
			t.Errorf("%.20q: %v %q %t", value, interval, refresher, ok)
		}
	}
}

func TestReliableProvisionalResponses(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite, withDigest("MD5"))
	d, err := s.connect().Invite(limited(t), Invitation{Target: "bob", Offer: offer})
	if err != nil {
		t.Fatal(err)
	}
	l := <-legs
	if !hasToken(l.req, "Supported", "100rel") {
		t.Error("100rel is not offered")
	}
	reliable := func(status int, rseq string) {
		l.respond(status, answer, sipmsg.NewHeader("Require", "100rel"), sipmsg.NewHeader("RSeq", rseq))
	}
	reliable(183, "7")
	event[Provisional](t, d)
	prack := l.expect(sipmsg.PRACK)
	if got := prack.GetHeader("RAck").Value(); !strings.HasPrefix(got, "7 ") || !strings.HasSuffix(got, " INVITE") {
		t.Errorf("RAck: %s", got)
	}
	if prack.CSeq().SeqNo <= l.req.CSeq().SeqNo || tagOf(prack.To()) != l.tag || prack.Recipient.Host != "exchange.invalid" {
		t.Errorf("%s", prack)
	}
	reliable(183, "7")  // came before
	reliable(183, "12") // what lies between is missing
	reliable(183, "x")  // nonsense
	reliable(180, "8")
	if ev := event[Provisional](t, d); ev.Status != 180 {
		t.Errorf("%+v", ev)
	}
	if got := l.expect(sipmsg.PRACK).GetHeader("RAck").Value(); !strings.HasPrefix(got, "8 ") {
		t.Errorf("RAck: %s", got)
	}
	l.respond(200, "")
	event[Answered](t, d)
	if ack := l.expect(sipmsg.ACK); ack.CSeq().SeqNo != l.req.CSeq().SeqNo {
		t.Errorf("ACK of %d, INVITE of %d", ack.CSeq().SeqNo, l.req.CSeq().SeqNo)
	}
	if err := d.Hangup(limited(t)); err != nil {
		t.Error(err)
	}
	if bye := l.expect(sipmsg.BYE); bye.CSeq().SeqNo <= prack.CSeq().SeqNo {
		t.Errorf("BYE of %d after PRACK of %d", bye.CSeq().SeqNo, prack.CSeq().SeqNo)
	}
}

package sip

import (
	"testing"

	sipmsg "github.com/emiago/sipgo/sip"
)

const (
	offer  = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
	answer = "v=0\r\no=- 2 1 IN IP4 192.0.2.9\r\ns=-\r\n"
)

func header(t *testing.T, hs []Header, name string) string {
	t.Helper()
	for _, h := range hs {
		if h.Name == name {
			return h.Value
		}
	}
	t.Errorf("no header %s", name)
	return ""
}

// invite calls bob.
func invite(t *testing.T, f *Flow) *Dialog {
	t.Helper()
	d, err := f.Invite(limited(t), Invitation{Target: "bob", Offer: offer})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// place makes a call that the server answers.
func place(t *testing.T, s *server, f *Flow, legs <-chan *leg) (*Dialog, *leg) {
	t.Helper()
	d, err := f.Invite(limited(t), Invitation{Target: "08040408080", Offer: offer})
	if err != nil {
		t.Fatal(err)
	}
	l := <-legs
	l.respond(200, answer)
	event[Answered](t, d)
	l.expect(sipmsg.ACK)
	return d, l
}

func answering() (chan *leg, func(*leg)) {
	legs := make(chan *leg, 16)
	return legs, func(l *leg) { legs <- l }
}

func TestCallHungUpHere(t *testing.T) {
	t.Parallel()
	for _, algorithms := range [][]string{{"MD5"}, {"SHA-256"}, {"SHA-256", "MD5"}, {"AKAv1-MD5", "MD5"}} {
		legs, onInvite := answering()
		s := newServer(t, onInvite, withDigest(algorithms...))
		f := s.connect()
		d, err := f.Invite(limited(t), Invitation{Target: "08040408080", Offer: offer, Headers: []Header{{"X-Custom-Field", "test:1234"}, {"X-Device-ID", "d1"}}})
		if err != nil {
			t.Fatal(err)
		}
		l := <-legs
		if uri := l.req.Recipient.String(); uri != "sip:08040408080@sip.example" {
			t.Errorf("dialled %s", uri)
		}
		if got := l.req.GetHeader("X-Custom-Field"); got == nil || got.Value() != "test:1234" {
			t.Errorf("X-Custom-Field is %v", got)
		}
		if from := l.req.From(); from.DisplayName != "Alice A." || from.Address.String() != "sip:alice@sip.example" {
			t.Errorf("From is %s", from.Value())
		}
		if string(l.req.Body()) != offer || l.req.ContentType().Value() != "application/sdp" {
			t.Errorf("offered %q as %v", l.req.Body(), l.req.ContentType())
		}
		l.respond(180, answer, sipmsg.NewHeader("X-Call-Sid", "sid1"))
		ringing := event[Provisional](t, d)
		if ringing.Status != 180 || ringing.Body != answer || header(t, ringing.Headers, "X-Call-Sid") != "sid1" {
			t.Errorf("ringing: %+v", ringing)
		}
		l.respond(200, answer, sipmsg.NewHeader("X-Call-Sid", "sid1"))
		if a := event[Answered](t, d); a.Body != answer || header(t, a.Headers, "X-Call-Sid") != "sid1" {
			t.Errorf("answered: %+v", a)
		}
		ack := l.expect(sipmsg.ACK)
		if ack.CSeq().SeqNo != l.req.CSeq().SeqNo || ack.Recipient.Host != "exchange.invalid" {
			t.Errorf("ACK to %s, CSeq %d", ack.Recipient.String(), ack.CSeq().SeqNo)
		}
		if err := d.Info(limited(t), "application/offhook-answer", "yes"); err != nil {
			t.Errorf("INFO: %v", err)
		}
		if info := l.expect(sipmsg.INFO); string(info.Body()) != "yes" || info.ContentType().Value() != "application/offhook-answer" {
			t.Errorf("INFO carried %q", info.Body())
		}
		if err := d.Hangup(limited(t)); err != nil {
			t.Errorf("hanging up: %v", err)
		}
		if e := event[Ended](t, d); e.ByRemote || e.Status != 0 {
			t.Errorf("ended: %+v", e)
		}
		finished(t, d)
		l.expect(sipmsg.BYE)
		if err := d.Hangup(limited(t)); err != nil {
			t.Errorf("hanging up twice: %v", err)
		}
	}
}

func TestCallHungUpThere(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite, withDigest("MD5"))
	f := s.connect()
	// One flow carries one call after another.
	for range 3 {
		d, l := place(t, s, f, legs)
		res, err := l.request(sipmsg.INFO, "hello", "")
		if err != nil || res.StatusCode != 200 {
			t.Fatalf("INFO: %v %v", res, err)
		}
		if info := event[Informed](t, d); info.Body != "hello" {
			t.Errorf("informed of %q", info.Body)
		}
		if res, err := l.request(sipmsg.OPTIONS, "", ""); err != nil || res.StatusCode != 200 || res.GetHeader("Allow") == nil {
			t.Errorf("OPTIONS: %v %v", res, err)
		}
		if res, err := l.request(sipmsg.BYE, "", "", sipmsg.NewHeader("X-End-Reason", "conversation-limit")); err != nil || res.StatusCode != 200 {
			t.Fatalf("BYE: %v %v", res, err)
		}
		if e := event[Ended](t, d); !e.ByRemote || header(t, e.Headers, "X-End-Reason") != "conversation-limit" {
			t.Errorf("ended: %+v", e)
		}
		finished(t, d)
		if res, err := l.request(sipmsg.INFO, "late", ""); err != nil || res.StatusCode != 481 {
			t.Errorf("INFO after the end: %v %v", res, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	f := s.connect()
	for _, tc := range []struct {
		status     int
		retryAfter string
		seconds    float64
	}{{486, "", 0}, {404, "", 0}, {480, "", 0}, {503, "17", 17}, {429, "5 (busy);duration=10", 5}, {500, "soon", 0}, {603, "", 0}, {302, "", 0}} {
		d := invite(t, f)
		l := <-legs
		var headers []sipmsg.Header
		if tc.retryAfter != "" {
			headers = append(headers, sipmsg.NewHeader("Retry-After", tc.retryAfter))
		}
		headers = append(headers, sipmsg.NewHeader("X-End-Reason", "declined"))
		l.respond(tc.status, "", headers...)
		e := event[Failed](t, d)
		if e.Status != tc.status || e.RetryAfter.Seconds() != tc.seconds || e.Cancelled || e.Err != nil || header(t, e.Headers, "X-End-Reason") != "declined" {
			t.Errorf("%d: %+v", tc.status, e)
		}
		finished(t, d)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite, withDigest("MD5"))
	f := s.connect()
	d := invite(t, f)
	l := <-legs
	cancelled := make(chan *sipmsg.Request, 1)
	l.tx.OnCancel(func(r *sipmsg.Request) { cancelled <- r })
	l.respond(180, "")
	event[Provisional](t, d)
	if err := d.Hangup(limited(t)); err != nil {
		t.Fatal(err)
	}
	if r := <-cancelled; r.CSeq().SeqNo != l.req.CSeq().SeqNo || r.Via().Value() != l.req.Via().Value() {
		t.Errorf("CANCEL was %s", r.String())
	}
	if e := event[Failed](t, d); e.Status != 487 || !e.Cancelled {
		t.Errorf("failed: %+v", e)
	}
	finished(t, d)
}

func TestCancelWaitsForTheFirstResponse(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	f := s.connect()
	d := invite(t, f)
	if err := d.Hangup(limited(t)); err != nil {
		t.Fatal(err)
	}
	l := <-legs
	cancelled := make(chan struct{})
	l.tx.OnCancel(func(*sipmsg.Request) { close(cancelled) })
	l.respond(100, "")
	<-cancelled
	if e := event[Failed](t, d); e.Status != 487 || !e.Cancelled {
		t.Errorf("failed: %+v", e)
	}
	finished(t, d)
}

func TestAnswerCrossesCancel(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	f := s.connect()
	d := invite(t, f)
	l := <-legs
	if err := d.Hangup(limited(t)); err != nil {
		t.Fatal(err)
	}
	l.respond(200, answer)
	l.expect(sipmsg.ACK)
	l.expect(sipmsg.BYE)
	if e := event[Failed](t, d); !e.Cancelled {
		t.Errorf("failed: %+v", e)
	}
	finished(t, d)
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(*leg) { t.Error("the call got through") }, withDigest("SHA-256", "MD5"))
	f := s.connect(func(c *Config) { c.Password = "wrong" })
	d := invite(t, f)
	if e := event[Failed](t, d); e.Status != 401 || e.Err != ErrCredentials {
		t.Errorf("failed: %+v", e)
	}
	finished(t, d)
	s.mu.Lock()
	defer s.mu.Unlock()
	invites := 0
	for _, m := range s.seen {
		if m == "INVITE" {
			invites++
		}
	}
	if invites != 2 {
		t.Errorf("%d INVITEs for a wrong password", invites)
	}
}

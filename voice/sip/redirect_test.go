package sip

import (
	"slices"
	"strings"
	"testing"

	sipmsg "github.com/emiago/sipgo/sip"
)

// A call is sent from place to place by the answers of a table: an address that
// it lacks answers.
func TestRedirections(t *testing.T) {
	t.Parallel()
	type hop struct {
		status   int
		contacts string
	}
	for _, tc := range []struct {
		name  string
		hops  map[string]hop
		tried string // users, in order
		end   int    // the final status
	}{
		{"followed", map[string]hop{"start": {302, "<sip:b@sip.example>"}}, "start b", 200},
		{"by q", map[string]hop{"start": {300, "<sip:low@sip.example>;q=0.1, <sip:high@sip.example>;q=0.9"}, "high": {486, ""}}, "start high low", 200},
		{"all busy", map[string]hop{"start": {300, "<sip:b@sip.example>, <sip:c@sip.example>"}, "b": {486, ""}, "c": {480, ""}}, "start b c", 480},
		{"a refusal for all", map[string]hop{"start": {300, "<sip:b@sip.example>, <sip:c@sip.example>"}, "b": {603, ""}}, "start b", 603},
		{"a loop", map[string]hop{"start": {302, "<sip:b@sip.example>"}, "b": {302, "<sip:start@SIP.example>"}}, "start b", 302},
		{"to itself", map[string]hop{"start": {301, "<sip:start@sip.example>"}}, "start", 301},
		{"without end", map[string]hop{"start": {302, "<sip:1@sip.example>"}, "1": {302, "<sip:2@sip.example>"}, "2": {302, "<sip:3@sip.example>"},
			"3": {302, "<sip:4@sip.example>"}, "4": {302, "<sip:5@sip.example>"}, "5": {302, "<sip:6@sip.example>"}}, "start 1 2 3 4 5", 302},
		{"to no phone", map[string]hop{"start": {302, "<mailto:b@sip.example>, <tel:+1>"}}, "start", 302},
		{"without a word", map[string]hop{"start": {302, ""}}, "start", 302},
		{"headers are not smuggled", map[string]hop{"start": {302, "<sip:b@sip.example?X-Evil=1>"}}, "start b", 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			legs, onInvite := answering()
			s := newServer(t, onInvite, withDigest("MD5"))
			f := s.connect()
			d, err := f.Invite(limited(t), Invitation{Target: "start", Offer: offer})
			if err != nil {
				t.Fatal(err)
			}
			var tried []string
			l := <-legs
			req, tx := l.req, l.tx
			more := make(chan *sipmsg.Request, 8)
			txs := make(chan *sipmsg.ServerTx, 8)
			l.on(func(req *sipmsg.Request, tx *sipmsg.ServerTx) bool {
				if req.Method == sipmsg.INVITE {
					more <- req
					txs <- tx
				}
				return req.Method == sipmsg.INVITE
			})
			for {
				user := req.Recipient.User
				tried = append(tried, user)
				if req.GetHeader("X-Evil") != nil || string(req.Body()) != offer {
					t.Errorf("%s", req)
				}
				h, redirected := tc.hops[user]
				if !redirected {
					_ = tx.Respond(l.response(req, 200, answer))
					break
				}
				var contacts []sipmsg.Header
				if h.contacts != "" {
					contacts = append(contacts, sipmsg.NewHeader("Contact", h.contacts))
				}
				_ = tx.Respond(l.response(req, h.status, "", contacts...))
				if len(tried) == len(strings.Fields(tc.tried)) {
					break
				}
				req, tx = <-more, <-txs
			}
			var last DialogEvent
			moves := 0
			for ev := range d.Events() {
				if _, ok := ev.(Redirected); ok {
					moves++
					continue
				}
				last = ev
				if _, ok := ev.(Answered); ok {
					break
				}
			}
			end := 200
			if failed, ok := last.(Failed); ok {
				end = failed.Status
			}
			if got := strings.Join(tried, " "); got != tc.tried || end != tc.end || moves != len(tried)-1 {
				t.Errorf("tried %s, ended with %d after %d moves; want %s, %d", got, end, moves, tc.tried, tc.end)
			}
			if end == 200 {
				if err := d.Hangup(limited(t)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestStayingPut(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	d, err := s.connect().Invite(limited(t), Invitation{Target: "start", Offer: offer, StayPut: true})
	if err != nil {
		t.Fatal(err)
	}
	l := <-legs
	l.respond(302, "", sipmsg.NewHeader("Contact", "<sip:b@sip.example>"))
	if e := event[Failed](t, d); e.Status != 302 || header(t, e.Headers, "Contact") == "" {
		t.Errorf("%+v", e)
	}
}

// The CANCEL of a call that was redirected is for the address it is at.
func TestRedirectedCallIsCancelled(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	d, err := s.connect().Invite(limited(t), Invitation{Target: "start", Offer: offer})
	if err != nil {
		t.Fatal(err)
	}
	l := <-legs
	cancelled := make(chan string, 1)
	l.on(func(req *sipmsg.Request, tx *sipmsg.ServerTx) bool {
		if req.Method != sipmsg.INVITE {
			return false
		}
		tx.OnCancel(func(*sipmsg.Request) { cancelled <- req.Recipient.User })
		_ = tx.Respond(l.response(req, 180, ""))
		return true
	})
	l.respond(302, "", sipmsg.NewHeader("Contact", "<sip:b@sip.example>"))
	if e := event[Redirected](t, d); e.Status != 302 || e.Target != "sip:b@sip.example" {
		t.Errorf("%+v", e)
	}
	event[Provisional](t, d)
	if err := d.Hangup(limited(t)); err != nil {
		t.Error(err)
	}
	if e := event[Failed](t, d); !e.Cancelled || e.Status != 487 {
		t.Errorf("%+v", e)
	}
	if user := <-cancelled; user != "b" {
		t.Errorf("cancelled at %s", user)
	}
}

// Two phones answer a call that was forked: the second is told that it is over,
// be its answer on the heels of the first one's.
func TestSecondAnswerIsHungUp(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	d, err := s.connect().Invite(limited(t), Invitation{Target: "08040408080", Offer: offer})
	if err != nil {
		t.Fatal(err)
	}
	l := <-legs
	second := l.response(l.req, 200, answer)
	second.To().Params.Add("tag", "second")
	l.respond(200, answer)
	if err := l.tx.Respond(second); err != nil {
		t.Fatal(err)
	}
	event[Answered](t, d)
	// sipgo hands either of the two over first.
	acked := []string{tagOf(l.expect(sipmsg.ACK).To()), tagOf(l.expect(sipmsg.ACK).To())}
	slices.Sort(acked)
	both := []string{l.tag, "second"}
	slices.Sort(both)
	ended := tagOf(l.expect(sipmsg.BYE).To())
	if err := d.Info(limited(t), "text/plain", "still here"); err != nil {
		t.Error(err)
	}
	kept := tagOf(l.expect(sipmsg.INFO).To())
	if !slices.Equal(acked, both) || kept == ended || !slices.Contains(both, ended) || !slices.Contains(both, kept) {
		t.Errorf("ACKs to %v, a BYE to %s, then on with %s", acked, ended, kept)
	}
	if err := d.Hangup(limited(t)); err != nil {
		t.Error(err)
	}
	event[Ended](t, d)
}

func TestTargetsAreOrdered(t *testing.T) {
	t.Parallel()
	res := sipmsg.NewResponse(300, "Multiple Choices")
	res.AppendHeader(sipmsg.NewHeader("Contact", `"A, B" <sip:a@x>;q=0.5, sip:c@x;q=2, <sip:b@x>;q=0.7`))
	var users []string
	for _, u := range targets(res) {
		users = append(users, u.User)
	}
	if got := strings.Join(users, " "); got != "c b a" {
		t.Errorf("%s", got)
	}
}

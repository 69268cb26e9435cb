package exophone_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"offhook/demo/exophone"
	"offhook/demo/relay/relaytest"
	"offhook/voice/wire"

	"github.com/golang-jwt/jwt/v5"
)

// outcome is what both ends learn of how a call ended, and what the long poll
// said.
type outcome struct {
	status       int    // final answer to the caller's INVITE
	reason       string // X-End-Reason with it, or with the BYE of an answered call
	calleeReason string // X-End-Reason of the BYE to the callee's phone, if it had joined
	state        wire.CallState
	by           string
}

// TestOutcomes holds each way in which a call can end against what the caller,
// the callee and the long poll are told.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	to := func(names ...string) func(url.Values) (exophone.Destination, error) {
		return func(url.Values) (exophone.Destination, error) {
			return exophone.Destination{Numbers: names}, nil
		}
	}
	fails := func(err error) func(url.Values) (exophone.Destination, error) {
		return func(url.Values) (exophone.Destination, error) { return exophone.Destination{}, err }
	}
	ringing := func(p *platform, out *call) *call {
		in := p.connect("bob").join(true)
		in.expect(200)
		out.expect(180)
		return in
	}
	answered := func(p *platform, out *call) *call {
		in := ringing(p, out)
		in.answer()
		out.expect(200)
		return in
	}
	nothing := func(*platform, *call) *call { return nil }
	told := func(p *platform, _ *call) *call { p.pushed("bob"); return nil }

	rows := []struct {
		name   string
		config func(*exophone.Config)
		whom   func(url.Values) (exophone.Destination, error)
		push   error
		// ringLimit says that the limit of ringing passes when play has returned.
		ringLimit bool
		// play goes on after the caller's INVITE and returns the callee's leg,
		// if it has one.
		play func(p *platform, out *call) *call
		want outcome
	}{
		{name: "callee rings and nobody answers", ringLimit: true, play: ringing,
			want: outcome{480, "ring-limit", "ring-limit", wire.CallTimeout, "platform"}},
		{name: "callee is offline", ringLimit: true, play: nothing,
			want: outcome{480, "ring-limit", "", wire.CallTimeout, "platform"}},
		{name: "Dial-Whom sets the ring limit", config: func(c *exophone.Config) { c.RingLimit = time.Hour },
			whom: func(url.Values) (exophone.Destination, error) {
				return exophone.Destination{Numbers: []string{"bob"}, MaxRingingDuration: 200 * time.Millisecond}, nil
			},
			play: nothing, want: outcome{480, "ring-limit", "", wire.CallTimeout, "platform"}},
		{name: "caller cancels before anything rings",
			play: func(p *platform, out *call) *call { told(p, out); out.giveUp(); out.expect(200); return nil },
			want: outcome{487, "", "", wire.CallCancelled, "caller"}},
		{name: "caller cancels while it rings",
			play: func(p *platform, out *call) *call {
				in := ringing(p, out)
				out.giveUp()
				out.expect(200)
				return in
			},
			want: outcome{487, "", "caller-gone", wire.CallCancelled, "caller"}},
		{name: "callee declines",
			play: func(p *platform, out *call) *call {
				in := ringing(p, out)
				for range 2 { // declining twice is no error
					if !p.x.Reject(in.target, "bob", "declined") {
						t.Error("reject refused")
					}
				}
				return in
			},
			want: outcome{486, "declined", "declined", wire.CallCancelled, "callee"}},
		{name: "callee is busy",
			play: func(p *platform, out *call) *call {
				_, c := p.pushed("bob")
				p.x.Reject(c.SessionID, "bob", "busy")
				return nil
			},
			want: outcome{486, "busy", "", wire.CallCancelled, "callee"}},
		{name: "a stranger cannot decline", ringLimit: true,
			play: func(p *platform, out *call) *call {
				in := ringing(p, out)
				if p.x.Reject(in.target, "carol", "declined") {
					t.Error("carol declined bob's call")
				}
				return in
			},
			want: outcome{480, "ring-limit", "ring-limit", wire.CallTimeout, "platform"}},
		{name: "unknown callee", whom: to("nobody"), play: nothing,
			want: outcome{404, "", "", wire.CallCancelled, "platform"}},
		{name: "Dial-Whom knows nobody", whom: fails(exophone.ErrUnknownDestination), play: nothing, want: outcome{status: 404, by: "platform"}},
		{name: "Dial-Whom names nobody", whom: to(), play: nothing, want: outcome{status: 404, by: "platform"}},
		{name: "Dial-Whom fails", whom: fails(errors.New("garbage")), play: nothing, want: outcome{status: 500, by: "platform"}},
		{name: "Dial-Whom is away", whom: fails(exophone.ErrUnavailable), play: nothing, want: outcome{status: 503, by: "platform"}},
		{name: "oneself", whom: to("alice"), play: nothing, want: outcome{status: 484, by: "platform"}},
		{name: "inactive callee", whom: to("idle"), play: nothing,
			want: outcome{410, "", "", wire.CallCancelled, "platform"}},
		{name: "push fails", push: errors.New("500"), play: nothing,
			want: outcome{500, "", "", wire.CallCancelled, "platform"}},
		{name: "push endpoint is away", push: exophone.ErrUnavailable, play: nothing,
			want: outcome{503, "", "", wire.CallCancelled, "platform"}},
		{name: "conversation limit", config: func(c *exophone.Config) { c.ConversationLimit = 100 * time.Millisecond },
			play: answered, want: outcome{200, "conversation-limit", "conversation-limit", wire.CallAnswered, "platform"}},
		{name: "Dial-Whom sets the conversation limit",
			whom: func(url.Values) (exophone.Destination, error) {
				return exophone.Destination{Numbers: []string{"bob"}, MaxConversationDuration: 100 * time.Millisecond}, nil
			},
			play: answered, want: outcome{200, "conversation-limit", "conversation-limit", wire.CallAnswered, "platform"}},
		{name: "a phone vanishes", config: func(c *exophone.Config) { c.Clock, c.MediaTimeout = fastClock{5 * time.Second}, 3*time.Second },
			play: func(p *platform, out *call) *call {
				in := answered(p, out)
				p.connected(in.media)
				in.media.Close()
				return in
			},
			want: outcome{200, "media-timeout", "media-timeout", wire.CallAnswered, "platform"}},
		{name: "caller hangs up",
			play: func(p *platform, out *call) *call { in := answered(p, out); out.hangup(); return in },
			want: outcome{200, "", "", wire.CallAnswered, "caller"}},
		{name: "callee hangs up",
			play: func(p *platform, out *call) *call { in := answered(p, out); in.hangup(); return in },
			want: outcome{200, "", "", wire.CallAnswered, "callee"}},
		{name: "caller's connection is lost before the answer",
			play: func(p *platform, out *call) *call { in := ringing(p, out); out.h.close(); return in },
			want: outcome{0, "", "caller-gone", wire.CallCancelled, "caller"}},

		{name: "bot busy", whom: to("busy"), play: nothing, want: outcome{status: 486, reason: "busy", by: "callee"}},
		{name: "bot unreachable", whom: to("unreachable"), play: nothing, want: outcome{status: 503, by: "platform"}},
		{name: "bot throttled", whom: to("throttled"), play: nothing, want: outcome{status: 429, by: "platform"}},
		{name: "bot fails", whom: to("fails"), play: nothing, want: outcome{status: 500, by: "platform"}},
		{name: "bot noanswer", config: fast, whom: to("noanswer"),
			play: func(_ *platform, out *call) *call { out.expect(180); return nil },
			want: outcome{status: 480, reason: "ring-limit", by: "platform"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			clock := &heldClock{}
			if row.ringLimit {
				row.config = func(c *exophone.Config) { c.Clock, c.RingLimit = clock, heldLimit }
			}
			p := newPlatform(t, row.config)
			if row.whom != nil {
				p.whom = row.whom
			}
			p.pushErr = row.push
			out := p.connect("alice").dial("bob")
			in := row.play(p, out)
			clock.pass()
			var got outcome
			switch row.want.status {
			case 0: // the caller is no longer there to be told
			case 200:
				if got.status = 200; row.want.by != "caller" {
					got.reason = out.ended()
				}
			default:
				res := out.response()
				for res.StatusCode < 200 {
					res = out.response()
				}
				out.take(res)
				got.status, got.reason = res.StatusCode, value(res, "X-End-Reason")
				if got.status == 429 && value(res, "Retry-After") == "" {
					t.Error("429 without Retry-After")
				}
			}
			if in != nil && (row.want.by != "callee" || row.want.status != 200) {
				got.calleeReason = in.ended()
			}
			r := p.over()
			got.by = r.EndedBy
			if row.want.state != "" {
				callee := "bob"
				if r.Callee != "" {
					callee = r.Callee
				}
				got.state = p.state(r.SessionID, callee)
			}
			if row.want.reason == "" && got.reason == "caller-gone" {
				t.Error("the caller is told that it has gone")
			}
			if got != row.want {
				t.Errorf("got  %+v\nwant %+v", got, row.want)
			}
			if len(p.x.Live()) != 0 {
				t.Error("an ended call lives on")
			}
		})
	}
}

// With no codec in common both ends are told so.
func TestNoCommonCodec(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	out := p.connect("alice").start(exophon, relaytest.Options{Codecs: []string{"PCMU"}}).invite("X-Custom-Field", "bob")
	token, c := p.pushed("bob")
	in := p.connect("bob").start(c.SessionID, relaytest.Options{Codecs: []string{"PCMA"}})
	in.invite("X-Session-Token", token, "X-Answer", "later").expect(488)
	out.expect(488)
	if got := p.state(c.SessionID, "bob"); got != wire.CallCancelled {
		t.Errorf("long poll %s", got)
	}
}

// A payload is good for one answer, by its own subscriber, in its time.
func TestPayloads(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	alice, bob, carol := p.connect("alice"), p.connect("bob"), p.connect("carol")
	out := alice.dial("bob")
	token, claims := p.pushed("bob")
	refused := func(what string, c *call, status int, reason string) {
		t.Helper()
		if got := value(c.expect(status), "X-End-Reason"); got != reason {
			t.Errorf("%s: X-End-Reason %q, want %q", what, got, reason)
		}
	}
	refused("another's", carol.joinWith(token, claims.SessionID, false), 403, "")
	refused("tampered", bob.joinWith(token+"x", claims.SessionID, false), 403, "")
	refused("another session's", bob.joinWith(token, strings.Repeat("0", 32), false), 403, "")
	old := claims
	old.ExpiresAt = jwt.NewNumericDate(time.Now().Add(-time.Hour))
	expired, _ := p.Sign(old)
	refused("expired", bob.joinWith(expired, claims.SessionID, false), 403, "")

	in := bob.joinWith(token, claims.SessionID, false) // INVITE without X-Answer is the answer
	in.expect(200)
	out.expect(200)
	refused("used twice", bob.joinWith(token, claims.SessionID, false), 403, "")
	refused("used twice, to ring", bob.joinWith(token, claims.SessionID, true), 403, "")
	out.hangup()
	in.ended()
	p.over()
	refused("after the end", bob.joinWith(token, claims.SessionID, false), 403, "")

	gone := alice.dial("bob")
	token, claims = p.pushed("bob")
	gone.giveUp()
	gone.expect(200)
	gone.expect(487)
	p.over()
	refused("too late", bob.joinWith(token, claims.SessionID, true), 487, "caller-gone")
	if _, ok := p.x.State(claims.SessionID, "carol"); ok {
		t.Error("carol may ask for bob's call")
	}
}

// Two devices of the callee ring; the first to answer has the call.
func TestSecondDevice(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	out := p.connect("alice").dial("bob")
	token, claims := p.pushed("bob")
	desk, home := p.connect("bob"), p.connect("bob")
	home.device = "home"
	first := desk.joinWith(token, claims.SessionID, true)
	first.expect(200)
	out.expect(180)
	second := home.joinWith(token, claims.SessionID, true)
	second.expect(200)
	second.answer()
	out.expect(200)
	if got := first.ended(); got != "answered-elsewhere" {
		t.Errorf("first device: X-End-Reason %q", got)
	}
	desk.joinWith(token, claims.SessionID, false).expect(403)
	p.connected(second.media, out.media)
	said := relaytest.Speech(t)
	out.media.Speak(said, nil)
	second.media.WaitPackets(len(said)/960 - 2)
	out.hangup()
	if got := second.ended(); got != "" {
		t.Errorf("X-End-Reason %q", got)
	}
}

// A device whose connection died under its ringing leg dials in again.
func TestRingingLegIsReplaced(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	out := p.connect("alice").dial("bob")
	token, claims := p.pushed("bob")
	bob := p.connect("bob")
	bob.joinWith(token, claims.SessionID, true).expect(200)
	out.expect(180)
	bob.reopen()
	again := bob.joinWith(token, claims.SessionID, true)
	again.expect(200)
	again.answer()
	out.expect(200)
	again.hangup()
	out.ended()
}

// The callees of Dial-Whom are tried in order, and it is asked again after each
// attempt if it wants to be.
func TestSeveralNumbers(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	p.whom = func(url.Values) (exophone.Destination, error) {
		return exophone.Destination{Numbers: []string{"nobody", "bob", "carol"}, OutgoingPhoneNumber: "0800"}, nil
	}
	out := p.connect("alice").dial("x")
	_, c := p.pushed("bob")
	if c.CallerID != "0800" {
		t.Errorf("caller's number %q", c.CallerID)
	}
	p.x.Reject(c.SessionID, "bob", "declined")
	if got := p.state(c.SessionID, "bob"); got != wire.CallCancelled {
		// The decline is taken on the call's own goroutine.
		p.pushed("carol")
		got = p.state(c.SessionID, "bob")
		if got != wire.CallCancelled {
			t.Errorf("bob's long poll %s", got)
		}
	} else {
		p.pushed("carol")
	}
	if got := p.state(c.SessionID, "carol"); got != wire.CallRinging {
		t.Errorf("carol's long poll %s", got)
	}
	out.giveUp()
	out.expect(200)
	out.expect(487)
	if r := p.over(); r.Callee != "carol" {
		t.Errorf("record: %+v", r)
	}

	p = newPlatform(t, nil)
	answers := [][]string{{"bob"}, {"carol"}, nil}
	p.whom = func(q url.Values) (exophone.Destination, error) {
		d := exophone.Destination{Numbers: answers[0], FetchAfterAttempt: true}
		answers = answers[1:]
		return d, nil
	}
	out = p.connect("alice").dial("message:1")
	_, c = p.pushed("bob")
	p.x.Reject(c.SessionID, "bob", "declined")
	p.pushed("carol")
	p.x.Reject(c.SessionID, "carol", "declined")
	out.expect(404)
	want := []struct{ status, last string }{{"ringing", ""}, {"busy", "bob"}, {"busy", "carol"}}
	if len(p.asked) != len(want) {
		t.Fatalf("asked %d times", len(p.asked))
	}
	for i, q := range p.asked {
		if q.Get("CallStatus") != want[i].status || q.Get("DialWhomNumber") != want[i].last {
			t.Errorf("query %d: %v", i, q)
		}
	}
}

// Every documented parameter of Dial-Whom is there, and no other (reference,
// section 5).
func TestDialWhomQuery(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	p.connect("alice").dial("busy").expect(486)
	q := p.asked[0]
	for name, want := range map[string]string{
		"CallFrom": "sip:alice", "CallTo": "sip:" + exophon, "From": "sip:alice", "To": "sip:" + exophon,
		"CallStatus": "ringing", "Direction": "incoming", "CallType": "call-attempt", "DialCallDuration": "0",
		"DialWhomNumber": "", "EndTime": "1970-01-01 05:30:00", "flow_id": "249196", "tenant_id": "113828",
		"CustomField": "busy", "CallSid": p.over().SessionID, "CallFromState": "available",
	} {
		if got, ok := q[name]; !ok || got[0] != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
		q.Del(name)
	}
	for name, form := range map[string]string{
		"Created": "Mon, 02 Jan 2006 15:04:05", "StartTime": "2006-01-02 15:04:05", "CurrentTime": "2006-01-02 15:04:05",
	} {
		if _, err := time.Parse(form, q.Get(name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		q.Del(name)
	}
	if len(q) != 0 {
		t.Errorf("undocumented: %v", q)
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(c *exophone.Config) { c.CallRate, c.CallBurst = 0.01, 2 })
	alice := p.connect("alice")
	for range 2 {
		alice.dial("busy").expect(486)
	}
	if got := value(alice.dial("busy").expect(429), "Retry-After"); got == "" || got == "0" {
		t.Errorf("Retry-After %q", got)
	}
	p.connect("bob").dial("busy").expect(486)
}

// A special contact is dialled by its own number, past Dial-Whom.
func TestDirectDialling(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	alice := p.connect("alice")
	out := alice.start("bob", relaytest.Options{}).invite()
	in := p.connect("bob").join(false)
	in.expect(200)
	out.expect(200)
	out.hangup()
	in.ended()
	if len(p.asked) != 0 {
		t.Errorf("Dial-Whom was asked: %v", p.asked)
	}
	alice.start("nobody", relaytest.Options{}).invite().expect(404)
	alice.start("no-name", relaytest.Options{}).invite().expect(484)
}

// A closing exchange takes no new calls, and lets those that go on end.
func TestDrain(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	alice := p.connect("alice")
	out := alice.dial("echo")
	out.expect(200)
	drained := make(chan error, 1)
	go func() { drained <- p.x.Drain(t.Context()) }()
	bob := p.connect("bob")
	for {
		c := bob.dial("busy")
		if r := c.response(); r.StatusCode == 503 {
			c.take(r)
			break
		} else {
			c.take(r)
		}
	}
	select {
	case err := <-drained:
		t.Fatalf("drained with a call in progress: %v", err)
	default:
	}
	out.hangup()
	if err := <-drained; err != nil {
		t.Error(err)
	}
}

package exophone_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"offhook/demo/exophone"
	"offhook/demo/relay/relaytest"
	"offhook/voice/wire"

	"github.com/emiago/sipgo/sip"
)

// conversation is alice and bob in conversation.
func conversation(t testing.TB, p *platform) (alice, bob, carol *phone, out, in *call, session string) {
	t.Helper()
	alice, bob, carol = p.connect("alice"), p.connect("bob"), p.connect("carol")
	out = alice.dial("bob")
	token, claims := p.pushed("bob")
	in = bob.joinWith(token, claims.SessionID, true)
	in.expect(200)
	out.expect(180)
	in.answer()
	out.expect(200)
	p.connected(in.media, out.media)
	return alice, bob, carol, out, in, claims.SessionID
}

// hears checks that one phone hears the tone of another.
func hearsTone(t *testing.T, from, to *call, hertz float64) {
	t.Helper()
	stop, spoken := make(chan struct{}), make(chan struct{})
	before := len(to.media.Heard())
	go func() { defer close(spoken); from.media.Speak(relaytest.Tone(hertz, 3*time.Second), stop) }()
	relaytest.Eventually(t, "tone of "+from.h.name+" at "+to.h.name, func() bool {
		heard := to.media.Heard()
		return len(heard) > before+48000 && relaytest.Sound(heard[len(heard)-48000/2:]).Tone(hertz) >= 0.2
	})
	close(stop)
	<-spoken
}

// Either party hands the other to carol, who answers; the one who stays learns who
// is there.
func TestTransfer(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"caller", "callee"} {
		t.Run("by the "+by, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t, nil)
			_, _, carol, out, in, session := conversation(t, p)
			leaves, stays := out, in
			if by == "callee" {
				leaves, stays = in, out
			}
			for target, want := range map[string]error{"": exophone.ErrTransfer, leaves.h.name: exophone.ErrTransfer, stays.h.name: exophone.ErrTransfer, "echo": exophone.ErrTransfer, "no such name!": exophone.ErrTransfer} {
				if err := p.x.Transfer(session, leaves.h.name, target); !errors.Is(err, want) {
					t.Errorf("to %q: %v", target, err)
				}
			}
			if err := p.x.Transfer(session, "carol", "carol"); !errors.Is(err, exophone.ErrNoCall) {
				t.Errorf("by a stranger: %v", err)
			}
			if err := p.x.Transfer(session, leaves.h.name, "carol"); err != nil {
				t.Fatal(err)
			}
			if reason := leaves.ended(); reason != wire.ReasonTransferred {
				t.Errorf("the phone that left is told %q", reason)
			}
			if err := p.x.Transfer(session, leaves.h.name, "carol"); !errors.Is(err, exophone.ErrNoCall) {
				t.Errorf("a second time: %v", err)
			}
			token, claims := p.pushed("carol")
			if claims.CallerID != stays.h.name {
				t.Errorf("carol sees %q", claims.CallerID)
			}
			third := carol.joinWith(token, claims.SessionID, true)
			third.expect(200)
			third.answer()
			p.connected(third.media)
			hearsTone(t, stays, third, 440)
			hearsTone(t, third, stays, 620)
			told := stays.request(sip.UPDATE)
			if id := value(told, "P-Asserted-Identity"); !strings.Contains(id, "carol") {
				t.Errorf("who stays is told %q", id)
			}
			third.hangup()
			if reason := stays.ended(); reason != "" {
				t.Errorf("the end says %q", reason)
			}
			r := p.over()
			if len(r.Transfers) != 1 || r.Transfers[0] != leaves.h.name+" to carol" || r.EndReason != "hangup" || r.Callee != "carol" {
				t.Errorf("record %+v", r)
			}
		})
	}
}

// A target that declines brings the call back to the party that handed it over; a second
// refusal ends it.
func TestTransferComesBack(t *testing.T) {
	t.Parallel()
	for _, answers := range []bool{true, false} {
		t.Run(map[bool]string{true: "and is answered", false: "and is declined"}[answers], func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t, nil)
			_, bob, _, out, in, session := conversation(t, p)
			if err := p.x.Transfer(session, "bob", "carol"); err != nil {
				t.Fatal(err)
			}
			in.ended()
			_, claims := p.pushed("carol")
			if !p.x.Reject(claims.SessionID, "carol", wire.ReasonDeclined) {
				t.Fatal("carol can't decline")
			}
			token, again := p.pushed("bob")
			if !answers {
				p.x.Reject(again.SessionID, "bob", wire.ReasonDeclined)
				if reason := out.ended(); reason != wire.ReasonDeclined {
					t.Errorf("alice is told %q", reason)
				}
				p.over()
				return
			}
			back := bob.joinWith(token, again.SessionID, true)
			back.expect(200)
			back.answer()
			p.connected(back.media)
			hearsTone(t, out, back, 440)
			back.hangup()
			out.ended()
			if r := p.over(); r.EndReason != "hangup" || r.Answered.IsZero() {
				t.Errorf("record %+v", r)
			}
		})
	}
}

// Who waits for the target may hang up.
func TestTransferIsGivenUp(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	_, _, _, out, in, session := conversation(t, p)
	if err := p.x.Transfer(session, "bob", "carol"); err != nil {
		t.Fatal(err)
	}
	in.ended()
	_, claims := p.pushed("carol")
	out.hangup()
	if r := p.over(); r.EndedBy != "caller" {
		t.Errorf("record %+v", r)
	}
	if got := p.state(claims.SessionID, "carol"); got != wire.CallCancelled {
		t.Errorf("carol's phone is told %s", got)
	}
}

// The one who stays was on hold: it is taken off hold to hear the ringing, and hears the
// target.
func TestTransferOfWhoIsOnHold(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	_, _, carol, out, in, session := conversation(t, p)
	out.replies(func(req *sip.Request, res *sip.Response) {
		if offer := string(req.Body()); req.Method == sip.UPDATE && offer != "" {
			res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
			res.SetBody([]byte(withDirection(out.media.Answer(withDirection(offer, "sendrecv")), mirror(directionOf(offer)))))
		}
	})
	in.send("UPDATE", withDirection(in.media.Offer(false), "inactive"), "Content-Type", "application/sdp")
	in.expect(200)
	if got := directionOf(string(out.request(sip.UPDATE).Body())); got != "inactive" {
		t.Fatalf("alice is told %s", got)
	}
	if err := p.x.Transfer(session, "bob", "carol"); err != nil {
		t.Fatal(err)
	}
	in.ended()
	if got := directionOf(string(out.request(sip.UPDATE).Body())); got != "sendrecv" {
		t.Errorf("alice is told %s while carol's phone rings", got)
	}
	token, claims := p.pushed("carol")
	third := carol.joinWith(token, claims.SessionID, true)
	third.expect(200)
	third.answer()
	p.connected(third.media)
	hearsTone(t, out, third, 440)
	hearsTone(t, third, out, 620)
	third.hangup()
	out.ended()
}

// request waits for a request of the platform's within the dialog.
func (c *call) request(method sip.RequestMethod) *sip.Request {
	c.h.t.Helper()
	for {
		select {
		case r := <-c.requests:
			if r.Method == method {
				return r
			}
		case <-time.After(waitTime):
			c.h.t.Fatalf("%s waits in vain for %s", c.h.name, method)
		}
	}
}

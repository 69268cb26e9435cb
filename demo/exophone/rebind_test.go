package exophone_test

import (
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/demo/exophone"
	"offhook/demo/relay/relaytest"
	"offhook/voice/wire"
)

// established is a call between alice and bob.
func established(p *platform) (out, in *call) {
	p.t.Helper()
	out = p.connect("alice").dial("bob")
	in = p.connect("bob").join(true)
	in.expect(200)
	out.expect(180)
	in.answer()
	out.expect(200)
	p.connected(out.media, in.media)
	return out, in
}

// authorised sends a request within the dialog over a connection that knows
// nothing of the phone yet: it is asked for the digest.
func (c *call) authorised(method, body string, headers ...string) {
	c.h.t.Helper()
	c.challenge = nil
	c.send(method, body, headers...)
	res := c.response()
	if res.StatusCode != 401 {
		c.h.t.Fatalf("%s over a new connection: %d, want 401", method, res.StatusCode)
	}
	if method == "INVITE" {
		c.ack()
	}
	c.challenged(res)
	c.send(method, body, append(headers, c.authorization(method)...)...)
}

// Either phone loses its SIP connection in the call and comes back over another:
// the sound never stops, and the call ends in order.
func TestConnectionLostAndBack(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"caller", "callee"} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t, nil)
			out, in := established(p)
			lost, other := out, in
			if who == "callee" {
				lost, other = in, out
			}
			lost.h.reopen()
			said := relaytest.Speech(t)
			lost.media.Speak(said, nil)
			other.media.WaitPackets(len(said)/960 - 2)
			// Any authenticated request rebinds the dialog; here an OPTIONS.
			lost.authorised("OPTIONS", "")
			lost.expect(200)
			// From now on the connection is known.
			lost.send("OPTIONS", "")
			lost.expect(200)
			other.hangup()
			if got := lost.ended(); got != "" {
				t.Errorf("X-End-Reason %q", got)
			}
		})
	}
}

// A BYE for a phone that is away is held, and said when the phone comes back.
func TestHeldBye(t *testing.T) {
	t.Parallel()
	clock := &heldClock{}
	p := newPlatform(t, func(c *exophone.Config) { c.Clock, c.ConversationLimit = clock, heldLimit })
	out, in := established(p)
	out.h.close()
	clock.pass()
	if got := in.ended(); got != "conversation-limit" {
		t.Errorf("X-End-Reason %q", got)
	}
	p.over()
	out.h.open()
	out.authorised("INVITE", out.offer, "Content-Type", "application/sdp")
	// The phone learns of the end from either message, whichever comes first.
	out.expect(481)
	if got := out.ended(); got != "conversation-limit" {
		t.Errorf("X-End-Reason %q", got)
	}
}

// A phone that stays away too long finds its dialog gone.
func TestHeldByeExpires(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(c *exophone.Config) { c.ByeHold = 50 * time.Millisecond })
	out, in := established(p)
	out.h.close()
	in.hangup()
	p.over()
	p.x.AwaitByes()
	out.h.open()
	out.send("OPTIONS", "")
	out.expect(481)
}

// A stranger's credentials do not move another's dialog.
func TestStrangerCannotRebind(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	out, in := established(p)
	mallory := p.connect("carol")
	stolen := *out
	stolen.h = mallory
	mallory.mu.Lock()
	mallory.calls[out.id] = &stolen
	mallory.mu.Unlock()
	stolen.responses = make(chan *sip.Response, 10)
	stolen.challenge = nil
	stolen.send("BYE", "")
	stolen.challenged(stolen.expect(401))
	stolen.send("BYE", "", stolen.authorization("BYE")...)
	stolen.expect(403)
	out.hangup()
	in.ended()
}

var directions = []string{"sendrecv", "sendonly", "recvonly", "inactive"}

func directionOf(sdp string) string {
	for _, d := range directions {
		if strings.Contains(sdp, "a="+d+"\r\n") {
			return d
		}
	}
	return ""
}

func withDirection(sdp, to string) string {
	return strings.Replace(sdp, "a="+directionOf(sdp)+"\r\n", "a="+to+"\r\n", 1)
}

// mirror is the direction that answers one.
func mirror(d string) string {
	switch d {
	case "sendonly":
		return "recvonly"
	case "recvonly":
		return "sendonly"
	}
	return d
}

// Hold, resume and an ICE restart keep the call; what is held hears nothing.
func TestHoldAndRestart(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	out, in := established(p)
	mirrored := func(c *call) string {
		t.Helper()
		select {
		case r := <-c.requests:
			if r.Method != sip.UPDATE {
				t.Fatalf("%s, want UPDATE", r.Method)
			}
			return directionOf(string(r.Body()))
		case <-time.After(waitTime):
			t.Fatal("the far side learns nothing of the hold")
			return ""
		}
	}
	for _, c := range []*call{out, in} {
		c.replies(func(req *sip.Request, res *sip.Response) {
			if req.Method == sip.UPDATE {
				res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
				// Hold stands on the wire only: pion would stop its sender.
				offer := string(req.Body())
				answer := c.media.Answer(withDirection(offer, "sendrecv"))
				res.SetBody([]byte(withDirection(answer, mirror(directionOf(offer)))))
			}
		})
	}
	reinvite := func(c *call, offer, want string) {
		t.Helper()
		c.send("INVITE", offer, "Content-Type", "application/sdp")
		res := c.response()
		if res.StatusCode != 200 {
			t.Fatalf("re-INVITE: %d", res.StatusCode)
		}
		c.media.SetAnswer(withDirection(string(res.Body()), "sendrecv"))
		c.ackTo(res)
		if got := directionOf(string(res.Body())); got != want {
			t.Errorf("answered %s, want %s", got, want)
		}
	}
	reinvite(out, withDirection(out.media.Offer(false), "inactive"), "inactive")
	if got := mirrored(in); got != "inactive" {
		t.Errorf("the far side was told %s", got)
	}
	before := len(out.media.Packets())
	in.media.Speak(relaytest.Tone(440, 200*time.Millisecond), nil)
	if n := len(out.media.Packets()); n != before {
		t.Errorf("%d packets reached a phone on hold", n-before)
	}
	reinvite(out, withDirection(out.media.Offer(false), "sendonly"), "recvonly")
	if got := mirrored(in); got != "sendonly" {
		t.Errorf("the far side was told %s", got)
	}
	reinvite(out, out.media.Offer(false), "sendrecv")
	if got := mirrored(in); got != "sendrecv" {
		t.Errorf("the far side was told %s", got)
	}
	in.media.Speak(relaytest.Tone(440, 200*time.Millisecond), nil)
	out.media.WaitPackets(before + 5)

	for _, c := range []*call{out, in} {
		reinvite(c, c.media.Offer(true), "sendrecv")
	}
	before = len(out.media.Packets())
	stop := make(chan struct{})
	spoken := make(chan struct{})
	go func() { defer close(spoken); in.media.Speak(relaytest.Tone(440, time.Second), stop) }()
	out.media.WaitPackets(before + 20)
	close(stop)
	<-spoken

	// UPDATE does the same, and without a body refreshes only.
	out.send("UPDATE", withDirection(out.media.Offer(false), "sendonly"), "Content-Type", "application/sdp")
	answer := string(out.response().Body())
	if got := directionOf(answer); got != "recvonly" {
		t.Errorf("UPDATE answered %s", got)
	}
	out.media.SetAnswer(withDirection(answer, "sendrecv"))
	mirrored(in)
	out.send("UPDATE", "")
	if res := out.response(); res.StatusCode != 200 || len(res.Body()) != 0 {
		t.Errorf("empty UPDATE: %d %q", res.StatusCode, res.Body())
	}

	// A re-INVITE without SDP is answered with an offer.
	out.send("INVITE", "")
	res := out.response()
	if res.StatusCode != 200 || len(res.Body()) == 0 {
		t.Fatalf("empty re-INVITE: %d with %d bytes", res.StatusCode, len(res.Body()))
	}
	out.h.write(out.message("ACK", out.uri(), out.inviteSeq, newBranch(), out.media.Answer(string(res.Body())), "Content-Type", "application/sdp"))
	if got := mirrored(in); got != "sendrecv" {
		t.Errorf("the far side was told %s", got)
	}
	before = len(out.media.Packets())
	in.media.Speak(relaytest.Tone(440, 200*time.Millisecond), nil)
	out.media.WaitPackets(before + 5)
	in.hangup()
	out.ended()
}

// A BYE on the early dialog ends the call as a CANCEL does.
func TestByeWhileRinging(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	out := p.connect("alice").dial("bob")
	in := p.connect("bob").join(true)
	in.expect(200)
	out.expect(180)
	out.send("BYE", "")
	for range 2 { // the 200 to the BYE and the 487 to the INVITE, in any order
		if r := out.response(); r.StatusCode != 200 && r.StatusCode != 487 {
			t.Errorf("status %d", r.StatusCode)
		}
	}
	if got := in.ended(); got != "caller-gone" {
		t.Errorf("X-End-Reason %q", got)
	}
}

// What does not belong to a call is refused by the book.
func TestRefusals(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	alice := p.connect("alice")
	status := func(want int, c *call, method, body string, headers ...string) {
		t.Helper()
		c.send(method, body, headers...)
		res := c.response()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", method, res.StatusCode, want)
		}
		if method == "INVITE" {
			c.take(res)
		}
	}
	// A dialog of another run of the platform was lost with it.
	stray := alice.prepare(exophon)
	stray.toTag = "none"
	for _, m := range []string{"BYE", "INFO", "UPDATE", "OPTIONS", "INVITE"} {
		stray.send(m, "")
		if res := stray.response(); res.StatusCode != 481 || value(res, wire.HeaderEndReason) != wire.ReasonPlatformLost {
			t.Errorf("%s in a lost dialog: %d %q", m, res.StatusCode, value(res, wire.HeaderEndReason))
		} else if m == "INVITE" {
			stray.take(res)
		}
	}
	fresh := alice.prepare(exophon)
	status(200, fresh, "OPTIONS", "")
	status(405, fresh, "SUBSCRIBE", "")
	status(405, fresh, "MESSAGE", "hello", "Content-Type", "text/plain")
	status(420, fresh, "INVITE", "", "Require", "100rel")
	fresh.send("CANCEL", "")
	if res := fresh.response(); res.StatusCode != 481 {
		t.Errorf("stray CANCEL: %d", res.StatusCode)
	}

	for _, offer := range []string{"v=0\r\n", ""} {
		bad := alice.prepare(exophon)
		bad.offer = offer
		bad.invite().expect(488)
	}
	alice.start("x", relaytest.Options{}).invite().expect(404)

	idle := p.connect("idle")
	idle.start(exophon, relaytest.Options{}).invite().expect(403)

	out := alice.dial("echo")
	out.expect(200)
	status(415, out, "INFO", "x", "Content-Type", "text/plain")
	status(415, out, "UPDATE", "x", "Content-Type", "text/plain")
	status(488, out, "UPDATE", "v=0", "Content-Type", "application/sdp")
	// A number used before is refused.
	out.cseq -= 2
	status(500, out, "OPTIONS", "")
	out.cseq += 2
	out.hangup()
}

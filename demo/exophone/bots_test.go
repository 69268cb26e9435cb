package exophone_test

import (
	"testing"
	"time"

	"offhook/demo/exophone"
	"offhook/demo/relay"
	"offhook/demo/relay/relaytest"
	"offhook/internal/listen"
	"offhook/voice/wire"
)

func TestEchoSaysItBack(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	out := p.connect("alice").dial("echo")
	out.expect(180)
	out.expect(200)
	p.connected(out.media)
	said := relaytest.Speech(t)
	out.media.Speak(said, nil)
	out.media.WaitPackets(len(said)/960 - 2)
	if m := listen.Find(relaytest.Sound(out.media.Heard()), relaytest.Sound(said)); m.Correlation < 0.9 {
		t.Errorf("echo: %+v", m)
	}
	// A digit sent by INFO comes back as one.
	out.send("INFO", "Signal=5\r\nDuration=240\r\n", "Content-Type", "application/dtmf-relay")
	out.expect(200)
	select {
	case r := <-out.requests:
		if string(r.Body()) != "Signal=5\r\nDuration=240\r\n" {
			t.Errorf("digit: %q", r.Body())
		}
	case <-time.After(waitTime):
		t.Error("no digit came back")
	}
	out.hangup()
	if r := p.over(); r.Callee != "echo" || r.EndedBy != "caller" {
		t.Errorf("record: %+v", r)
	}
}

func TestAnnouncerSpeaks(t *testing.T) {
	t.Parallel()
	for _, codec := range []string{"opus", "PCMU", "PCMA"} {
		t.Run(codec, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t, nil)
			out := p.connect("alice").start(exophon, relaytest.Options{Codecs: []string{codec}}).invite("X-Custom-Field", "announcer")
			out.expect(200)
			hear(t, out)
			out.hangup()
		})
	}
}

// hear waits until the announcement is understood.
func hear(t *testing.T, c *call) {
	t.Helper()
	pcm, err := relay.Announcement()
	if err != nil {
		t.Fatal(err)
	}
	c.media.WaitPackets(80)
	if m := listen.Find(relaytest.Sound(c.media.Heard()), relaytest.Sound(pcm[:24000*3])); m.Correlation < 0.8 {
		t.Errorf("announcement: %+v", m)
	}
}

func TestEarlyMedia(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, func(c *exophone.Config) { c.Clock = slowClock{} })
	out := p.connect("alice").dial("early")
	if res := out.expect(183); len(res.Body()) == 0 {
		t.Error("183 without SDP")
	}
	hear(t, out)
	out.giveUp()
	out.expect(200)
	out.expect(487)

	p = newPlatform(t, fast)
	out = p.connect("alice").dial("early")
	out.expect(183)
	out.expect(200)
	hear(t, out)
	out.hangup()
}

func TestSilentSaysNothing(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	out := p.connect("alice").dial("silent")
	out.expect(200)
	p.connected(out.media)
	out.media.Speak(relaytest.Tone(440, 500*time.Millisecond), nil)
	if n := len(out.media.Packets()); n != 0 {
		t.Errorf("silent sent %d packets", n)
	}
	out.hangup()
}

// The callback bot hangs up and calls back by push, as anyone would.
func TestCallback(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	alice := p.connect("alice")
	out := alice.dial("callback")
	out.expect(200)
	out.ended()
	token, claims := p.pushed("alice")
	if claims.CallerID != "callback" || claims.CallerName != "Callback" {
		t.Errorf("claims: %+v", claims)
	}
	in := alice.joinWith(token, claims.SessionID, true)
	in.expect(200)
	in.answer()
	hear(t, in)
	if got := p.state(claims.SessionID, "alice"); got != wire.CallAnswered {
		t.Errorf("long poll %s", got)
	}
	in.hangup()
	p.over()
	if r := p.over(); r.Caller != "callback" || r.Callee != "alice" || r.EndedBy != "callee" {
		t.Errorf("record: %+v", r)
	}

	// Declined, it gives up.
	out = alice.dial("callback")
	out.expect(200)
	out.ended()
	_, claims = p.pushed("alice")
	p.x.Reject(claims.SessionID, "alice", "declined")
	p.over()
	if r := p.over(); r.EndReason != "declined" || r.EndedBy != "callee" {
		t.Errorf("record: %+v", r)
	}
}

package exophone_test

import (
	"testing"
	"time"

	"offhook/demo/relay/relaytest"
	"offhook/internal/listen"
	"offhook/voice/wire"
)

// alice dials bob; bob learns of it by push alone, his phone rings with its
// path ready, he answers, both hear each other, and either hangs up.
func TestCallStory(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"caller", "callee"} {
		t.Run(who+" hangs up", func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t, nil)
			alice, bob := p.connect("alice"), p.connect("bob")
			out := alice.dial("bob")
			token, claims := p.pushed("bob")
			if claims.CallerID != "alice" || claims.CallerName != "ALICE" || claims.Subject != "bob" {
				t.Errorf("claims: %+v", claims)
			}
			if want := "http://platform.test/v2/calls/" + claims.SessionID + "/state"; claims.LongPollURL != want {
				t.Errorf("long poll URL %s, want %s", claims.LongPollURL, want)
			}
			in := bob.joinWith(token, claims.SessionID, true)
			if got := value(in.expect(200), "X-Call-Sid"); got != claims.SessionID {
				t.Errorf("callee's X-Call-Sid %q", got)
			}
			ringing := out.expect(180)
			if got := value(ringing, "X-Call-Sid"); got != claims.SessionID || len(ringing.Body()) == 0 {
				t.Errorf("180: X-Call-Sid %q, %d bytes of SDP", got, len(ringing.Body()))
			}
			if got := p.state(claims.SessionID, "bob"); got != wire.CallRinging {
				t.Errorf("long poll %s", got)
			}

			// Bob's phone is connected and already speaks; none of it passes.
			p.connected(in.media, out.media)
			stop, spoken := make(chan struct{}), make(chan struct{})
			go func() { defer close(spoken); in.media.Speak(relaytest.Tone(440, time.Second), stop) }()
			relaytest.Eventually(t, "sound of bob at the relay", func() bool { return p.r.Totals().PacketsReceived >= 20 })
			if n := len(out.media.Packets()); n > 0 {
				t.Fatalf("%d packets of the callee reached the caller before the answer", n)
			}
			in.answer()
			out.expect(200)
			if got := p.state(claims.SessionID, "bob"); got != wire.CallAnswered {
				t.Errorf("long poll %s", got)
			}
			out.media.WaitPackets(25)
			close(stop)
			<-spoken
			if got := relaytest.Sound(out.media.Heard()).Tone(440); got < 0.2 {
				t.Errorf("tone at alice: %.2f", got)
			}
			said := relaytest.Speech(t)
			out.media.Speak(said, nil)
			in.media.WaitPackets(len(said)/960 - 2)
			if m := listen.Find(relaytest.Sound(in.media.Heard()), relaytest.Sound(said)); m.Correlation < 0.8 {
				t.Errorf("speech at bob: %+v", m)
			}

			first, second := out, in
			if who == "callee" {
				first, second = in, out
			}
			first.hangup()
			if reason := second.ended(); reason != "" {
				t.Errorf("X-End-Reason %q", reason)
			}
			r := p.over()
			if r.EndReason != "hangup" || r.EndedBy != who || r.Codec != "opus" || r.Answered.IsZero() {
				t.Errorf("record: %+v", r)
			}
		})
	}
}

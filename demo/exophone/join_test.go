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

// asks is bob's call to carol about a conversation; rings says that she has not
// answered.
func asks(t testing.TB, p *platform, bob, carol *phone, about string, rings bool) (out, in *call, session string) {
	t.Helper()
	out = bob.start("carol", relaytest.Options{}).invite(wire.HeaderConsultsFor, about)
	token, claims := p.pushed("carol")
	if claims.CallerID != "bob" {
		t.Errorf("carol is asked by %q", claims.CallerID)
	}
	in = carol.joinWith(token, claims.SessionID, true)
	in.expect(200)
	out.expect(180)
	if !rings {
		in.answer()
		out.expect(200)
		p.connected(in.media, out.media)
	}
	return out, in, claims.SessionID
}

// pause is the longest step between two packets in a row, beyond a packet's own 20 ms.
func pause(c *call, from int) time.Duration {
	longest := time.Duration(0)
	packets := c.media.Packets()[from:]
	for i := 1; i < len(packets); i++ {
		step := time.Duration(packets[i].Timestamp-packets[i-1].Timestamp) * time.Second / 48000
		longest = max(longest, step-20*time.Millisecond)
	}
	return longest
}

// bob has asked carol, and hands alice to her: the two hear each other without a
// pause, each learns who is there, and bob is out of it, whichever of the two calls
// he placed.
func TestJoin(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	_, bob, carol, out, in, session := conversation(t, p)
	asked, third, other := asks(t, p, bob, carol, session, false)
	for name, tc := range map[string]struct {
		session, by, with string
		want              error
	}{
		"with itself":       {session, "bob", session, exophone.ErrTransfer},
		"by a stranger":     {session, "carol", other, exophone.ErrNoCall},
		"with no call":      {session, "bob", "nothing", exophone.ErrNoCall},
		"of no call":        {"nothing", "bob", other, exophone.ErrNoCall},
		"by the other side": {session, "alice", other, exophone.ErrNoCall},
	} {
		if err := p.x.Join(tc.session, tc.by, tc.with); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	stop := make(chan struct{})
	speaking := make(chan struct{}, 3)
	for _, who := range []struct {
		c  *call
		hz float64
	}{{out, 440}, {third, 620}, {asked, 1000}} {
		go func() { who.c.media.Speak(relaytest.Tone(who.hz, 20*time.Second), stop); speaking <- struct{}{} }()
	}
	third.media.WaitPackets(len(third.media.Packets()) + 25)
	before := len(third.media.Packets()) - 5
	if err := p.x.Join(session, "bob", other); err != nil {
		t.Fatal(err)
	}
	third.media.WaitPackets(before + 60)
	close(stop)
	for range 3 {
		<-speaking
	}
	if gap := pause(third, before); gap > 40*time.Millisecond {
		t.Errorf("carol hears nothing for %v", gap)
	}
	for who, reason := range map[string]string{"in alice's call": in.ended(), "in carol's": asked.ended()} {
		if reason != wire.ReasonTransferred {
			t.Errorf("bob is told %q %s", reason, who)
		}
	}
	hearsTone(t, out, third, 440)
	hearsTone(t, third, out, 620)
	for phone, name := range map[*call]string{out: "carol", third: "alice"} {
		if id := value(phone.request(sip.UPDATE), "P-Asserted-Identity"); !strings.Contains(id, "<sip:"+name+"@") {
			t.Errorf("%s is told %q", phone.h.name, id)
		}
	}
	// alice knows the call by its old name.
	if err := p.x.Transfer(session, "alice", "dave"); err != nil {
		t.Errorf("handed on by the old name: %v", err)
	}
	if reason := out.ended(); reason != wire.ReasonTransferred {
		t.Errorf("alice is told %q", reason)
	}
	third.hangup()
	first, second := p.over(), p.over()
	if first.EndReason != wire.ReasonTransferred || len(first.Transfers) != 1 || first.Transfers[0] != "bob to carol" {
		t.Errorf("record of the first call: %+v", first)
	}
	if len(second.Transfers) != 2 || second.Transfers[0] != "bob to carol" {
		t.Errorf("record of the second call: %+v", second)
	}
}

// bob hands alice over while carol's phone rings: alice hears ringing and then carol,
// or bob once more if carol does not take the call.
func TestJoinWhileItRings(t *testing.T) {
	t.Parallel()
	for _, takes := range []bool{true, false} {
		t.Run(map[bool]string{true: "and carol answers", false: "and carol declines"}[takes], func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t, nil)
			_, bob, carol, out, in, session := conversation(t, p)
			asked, third, other := asks(t, p, bob, carol, session, true)
			if err := p.x.Join(session, "bob", other); err != nil {
				t.Fatal(err)
			}
			if reason := in.ended(); reason != wire.ReasonTransferred {
				t.Errorf("bob is told %q", reason)
			}
			if res := asked.expect(487); value(res, wire.HeaderEndReason) != wire.ReasonTransferred {
				t.Errorf("bob's second call ends with %v", res)
			}
			if err := p.x.Join(session, "bob", other); !errors.Is(err, exophone.ErrNoCall) && !errors.Is(err, exophone.ErrTransfer) {
				t.Errorf("a second time: %v", err)
			}
			before := len(out.media.Heard())
			out.media.Wait("the ringing", func() bool { return len(out.media.HeardLocked()) > before+48000 })
			if heard := out.media.Heard()[before:]; relaytest.Sound(heard[:48000]).Tone(425) < 0.02 {
				t.Error("alice hears no ringing")
			}
			if takes {
				third.answer()
				p.connected(third.media)
				hearsTone(t, out, third, 440)
				hearsTone(t, third, out, 620)
				if id := value(third.request(sip.UPDATE), "P-Asserted-Identity"); !strings.Contains(id, "alice") {
					t.Errorf("carol is told %q", id)
				}
				third.hangup()
				out.ended()
				return
			}
			if !p.x.Reject(other, "carol", wire.ReasonDeclined) {
				t.Fatal("carol can't decline")
			}
			token, claims := p.pushed("bob")
			back := bob.joinWith(token, claims.SessionID, true)
			back.expect(200)
			back.answer()
			p.connected(back.media)
			hearsTone(t, out, back, 440)
			out.hangup()
			back.ended()
		})
	}
}

// alice speaks Opus and carol G.711 alone: the platform recodes between the two.
func TestJoinOfTwoCodecs(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	_, bob, carol, out, in, session := conversation(t, p)
	asked := bob.start("carol", relaytest.Options{}).invite(wire.HeaderConsultsFor, session)
	token, claims := p.pushed("carol")
	third := carol.start(claims.SessionID, relaytest.Options{Codecs: []string{"PCMU"}})
	third.invite("X-Session-Token", token, "X-Answer", "later").expect(200)
	asked.expect(180)
	third.answer()
	asked.expect(200)
	p.connected(third.media, asked.media)
	if err := p.x.Join(session, "bob", claims.SessionID); err != nil {
		t.Fatal(err)
	}
	in.ended()
	asked.ended()
	hearsTone(t, out, third, 440)
	hearsTone(t, third, out, 620)
	third.hangup()
	out.ended()
}

// Who waits may hang up while the two are being joined; nobody is left behind.
func TestJoinCrossesAnEnd(t *testing.T) {
	t.Parallel()
	for range 5 {
		p := newPlatform(t, nil)
		_, bob, carol, out, in, session := conversation(t, p)
		asked, third, other := asks(t, p, bob, carol, session, false)
		joined := make(chan error, 1)
		go func() { joined <- p.x.Join(session, "bob", other) }()
		out.hangup()
		if err := <-joined; err == nil {
			asked.ended()
			third.ended() // alice was there, and has left
		} else {
			in.ended()
			third.hangup()
			asked.ended()
		}
		p.over()
		p.over()
	}
}

// How long the one who is handed over hears nothing as two calls become one, beyond a
// packet's own 20 ms, by the times of the packets; the one who takes the call, too.
func BenchmarkJoin(b *testing.B) {
	var longest time.Duration
	for b.Loop() {
		b.StopTimer()
		p := newPlatform(b, nil)
		_, bob, carol, out, _, session := conversation(b, p)
		asked, third, other := asks(b, p, bob, carol, session, false)
		stop := make(chan struct{})
		spoken := make(chan struct{}, 4)
		speakers := []*call{out, third, asked}
		for _, c := range speakers {
			go func() { c.media.Speak(relaytest.Tone(440, 30*time.Second), stop); spoken <- struct{}{} }()
		}
		third.media.WaitPackets(len(third.media.Packets()) + 25)
		before := len(third.media.Packets()) - 5
		b.StartTimer()
		if err := p.x.Join(session, "bob", other); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		third.media.WaitPackets(before + 40)
		close(stop)
		for range speakers {
			<-spoken
		}
		gap := pause(third, before)
		longest = max(longest, gap)
		third.hangup()
		out.ended()
		b.StartTimer()
	}
	b.ReportMetric(float64(longest.Milliseconds()), "ms-gap-max")
}

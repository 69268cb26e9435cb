package media

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"offhook/voice/sdp"
)

// Before OpenSend the microphone hums into a connected path and not one packet
// of sound leaves; before OpenReceive what arrives is not heard.
func TestNothingPassesAShutGate(t *testing.T) {
	t.Parallel()
	a, b := newPhone(t, 440, Config{}), newPhone(t, 1000, Config{})
	b.OpenSend()
	b.OpenReceive()
	exchange(t, a, b, false)
	for _, p := range []*phone{a, b} {
		p.await("connection", func() bool { return p.count(Connected) > 0 })
	}
	a.await("the far side's packets", func() bool { return a.Statistics().PacketsReceived > 20 })
	if n := a.Statistics().PacketsSent; n != 0 {
		t.Errorf("%d packets of sound before OpenSend", n)
	}
	if n := b.Statistics().PacketsReceived; n != 0 {
		t.Errorf("the far side got %d packets of sound before OpenSend", n)
	}
	if a.count(FirstSound) != 1 || b.count(FirstSound) != 0 {
		t.Errorf("events %v and %v", a.kinds(), b.kinds())
	}
	if l := loudness(a.since(0)); l != 0 {
		t.Errorf("loudness %.1f before OpenReceive", l)
	}
	if l := loudness(b.since(0)); l != 0 {
		t.Errorf("the far side heard %.1f before OpenSend", l)
	}
	a.OpenReceive()
	hears(t, a, 1000)
	a.OpenSend()
	hears(t, b, 440)
}

// Muted, the far side hears digital silence, and the microphone again after.
func TestMute(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"opus", "PCMU"} {
		w := newSim(t, Config{Codecs: []string{name}}, Config{})
		w.run(time.Second)
		w.a.SetMuted(true)
		w.run(500 * time.Millisecond)
		sent := w.a.Statistics().PacketsSent
		w.run(time.Second)
		if l := loudness(w.b.last(time.Second)); l > 20 {
			t.Errorf("%s: loudness %.1f while muted", name, l)
		}
		if n := w.a.Statistics().PacketsSent - sent; n < 50 {
			t.Errorf("%s: %d packets in a muted second: the far side would think the path is lost", name, n)
		}
		if got := tone(w.a.last(time.Second), 1000); got < 0.9 {
			t.Errorf("%s: the muted side hears a tone of %.2f", name, got)
		}
		w.a.SetMuted(false)
		w.run(500 * time.Millisecond)
		if got := tone(w.b.last(200*time.Millisecond), 440); got < 0.8 {
			t.Errorf("%s: tone %.2f after mute", name, got)
		}
	}
}

// What the microphone takes after SetMuted returns does not go out, not even
// the part of a packet that was begun.
func TestMuteWithinOneFrame(t *testing.T) {
	t.Parallel()
	var sent [][]byte
	s := newSender(func() time.Duration { return time.Second }, 0, func(_ rtpHeader, p []byte) error {
		sent = append(sent, append([]byte(nil), p...))
		return nil
	})
	plan := agreedPCMU(t)
	s.plan.Store(plan)
	s.setOn(true)
	loud := make([]int16, frameSamples)
	for i := range loud {
		loud[i] = 20000
	}
	for range 6 {
		s.push(loud)
	}
	s.drain()
	s.push(loud)
	s.muted.Store(true)
	for range 3 {
		s.push(loud)
	}
	s.drain()
	if len(sent) != 5 {
		t.Fatalf("%d packets", len(sent))
	}
	for i, v := range sent[4][rtpHeaderSize:] {
		if v != 0xff && v != 0x7f {
			t.Fatalf("sample %d of the second muted packet is %#x", i, v)
		}
	}
	// The first muted packet may hold the end of the filter's echo, 3 ms.
	for i, v := range sent[3][rtpHeaderSize+24:] {
		if v != 0xff && v != 0x7f {
			t.Fatalf("sample %d of the first muted packet is %#x", i+24, v)
		}
	}
}

// Hold stops both directions at once, says so in the description, and ends.
func TestHold(t *testing.T) {
	t.Parallel()
	a, b := call(t, Config{}, Config{})
	hears(t, a, 1000)
	hears(t, b, 440)
	a.Hold(true)
	exchange(t, a, b, false)
	// Nothing is sent any more, so once all has arrived the far side's playout has
	// but its own memory left.
	b.await("all that was sent", func() bool {
		return b.Statistics().PacketsReceived+lostOnTheWay(b) == a.Statistics().PacketsSent
	})
	before := a.Statistics().PacketsSent
	b.listen(1500 * time.Millisecond) // what is in the buffer, and the longest pause that is bridged
	for _, p := range []*phone{a, b} {
		if l := loudness(p.listen(500 * time.Millisecond)); l > 0 {
			t.Errorf("loudness %.1f while held", l)
		}
	}
	if n := a.Statistics().PacketsSent; n != before {
		t.Errorf("%d packets of sound while held", n-before)
	}
	if a.count(PeerHeld) != 0 || b.count(PeerHeld) != 1 {
		t.Errorf("told of the hold: the holder %d times, the held %d times", a.count(PeerHeld), b.count(PeerHeld))
	}
	a.Hold(false)
	exchange(t, a, b, false)
	hears(t, a, 1000)
	hears(t, b, 440)
}

func lostOnTheWay(p *phone) uint64 { return uint64(max(p.Statistics().CumulativeLost, 0)) }

// A far side that goes silent, whenever in its stream it does, is bridged with
// even noise at most, and a second later there is nothing: no tick, no tail.
func TestSilenceOfAHeldCall(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"opus", "PCMU"} {
		for _, late := range []int{0, 5, 15} {
			w := newSim(t, Config{Codecs: []string{name}}, Config{})
			w.a.silent = true
			w.run(time.Duration(late) * 10 * time.Millisecond)
			w.a.silent = false
			w.run(time.Duration(100+37*late) * 10 * time.Millisecond)
			w.a.Hold(true)
			w.run(500 * time.Millisecond)
			w.b.heard = w.b.heard[:0]
			w.run(500 * time.Millisecond)
			var least, most float64
			for i := 0; i+frameSamples <= len(w.b.heard); i += frameSamples {
				l := loudness(w.b.heard[i : i+frameSamples])
				if i == 0 {
					least = l
				}
				least, most = min(least, l), max(most, l)
			}
			if most > 40 || most > 4*least+4 {
				t.Errorf("%s, hold %d: the bridge is between %.1f and %.1f loud", name, late, least, most)
			}
			w.run(500 * time.Millisecond)
			w.b.heard = w.b.heard[:0]
			w.run(3 * time.Second)
			if l := loudness(w.b.heard); l != 0 {
				t.Errorf("%s, hold %d: loudness %.1f after the bridge", name, late, l)
			}
		}
	}
}

// A far side that holds is noticed, and gets no sound.
func TestHeldByPeer(t *testing.T) {
	t.Parallel()
	a, b := call(t, Config{}, Config{})
	hears(t, b, 440)
	offer, err := a.Offer(context.Background(), false)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.Answer(context.Background(), offer)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		direction string
		kind      EventKind
	}{{"sendonly", PeerHeld}, {"sendrecv", PeerResumed}} {
		if _, err := a.Offer(context.Background(), false); err != nil {
			t.Fatal(err)
		}
		if err := a.SetAnswer(replaceDirection(answer, step.direction)); err != nil {
			t.Fatal(err)
		}
		a.await("the event", func() bool { return a.count(step.kind) == 1 })
		if on := a.Session.(*session).send.on.Load(); on != (step.kind == PeerResumed) {
			t.Errorf("%s: sending is %v", step.direction, on)
		}
	}
}

// A far side that holds by switching its stream off is answered so, and may switch it on
// again; a stream of another kind in the place of its sound is refused.
func TestSwitchedOffByPeer(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a, err := NewRTP(Config{LocalAddress: loopback})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	off := strings.Replace(offerHead+inClear, "audio 4000", "audio 0", 1)
	if _, err := a.Answer(ctx, off); !errors.Is(err, sdp.ErrNoAudio) {
		t.Errorf("at first: %v", err)
	}
	for _, step := range []struct{ offer, want string }{
		{offerHead + inClear, "audio 1 RTP/AVP 8"},
		{off, "audio 0 RTP/AVP 8 0"},
		{off + "m=video 0 RTP/AVP 96\r\n", "audio 0 RTP/AVP 8 0, video 0 RTP/AVP 96"},
		{offerHead + inClear, "audio 1 RTP/AVP 8"},
	} {
		answer, err := a.Answer(ctx, step.offer)
		if err != nil {
			t.Fatal(err)
		}
		d, err := sdp.Parse(answer)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, m := range d.Media {
			lines = append(lines, fmt.Sprintf("%s %d %s %s", m.Kind, min(m.Port, 1), m.Proto, strings.Join(m.Formats, " ")))
		}
		if got := strings.Join(lines, ", "); got != step.want || !strings.Contains(answer, "\r\nc=IN IP4 ") {
			t.Errorf("%s, want %s", answer, step.want)
		}
		s := a.(*session)
		s.mu.Lock()
		if on := d.Media[0].Port > 0; s.nego.peerReceives != on || s.nego.peerHolds == on || Holds(step.offer) == on {
			t.Errorf("%s: %+v", step.want, s.nego.peerHolds)
		}
		s.mu.Unlock()
	}
	if _, err := a.Answer(ctx, off+"m=image 9 udptl t38\r\n"); !errors.Is(err, sdp.ErrNoAudio) {
		t.Errorf("a fax: %v", err)
	}
}

// Repeated and unasked answers.
func TestAnswers(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a, b := newPhone(t, 440, Config{}), newPhone(t, 1000, Config{})
	if err := a.SetAnswer("v=0\r\n"); !errors.Is(err, ErrState) {
		t.Errorf("an answer without an offer: %v", err)
	}
	offer, err := a.Offer(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.Answer(ctx, offer)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := a.SetAnswer(answer); err != nil {
			t.Fatal(err)
		}
	}
	a.await("connection", func() bool { return a.count(Connected) > 0 })
	if err := a.SetAnswer(answer + "a=x-other:1\r\n"); err != nil {
		t.Errorf("an answer that differs in nothing that matters: %v", err)
	}
	a.end()
	if _, err := a.Offer(ctx, false); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err := a.Answer(ctx, offer); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := a.SetAnswer(answer); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

package media

import (
	"testing"
	"time"

	"offhook/voice/sdp"
)

func TestShortPacketsAllowed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, lines string
		takes, only bool
	}{
		{"Opus", "96\r\na=rtpmap:96 opus/48000/2\r\n", true, false},
		{"Opus, minptime", "96\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 minptime=10\r\n", true, false},
		{"Opus, at least 20", "96\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 minptime=20\r\n", false, false},
		{"Opus, would like 20", "96\r\na=rtpmap:96 opus/48000/2\r\na=ptime:20\r\n", false, false},
		{"Opus, would like 10", "96\r\na=rtpmap:96 opus/48000/2\r\na=ptime:10\r\n", true, true},
		{"Opus, at most 10", "96\r\na=rtpmap:96 opus/48000/2\r\na=maxptime:10\r\n", true, true},
		{"Opus, at most 60", "96\r\na=rtpmap:96 opus/48000/2\r\na=maxptime:60\r\n", true, false},
		{"PCMU", "0\r\n", false, false},
		{"PCMU, would like 10", "0\r\na=ptime:10\r\n", true, true},
		{"PCMU, would like 30", "0\r\na=ptime:30\r\n", false, false},
		{"nonsense", "0\r\na=ptime:-7\r\na=maxptime:x\r\n", false, false},
	} {
		d, err := sdp.Parse("v=0\r\nm=audio 9 RTP/AVP " + tc.lines)
		if err != nil {
			t.Fatal(err)
		}
		m := &d.Media[0]
		if takes, only := shortPackets(m, m.Codecs[0]); takes != tc.takes || only != tc.only {
			t.Errorf("%s: %v, %v", tc.name, takes, only)
		}
	}
}

// Opus begins with packets of 10 ms, keeps them on a good network, and gives them
// up when the network turns bad; neither change is heard.
func TestPacketTimeFollowsTheNetwork(t *testing.T) {
	t.Parallel()
	w := newSim(t, Config{}, Config{})
	per := func(d time.Duration) time.Duration {
		from := w.a.Statistics().PacketsSent
		w.run(d)
		return d / time.Duration(w.a.Statistics().PacketsSent-from)
	}
	if got := per(100 * time.Millisecond); got != packetTime/2 {
		t.Errorf("%v at first", got)
	}
	w.run(3 * time.Second)
	w.b.heard = w.b.heard[:0]
	if got := per(2 * time.Second); got != packetTime/2 {
		t.Errorf("%v on a good network", got)
	}
	if d := w.b.Statistics().JitterBufferMs; d > 25 {
		t.Errorf("the buffer holds %.0f ms", d)
	}
	n := 0
	w.a.lose = func(int) bool { n++; return n%12 == 0 }
	w.run(3 * time.Second)
	if got := per(2 * time.Second); got != packetTime {
		t.Errorf("%v under loss", got)
	}
	w.a.lose = nil
	w.run(20 * time.Second)
	if got := per(time.Second); got != packetTime {
		t.Errorf("%v, though loss was a moment ago", got)
	}
	w.run(20 * time.Second)
	if got := per(time.Second); got != packetTime/2 {
		t.Errorf("%v long after the loss", got)
	}
	if got := tone(w.b.last(500*time.Millisecond), 440); got < 0.95 {
		t.Errorf("tone %.2f", got)
	}
}

// A far side that takes nothing longer gets 10 ms from the first packet on, G.711
// too.
func TestPacketTimeByWish(t *testing.T) {
	t.Parallel()
	w := newSim(t, Config{Codecs: []string{"PCMU"}}, Config{})
	plan := *w.a.send.plan.Load()
	plan.short, plan.only = true, true
	w.a.send.plan.Store(&plan)
	w.run(time.Second)
	if n := w.a.Statistics().PacketsSent; n != 100 {
		t.Errorf("%d packets in a second", n)
	}
	if got := tone(w.b.last(200*time.Millisecond), 440); got < 0.9 {
		t.Errorf("tone %.2f", got)
	}
}

// A far side that never reports gets packets of 20 ms after a while: nobody knows
// what the network makes of twice as many.
func TestPacketTimeWithoutReports(t *testing.T) {
	t.Parallel()
	b := newBench(t, "opus")
	plan := *b.send.plan.Load()
	plan.short = true
	b.send.plan.Store(&plan)
	b.send.steer.Store(nil)
	run := func(seconds int) (packets uint64) {
		from := b.send.counts.packets.Load()
		for range seconds * 50 {
			b.packet()
		}
		return b.send.counts.packets.Load() - from
	}
	if n := run(1); n < 98 {
		t.Errorf("%d packets in the first second", n)
	}
	run(2)
	if n := run(1); n > 51 {
		t.Errorf("%d packets in the fourth second", n)
	}
}

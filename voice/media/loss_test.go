package media

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"offhook/voice/codec"
)

// The MOS that the session reports is the model's for the loss that the network
// really has, and the far side learns of the loss.
func TestMOSFollowsLoss(t *testing.T) {
	t.Parallel()
	const often = 250 * time.Millisecond // reports, so that ten fill the window soon
	for name, rows := range map[string][]int64{codec.Opus: {20, 7}, codec.PCMU: {0, 7}} {
		for _, every := range rows {
			t.Run(fmt.Sprintf("%s/every %d", name, every), func(t *testing.T) {
				t.Parallel()
				w := newWire(t, 20*time.Millisecond, 5*time.Millisecond)
				a, b := wired(t, w, Config{Codecs: []string{name}, reportEvery: often}, Config{reportEvery: often})
				hears(t, b, 440)
				w.every.Store(every)
				passed, dropped := w.passed.Load(), w.dropped.Load()
				b.listen(4 * time.Second)
				st := b.Statistics()
				real := percent(w.dropped.Load()-dropped, w.passed.Load()-passed+w.dropped.Load()-dropped)
				info, _ := codec.Lookup(name)
				// 20 ms each way on the wire; the rest is the session's own.
				delay := 20 + st.JitterBufferMs + 20 + 6.5
				want := mosOf(eModel(impairmentOf(info, true), delay, real, 1))
				t.Logf("loss %.1f %%: MOS %.2f, model %.2f, reported loss %.1f %%, rtt %.0f ms, buffer %.0f ms, concealed %.1f %%",
					real, st.MOS, want, st.CurrentPacketLossRate, st.RTTMs, st.JitterBufferMs, st.ConcealedPercent)
				if math.Abs(st.MOS-want) > 0.2 {
					t.Errorf("MOS %.2f, the model says %.2f", st.MOS, want)
				}
				if st.RTTMs < 35 || st.RTTMs > 70 {
					t.Errorf("round trip %.0f ms over 20 ms each way", st.RTTMs)
				}
				if every > 0 {
					a.await("a report of the loss", func() bool {
						return a.Statistics().RemoteFractionLoss > 0 && a.Session.(*session).send.loss.Load() > 0
					})
				}
				if every == 7 && st.MOS > 3.6 {
					t.Errorf("MOS %.2f at 14 %% of loss", st.MOS)
				}
				if tone(b.since(b.mark()-48000), 440) < 0.5 {
					t.Error("the tone does not survive the loss")
				}
			})
		}
	}
}

// Rows worked out by hand from equations 7-27 and 7-29 and annex B of G.107 with
// G.113's values for G.711 with concealment.
func TestEModel(t *testing.T) {
	t.Parallel()
	g711, _ := codec.Lookup(codec.PCMU)
	for _, tc := range []struct {
		delay, loss, burst, r, mos float64
	}{
		{0, 0, 1, 93.2, 4.41},
		{100, 0, 1, 93.2, 4.41},
		{200, 0, 1, 90.2, 4.34},
		{400, 0, 1, 69.1, 3.56},
		{0, 1, 1, 89.6, 4.33},
		{0, 5, 1, 77.4, 3.91},
		{0, 10, 1, 66.1, 3.41},
		{0, 10, 4, 58.8, 3.04},
		{0, 100, 1, 17.3, 1.18},
	} {
		r := eModel(impairmentOf(g711, false), tc.delay, tc.loss, tc.burst)
		if math.Abs(r-tc.r) > 1 || math.Abs(mosOf(r)-tc.mos) > 0.06 {
			t.Errorf("delay %v loss %v burst %v: R %.1f MOS %.2f, want %.1f and %.2f", tc.delay, tc.loss, tc.burst, r, mosOf(r), tc.r, tc.mos)
		}
	}
	for _, r := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -5, 0, 3, 200} {
		if m := mosOf(r); !(m >= 1 && m <= 4.5) {
			t.Errorf("R %v gives MOS %v", r, m)
		}
	}
}

// Statistics are JSON at any moment of a session's life.
func TestStatisticsAreJSON(t *testing.T) {
	t.Parallel()
	a, b := newPhone(t, 440, Config{}), newPhone(t, 1000, Config{})
	check := func(p *phone) {
		t.Helper()
		text, err := json.Marshal(p.Statistics())
		if err != nil || strings.Contains(string(text), "NaN") {
			t.Fatalf("%s: %v", text, err)
		}
	}
	check(a)
	a.OpenSend()
	b.OpenReceive()
	exchange(t, a, b, false)
	check(a)
	hears(t, b, 440)
	b.await("a report", func() bool { return b.Statistics().LastSRTimestamp != 0 })
	check(b)
	st := b.Statistics()
	switch {
	case st.AudioCodec != "opus", st.PacketsReceived == 0, st.BytesReceived == 0, st.ExtendedMax == 0,
		st.MOS < 4, st.JitterBufferMs <= 0, st.Seconds <= 0, st.MediaWaitingTimeMs <= 0, st.RemoteCandidate == "",
		st.CumulativeLost != 0, st.NoPacketsMs > 1000, st.JitterSamples == 0:
		t.Errorf("%+v", st)
	}
	a.end()
	b.end()
	check(a)
}

func TestBurstMeter(t *testing.T) {
	t.Parallel()
	feed := func(pattern string) *burstMeter {
		var b burstMeter
		lost := 0
		for _, c := range pattern {
			if c == 'x' {
				lost++
				continue
			}
			b.received(lost)
			lost = 0
		}
		return &b
	}
	clean := strings.Repeat(".", 100)
	for _, tc := range []struct {
		name    string
		pattern string
		density float64
		bursts  int64
		ratio   float64
	}{
		{"clean", clean, 0, 0, 1},
		{"lone losses", clean + "x" + clean + "x" + clean, 0, 0, 1},
		{"one burst", clean + "xx..xx..xx" + clean, 60, 1, 1.94},
		{"two bursts", clean + "xxxx" + clean + "x.x.x" + clean, 100 * 7.0 / 9, 2, 1.71},
		{"a burst that goes on", clean + "x.x.", 100 * 2.0 / 3, 0, 1},
	} {
		b := feed(tc.pattern)
		if math.Abs(b.density()-tc.density) > 0.1 || b.bursts != tc.bursts || math.Abs(b.ratio()-tc.ratio) > 0.02 {
			t.Errorf("%s: density %.1f %% in %d bursts, ratio %.2f", tc.name, b.density(), b.bursts, b.ratio())
		}
		all := b.burstLost + b.burstRecvd + b.gapLost + b.gapRecvd + b.lostInBurst + b.recvInBurst + b.run
		if all != b.packets {
			t.Errorf("%s: %d packets counted of %d", tc.name, all, b.packets)
		}
	}
}

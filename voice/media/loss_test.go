package media

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"offhook/voice/codec"
)

// The MOS that the session reports is the model's for what the network really
// does, and falls as loss rises; the sender learns of the loss.
func TestMOSFollowsLoss(t *testing.T) {
	t.Parallel()
	for _, name := range []string{codec.Opus, codec.PCMU} {
		best := 5.0
		for _, loss := range []float64{0, 2, 5, 10, 20} {
			w := newSim(t, Config{Codecs: []string{name}}, Config{})
			rng := rand.New(rand.NewPCG(1, uint64(loss)))
			w.a.lose = func(int) bool { return rng.Float64()*100 < loss }
			w.a.shake = func(int) time.Duration { return time.Duration(rng.Int64N(int64(10 * time.Millisecond))) }
			w.run(5 * time.Second)
			n, lost := w.a.n, w.a.lost
			w.run(10 * time.Second) // the window of the rating
			st := w.b.Statistics()
			real := percent(int64(w.a.lost-lost), int64(w.a.n-n))
			info, _ := codec.Lookup(name)
			// 20 ms each way and 5 of jitter on the wire; the rest is the session's.
			delay := 25 + st.JitterBufferMs + 20 + 6.5
			want := mosOf(eModel(impairmentOf(info, loss > 0), delay, real, w.b.recv.src.burst.ratio()))
			t.Logf("%s, loss %.1f %%: MOS %.2f, model %.2f, reported %.1f %%, rtt %.0f ms, buffer %.0f ms, concealed %.1f %%",
				name, real, st.MOS, want, st.CurrentPacketLossRate, st.RTTMs, st.JitterBufferMs, st.ConcealedPercent)
			if math.Abs(float64(st.MOS)-want) > 0.2 {
				t.Errorf("%s, loss %.1f %%: MOS %.2f, the model says %.2f", name, real, st.MOS, want)
			}
			if loss > 0 && float64(st.MOS) >= best {
				t.Errorf("%s: MOS %.2f at %.0f %% is no worse than with less loss", name, st.MOS, loss)
			}
			best = float64(st.MOS)
			if st.RTTMs < 38 || st.RTTMs > 62 {
				t.Errorf("%s: round trip %.0f ms over 20 ms each way", name, st.RTTMs)
			}
			if math.Abs(st.Duration-15) > 1 {
				t.Errorf("%s: %.1f s since the sound was let out", name, st.Duration)
			}
			sa := w.a.Statistics()
			if steered := float64(w.a.send.steer.Load().loss); math.Abs(steered-loss) > loss*0.75+1.5 {
				t.Errorf("%s, loss %.0f %%: the encoder is steered by %.0f %%", name, loss, steered)
			}
			if got, sent := float64(st.CumulativeLost), float64(w.a.lost); math.Abs(got-sent) > 3 {
				t.Errorf("%s: %v packets lost, the statistics count %v", name, sent, got)
			}
			if sa.RemoteFractionLoss > 0 != (real > 0) && loss >= 10 {
				t.Errorf("%s: remote fraction %.1f %% at %.0f %%", name, sa.RemoteFractionLoss, loss)
			}
			if loss <= 10 && tone(w.b.last(2*time.Second), 440) < 0.7 {
				t.Errorf("%s: the tone does not survive %.0f %% of loss", name, loss)
			}
		}
	}
}

// Receiver reports steer the redundancy: under loss speech is sent with a weaker
// copy of itself inside Opus, or with copies of earlier packets where the far side
// takes those, and the far side makes most lost packets whole. When the loss ends,
// so does the redundancy.
func TestErrorCorrectionFollowsReports(t *testing.T) {
	t.Parallel()
	t.Run("inside Opus", func(t *testing.T) {
		t.Parallel()
		followsReports(t, func(w *sim) {
			plan := *w.a.send.plan.Load()
			plan.copies = 0 // as with a far side that takes none
			w.a.send.plan.Store(&plan)
		}, 0.6, 41)
	})
	t.Run("copies", func(t *testing.T) {
		t.Parallel()
		followsReports(t, func(*sim) {}, 0.95, 78)
	})
}

// followsReports asks for a share of the lost packets to be made whole at no more
// than most kbit/s.
func followsReports(t *testing.T, prepare func(*sim), share, most float64) {
	w := newSim(t, Config{Bitrate: 24000}, Config{})
	prepare(w)
	voice := make([]int16, 2*48000)
	for i := range voice {
		voice[i] = murmur(i)
	}
	w.a.voice = func(i int) int16 { return voice[i%len(voice)] }
	rate := func(d time.Duration) float64 {
		from := w.a.send.counts.octets.Load()
		w.run(d)
		return float64(w.a.send.counts.octets.Load()-from) * 8 / 1000 / d.Seconds()
	}
	w.run(2 * time.Second)
	clean := rate(5 * time.Second)
	rng := rand.New(rand.NewPCG(1, 2))
	w.a.lose = func(int) bool { return rng.Float64() < 0.08 }
	w.run(3 * time.Second) // reports arrive
	before := w.b.recv.playing.Load().Buffer.Statistics()
	lossy := rate(15 * time.Second)
	after := w.b.recv.playing.Load().Buffer.Statistics()
	lost, recovered := after.Lost-before.Lost, after.Recovered-before.Recovered
	w.a.lose = nil
	w.run(30 * time.Second)
	again := rate(5 * time.Second)
	t.Logf("%.1f kbit/s clean, %.1f under loss, %.1f after; %d of %d recovered", clean, lossy, again, recovered, lost)
	if lossy < clean*1.15 || lossy > most || math.Abs(again-clean) > clean*0.1 {
		t.Errorf("%.1f kbit/s clean, %.1f under loss, %.1f after", clean, lossy, again)
	}
	if float64(recovered) < float64(lost)*share {
		t.Errorf("%d of %d lost packets recovered", recovered, lost)
	}
}

// murmur is something like a voice: harmonics of a gliding pitch in syllables.
func murmur(i int) int16 {
	x := float64(i) / 48000
	pitch := 2 * math.Pi * (125*x + 3*math.Sin(2*math.Pi*0.7*x))
	var v float64
	for h := 1.0; h < 25; h++ {
		formant := math.Exp(-math.Pow((h*125-600)/300, 2)) + 0.4*math.Exp(-math.Pow((h*125-1700)/500, 2)) + 0.02
		v += formant * math.Sin(h*pitch+h*h)
	}
	return int16(5000 * v * (0.6 + 0.4*math.Sin(2*math.Pi*4*x)))
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

// Statistics are JSON at any moment of a session's life. What their figures should
// be is judged in simulated time, where the machine has no say.
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
	case st.MOS > 4.5, st.AudioCodec != "opus", st.PacketsReceived == 0, st.BytesReceived == 0, st.ExtendedMax == 0,
		st.MOS < 1, st.JitterBufferMs <= 0, st.Seconds <= 0, st.MediaWaitingTimeMs <= 0, st.RemoteCandidate == "",
		st.JitterSamples == 0:
		t.Errorf("%+v", st)
	}
	a.end()
	b.end()
	check(a)
}

// A way that is now longer, now shorter shows in how far the latency strays; a
// steady one does not stray.
func TestLatencyJitter(t *testing.T) {
	t.Parallel()
	for _, play := range []time.Duration{0, 40 * time.Millisecond} {
		w := newSim(t, Config{}, Config{})
		steady := w.a.delay
		for i := range 30 {
			w.a.delay = steady + play*time.Duration(i%2)
			w.run(time.Second)
		}
		// The mean deviation of half a round trip that plays by at most 40 ms.
		got := w.b.Statistics().LatencyJitterMs
		if play == 0 && got > 1 || play > 0 && (got < 1 || got > 20) {
			t.Errorf("a way that plays by %v: the latency strays by %.1f ms", play, got)
		}
	}
}

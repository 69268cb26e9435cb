package media

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"offhook/voice/codec"
)

// What far sides and networks do to a stream: the sound comes through.
func TestStreamsThatChange(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		cfg    Config
		change func(w *sim)
	}{
		{"a new SSRC", Config{}, func(w *sim) {
			w.a.alter = func(p []byte) []byte { p[8] ^= 0xff; return p }
		}},
		{"a new SSRC and a jump of all numbers", Config{}, func(w *sim) {
			w.a.alter = func(p []byte) []byte {
				p[8] ^= 0xff
				binary.BigEndian.PutUint16(p[2:], binary.BigEndian.Uint16(p[2:])+20000)
				binary.BigEndian.PutUint32(p[4:], binary.BigEndian.Uint32(p[4:])+1<<30)
				return p
			}
		}},
		{"a jump of all numbers under the same name", Config{}, func(w *sim) {
			w.a.alter = func(p []byte) []byte {
				binary.BigEndian.PutUint16(p[2:], binary.BigEndian.Uint16(p[2:])+20000)
				binary.BigEndian.PutUint32(p[4:], binary.BigEndian.Uint32(p[4:])+1<<30)
				return p
			}
		}},
		{"another codec", Config{}, func(w *sim) {
			enc, err := codec.NewEncoder(codec.PCMU)
			if err != nil {
				w.t.Fatal(err)
			}
			info, _ := codec.Lookup(codec.PCMU)
			w.a.send.plan.Store(&sendPlan{info: info, enc: enc, pt: 0})
			// The far side described what it answered with; let it know PCMU too.
			plan := *w.b.recv.plan.Load()
			plan.audio[0] = &info
			w.b.recv.plan.Store(&plan)
		}},
		{"a microphone that pauses for two seconds", Config{}, func(w *sim) {
			w.a.silent = true
			w.run(2 * time.Second)
			w.a.silent = false
		}},
		{"packets in another order and twice", Config{Codecs: []string{codec.PCMA}}, func(w *sim) {
			rng := rand.New(rand.NewPCG(3, 4))
			w.a.shake = func(int) time.Duration { return time.Duration(rng.IntN(45)) * time.Millisecond }
		}},
		{"a longer way", Config{}, func(w *sim) { w.a.delay = 180 * time.Millisecond }},
		{"stray packets of a stranger", Config{}, func(w *sim) {
			n := 0
			w.a.alter = func(p []byte) []byte {
				if n++; n%5 == 0 {
					stray := append([]byte(nil), p...)
					stray[8] ^= byte(n)
					binary.BigEndian.PutUint16(stray[2:], uint16(n*777))
					w.b.session.rtp(stray, w.now)
				}
				return p
			}
		}},
		{"header extensions and padding", Config{}, func(w *sim) {
			w.a.alter = func(p []byte) []byte {
				out := append([]byte{}, p[:12]...)
				out[0] |= 0x30
				out = append(out, 0xbe, 0xde, 0, 1, 0x10, 0x55, 0, 0)
				out = append(out, p[12:]...)
				return append(out, 0, 0, 3)
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newSim(t, tc.cfg, Config{})
			w.run(time.Second)
			if got := tone(w.b.last(200*time.Millisecond), 440); got < 0.8 {
				t.Fatalf("tone %.2f before the change", got)
			}
			tc.change(w)
			// The buffer remembers the delays of ten seconds.
			w.run(12 * time.Second)
			if got := tone(w.b.last(500*time.Millisecond), 440); got < 0.8 {
				t.Errorf("tone %.2f after the change", got)
			}
			if n := w.b.recv.playing.Load().Buffer.Statistics().Resets; strings.HasPrefix(tc.name, "a new SSRC") && n != 1 {
				t.Errorf("%d fresh starts of the buffer", n)
			}
			if d := w.b.Statistics().JitterBufferMs; d > 120 {
				t.Errorf("the buffer holds %.0f ms", d)
			}
		})
	}
}

// A far side that falls silent with comfort noise is heard as noise of the
// level that it announced, is not lost, and is heard again.
func TestComfortNoise(t *testing.T) {
	t.Parallel()
	w := newSim(t, Config{Codecs: []string{codec.PCMU}}, Config{})
	w.run(time.Second)
	n := 0
	w.a.alter = func(p []byte) []byte {
		n++
		if n%20 != 1 {
			return nil
		}
		p[1] = 13
		return append(p[:12], 50) // -50 dBov
	}
	w.a.renumber = true
	w.run(30 * time.Second)
	got := 20 * math.Log10(loudness(w.b.last(time.Second))/math.MaxInt16)
	if math.Abs(got+50) > 3 {
		t.Errorf("noise of %.1f dBov, want -50", got)
	}
	if since := w.b.SinceReceived(); since > time.Second {
		t.Errorf("silence of 30 s looks like loss of the path: %v", since)
	}
	w.a.alter = nil
	w.run(time.Second)
	if got := tone(w.b.last(200*time.Millisecond), 440); got < 0.8 {
		t.Errorf("tone %.2f after the silence", got)
	}
	if lost := w.b.Statistics().CumulativeLost; lost != 0 {
		t.Errorf("%d packets lost", lost)
	}
}

// With DTX a silent Opus sender sends next to nothing, and the path still lives.
func TestOpusDTX(t *testing.T) {
	t.Parallel()
	w := newSim(t, Config{DTX: true}, Config{})
	w.run(2 * time.Second)
	w.a.SetMuted(true)
	w.run(time.Second)
	from := w.a.n
	w.run(10 * time.Second)
	if n := w.a.n - from; n > 60 {
		t.Errorf("%d packets in 10 s of silence", n)
	}
	if since := w.b.SinceReceived(); since > 2*time.Second {
		t.Errorf("heard %v ago", since)
	}
	w.a.SetMuted(false)
	w.run(time.Second)
	if got := tone(w.b.last(300*time.Millisecond), 440); got < 0.8 {
		t.Errorf("tone %.2f after the silence", got)
	}
}

// Digits survive the loss of most of their packets, and each is heard once.
func TestDigitsUnderLoss(t *testing.T) {
	t.Parallel()
	for _, digit := range []time.Duration{50 * time.Millisecond, 100 * time.Millisecond} {
		w := newSim(t, Config{DigitDuration: digit}, Config{})
		rng := rand.New(rand.NewPCG(5, 6))
		w.a.lose = func(int) bool { return rng.Float64() < 0.2 }
		w.a.shake = func(int) time.Duration { return time.Duration(rng.IntN(30)) * time.Millisecond }
		w.run(time.Second)
		const digits = "0123456789*#ABCD00112233,9"
		if err := w.a.SendDTMF(digits); err != nil {
			t.Fatal(err)
		}
		w.run(12 * time.Second)
		if got := w.b.digits(); got != "0123456789*#ABCD001122339" {
			t.Errorf("%v: %q", digit, got)
		}
	}
}

// Digits that wait for a gate go out when it opens.
func TestDigitsWaitForTheGate(t *testing.T) {
	t.Parallel()
	w := newSim(t, Config{}, Config{})
	w.a.Hold(true)
	if err := w.a.SendDTMF("5"); err != nil {
		t.Fatal(err)
	}
	w.run(time.Second)
	if got := w.b.digits(); got != "" {
		t.Errorf("%q while held", got)
	}
	w.a.Hold(false)
	w.run(time.Second)
	if got := w.b.digits(); got != "5" {
		t.Errorf("%q after the hold", got)
	}
}

// Reports and losses by the numbers of RFC 3550, appendix A.
func TestSource(t *testing.T) {
	t.Parallel()
	s := newSource(1, 65530, 8000, 0)
	feed := func(seq uint16, at time.Duration) bool {
		return s.count(&rtpHeader{ssrc: 1, seq: seq, ts: uint32(at * 8000 / time.Second)}, at, true)
	}
	at := time.Duration(0)
	for i := range uint16(20) { // over the wrap
		if i != 3 && i != 4 && i != 9 {
			feed(65530+i, at)
		}
		at += 20 * time.Millisecond
	}
	if s.expected() != 20 || s.lost() != 3 || s.extendedMax() != 1<<16|13 {
		t.Errorf("expected %d, lost %d, extended %#x", s.expected(), s.lost(), s.extendedMax())
	}
	if f := s.report(); f != 3*256/20 {
		t.Errorf("fraction %d", f)
	}
	if feed(65533, at) {
		t.Error("a late packet is the newest")
	}
	if s.lost() != 2 || s.jitter > 0.1 && s.lost() == 0 {
		t.Errorf("lost %d after a late one came", s.lost())
	}
	if f := s.report(); f != 0 {
		t.Errorf("fraction %d of an interval with more packets than expected", f)
	}
	feed(30000, at)
	if s.expected() != 1 || s.lost() != 0 {
		t.Errorf("after a jump expected %d, lost %d", s.expected(), s.lost())
	}
	// 16 ms later than even, then even again: J = |D|/16, then towards the next.
	s = newSource(1, 0, 8000, 0)
	s.count(&rtpHeader{ssrc: 1, seq: 0, ts: 0}, 0, true)
	s.count(&rtpHeader{ssrc: 1, seq: 1, ts: 160}, 36*time.Millisecond, true)
	if want := 128.0 / 16; math.Abs(s.jitter-want) > 0.01 {
		t.Errorf("jitter %.2f, want %.2f", s.jitter, want)
	}
}

// The reports that a session sends can be read by others, and say what is so.
func TestReports(t *testing.T) {
	t.Parallel()
	w := newSim(t, Config{}, Config{})
	n := 0
	w.a.lose = func(int) bool { n++; return n%4 == 0 }
	w.run(5 * time.Second)
	b, err := rtcp.Marshal(w.b.report.compound())
	if err != nil {
		t.Fatal(err)
	}
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		t.Fatal(err)
	}
	sr, ok := packets[0].(*rtcp.SenderReport)
	if !ok || len(sr.Reports) != 1 || sr.PacketCount == 0 || sr.SSRC != w.b.send.ssrc {
		t.Fatalf("%v", packets[0])
	}
	r := sr.Reports[0]
	if r.SSRC != w.a.send.ssrc || r.TotalLost < 50 || r.TotalLost > 95 || r.LastSenderReport == 0 || r.LastSequenceNumber == 0 {
		t.Errorf("%+v", r)
	}
	if _, ok := packets[1].(*rtcp.SourceDescription); !ok {
		t.Errorf("%v", packets[1])
	}
	xr, ok := packets[2].(*rtcp.ExtendedReport)
	if !ok {
		t.Fatalf("%v", packets[2])
	}
	v := xr.Reports[0].(*rtcp.VoIPMetricsReportBlock)
	// Every fourth packet is lost: one long burst in the sense of RFC 3611.
	if v.LossRate < 58 || v.LossRate > 68 || v.BurstDensity < 58 || v.BurstDensity > 68 || v.MOSCQ < 10 || v.MOSCQ > 35 ||
		v.RoundTripDelay < 38 || v.RoundTripDelay > 42 || v.Gmin != 16 {
		t.Errorf("%+v", v)
	}
	if d := w.b.Statistics().BurstDensity; math.Abs(d-25) > 2 {
		t.Errorf("burst density %.1f %%", d)
	}
}

// Anything may come as a report.
func FuzzReport(f *testing.F) {
	w := newSim(f, Config{}, Config{})
	w.run(time.Second)
	b, err := rtcp.Marshal(w.a.report.compound())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255})
	f.Add([]byte{0x80, 207, 0, 1, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		w.b.report.receive(b, w.now)
		st := w.b.Statistics()
		if math.IsNaN(st.RTTMs) || st.RTTMs < 0 || st.RTTMs > 30000 {
			t.Errorf("round trip %v", st.RTTMs)
		}
	})
}

package jitter

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// toneDecoder stands for a codec: a payload is a 400 Hz tone of 20 ms, whatever
// its bytes; a payload of two bytes is silence. The second byte of a longer one says
// whether it carries redundancy.
type toneDecoder struct{ phase int }

func (d *toneDecoder) Duration(p []byte) int { return 960 }

func (d *toneDecoder) tone(pcm []int16) {
	for i := range pcm {
		pcm[i] = int16(8000 * math.Sin(2*math.Pi*400*float64(d.phase)/SampleRate))
		d.phase++
	}
}

func (d *toneDecoder) Decode(p []byte, pcm []int16) (int, error) {
	d.tone(pcm[:960])
	return 960, nil
}

func (d *toneDecoder) DecodeFEC(p []byte, pcm []int16) (bool, error) {
	if len(p) > 2 && p[1] == 'F' {
		d.tone(pcm)
		return true, nil
	}
	return false, nil
}

func (d *toneDecoder) Conceal(pcm []int16) error {
	d.tone(pcm)
	return nil
}

// network plays packets of 20 ms through a buffer. delay says how long the
// n-th packet takes, or that it is lost.
type network struct {
	b     *Buffer
	now   time.Duration
	delay func(n int) (time.Duration, bool)
	// phase is the time of the first frame, speed the sender's clock over ours.
	phase time.Duration
	speed float64
	pay   []byte
	sent  int
	queue []flying
}

type flying struct {
	at time.Duration
	n  int
}

func newNetwork(delay func(n int) (time.Duration, bool)) *network {
	w := &network{delay: delay, phase: 4 * time.Millisecond, speed: 1, pay: []byte("xFxx")}
	w.b = New(&toneDecoder{}, Config{Now: func() time.Duration { return w.now }})
	return w
}

// run plays for d and hands each frame on.
func (w *network) run(d time.Duration, frame func(i int, pcm []int16)) {
	pcm := make([]int16, FrameSamples)
	for i := range int(d / (10 * time.Millisecond)) {
		w.now = w.phase + time.Duration(i)*10*time.Millisecond
		for {
			at := time.Duration(float64(w.sent) * 20e6 / w.speed)
			if at > w.now {
				break
			}
			if d, ok := w.delay(w.sent); ok {
				w.queue = append(w.queue, flying{at + d, w.sent})
			}
			w.sent++
		}
		rest := w.queue[:0]
		for _, f := range w.queue {
			if f.at <= w.now {
				w.b.Put(uint16(65530+f.n), uint32(math.MaxUint32-5000+f.n*960), f.at, w.pay)
			} else {
				rest = append(rest, f)
			}
		}
		w.queue = rest
		w.b.Get(pcm)
		if frame != nil {
			frame(i, pcm)
		}
	}
}

func even(int) (time.Duration, bool) { return 30 * time.Millisecond, true }

func TestEvenNetworkIsPlayedWholeAndAtOnce(t *testing.T) {
	t.Parallel()
	w := newNetwork(even)
	w.run(20*time.Second, nil)
	s := w.b.Statistics()
	if s.ConcealedSamples != 0 || s.Lost != 0 || s.Late != 0 || s.Discarded != 0 {
		t.Fatalf("an even network cost sound: %+v", s)
	}
	if s.DelayMs > 15 {
		t.Errorf("delay %.1f ms on an even network, want at most 15", s.DelayMs)
	}
}

func TestReorderedAndDoubledPackets(t *testing.T) {
	t.Parallel()
	w := newNetwork(func(n int) (time.Duration, bool) {
		if n%10 == 3 {
			return 55 * time.Millisecond, true
		}
		return 30 * time.Millisecond, true
	})
	w.run(20*time.Second, nil)
	s := w.b.Statistics()
	if s.Reordered == 0 {
		t.Fatal("nothing was reordered")
	}
	if s.ConcealedPercent() > 1 {
		t.Errorf("%.2f %% made up although every packet came: %+v", s.ConcealedPercent(), s)
	}
}

func TestLossIsRecoveredFromTheNextPacket(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	w := newNetwork(func(n int) (time.Duration, bool) { return 30 * time.Millisecond, r.Float64() > 0.1 })
	w.run(30*time.Second, nil)
	s := w.b.Statistics()
	if s.Lost < 100 || float64(s.Recovered) < 0.75*float64(s.Lost) {
		t.Errorf("recovered %d of %d lost packets", s.Recovered, s.Lost)
	}
	if s.DelayMs > 45 {
		t.Errorf("delay %.1f ms, want one packet more than without loss", s.DelayMs)
	}
}

func TestDelayFollowsJitterUpAndDown(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	w := newNetwork(func(n int) (time.Duration, bool) {
		if n < 500 || n > 1500 {
			return 20 * time.Millisecond, true
		}
		return 20*time.Millisecond + time.Duration(r.IntN(60))*time.Millisecond, true
	})
	var up, down float64
	w.run(60*time.Second, func(i int, _ []int16) {
		switch i {
		case 2900:
			up = w.b.Statistics().DelayMs
		case 5900:
			down = w.b.Statistics().DelayMs
		}
	})
	if up < 40 || up > 85 {
		t.Errorf("delay %.1f ms with 0 to 60 ms of jitter", up)
	}
	if down > 20 {
		t.Errorf("delay %.1f ms half a minute after the jitter went", down)
	}
	if s := w.b.Statistics(); s.ConcealedPercent() > 1 {
		t.Errorf("%.2f %% made up: %+v", s.ConcealedPercent(), s)
	}
}

func TestSilenceBeforeTheFirstPacket(t *testing.T) {
	t.Parallel()
	w := newNetwork(func(int) (time.Duration, bool) { return 0, false })
	w.run(time.Second, func(_ int, pcm []int16) {
		for _, v := range pcm {
			if v != 0 {
				t.Fatal("sound before the first packet")
			}
		}
	})
}

func TestPutAndGetDoNotAllocate(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	w := newNetwork(func(n int) (time.Duration, bool) {
		return time.Duration(r.IntN(80)) * time.Millisecond, r.Float64() > 0.1
	})
	w.run(5*time.Second, nil)
	pcm := make([]int16, FrameSamples)
	n := uint16(65530 + w.sent)
	if a := testing.AllocsPerRun(2000, func() {
		w.now += 20 * time.Millisecond
		w.b.Put(n, uint32(math.MaxUint32-5000+w.sent*960), w.now, w.pay)
		n++
		w.sent++
		w.b.Get(pcm)
		w.b.Get(pcm)
	}); a != 0 {
		t.Errorf("%.1f allocations for each packet", a)
	}
}

// longDecoder has packets of as many samples as it is: a sender may make them as
// long as Opus allows.
type longDecoder struct {
	toneDecoder
	samples int
}

func (d *longDecoder) Duration([]byte) int { return d.samples }

func (d *longDecoder) Decode(_ []byte, pcm []int16) (int, error) {
	d.tone(pcm[:d.samples])
	return d.samples, nil
}

// A sender's clock may jump where a packet is lost, further than a packet can be
// long: what can't be drawn out from both sides is concealed, and the sound goes on.
func TestJumpOfTheClockOverALostPacket(t *testing.T) {
	t.Parallel()
	for _, ms := range []int{20, 40, 60, 120} {
		for jump := 1; jump <= 6; jump++ {
			samples := SampleRate * ms / 1000
			var now time.Duration
			b := New(&longDecoder{samples: samples}, Config{Now: func() time.Duration { return now }})
			seq, ts := uint16(100), uint32(5000)
			pcm := make([]int16, FrameSamples)
			for packet := range 40 {
				if seq++; packet == 20 {
					seq++
					ts += uint32(jump * samples)
				}
				ts += uint32(samples)
				b.Put(seq, ts, now, []byte("xxxx"))
				for range ms / 10 {
					now += 10 * time.Millisecond
					b.Get(pcm)
				}
			}
			var peak int16
			for _, v := range pcm {
				peak = max(peak, v)
			}
			if s := b.Statistics(); s.PlayedSamples == 0 || peak < 7000 {
				t.Errorf("packets of %d ms, a jump of %d: %+v, and at last a peak of %d", ms, jump, s, peak)
			}
		}
	}
}

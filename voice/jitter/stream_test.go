package jitter

import (
	"errors"
	"math"
	"testing"
	"time"
)

func TestANewStreamIsTakenUpAtItsSecondPacket(t *testing.T) {
	t.Parallel()
	w := newNetwork(even)
	w.run(3*time.Second, nil)
	pcm := make([]int16, FrameSamples)
	before := w.b.Statistics()
	for i := range 100 {
		if i%2 == 0 {
			w.b.Put(uint16(9000+i/2), uint32(77+i/2*960), w.now, w.pay)
		}
		w.b.Get(pcm)
		w.now += 10 * time.Millisecond
	}
	s := w.b.Statistics()
	if s.Resets != 1 {
		t.Errorf("%d fresh starts", s.Resets)
	}
	if made := s.ConcealedSamples - before.ConcealedSamples; made > 6*FrameSamples {
		t.Errorf("%d ms made up at the change", made/48)
	}
}

func TestOneStrayPacketChangesNothing(t *testing.T) {
	t.Parallel()
	w := newNetwork(even)
	w.run(2*time.Second, func(i int, _ []int16) {
		if i%20 == 7 {
			w.b.Put(uint16(i*7919), uint32(i)*2654435761, w.now, w.pay)
		}
	})
	if s := w.b.Statistics(); s.Resets != 0 || s.ConcealedSamples != 0 {
		t.Errorf("strays did harm: %+v", s)
	}
}

func TestDuplicatesAreCountedAndNotPlayed(t *testing.T) {
	t.Parallel()
	w := newNetwork(even)
	pcm := make([]int16, FrameSamples)
	for i := range 200 {
		w.now = time.Duration(i) * 10 * time.Millisecond
		if i%2 == 0 {
			for range 3 {
				w.b.Put(uint16(i/2), uint32(i/2*960), w.now, w.pay)
			}
		}
		w.b.Get(pcm)
	}
	s := w.b.Statistics()
	if s.Duplicates != 200 || s.Received != 100 || s.ConcealedSamples != 0 || s.Late != 0 {
		t.Errorf("%+v", s)
	}
}

func TestAPauseOfTheSenderIsNoLoss(t *testing.T) {
	t.Parallel()
	w := newNetwork(even)
	pcm := make([]int16, FrameSamples)
	seq, ts := uint16(1), uint32(math.MaxUint32-50000)
	var s Stats
	for i := range 600 {
		w.now = time.Duration(i) * 10 * time.Millisecond
		if i%2 == 0 {
			if quiet := i/100%2 == 1; !quiet { // a second of speech, a second of nothing
				w.b.Put(seq, ts, w.now, w.pay)
				seq++
			} else if i%100 == 0 {
				w.b.Put(seq, ts, w.now, w.pay[:2])
				seq++
			}
			ts += 960
		}
		w.b.Get(pcm)
		if i == 550 {
			s = w.b.Statistics()
		}
	}
	if s.Lost != 0 || s.ConcealedSamples != 0 || s.SilentSamples < 2*SampleRate {
		t.Errorf("%+v", s)
	}
}

func TestOutageIsFadedOutAndThenOver(t *testing.T) {
	t.Parallel()
	w := newNetwork(func(n int) (time.Duration, bool) { return 20 * time.Millisecond, n < 100 || n >= 150 })
	loud := func(pcm []int16) bool {
		for _, v := range pcm {
			if v > 1000 {
				return true
			}
		}
		return false
	}
	w.run(5*time.Second, func(i int, pcm []int16) {
		switch {
		case i > 230 && i < 298 && loud(pcm):
			t.Errorf("still loud %d ms into the outage", (i-202)*10)
		case i > 310 && !loud(pcm):
			t.Errorf("silent %d ms after the outage", (i-302)*10)
		}
	})
	if s := w.b.Statistics(); s.DelayMs > 30 {
		t.Errorf("delay %.0f ms after the outage", s.DelayMs)
	}
}

func TestAFrozenNetworkIsCaughtUpWith(t *testing.T) {
	t.Parallel()
	// Everything sent in 0.8 s comes at once, as after a change of access points.
	w := newNetwork(func(n int) (time.Duration, bool) {
		if n >= 100 && n < 140 {
			return time.Duration(140-n)*20*time.Millisecond + 20*time.Millisecond, true
		}
		return 20 * time.Millisecond, true
	})
	var after float64
	w.run(16*time.Second, func(i int, _ []int16) {
		if i == 600 {
			after = w.b.Statistics().DelayMs
		}
	})
	if after > 150 {
		t.Errorf("delay still %.0f ms three seconds later", after)
	}
	if s := w.b.Statistics(); s.DelayMs > 30 {
		t.Errorf("delay %.0f ms at the end", s.DelayMs)
	}
}

func TestDriftingSenderIsFollowed(t *testing.T) {
	t.Parallel()
	for _, ppm := range []float64{-200, 200} {
		w := newNetwork(even)
		w.speed = 1 + ppm/1e6
		w.run(4*time.Minute, nil)
		s := w.b.Statistics()
		if s.ConcealedPercent() > 0.05 || s.DelayMs > 30 || s.Discarded > 0 {
			t.Errorf("%+.0f ppm: made up %.3f %%, delay %.1f ms, %d discarded", ppm, s.ConcealedPercent(), s.DelayMs, s.Discarded)
		}
	}
}

func TestRegularPeaksAreMadeRoomFor(t *testing.T) {
	t.Parallel()
	w := newNetwork(func(n int) (time.Duration, bool) {
		if into := n % 200; n > 200 && into < 7 { // every 4 s the network stops for 140 ms
			return 20*time.Millisecond + time.Duration(7-into)*20*time.Millisecond, true
		}
		return 20 * time.Millisecond, true
	})
	var settled, end Stats
	w.run(60*time.Second, func(i int, _ []int16) {
		if i == 2500 {
			settled = w.b.Statistics()
		}
	})
	end = w.b.Statistics()
	if made := end.ConcealedSamples - settled.ConcealedSamples; made > SampleRate/10 {
		t.Errorf("%d ms made up though the peaks were known", made/48)
	}
	if end.DelayMs < 120 || end.DelayMs > 200 {
		t.Errorf("delay %.0f ms", end.DelayMs)
	}
}

// badDecoder refuses everything.
type badDecoder struct{ toneDecoder }

func (*badDecoder) Decode([]byte, []int16) (int, error)     { return 0, errors.New("garbage") }
func (*badDecoder) DecodeFEC([]byte, []int16) (bool, error) { return true, errors.New("garbage") }
func (*badDecoder) Duration([]byte) int                     { return 0 }

func TestPayloadsThatCannotBeDecoded(t *testing.T) {
	t.Parallel()
	w := newNetwork(func(n int) (time.Duration, bool) { return 20 * time.Millisecond, n%7 != 0 })
	w.b = New(&badDecoder{}, Config{Now: func() time.Duration { return w.now }})
	w.run(3*time.Second, nil)
	if s := w.b.Statistics(); s.Discarded < 100 || s.ConcealedPercent() < 90 {
		t.Errorf("%+v", s)
	}
	w.b.Put(1, 1, 0, nil)
	w.b.Put(1, 1, 0, make([]byte, 2000))
}

func TestEightKilohertzClock(t *testing.T) {
	t.Parallel()
	var now time.Duration
	b := New(&toneDecoder{}, Config{ClockRate: 8000, Now: func() time.Duration { return now }})
	pcm := make([]int16, FrameSamples)
	for i := range 500 {
		now = time.Duration(i) * 10 * time.Millisecond
		if i%2 == 0 {
			b.Put(uint16(i/2), uint32(i/2*160), now, []byte("x"))
		}
		b.Get(pcm)
	}
	if s := b.Statistics(); s.ConcealedSamples != 0 || s.Lost != 0 || s.DelayMs > 20 {
		t.Errorf("%+v", s)
	}
}

func TestWithoutAClockTheBufferStillWorks(t *testing.T) {
	t.Parallel()
	w := newNetwork(even)
	w.b = New(&toneDecoder{}, Config{})
	w.run(10*time.Second, nil)
	if s := w.b.Statistics(); s.ConcealedSamples != 0 || s.DelayMs > 25 {
		t.Errorf("%+v", s)
	}
}

func TestALoudspeakerThatStoodStill(t *testing.T) {
	t.Parallel()
	for _, still := range []time.Duration{400 * time.Millisecond, 2 * time.Second, time.Minute} {
		w := newNetwork(even)
		w.run(5*time.Second, nil)
		pcm := make([]int16, FrameSamples)
		n := w.sent
		put := func(at time.Duration) {
			w.b.Put(uint16(65530+n), uint32(math.MaxUint32-5000+n*960), at, w.pay)
			n++
		}
		// Packets go on coming while nobody calls Get.
		begin := w.now
		for at := time.Duration(0); at < still; at += 20 * time.Millisecond {
			w.now = begin + at
			put(w.now)
		}
		var made uint64
		for i := range 1000 {
			w.now += 10 * time.Millisecond
			if i%2 == 0 {
				put(w.now)
			}
			w.b.Get(pcm)
			if i == 20 {
				made = w.b.Statistics().ConcealedSamples
			}
		}
		s := w.b.Statistics()
		if s.DelayMs > 40 || s.ConcealedSamples-made > SampleRate/10 {
			t.Errorf("after %v: delay %.0f ms, %d ms made up after the first 200", still, s.DelayMs, (s.ConcealedSamples-made)/48)
		}
	}
}

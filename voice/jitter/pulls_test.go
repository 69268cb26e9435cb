package jitter

import (
	"math"
	"testing"
	"time"
)

// player calls Get as a device does: even but for its stalls.
type player struct {
	b    *Buffer
	now  time.Duration
	next int // the next packet
	pcm  [FrameSamples]int16
}

func newPlayer() *player {
	p := &player{}
	p.b = New(&toneDecoder{}, Config{Now: func() time.Duration { return p.now }})
	return p
}

// put hands over what arrived until now, which is stamped with when it was read
// if that is later.
func (p *player) put(read time.Duration) {
	for ; ; p.next++ {
		at := time.Duration(p.next)*20*time.Millisecond + 4*time.Millisecond
		if at > p.now {
			return
		}
		p.b.Put(uint16(65530+p.next), uint32(math.MaxUint32-5000+p.next*960), max(at, read), []byte("xFxx"))
	}
}

func (p *player) play(d time.Duration) {
	for end := p.now + d; p.now < end; {
		p.now += 10 * time.Millisecond
		p.put(0)
		p.b.Get(p.pcm[:])
	}
}

// delay is how long a packet now waits between its arrival and its turn.
func (p *player) delay() float64 {
	b := p.b
	return msOf(int64(len(b.out)) - b.nextTS + samplesIn(p.now-b.lastAt) + b.lastTick*b.scale)
}

func TestAStallOfOurOwnIsNoJitter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		every, still time.Duration
		count        int
		// madeGood says that the device asks for all that it missed at once;
		// machine that the packets were read late, too.
		madeGood, machine bool
	}{
		"one of 182 ms, sound lost":          {every: 3 * time.Second, still: 180 * time.Millisecond, count: 1},
		"one of 182 ms, made good":           {every: 3 * time.Second, still: 180 * time.Millisecond, count: 1, madeGood: true},
		"many of 80 ms, sound lost":          {every: 1500 * time.Millisecond, still: 80 * time.Millisecond, count: 12},
		"many of 80 ms, the machine as such": {every: 1500 * time.Millisecond, still: 80 * time.Millisecond, count: 12, machine: true},
		"many of 180 ms, the machine":        {every: 2 * time.Second, still: 180 * time.Millisecond, count: 12, machine: true},
		"many of 80 ms, made good, machine":  {every: 1500 * time.Millisecond, still: 80 * time.Millisecond, count: 12, machine: true, madeGood: true},
		"many of 10 ms, sound lost":          {every: 1500 * time.Millisecond, still: 10 * time.Millisecond, count: 30},
		"one of 400 ms":                      {every: 3 * time.Second, still: 400 * time.Millisecond, count: 1, machine: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlayer()
			p.play(5 * time.Second)
			before := p.delay()
			for range c.count {
				p.now += c.still
				if c.machine {
					p.put(p.now)
				}
				if c.madeGood {
					p.put(0)
					for range c.still / (10 * time.Millisecond) {
						p.b.Get(p.pcm[:])
					}
				}
				p.play(c.every)
			}
			after, s := p.delay(), p.b.Statistics()
			t.Logf("delay %.1f ms, then %.1f; said %.1f of %.1f", before, after, s.DelayMs, s.TargetMs)
			if after > before+10 {
				t.Errorf("%v after the last stall the delay is %.1f ms, and was %.1f", c.every, after, before)
			}
			if s.DelayMs > 40 || s.TargetMs > 40 {
				t.Errorf("says that it waits %.1f ms and aims at %.1f", s.DelayMs, s.TargetMs)
			}
		})
	}
}

// A device that always asks for much at a time needs it there, and gets it.
func TestLongPeriodsAreNoStalls(t *testing.T) {
	t.Parallel()
	for _, frames := range []int{2, 4, 10} {
		p := newPlayer()
		var settled Stats
		for i := range 300 * 10 / frames {
			p.now += time.Duration(frames) * 10 * time.Millisecond
			p.put(0)
			for range frames {
				p.b.Get(p.pcm[:])
			}
			if i*frames < 500 {
				settled = p.b.Statistics()
			}
		}
		s := p.b.Statistics()
		if made := s.ConcealedSamples - settled.ConcealedSamples; made > SampleRate/50 {
			t.Errorf("%d frames at a time: %d ms made up", frames, made/48)
		}
	}
}

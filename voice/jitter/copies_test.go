package jitter

import (
	"math"
	"testing"
	"time"
)

// withCopies plays a stream whose packets bring those two and four back again; lost
// says which are lost.
func withCopies(d time.Duration, lost func(n int) bool) *Buffer {
	var now time.Duration
	b := New(&toneDecoder{}, Config{Now: func() time.Duration { return now }})
	pcm := make([]int16, FrameSamples)
	for i := range int(d / (10 * time.Millisecond)) {
		now = 4*time.Millisecond + time.Duration(i)*10*time.Millisecond
		if n := i / 2; i%2 == 0 && !lost(n) {
			seq, ts := uint16(65500+n), uint32(math.MaxUint32-9000+n*960)
			b.Put(seq, ts, now, []byte("xxxx"))
			for _, back := range []uint32{4, 2} {
				if int(back) <= n {
					b.PutCopy(seq, ts, back*960, now, []byte("xxxx"))
				}
			}
		}
		b.Get(pcm)
	}
	return b
}

// Copies that nobody needs cost nothing: neither delay nor a count.
func TestCopiesOfWhatCame(t *testing.T) {
	t.Parallel()
	s := withCopies(20*time.Second, func(int) bool { return false }).Statistics()
	if s.Lost != 0 || s.Recovered != 0 || s.Duplicates != 0 || s.Late != 0 || s.Discarded != 0 || s.ConcealedSamples != 0 || s.DelayMs > 15 {
		t.Errorf("%+v", s)
	}
}

// The first losses tell that playout has to wait for copies; from then on all
// that have one are played whole, and their neighbours too.
func TestCopiesStandInForWhatIsLost(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		lost func(n int) bool
	}{
		{"one", func(n int) bool { return n%25 == 20 }},
		{"two in a row", func(n int) bool { return n%25 == 20 || n%25 == 21 }},
		{"every other", func(n int) bool { return n%25 == 20 || n%25 == 22 }},
		{"four in a row", func(n int) bool { k := n % 25; return k >= 16 && k < 20 }},
	} {
		first := withCopies(3*time.Second, tc.lost).Statistics()
		s := withCopies(30*time.Second, tc.lost).Statistics()
		lost, recovered := s.Lost-first.Lost, s.Recovered-first.Recovered
		if made := s.ConcealedSamples - first.ConcealedSamples; lost == 0 || tc.name != "four in a row" && (recovered != lost || made != 0) {
			t.Errorf("%s: %d lost, %d recovered, %d samples made up", tc.name, lost, recovered, made)
		}
		if tc.name == "four in a row" && recovered*4 < lost*3 {
			t.Errorf("%s: %d lost, %d recovered", tc.name, lost, recovered)
		}
		if s.DelayMs < 75 || s.DelayMs > 110 {
			t.Errorf("%s: delay %.0f ms, the furthest copy comes after 80", tc.name, s.DelayMs)
		}
	}
}

// When no copy has been of use for a while, the delay goes back to what the network
// needs.
func TestTheWaitForCopiesEnds(t *testing.T) {
	t.Parallel()
	s := withCopies(40*time.Second, func(n int) bool { return n < 500 && n%25 == 20 }).Statistics()
	if s.DelayMs > 25 || s.TargetMs > 25 {
		t.Errorf("delay %.0f ms, target %.0f, half a minute after the last loss", s.DelayMs, s.TargetMs)
	}
}

// A packet that was slower than its copy is neither lost nor double.
func TestAPacketBehindItsCopy(t *testing.T) {
	t.Parallel()
	var now time.Duration
	b := New(&toneDecoder{}, Config{Now: func() time.Duration { return now }, StartDelay: 100 * time.Millisecond})
	b.Put(10, 9600, now, []byte("xxxx"))
	b.Put(12, 9600+2*960, now, []byte("xxxx"))
	b.PutCopy(12, 9600+2*960, 960, now, []byte("xxxx"))
	b.PutCopy(12, 9600+2*960, 960, now, []byte("xxxx"))
	b.Put(11, 9600+960, now, []byte("xxxx"))
	pcm := make([]int16, FrameSamples)
	for range 30 {
		now += 10 * time.Millisecond
		b.Get(pcm)
	}
	if s := b.Statistics(); s.Received != 3 || s.Lost != 0 || s.Duplicates != 0 || s.Recovered != 0 || s.Reordered != 1 {
		t.Errorf("%+v", s)
	}
}

func TestCopiesThatFitNowhere(t *testing.T) {
	t.Parallel()
	var now time.Duration
	b := New(&toneDecoder{}, Config{Now: func() time.Duration { return now }})
	b.PutCopy(9, 9600, 960, now, []byte("xxxx")) // before any packet
	b.Put(10, 9600, now, []byte("xxxx"))
	b.PutCopy(10, 9600, 0, now, []byte("xxxx"))
	b.PutCopy(10, 9600, 700, now, []byte("xxxx"))
	b.PutCopy(10, 9600, 960, now, nil)
	b.PutCopy(10, 9600, 960, now, make([]byte, maxPayload+1))
	b.PutCopy(10, 96000, 960, now, []byte("xxxx"))
	if b.store.count != 1 {
		t.Errorf("%d packets in the store", b.store.count)
	}
}

package audio

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// pool is a machine that lets one choose the depth of a loudspeaker's buffer.
type pool struct {
	*machine
	mu     sync.Mutex
	depths []int
	latest atomic.Int32
}

func (p *pool) latestDepth() *atomic.Int32 { return &p.latest }

func (p *pool) openSinkWith(spec Spec, depth int) (Sink, error) {
	p.mu.Lock()
	p.depths = append(p.depths, depth)
	p.mu.Unlock()
	return p.OpenSink(spec)
}

func (p *pool) opened() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.depths)
}

// stall holds the loudspeaker up for a while, as a busy machine does.
func (p *pool) stall(d time.Duration) {
	for _, frozen := range []bool{true, false} {
		p.machine.mu.Lock()
		for _, g := range p.open {
			g.mu.Lock()
			g.frozen = frozen
			g.mu.Unlock()
		}
		p.machine.mu.Unlock()
		time.Sleep(d)
	}
}

func TestBufferThatRunsDryGetsDeeper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &pool{machine: newMachine(desk, deskMic)}
		p := NewPath(m, PathConfig{})
		_ = p.OpenPlayout(&counter{})
		time.Sleep(warmUp + 5*time.Second)
		for range driesOut - 1 { // now and then is not worth a delay
			m.stall(50 * time.Millisecond)
		}
		time.Sleep(driesWithin)
		m.stall(50 * time.Millisecond)
		for range driesOut { // no depth helps against this
			m.stall(deepest * frameTime)
		}
		time.Sleep(time.Second)
		if got := m.opened(); !slices.Equal(got, []int{shallowest}) {
			t.Fatalf("on an even machine: depths %v", got)
		}
		time.Sleep(driesWithin)
		for range driesOut {
			m.stall(50 * time.Millisecond)
		}
		time.Sleep(warmUp + time.Second)
		got := m.opened()
		if len(got) != 2 || got[1]*int(frameTime) <= int(50*time.Millisecond) {
			t.Fatalf("after it ran dry for 50 ms at a time: depths %v", got)
		}
		for range 10 * driesOut { // there is an end to it
			m.stall(110 * time.Millisecond)
			time.Sleep(warmUp)
		}
		got = m.opened()
		last := got[len(got)-1]
		if last > deepest {
			t.Errorf("at last: depths %v", got)
		}
		_ = p.Close()

		next := NewPath(m, PathConfig{})
		_ = next.OpenPlayout(&counter{})
		got = m.opened()
		if got[len(got)-1] != last-1 {
			t.Errorf("the next call begins with depth %d after %d", got[len(got)-1], last)
		}
		_ = next.Close()
	})
}

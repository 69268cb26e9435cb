package audio

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pool is a machine that lets one choose the depth of a loudspeaker's buffer.
type pool struct {
	*machine
	mu     sync.Mutex
	depths []int
}

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
		if got := m.opened(); !slices.Equal(got, []int{shallowest}) {
			t.Fatalf("on an even machine: depths %v", got)
		}
		for range driesOut {
			m.stall(50 * time.Millisecond)
		}
		time.Sleep(warmUp + time.Second)
		if got := m.opened(); !slices.Equal(got, []int{shallowest, shallowest + 1}) {
			t.Errorf("after it ran dry: depths %v", got)
		}
		for range 10 * driesOut { // there is an end to it
			m.stall(80 * time.Millisecond)
			time.Sleep(warmUp)
		}
		if got := m.opened(); got[len(got)-1] > deepest {
			t.Errorf("at last: depths %v", got)
		}
		_ = p.Close()
	})
}

package audio

import (
	"sync"
	"time"

	"offhook/internal/crash"
)

const frameTime = 10 * time.Millisecond

// maxBehind is how far a pacer may fall behind, while the machine sleeps or is
// busy, before the time is given up instead of made good.
const maxBehind = 200 * time.Millisecond

// pacer calls a function every 10 ms by a clock that doesn't drift: the n-th
// call is due n·10 ms after the start, whatever the earlier ones took. It stands
// in for the clock of a sound card.
type pacer struct {
	mu   sync.Mutex
	quit chan struct{}
	done chan struct{}
}

// start begins to call tick from a goroutine of its own. The first call comes
// at once. A second start is ignored.
func (p *pacer) start(tick func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.quit != nil {
		return
	}
	quit, done := make(chan struct{}), make(chan struct{})
	p.quit, p.done = quit, done
	crash.Go(func() { p.run(tick, quit, done) })
}

func (p *pacer) run(tick func(), quit, done chan struct{}) {
	defer close(done)
	next := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-quit:
			return
		case <-timer.C:
		}
		tick()
		next = next.Add(frameTime)
		if wait := time.Until(next); wait < -maxBehind {
			next = time.Now()
			timer.Reset(0)
		} else {
			timer.Reset(wait)
		}
	}
}

// stop ends the calls and waits for the last one. It may be called twice, or
// without a start.
func (p *pacer) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.quit == nil {
		p.quit, p.done = make(chan struct{}), make(chan struct{})
		close(p.done)
	}
	select {
	case <-p.quit:
	default:
		close(p.quit)
	}
	<-p.done
}

package audio

import "sync/atomic"

// gate lets the threads of several devices take turns in one direction of a
// path: the one that came last does the work, the others are turned away. So a
// new device can start before the old one ends, and a frozen one that wakes up
// again does no harm. Nobody waits in it.
type gate struct {
	owner atomic.Uint64
	busy  atomic.Bool
}

// take makes the caller the owner, from its first frame on, unless a later one
// already is.
func (g *gate) take(id uint64) {
	for now := g.owner.Load(); now < id; now = g.owner.Load() {
		if g.owner.CompareAndSwap(now, id) {
			return
		}
	}
}

// enter reports whether the caller may work now; it then has to leave.
func (g *gate) enter(id uint64) bool {
	if g.owner.Load() != id || !g.busy.CompareAndSwap(false, true) {
		return false
	}
	if g.owner.Load() != id {
		g.busy.Store(false)
		return false
	}
	return true
}

func (g *gate) leave() { g.busy.Store(false) }

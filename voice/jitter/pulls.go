package jitter

import "time"

const (
	// pullWindow is how many frames an estimate of the loudspeaker's pace is made
	// of: half a second.
	pullWindow = 50
	// A frame that is asked for this much later than the loudspeaker's usual
	// unevenness explains belongs to a stall: of the device, or of the machine.
	stallOver = SampleRate * 15 / 1000
	// pullDead is how much the pace has to move before it is followed.
	pullDead = SampleRate * 2 / 1000
	// A loudspeaker that has not made a stall good after stallSettles has stood
	// still for good, and so has one that stood for longer than any device holds
	// in store.
	stallSettles = 60 * time.Millisecond
	stallLongest = maxExcess
	// stallEcho is how long after a stall packets are still read that came
	// during it.
	stallEcho = 30 * time.Millisecond
)

// pulls tells the loudspeaker's own delays from those of the network. A frame's
// lag is how far playout lies behind the clock. In an even run it stays what it is;
// a callback that comes late lets it grow, and it shrinks again when the device
// makes up for it, or stays where it is when sound was lost. Lags are in samples.
type pulls struct {
	any  bool
	last time.Duration // when the last frame was asked for
	// usual is the lag of the frames that are asked for soonest. All that the
	// estimator knows is relative to it. late is how much more the present lag is.
	usual, late int64
	// low and high are the bounds of the lags in the window so far, frames their
	// number; swings are the distances between those bounds in the windows before.
	low, high int64
	frames    int
	swings    [4]int64
	windows   int
	// stalled is set from a late frame until it is known what becomes of it; the
	// stall itself took from began to ended. least is the least lag since.
	stalled      bool
	began, ended time.Duration
	least        int64
}

// pull notes that a frame is asked for at now, with this lag, and returns by how
// much the usual lag has changed: more than 0 when playout has fallen behind the
// clock for good.
func (p *pulls) pull(now time.Duration, lag int64) (moved int64) {
	if !p.any {
		*p = pulls{any: true, last: now, usual: lag, low: lag, high: lag}
		return 0
	}
	before := p.last
	p.last, p.late = now, lag-p.usual
	if p.isStall() {
		if !p.stalled {
			p.stalled, p.began, p.ended, p.least = true, before, now, lag
		}
		p.least = min(p.least, lag)
		if now-p.ended < stallSettles && p.late < stallLongest {
			return 0
		}
		p.low, p.high, p.frames = p.least, lag, 0
		return p.move(p.least, lag)
	}
	p.stalled = false // if there was one, it was made good
	p.low, p.high = min(p.low, lag), max(p.high, lag)
	p.frames++
	switch {
	case p.late < -pullDead:
		return p.move(lag, lag)
	case p.frames < pullWindow:
		return 0
	}
	p.swings[p.windows%len(p.swings)] = p.high - p.low
	p.windows++
	if p.low-p.usual > pullDead {
		moved = p.move(p.low, lag)
	}
	p.low, p.high, p.frames = lag, lag, 0
	return moved
}

// move makes usual the usual lag.
func (p *pulls) move(usual, lag int64) (moved int64) {
	moved = usual - p.usual
	p.stalled, p.usual, p.late = false, usual, lag-usual
	return moved
}

// isStall reports whether the present frame is later than the unevenness explains
// that the callbacks always have, such as those of a device that asks for many
// frames at a time.
func (p *pulls) isStall() bool {
	if !p.any {
		return false
	}
	swing := p.high - p.low
	if n := min(p.windows, len(p.swings)); n > 0 {
		swing = p.swings[0]
		for _, s := range p.swings[1:n] {
			swing = min(swing, s)
		}
	}
	return p.late > swing+stallOver
}

// excuses reports whether a packet with this time of arrival may have come
// earlier than it says: whatever held the loudspeaker up held up who read it.
func (p *pulls) excuses(arrival time.Duration) bool {
	return p.ended > p.began && arrival > p.began && arrival <= p.ended+stallEcho
}

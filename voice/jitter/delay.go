package jitter

const (
	// windowSize is how many packets the estimate remembers: 10 s of 20 ms.
	windowSize = 512
	// binSize is the resolution of the percentile: 0.5 ms.
	binSize = SampleRate / 2000
	bins    = 2048
	// keepIn is the share of packets, in 1/1000, that the target makes room for.
	keepIn = 970
	// learnt is the number of packets after which the start delay is gone.
	learnt = 50

	// A transit this far over the target begins a peak, such as a Wi-Fi adapter
	// makes that looks for other networks. Those within peakLength are one.
	peakOver   = SampleRate * 60 / 1000
	peakLength = SampleRate * 600 / 1000
	// Peaks count when peaksNeeded of them came no further than peakApart from
	// each other; the delay then makes room for them, up to peakLimit, until
	// none has come for twice that time.
	peaksNeeded = 3
	peakApart   = SampleRate * 10
	peakLimit   = SampleRate * 250 / 1000
)

// estimator learns from the arrivals how far playout has to lie behind the
// sender. All is in samples.
//
// A packet's transit is the playout delay with which it would have arrived just
// in time, if the loudspeaker asked for it as soon as it ever does. So it holds the
// delay of the network and the usual unevenness of the callbacks, since both
// decide what is there when its turn comes, but none of the callbacks' stalls. The
// target is a high percentile of the transits, with a margin.
type estimator struct {
	transits [windowSize]int64
	hist     [bins]uint16
	n, at    int
	age      int

	margin, start, limit int64
	// target is the delay to aim at, base the smallest transit in the window.
	target, base int64
	// common is the target without regard to peaks.
	common int64
	// awaited is how much longer playout waits, for the copies of lost packets.
	awaited int64

	// heights are those of the latest peaks over base, lastPeak the timestamp of
	// the last, peaks their number in a row.
	heights  [4]int64
	peaks    int
	lastPeak int64
}

func newEstimator(c Config) estimator {
	return estimator{margin: samplesIn(c.MinDelay), start: samplesIn(c.StartDelay), limit: samplesIn(c.MaxDelay)}
}

func (e *estimator) reset() { e.n, e.at, e.age, e.peaks = 0, 0, 0, 0 }

// add learns the transit of the packet with timestamp ts.
func (e *estimator) add(ts, transit int64) {
	e.peak(ts, transit)
	e.transits[e.at] = transit
	e.at = (e.at + 1) % windowSize
	if e.n < windowSize {
		e.n++
	}
	e.age++
	// Every fifth packet is often enough for a percentile, but a packet that
	// would have been late counts at once.
	if e.n < learnt || e.age%5 == 0 || transit > e.target {
		e.update()
	}
}

// await makes the target lie by d further behind.
func (e *estimator) await(d int64) {
	if e.awaited != d {
		e.awaited = d
		if e.n > 0 {
			e.update()
		}
	}
}

// shift moves all that is known by d: playout stood still for that long, and every
// transit to come is smaller by it.
func (e *estimator) shift(d int64) {
	for i := range e.transits[:e.n] {
		e.transits[i] -= d
	}
	e.base -= d
	e.target -= d
	e.common -= d
}

// peak notes whether transit belongs to a peak.
func (e *estimator) peak(ts, transit int64) {
	if e.peaks > 0 && ts-e.lastPeak > 2*peakApart {
		e.peaks = 0
	}
	if e.n < learnt {
		return
	}
	height := transit - e.base
	switch {
	case e.peaks > 0 && ts-e.lastPeak < peakLength:
		k := (e.peaks - 1) % len(e.heights)
		e.heights[k] = max(e.heights[k], height)
	case transit > e.common+peakOver:
		if e.peaks > 0 && ts-e.lastPeak > peakApart {
			e.peaks = 0
		}
		e.heights[e.peaks%len(e.heights)] = height
		e.peaks++
		e.lastPeak = ts
	}
}

// room is what the peaks need over base; 0 unless they keep coming.
func (e *estimator) room() int64 {
	if e.peaks < peaksNeeded {
		return 0
	}
	var most int64
	for _, h := range e.heights[:min(e.peaks, len(e.heights))] {
		if h <= peakLimit {
			most = max(most, h)
		}
	}
	return most
}

func (e *estimator) update() {
	clear(e.hist[:])
	w := e.transits[:e.n]
	e.base = w[0]
	for _, t := range w {
		e.base = min(e.base, t)
	}
	for _, t := range w {
		e.hist[min((t-e.base)/binSize, bins-1)]++
	}
	left := e.n - e.n*keepIn/1000 // this many may lie above
	bin := bins - 1
	for ; bin > 0; bin-- {
		if left -= int(e.hist[bin]); left < 0 {
			break
		}
	}
	spread := int64(bin+1)*binSize + e.margin
	if e.n < learnt {
		spread += e.start * int64(learnt-e.n) / learnt
	}
	e.common = e.base + spread
	e.target = e.base + min(max(spread+e.awaited, e.room()), e.limit)
}

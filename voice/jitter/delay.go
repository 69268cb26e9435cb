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
)

// estimator learns from the arrivals how far playout has to lie behind the
// sender. All is in samples.
//
// A packet's transit is the playout delay with which it would have arrived just
// in time. It holds the delay of the network and the unevenness of the
// loudspeaker's callbacks too, since both decide what is there when its turn
// comes. The target is a high percentile of the transits, with a margin.
type estimator struct {
	transits [windowSize]int64
	hist     [bins]uint16
	n, at    int
	age      int

	margin, start, limit int64
	// target is the delay to aim at, base the smallest transit in the window.
	target, base int64
}

func newEstimator(c Config) estimator {
	return estimator{margin: samplesIn(c.MinDelay), start: samplesIn(c.StartDelay), limit: samplesIn(c.MaxDelay)}
}

func (e *estimator) reset() { e.n, e.at, e.age = 0, 0, 0 }

// add learns one packet's transit.
func (e *estimator) add(transit int64) {
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
	e.target = e.base + min(spread, e.limit)
}

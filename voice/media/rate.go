package media

import "time"

// The range of Opus (RFC 7587, section 3.1.1, has 16 to 40 kbit/s for speech from
// wide band to full band).
const (
	leastBitrate = 16000
	mostBitrate  = 40000
)

// Bounds of what the far side's reports say. A queue is what the round trip has
// grown to over the shortest of late: a full link holds packets up before it
// loses them, a bad radio loses them without.
const (
	fullFEC     = 10.0 // percent of loss that gets the largest rate
	hopeless    = 35.0 // percent of loss, in the mean, that no error correction repairs
	someLoss    = 5.0  // percent of loss that, with a queue, is a full link
	shortQueue  = 50 * time.Millisecond
	longQueue   = 100 * time.Millisecond
	baseWindow  = 30 * time.Second // the shortest round trip is of one to two of these
	growth      = 2000             // bit/s that a second without trouble adds
	estimateAge = 30 * time.Second // how long a receiver's estimate counts
)

// A network without loss or jitter worth the name takes packets of 10 ms. It is
// taken for good until the first report, so that a call begins with the shorter
// delay; one that was not has to be good for a while.
const (
	calmAgain = 30 * time.Second
	calmLoss  = 0.5                   // percent
	calmSway  = 15 * time.Millisecond // jitter
)

// rateControl decides bitrate, error correction and packet time from what the far
// side's RTCP says: loss and jitter of its reception reports, the round trip that
// they tell (RFC 3550, section 6.4), and the receiver's estimate of the bandwidth
// where it sends one (REMB). Feedback for every packet (transport-cc) is not asked
// for: a voice stream sends too few bits to probe a link with, so its estimate
// would say no more than the growth of the round trip does.
type rateControl struct {
	base int // bit/s on a clean network

	loss    float64 // percent, up at once and down slowly: bursts come again
	mean    float64 // percent, of the last few reports: one of a second has luck in it
	allowed float64 // bit/s that the link seems to take
	last    time.Duration
	any     bool
	queued  int // reports in a row that tell of a long queue

	shortest, shortestBefore time.Duration // round trips of this window and the last
	windowAt                 time.Duration

	estimate   int // bit/s of sound
	estimateAt time.Duration

	calm   bool // since calmAt nothing was wrong
	calmAt time.Duration
	rough  bool // something was wrong before that
}

func newRateControl(base int) rateControl {
	return rateControl{base: base, allowed: mostBitrate, calm: true}
}

// report takes a reception report about our stream: loss in percent since the last
// one, the round trip, 0 if it tells none, and the jitter.
func (c *rateControl) report(loss float64, rtt, jitter, at time.Duration) {
	if loss >= c.loss {
		c.loss = loss
	} else {
		c.loss += (loss - c.loss) / 8
	}
	c.mean += (loss - c.mean) / 4
	queue := c.queue(rtt, at)
	since := min(at-c.last, 5*time.Second)
	if !c.any {
		since = 0
	}
	c.any, c.last = true, at
	if c.queued++; queue < longQueue {
		c.queued = 0
	}
	switch {
	case c.mean >= hopeless:
		c.allowed = leastBitrate
	case loss >= someLoss && queue >= shortQueue || c.queued >= 2:
		c.allowed = max(c.allowed*3/4, leastBitrate)
	case queue < shortQueue:
		c.allowed = min(c.allowed+growth*since.Seconds(), mostBitrate)
	}
	switch good := loss < calmLoss && queue < shortQueue && jitter < calmSway; {
	case !good && c.calm:
		c.calm, c.rough = false, true
	case good && !c.calm:
		c.calm, c.calmAt = true, at
	}
}

// queue is how much longer the round trip is than the shortest of late.
func (c *rateControl) queue(rtt, at time.Duration) time.Duration {
	if rtt <= 0 {
		return 0
	}
	if at-c.windowAt > baseWindow {
		c.shortestBefore, c.shortest, c.windowAt = c.shortest, 0, at
	}
	if c.shortest == 0 || rtt < c.shortest {
		c.shortest = rtt
	}
	least := c.shortest
	if c.shortestBefore > 0 {
		least = min(least, c.shortestBefore)
	}
	return rtt - least
}

// overhead is what the headers of a packet add: IPv4, UDP, RTP and the tag of SRTP.
const overhead = (20 + 8 + rtpHeaderSize + 10) * 8

// bandwidth takes the receiver's estimate of the whole link in bit/s.
func (c *rateControl) bandwidth(bps float64, at time.Duration) {
	const packets = float64(time.Second / packetTime)
	c.estimate = int(min(max(bps-overhead*packets, leastBitrate), mostBitrate))
	c.estimateAt = at
}

// bitrate is what the encoder should send, in bit/s. Light loss is repaired by a
// copy of the frame before, which needs room: without more bits it would be paid
// for by the sound itself.
func (c *rateControl) bitrate(at time.Duration) int {
	want := float64(c.base)
	if more := float64(mostBitrate - c.base); more > 0 {
		want += more * min(c.loss, fullFEC) / fullFEC
	}
	if want > c.allowed && c.allowed < mostBitrate {
		want = c.allowed
	}
	if c.estimate > 0 && at-c.estimateAt < estimateAge {
		want = min(want, float64(c.estimate))
	}
	return int(want)
}

// Loss in percent from which earlier packets are brought again, in one copy and in
// two, and the bitrate of the sound then: with two copies and their headers
// that is less than 75 kbit/s.
const (
	lightLoss     = 1
	heavyLoss     = 5
	copiedBitrate = 24000
)

// copies is the index of the copyPlans that the loss asks for: none where the link
// is full, since copies would fill it more.
func (c *rateControl) copies(at time.Duration) int {
	switch {
	case c.allowed < mostBitrate, c.estimate > 0 && at-c.estimateAt < estimateAge && c.estimate < mostBitrate, c.loss < lightLoss:
		return 0
	case c.loss < heavyLoss:
		return 1
	default:
		return 2
	}
}

// short reports whether packets of 10 ms are worth their headers.
func (c *rateControl) short(at time.Duration) bool {
	return c.calm && (!c.rough || at-c.calmAt >= calmAgain) && c.allowed >= mostBitrate &&
		(c.estimate == 0 || at-c.estimateAt >= estimateAge || c.estimate >= mostBitrate)
}

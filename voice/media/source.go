package media

import "time"

// source is what RFC 3550, appendix A, keeps about the one who sends to us.
type source struct {
	ssrc    uint32
	clock   int
	started time.Duration

	baseSeq  uint32
	maxSeq   uint16
	cycles   uint32
	received uint64
	// transit is the last relative transit time in samples, jitter the running
	// estimate in samples (appendix A.8).
	transit   int64
	jitter    float64
	maxJitter float64
	sumJitter float64
	samples   int64

	// What the last report saw.
	expectedPrior, receivedPrior uint64
	fraction                     float64 // loss since then, 0 to 1

	burst burstMeter
}

func newSource(ssrc uint32, seq uint16, clock int, at time.Duration) source {
	return source{ssrc: ssrc, clock: clock, started: at, baseSeq: uint32(seq), maxSeq: seq - 1}
}

// maxMisorder and maxDropout bound what counts as reordering and as loss
// (RFC 3550, appendix A.1).
const (
	maxDropout  = 3000
	maxMisorder = 100
)

// count notes a packet. audio says that it carries sound, whose timestamp tells
// the jitter: the packets of a digit all have one. It returns whether the packet
// is the newest so far.
func (s *source) count(h *rtpHeader, at time.Duration, audio bool) (newest bool) {
	delta := h.seq - s.maxSeq
	switch {
	case s.received == 0:
		s.maxSeq, newest = h.seq, true
		s.burst.received(0)
	case delta < maxDropout:
		if h.seq < s.maxSeq {
			s.cycles += 1 << 16
		}
		if delta > 0 {
			s.burst.received(int(delta) - 1)
			s.maxSeq, newest = h.seq, true
		}
	case delta <= 0xffff-maxMisorder:
		// A jump: the sender began anew under the same name.
		began, jitter := s.started, s.jitter
		*s = newSource(h.ssrc, h.seq, s.clock, began)
		s.maxSeq, s.jitter, newest = h.seq, jitter, true
		s.burst.received(0)
	default:
		s.burst.late()
	}
	s.received++
	if audio {
		s.measure(h.ts, at)
	}
	return newest
}

func (s *source) measure(ts uint32, at time.Duration) {
	now := int64(at) * int64(s.clock) / int64(time.Second)
	transit := int64(int32(uint32(now) - ts))
	if s.samples++; s.samples > 1 {
		d := float64(transit - s.transit)
		if d < 0 {
			d = -d
		}
		// A pause or a new media clock is no jitter.
		if d < float64(s.clock) {
			s.jitter += (d - s.jitter) / 16
			s.maxJitter = max(s.maxJitter, s.jitter)
			s.sumJitter += s.jitter
		}
	}
	s.transit = transit
}

// extendedMax is the highest sequence number with its cycles.
func (s *source) extendedMax() uint32 { return s.cycles | uint32(s.maxSeq) }

func (s *source) expected() uint64 {
	if s.received == 0 {
		return 0
	}
	return uint64(s.extendedMax()-s.baseSeq) + 1
}

// lost is the cumulative loss; duplicates can make it negative (RFC 3550,
// section 6.4.1).
func (s *source) lost() int64 { return int64(s.expected()) - int64(s.received) }

// report closes an interval and returns its loss as a fraction of 256.
func (s *source) report() uint8 {
	expected, received := s.expected(), s.received
	e, r := expected-s.expectedPrior, received-s.receivedPrior
	s.expectedPrior, s.receivedPrior = expected, received
	lost := int64(e) - int64(r)
	if e == 0 || lost <= 0 {
		s.fraction = 0
		return 0
	}
	s.fraction = float64(lost) / float64(e)
	return uint8(min(lost<<8/int64(e), 255))
}

// ms turns samples of the source's clock into milliseconds.
func (s *source) ms(samples float64) float64 {
	if s.clock == 0 {
		return 0
	}
	return samples * 1000 / float64(s.clock)
}

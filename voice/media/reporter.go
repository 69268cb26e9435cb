package media

import (
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
)

// reportInterval is the mean time between two reports. RFC 3550 asks for 5 s
// and lets a small session use less (section 6.2); at one compound packet of
// some 100 bytes a second it stays within 5 % of a voice stream, and the other
// side's error correction follows a second behind the loss.
const reportInterval = time.Second

// reporter sends and reads RTCP.
type reporter struct {
	s     *session
	due   chan struct{}
	wall  time.Time // the moment when now was began
	begun time.Duration

	mu sync.Mutex // guards what follows
	// lastSR is the middle of the NTP time of the far side's last sender report,
	// which came at lastSRAt.
	lastSR   uint32
	lastSRAt time.Duration
	rtt      float64 // ms, smoothed; 0 until measured
	rttVar   float64 // its mean deviation
	remote   remoteView
	rate     rateControl
	window   lossWindow
	bitrate  float64
	sentThen uint64
	thenAt   time.Duration

	failed atomic.Uint64
}

// remoteView is how the far side hears us.
type remoteView struct {
	fraction float64 // percent
	lost     int64
	jitterMs float64
}

func newReporter(s *session) *reporter {
	return &reporter{s: s, due: make(chan struct{}, 1), wall: time.Now(), begun: s.cfg.Now(), rate: newRateControl(s.cfg.Bitrate)}
}

// reportNow makes the next report due at once.
func (r *reporter) reportNow() {
	select {
	case r.due <- struct{}{}:
	default:
	}
}

func (r *reporter) run(done <-chan struct{}) {
	// Half to one and a half times the interval, so that the two sides do not
	// fall into step (RFC 3550, section 6.3.1).
	every := r.s.cfg.reportEvery
	next := func() time.Duration { return every/2 + rand.N(every) }
	timer := time.NewTimer(next())
	defer timer.Stop()
	for {
		select {
		case <-done:
			return
		case <-timer.C:
			timer.Reset(next())
		case <-r.due:
		}
		r.sendReport()
	}
}

// ntp is the time at as a 64 bit NTP timestamp (RFC 3550, section 4). It counts
// on the monotonic clock: a corrected wall clock must not look like delay.
func (r *reporter) ntp(at time.Duration) uint64 {
	const eraOffset = 2208988800 // seconds from 1900 to 1970
	t := r.wall.Add(at - r.begun)
	return uint64(t.Unix()+eraOffset)<<32 | uint64(t.Nanosecond())<<32/1e9
}

func middle(ntp uint64) uint32 { return uint32(ntp >> 16) }

func (r *reporter) sendReport() {
	b, err := rtcp.Marshal(r.compound())
	if err == nil {
		err = r.s.link.sendRTCP(b)
	}
	if err != nil {
		r.failed.Add(1)
	}
}

// compound builds a report: SR or RR, SDES, and the VoIP metrics of RFC 3611.
func (r *reporter) compound() []rtcp.Packet {
	now := r.s.cfg.Now()
	ssrc := r.s.send.ssrc
	blocks := r.reception(now)
	r.measureBitrate(now)
	var first rtcp.Packet = &rtcp.ReceiverReport{SSRC: ssrc, Reports: blocks}
	if plan, c := r.s.send.plan.Load(), &r.s.send.counts; plan != nil && c.packets.Load() > 0 {
		since := now - time.Duration(c.lastAt.Load())
		first = &rtcp.SenderReport{
			SSRC:        ssrc,
			NTPTime:     r.ntp(now),
			RTPTime:     c.lastTS.Load() + uint32(int64(since)*int64(plan.info.ClockRate)/int64(time.Second)),
			PacketCount: uint32(c.packets.Load()),
			OctetCount:  uint32(c.octets.Load()),
			Reports:     blocks,
		}
	}
	out := []rtcp.Packet{first, &rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{
		Source: ssrc,
		Items:  []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: r.s.nego.cname}},
	}}}}
	if len(blocks) > 0 {
		out = append(out, &rtcp.ExtendedReport{SenderSSRC: ssrc, Reports: []rtcp.ReportBlock{r.metrics(blocks[0].SSRC)}})
	}
	return out
}

func (r *reporter) reception(now time.Duration) []rtcp.ReceptionReport {
	v := r.s.recv
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.any {
		return nil
	}
	src := &v.src
	before, lostBefore := src.expectedPrior, int64(src.expectedPrior)-int64(src.receivedPrior)
	block := rtcp.ReceptionReport{
		SSRC:               src.ssrc,
		FractionLost:       src.report(),
		TotalLost:          uint32(min(max(src.lost(), 0), 0x7fffff)),
		LastSequenceNumber: src.extendedMax(),
		Jitter:             uint32(src.jitter),
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.window.add(int64(src.expected()-before), src.lost()-lostBefore, r.s.discarded())
	if r.lastSR != 0 {
		block.LastSenderReport = r.lastSR
		block.Delay = uint32((now - r.lastSRAt) * 65536 / time.Second)
	}
	return []rtcp.ReceptionReport{block}
}

func (r *reporter) measureBitrate(now time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	sent := r.s.send.counts.octets.Load()
	if dt := now - r.thenAt; dt > 200*time.Millisecond {
		r.bitrate = float64(sent-r.sentThen) * 8 / 1000 / dt.Seconds()
		r.sentThen, r.thenAt = sent, now
	}
}

// receive reads the far side's reports.
func (r *reporter) receive(b []byte, at time.Duration) {
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		return
	}
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.SenderReport:
			r.mu.Lock()
			r.lastSR, r.lastSRAt = middle(p.NTPTime), at
			r.mu.Unlock()
			r.blocks(p.Reports, at)
		case *rtcp.ReceiverReport:
			r.blocks(p.Reports, at)
		case *rtcp.ReceiverEstimatedMaximumBitrate:
			r.mu.Lock()
			r.rate.bandwidth(float64(p.Bitrate), at)
			r.steer(at)
			r.mu.Unlock()
		}
	}
}

func (r *reporter) blocks(blocks []rtcp.ReceptionReport, at time.Duration) {
	for _, b := range blocks {
		if b.SSRC == r.s.send.ssrc {
			r.heardBack(b, at)
		}
	}
}

// heardBack takes what the far side says of our packets.
func (r *reporter) heardBack(b rtcp.ReceptionReport, at time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rtt := r.roundTrip(b, at)
	v := &r.remote
	v.fraction = float64(b.FractionLost) * 100 / 256
	v.lost = int64(b.TotalLost)
	if plan := r.s.send.plan.Load(); plan != nil {
		v.jitterMs = float64(b.Jitter) * 1000 / float64(plan.info.ClockRate)
	}
	r.rate.report(v.fraction, rtt, time.Duration(v.jitterMs*float64(time.Millisecond)), at)
	r.steer(at)
}

// roundTrip is the round trip that a report tells, 0 if it tells none. r.mu is
// held.
func (r *reporter) roundTrip(b rtcp.ReceptionReport, at time.Duration) time.Duration {
	if b.LastSenderReport == 0 {
		return 0
	}
	// RFC 3550, section 6.4.1; a negative result is the clocks' rounding.
	units := int32(middle(r.ntp(at)) - b.LastSenderReport - b.Delay)
	ms := max(float64(units)*1000/65536, 0)
	if ms >= 30000 {
		return 0
	}
	if r.rtt == 0 {
		r.rtt = ms
	} else {
		r.rttVar += (math.Abs(ms-r.rtt) - r.rttVar) / 4
		r.rtt += (ms - r.rtt) / 4
	}
	return max(time.Duration(ms*float64(time.Millisecond)), 1)
}

// steer hands the encoder what the reports ask for. r.mu is held.
func (r *reporter) steer(at time.Duration) {
	r.s.send.steer.Store(&steering{loss: int(r.rate.loss + 0.5), bitrate: r.rate.bitrate(at), short: r.rate.short(at), copies: r.rate.copies(at)})
}

// bye tells the far side that this source is gone (RFC 3550, section 6.6).
func (r *reporter) bye() {
	if r.s.send.counts.packets.Load() == 0 {
		return
	}
	packets := append(r.compound()[:2], &rtcp.Goodbye{Sources: []uint32{r.s.send.ssrc}})
	if b, err := rtcp.Marshal(packets); err == nil {
		_ = r.s.link.sendRTCP(b)
	}
}

package media

import (
	"math"
	"time"

	"github.com/pion/rtcp"

	"offhook/internal/known"
	"offhook/voice/codec"
)

// lossWindow is the loss of the last reports: what a listener has in his ear.
type lossWindow struct {
	rows [10]struct{ expected, lost, discarded int64 }
	n    int
	// discards is the total at the last row.
	discards int64
}

func (w *lossWindow) add(expected, lost, discards int64) {
	row := &w.rows[w.n%len(w.rows)]
	row.expected, row.lost, row.discarded = expected, lost, max(discards-w.discards, 0)
	w.discards = discards
	w.n++
}

// loss is the percentage lost on the way, discard what came too late to play.
func (w *lossWindow) loss() (lost, discard float64) {
	var e, l, d int64
	for _, r := range w.rows {
		e, l, d = e+r.expected, l+r.lost, d+r.discarded
	}
	return min(max(percent(l, e), 0), 100), min(percent(d, e), 100)
}

// latency is the mouth-to-ear delay in ms as far as the session can know it:
// half the round trip, the wait in the jitter buffer, the packet itself and what
// coding takes. Sound devices add theirs.
func latency(rtt, jitterBuffer, packet, coding float64) float64 {
	return rtt/2 + jitterBuffer + packet + coding
}

// Sound that is missing for missingFrom and longer is loss that no report tells of;
// at missingAll nothing is left of the quality.
const (
	missingFrom = time.Second
	missingAll  = 5 * time.Second
)

// missingLoss is sound missing for so long as a percentage of loss.
func missingLoss(silent time.Duration) float64 {
	if silent < missingFrom {
		return 0
	}
	return min(100*silent.Seconds()/missingAll.Seconds(), 100)
}

// packetMs is the length of the packets that come, the usual one before the first.
func (s *session) packetMs() float64 {
	if p := s.recv.playing.Load(); p != nil {
		if ms := p.Buffer.Statistics().PacketMs; ms > 0 {
			return ms
		}
	}
	return ms(packetTime)
}

// discarded is the number of packets that arrived too late to be played.
func (s *session) discarded() int64 {
	n := int64(s.recv.dropped.Load())
	if p := s.recv.playing.Load(); p != nil {
		n += int64(p.Statistics().Discarded)
	}
	return n
}

// Statistics implements Session.
func (s *session) Statistics() Statistics {
	now := s.cfg.Now()
	var st Statistics
	plan := s.send.plan.Load()
	if plan != nil {
		st.AudioCodec = plan.info.Name
	}
	c := &s.send.counts
	st.BytesSent, st.PacketsSent = c.octets.Load(), c.packets.Load()
	st.BytesReceived, st.PacketsReceived = s.recv.octets.Load(), s.recv.packets.Load()
	st.Seconds = (now - s.made).Seconds()
	if opened := time.Duration(s.opened.Load()); opened > 0 {
		st.Duration = (now - opened).Seconds()
	}
	st.NoPacketsMs = ms(s.SinceReceived())
	st.DTMFVia = s.via.Load().(string)
	st.LocalCandidate, st.RemoteCandidate = s.link.candidates()
	st.DiscardedPackets = s.discarded()
	if p := s.recv.playing.Load(); p != nil {
		j := p.Buffer.Statistics()
		st.JitterBufferMs, st.PreferredJitterBuffer = j.DelayMs, j.TargetMs
		st.ConcealedPercent = j.ConcealedPercent()
	}
	burst := s.fillReceived(&st, now)
	s.fillReported(&st)
	coding := codec.Infos()[0].DelayMs
	if plan != nil {
		coding = plan.info.DelayMs
	}
	st.AverageLatencyMs = latency(st.RTTMs, st.JitterBufferMs, s.packetMs(), coding)
	if lost := missingLoss(s.unannounced()); st.PacketsReceived > 0 {
		st.CurrentPacketLossRate = max(st.CurrentPacketLossRate, lost)
	}
	st.MOS = known.Figure(s.mos(&st, burst))
	st.finite()
	return st
}

// fillReceived takes what the receiver measured and returns the burst ratio.
func (s *session) fillReceived(st *Statistics, now time.Duration) float64 {
	v := s.recv
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.firstAt > 0 {
		st.MediaWaitingTimeMs = ms(v.firstAt - s.made)
	} else {
		st.MediaWaitingTimeMs = ms(now - s.made)
	}
	if !v.any {
		return 1
	}
	src := &v.src
	if src.samples > 1 {
		st.AverageJitterMs = src.ms(src.sumJitter / float64(src.samples-1))
	}
	st.MaxJitterMs = src.ms(src.maxJitter)
	st.JitterSamples = src.samples
	st.CumulativeLost = src.lost()
	st.ExtendedMax = src.extendedMax()
	st.FractionLost = 100 * src.fraction
	st.BurstDensity = src.burst.density()
	return src.burst.ratio()
}

// fillReported takes what the two sides' reports say.
func (s *session) fillReported(st *Statistics) {
	r := s.report
	r.mu.Lock()
	defer r.mu.Unlock()
	st.RTTMs, st.LatencyJitterMs = r.rtt, r.rttVar/2
	st.RemoteFractionLoss = r.remote.fraction
	st.LastSRTimestamp = r.lastSR
	st.AudioBitrate = r.bitrate
	lost, discard := r.window.loss()
	st.CurrentPacketLossRate = min(lost+discard, 100)
}

// mos rates what the listener hears at present, 0 while nothing was received.
func (s *session) mos(st *Statistics, burst float64) float64 {
	plan := s.send.plan.Load()
	if st.PacketsReceived == 0 || plan == nil {
		return 0
	}
	info, fec := plan.info, false
	if p := s.recv.playing.Load(); p != nil {
		info, fec = p.info, p.Buffer.Statistics().Recovered > 0
	}
	return mosOf(eModel(impairmentOf(info, fec), st.AverageLatencyMs, st.CurrentPacketLossRate, burst))
}

// finite makes every number fit for JSON, which knows no NaN.
func (st *Statistics) finite() {
	for _, f := range []*float64{
		&st.AudioBitrate, &st.AverageJitterMs, &st.MaxJitterMs, &st.RTTMs, &st.FractionLost, (*float64)(&st.MOS),
		&st.JitterBufferMs, &st.PreferredJitterBuffer, &st.RemoteFractionLoss, &st.Seconds, &st.Duration, &st.NoPacketsMs, &st.LatencyJitterMs,
		&st.AverageLatencyMs, &st.CurrentPacketLossRate, &st.MediaWaitingTimeMs, &st.ConcealedPercent, &st.BurstDensity,
	} {
		if math.IsNaN(*f) || math.IsInf(*f, 0) {
			*f = 0
		}
	}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// metrics is the VoIP metrics block about the far side (RFC 3611, section 4.7).
func (r *reporter) metrics(ssrc uint32) *rtcp.VoIPMetricsReportBlock {
	st := r.s.Statistics()
	v := r.s.recv
	v.mu.Lock()
	b := v.src.burst
	packet := r.s.packetMs()
	m := &rtcp.VoIPMetricsReportBlock{
		SSRC:         ssrc,
		BurstDensity: of256(b.density()),
		GapDensity:   of256(b.gapDensity()),
		LossRate:     of256(percent(v.src.lost(), int64(v.src.expected()))),
		DiscardRate:  of256(percent(st.DiscardedPackets, int64(v.src.expected()))),
	}
	v.mu.Unlock()
	m.BurstDuration = uint16(min(b.burstLength()*packet, math.MaxUint16))
	m.GapDuration = uint16(min(b.gapLength()*packet, math.MaxUint16))
	m.RoundTripDelay = uint16(min(st.RTTMs, math.MaxUint16))
	m.EndSystemDelay = uint16(min(st.JitterBufferMs+packet, math.MaxUint16))
	const unknown = 127 // the value that the RFC gives for "not available"
	m.SignalLevel, m.NoiseLevel, m.RERL, m.ExtRFactor = unknown, unknown, unknown, unknown
	m.Gmin = gmin
	m.RFactor, m.MOSLQ, m.MOSCQ = unknown, unknown, unknown
	if st.MOS > 0 {
		m.MOSCQ = uint8(st.MOS*10 + 0.5)
	}
	// Enhanced concealment, adaptive jitter buffer (section 4.7.6).
	m.RXConfig = 3<<6 | 3<<4
	m.JBNominal = uint16(min(st.PreferredJitterBuffer, math.MaxUint16))
	m.JBMaximum = uint16(min(st.JitterBufferMs, math.MaxUint16))
	m.JBAbsMax = 500
	return m
}

// of256 turns percent into the 8 bit fraction of the reports.
func of256(p float64) uint8 { return uint8(min(max(p, 0)*256/100, 255)) }

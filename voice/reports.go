package voice

import (
	"strings"
	"time"
)

// The reports that the phone sends (docs/engine.md, "Reports").

// reportHead begins each report.
type reportHead struct {
	Type      string    `json:"type"`
	At        time.Time `json:"at"`
	SessionID string    `json:"session_id,omitempty"`
	CallID    string    `json:"call_id,omitempty"`
	Version   string    `json:"version"`
}

// callReport is the end of a call: the hang-up matrix (who ended it, in which
// state, why), how long its setting-up took and how it sounded.
type callReport struct {
	reportHead
	Direction Direction  `json:"direction"`
	EndedIn   State      `json:"ended_in"`
	EndedBy   string     `json:"ended_by"`
	EndReason EndReason  `json:"end_reason"`
	Status    int        `json:"status,omitempty"`
	DurationS float64    `json:"duration_s"`
	Renewals  int        `json:"renewals,omitempty"`
	SetupMs   SetupTimes `json:"setup_ms"`
	Quality   *quality   `json:"quality,omitempty"`
}

// qualityReport is how a call sounds at the moment.
type qualityReport struct {
	reportHead
	quality
}

type quality struct {
	Codec        string  `json:"codec"`
	MOS          float64 `json:"mos"`
	RTTMs        float64 `json:"rtt_ms"`
	JitterMs     float64 `json:"jitter_ms"`
	LossPercent  float64 `json:"loss_percent"`
	FarLoss      float64 `json:"far_loss_percent"`
	BufferMs     float64 `json:"buffer_ms"`
	Concealed    float64 `json:"concealed_percent"`
	BurstDensity float64 `json:"burst_density"`
	Path         string  `json:"path"`
}

// flowReport is the signalling connection going up or down.
type flowReport struct {
	reportHead
	Up bool `json:"up"`
}

// qualityEvery is how often the quality of a call is reported.
const qualityEvery = 10 * time.Second

func (c *Client) head(kind string) reportHead {
	return reportHead{Type: kind, At: c.clock.Now().UTC(), Version: Version}
}

func (c *Call) head(kind string) reportHead {
	h := c.client.head(kind)
	h.SessionID, h.CallID = c.details.SessionID, c.id
	return h
}

// qualityOf sums up statistics.
func qualityOf(s Statistics) quality {
	return quality{
		Codec: s.AudioCodec, MOS: float64(s.MOS), RTTMs: s.RTTMs, JitterMs: s.AverageJitterMs,
		LossPercent: s.FractionLost, FarLoss: s.RemoteFractionLoss, BufferMs: s.JitterBufferMs,
		Concealed: s.ConcealedPercent, BurstDensity: s.BurstDensity,
		Path: pathKind(s.LocalCandidate),
	}
}

// pathKind is the kind and protocol of a candidate, without its address.
func pathKind(candidate string) string {
	words := strings.Fields(candidate)
	return strings.Join(words[:min(len(words), 2)], " ")
}

// reportQuality reports the quality now and from now on.
func (c *Call) reportQuality() {
	if !c.details.State.Answered() {
		return
	}
	c.timers.set(timerQuality, qualityEvery, c.reportQuality)
	if c.media == nil || c.held() {
		return
	}
	c.line.Report(qualityReport{c.head("quality"), qualityOf(c.measure(c.details.Direction))})
}

// reportEnd reports the call's end. was is the state that it ended in.
func (c *Call) reportEnd(was State, by string) {
	r := callReport{
		reportHead: c.head("call"),
		Direction:  c.details.Direction,
		EndedIn:    was, EndedBy: by,
		EndReason: c.details.EndReason, Status: c.details.Status,
		DurationS: c.details.Duration(c.details.Ended).Seconds(),
		Renewals:  c.supervision.renewals,
		SetupMs:   c.setup.times(c.details.Direction),
	}
	if s := c.final.Load(); s != nil {
		q := qualityOf(*s)
		r.Quality = &q
	}
	c.line.Report(r)
}

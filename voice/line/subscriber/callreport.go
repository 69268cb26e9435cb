package subscriber

import (
	"strings"
	"time"

	"offhook/voice/media"
	"offhook/voice/setup"
)

// The reports that the phone sends (docs/engine.md, "Reports").

// ReportHead begins each report.
type ReportHead struct {
	Type      string    `json:"type"`
	At        time.Time `json:"at"`
	SessionID string    `json:"session_id,omitempty"`
	CallID    string    `json:"call_id,omitempty"`
	Version   string    `json:"version"`
}

// CallReport is the end of a call: the hang-up matrix (who ended it, in which
// state, why), how long its setting-up took and how it sounded.
type CallReport struct {
	ReportHead
	Direction string      `json:"direction"`
	EndedIn   string      `json:"ended_in"`
	EndedBy   string      `json:"ended_by"`
	EndReason string      `json:"end_reason"`
	Status    int         `json:"status,omitempty"`
	DurationS float64     `json:"duration_s"`
	Renewals  int         `json:"renewals,omitempty"`
	SetupMs   setup.Times `json:"setup_ms"`
	Quality   *Quality    `json:"quality,omitempty"`
}

// QualityReport is how a call sounds at the moment.
type QualityReport struct {
	ReportHead
	Quality
}

// Quality is how a call sounds, without a word on who talks to whom.
type Quality struct {
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

// FlowReport is the signalling connection going up or down.
type FlowReport struct {
	ReportHead
	Up bool `json:"up"`
}

// QualityOf sums up statistics.
func QualityOf(s media.Statistics) Quality {
	return Quality{
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

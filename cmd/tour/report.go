package main

import (
	"encoding/json"
	"fmt"
	"offhook/voice"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// report is what the tour leaves beside its pictures.
type report struct {
	Version string    `json:"version"`
	Date    time.Time `json:"date"`
	Steps   []step    `json:"steps"`
	Calls   []call    `json:"calls"`
	Memory  float64   `json:"memory_mb"`
	CPU     float64   `json:"cpu_percent"`
	// Heard is how well the echo was heard: the correlation of the recording
	// with what was said.
	Heard float64 `json:"heard_correlation"`
}

// step is one step of the tour and when it was done.
type step struct {
	Name    string  `json:"name"`
	AtS     float64 `json:"at_s"`
	Picture string  `json:"picture"`
}

// call holds the figures of one call.
type call struct {
	With      string             `json:"with"`
	Direction voice.Direction    `json:"direction"`
	Codec     string             `json:"audio_codec"`
	JitterMs  float64            `json:"average_jitter_ms"`
	Lost      float64            `json:"fraction_lost"`
	RTTMs     float64            `json:"rtt_ms"`
	MOS       float64            `json:"mos"`
	SetupMs   map[string]float64 `json:"setup_ms"`
	EndReason voice.EndReason    `json:"end_reason"`
}

func (r *report) write(dir string) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "report.json"), append(raw, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "report.md"), []byte(r.markdown()), 0o644)
}

func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Offhook %s, a tour (%s)\n\n", r.Version, r.Date.Format("2006-01-02 15:04"))
	b.WriteString("| step | after s | picture |\n|---|---|---|\n")
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "| %s | %.1f | %s |\n", s.Name, s.AtS, s.Picture)
	}
	b.WriteString("\n| call | codec | jitter ms | lost % | RTT ms | MOS | set-up ms | ended |\n|---|---|---|---|---|---|---|---|\n")
	for _, c := range r.Calls {
		setup := make([]string, 0, len(c.SetupMs))
		for _, moment := range []string{"dial_to_ringing", "dial_to_established", "answer_to_established", "answer_to_first_audio"} {
			if ms, ok := c.SetupMs[moment]; ok {
				setup = append(setup, fmt.Sprintf("%s %.0f", strings.ReplaceAll(moment, "_", " "), ms))
			}
		}
		fmt.Fprintf(&b, "| %s, %s | %s | %.1f | %.1f | %.1f | %.2f | %s | %s |\n", c.With, strings.ToLower(string(c.Direction)), c.Codec,
			c.JitterMs, c.Lost, c.RTTMs, c.MOS, strings.Join(setup, ", "), c.EndReason)
	}
	fmt.Fprintf(&b, "\nIn a call with the window shown: %.0f MB resident, %.1f %% of a core. The echo was heard with a correlation of %.2f.\n", r.Memory, r.CPU, r.Heard)
	return b.String()
}

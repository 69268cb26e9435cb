package ui

import "offhook/ui/screen"

// wantsLevels reports whether what is shown has meters that move.
func (s *shell) wantsLevels() bool {
	for _, p := range []part{s.shown, s.side} {
		_, ok := p.(interface {
			SetLevels(mic, far float64) bool
		})
		if ok && s.visible && (p != part(s.call) || s.phase == screen.PhaseTalking || s.phase == screen.PhaseReconnecting) {
			return true
		}
	}
	return false
}

// levels shows the loudness of both sides while the call panel is seen.
func (s *shell) levels() {
	if !s.visible {
		return
	}
	for _, p := range []part{s.shown, s.side} {
		if l, ok := p.(interface {
			SetLevels(mic, far float64) bool
		}); ok {
			l.SetLevels(s.phone.Levels())
		}
	}
}

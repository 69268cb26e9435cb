package theme

import "testing"

// A text is shown if each letter has a font; what is not drawn needs none. The letters of
// private use have no font anywhere.
func TestWhatCanBeShown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"":                     true,
		"Lucía Ortega":         true,
		"नेहा शर्मा":           true,
		"नेहा\u200dशर्मा":      true,
		"Жанна Ω":              true, // the phone's own font has more than it is trusted with
		"a\u2067b\u2069\ufe0f": true,
		"\U000F1234":           false,
		"Priya \U0010FFFD":     false,
	} {
		for range 2 { // the second time from memory
			if got := Shown(text); got != want {
				t.Errorf("%q can be shown: %v", text, got)
			}
		}
	}
}

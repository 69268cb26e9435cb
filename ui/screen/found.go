package screen

import (
	"strings"

	"offhook/app/directory"
)

// found cuts a name where a search has found it, by letters as directory.Fold compares
// them: what is before, the match, and what is after.
func found(name, text string) (before, match, after string) {
	want := directory.Fold(strings.TrimSpace(text))
	if want == "" {
		return name, "", ""
	}
	runes := []rune(name)
	for from := range runes {
		if !strings.HasPrefix(directory.Fold(string(runes[from:])), want) {
			continue
		}
		for to := from + 1; to <= len(runes); to++ {
			if strings.HasPrefix(directory.Fold(string(runes[from:to])), want) {
				return string(runes[:from]), string(runes[from:to]), string(runes[to:])
			}
		}
	}
	return name, "", ""
}

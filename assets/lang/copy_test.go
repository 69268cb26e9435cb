package lang

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// plainly is a text without the names of its places and its full stop.
func plainly(text string) string {
	return strings.TrimSuffix(placeholder.ReplaceAllString(text, "{}"), ".")
}

// What was agreed on for the screen is said word by word: by a label, or by a message
// with or without what can be done about it.
func TestTheAgreedWordsAreSaid(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	english := English()
	for text := range labels(t) {
		said[plainly(text)] = true
		for _, out := range english.labels[text].all() {
			said[plainly(out)] = true
		}
	}
	for code, e := range english.messages {
		for _, out := range e.all() {
			said[plainly(out)] = true
			for _, next := range english.messages[code+".next"].all() {
				said[plainly(out+" "+next)] = true
			}
		}
	}
	agreed, err := os.ReadFile(filepath.Join("testdata", "copy.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for text := range strings.Lines(string(agreed)) {
		if text = strings.TrimSpace(text); !said[plainly(text)] {
			t.Errorf("nothing says %q", text)
		}
	}
}

// Package display makes what strangers wrote fit to be shown: the names and messages
// of callers, and the names of contacts. Everything that comes from a server, a caller
// or a file passes it once, where it enters the phone; logs, the window, ctl, files and
// notifications then show the same.
package display

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The most that is kept, in runes.
const (
	maxName    = 256
	maxMessage = 4096
	// maxMarks is how many combining marks one letter may carry: languages need three,
	// and names that are written for fun are shown as they are.
	maxMarks = 32
	// maxEmptyLines is how many empty lines a message may have on end.
	maxEmptyLines = 1
)

// The joiners, which the scripts of India and Iran, and emoji, need within a word.
const (
	zwnj = '\u200c'
	zwj  = '\u200d'
)

// Name returns a name on one line: without control and format characters, so that
// nothing in it changes the direction or the place of other text, with single spaces,
// and of at most 256 runes.
func Name(text string) string {
	return clip(strings.Join(strings.Fields(clean(text, false)), " "), maxName)
}

// Message returns a message with its line breaks: without control and format
// characters, and of at most 4096 runes.
func Message(text string) string {
	var lines []string
	empty := 0
	for line := range strings.Lines(clip(clean(text, true), maxMessage)) {
		line = strings.TrimSpace(line)
		if line != "" {
			empty = 0
		} else if empty++; empty > maxEmptyLines {
			continue
		}
		lines = append(lines, line)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// clip keeps the first runes of a text.
func clip(text string, most int) string {
	for at := range text {
		if most == 0 {
			return strings.TrimSpace(text[:at]) + "…"
		}
		most--
	}
	return text
}

// clean takes out what is not to be seen. Where lines are kept, each way to end one
// becomes a line feed; else all space is a blank.
func clean(text string, lines bool) string {
	text = strings.ToValidUTF8(text, string(unicode.ReplacementChar))
	if lines {
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	var out strings.Builder
	marks := 0
	joiner := rune(0) // waits for a letter behind it
	for _, r := range text {
		switch {
		case r == zwj || r == zwnj:
			if out.Len() > 0 {
				joiner = r
			}
			continue
		case unicode.IsSpace(r) || r == '\u2028' || r == '\u2029':
			joiner, marks = 0, 0
			if lines && (r == '\n' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029' || r == '\v' || r == '\f') {
				out.WriteRune('\n')
			} else {
				out.WriteRune(' ')
			}
			continue
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), unicode.Is(unicode.Cs, r):
			continue
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
			if marks++; marks > maxMarks {
				continue
			}
		default:
			marks = 0
		}
		if joiner != 0 {
			out.WriteRune(joiner)
			joiner = 0
		}
		out.WriteRune(r)
	}
	return out.String()
}

// Showable reports whether text is fit to be shown to a person as it is: valid UTF-8
// without control characters, of at most that many bytes.
func Showable(text string, most int) bool {
	return len(text) <= most && utf8.ValidString(text) && strings.IndexFunc(text, unicode.IsControl) < 0
}

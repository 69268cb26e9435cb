package widget

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/bidi"
)

// turns reports whether a letter is read from right to left.
func turns(r rune) bool {
	if r < 0x590 {
		return false
	}
	p, _ := bidi.LookupRune(r)
	return p.Class() == bidi.R || p.Class() == bidi.AL
}

// rightToLeft reports whether a text is read from right to left: its first letter that
// has a direction says so.
func rightToLeft(text string) bool {
	for _, r := range text {
		if turns(r) {
			return true
		}
		if p, _ := bidi.LookupRune(r); p.Class() == bidi.L {
			return false
		}
	}
	return false
}

// visual cuts a line into pieces in the order in which they stand from left to right,
// with the spaces between them as pieces of their own. Fyne draws the runs of a text in
// the order of its letters and turns the letters of each: what is read from right to
// left must be given to it run by run. A line without such letters is one piece.
func visual(line string) []string {
	if !strings.ContainsFunc(line, turns) {
		return []string{line}
	}
	base := bidi.LeftToRight
	if rightToLeft(line) {
		base = bidi.RightToLeft
	}
	var p bidi.Paragraph
	if _, err := p.SetString(line, bidi.DefaultDirection(base)); err != nil {
		return []string{line}
	}
	order, err := p.Order()
	if err != nil {
		return []string{line}
	}
	var pieces []string
	var levels []int // 0 or 1 for the direction of a piece, 2 for a number within 1
	for i := range order.NumRuns() {
		run := order.Run(i)
		level := 0
		if run.Direction() == bidi.RightToLeft {
			level = 1
		}
		for _, part := range apart(run.String()) {
			pieces, levels = append(pieces, part), append(levels, level)
		}
	}
	for i := range pieces {
		if base == bidi.RightToLeft && levels[i] == 0 {
			levels[i] = 2
		}
	}
	if base == bidi.LeftToRight {
		within(pieces, levels)
	}
	turn(pieces, levels)
	return pieces
}

// apart cuts the spaces at the ends of a run off.
func apart(run string) (parts []string) {
	body := strings.TrimLeft(run, " ")
	lead := run[:len(run)-len(body)]
	trimmed := strings.TrimRight(body, " ")
	for _, part := range []string{lead, trimmed, body[len(trimmed):]} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// within finds the numbers and the spaces that stand in the midst of what is read from
// right to left, in a line that is not.
func within(pieces []string, levels []int) {
	last := -1
	for i := range pieces {
		if levels[i] != 1 || strings.TrimSpace(pieces[i]) == "" {
			continue
		}
		if last >= 0 && !slices.ContainsFunc(pieces[last+1:i], hasLetter) {
			for n := last + 1; n < i; n++ {
				levels[n] = 2
			}
		}
		last = i
	}
}

func hasLetter(text string) bool { return strings.ContainsFunc(text, unicode.IsLetter) }

// turn turns each stretch of levels from 1 on around.
func turn(pieces []string, levels []int) {
	for i := 0; i < len(pieces); i++ {
		end := i
		for end < len(pieces) && levels[end] >= 1 {
			end++
		}
		slices.Reverse(pieces[i:end])
		i = max(i, end)
	}
}

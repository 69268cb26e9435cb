package widget

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// Style says how a text looks. The zero value is body text.
type Style struct {
	// Size is in Fyne's units; 0 is the body size.
	Size float32
	// Role is the colour; "" is the text colour.
	Role  fyne.ThemeColorName
	Bold  bool
	Mono  bool
	Align fyne.TextAlign
	// Wrap breaks the text into lines; else it is cut with an ellipsis.
	Wrap bool
	// Lines is how many lines a wrapped text may have, 0 for any; More is what stands
	// at the end of one that has more.
	Lines int
	More  string
	// Least lets the text become smaller, down to this size, before it is cut or
	// broken; 0 keeps the size. Small keeps that size for a text that was broken.
	Least float32
	Small bool
	// Leading is the height of a line as a part of the size; 0 is the design's.
	Leading float32
}

func (s Style) size() float32 {
	if s.Size == 0 {
		return theme.SizeBody
	}
	return s.Size
}

// fitting is the size at which text fits into width, if it may become smaller.
func (s Style) fitting(text string, width float32) float32 {
	size := s.size()
	if s.Least == 0 || width <= 0 {
		return size
	}
	for size > s.Least && measure(text, size, s.fyne()).Width > width+0.5 {
		size = max(s.Least, size-0.5)
	}
	return size
}

func (s Style) role() fyne.ThemeColorName {
	if s.Role == "" {
		return theme.Text
	}
	return s.Role
}

func (s Style) fyne() fyne.TextStyle { return fyne.TextStyle{Bold: s.Bold, Monospace: s.Mono} }

// measure is the room that text takes.
func measure(text string, size float32, style fyne.TextStyle) fyne.Size {
	s, _ := fyne.CurrentApp().Driver().RenderedTextSize(text, size, style, theme.Bundled(text, style))
	return s
}

// ReadFont makes the phone's font ready to measure and draw with.
func ReadFont(bold bool) { measure("M", theme.SizeBody, fyne.TextStyle{Bold: bold}) }

// Text is a piece of text in one style.
type Text struct {
	fynewidget.BaseWidget
	text  string
	style Style
	width float32
}

var _ fyne.Accessible = (*Text)(nil)

// NewText returns a Text.
func NewText(text string, style Style) *Text {
	t := &Text{text: text, style: style}
	t.ExtendBaseWidget(t)
	return t
}

// SetText shows another text. It does nothing if it is the same.
func (t *Text) SetText(text string) {
	if t.text == text {
		return
	}
	t.text = text
	t.Refresh()
}

// SetRole shows the text in another colour.
func (t *Text) SetRole(role fyne.ThemeColorName) {
	if t.style.Role == role {
		return
	}
	t.style.Role = role
	t.Refresh()
}

// Text returns what is shown.
func (t *Text) Text() string { return t.text }

// AccessibilityLabel returns the text.
func (t *Text) AccessibilityLabel() string { return t.text }

// AccessibilityRole is text.
func (t *Text) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// Cut reports whether a part of the text is not shown for want of room.
func (t *Text) Cut() bool {
	if t.style.Wrap || t.Size().Width == 0 {
		return false
	}
	return measure(t.text, t.style.fitting(t.text, t.Size().Width), t.style.fyne()).Width > t.Size().Width+0.5
}

// Resize remembers the width, which decides how a wrapped text breaks.
func (t *Text) Resize(s fyne.Size) {
	if t.style.Wrap && s.Width != t.width {
		t.width = s.Width
		t.BaseWidget.Resize(s)
		t.Refresh()
		return
	}
	t.width = s.Width
	t.BaseWidget.Resize(s)
}

// HeightFor returns the height that the text needs at a width.
func (t *Text) HeightFor(width float32) float32 {
	return float32(len(t.lines(width))) * t.lineHeight(width)
}

func (t *Text) lineHeight(width float32) float32 {
	size := t.style.size()
	if t.style.Small && t.style.Wrap && width > 0 {
		size = t.sized(width)
	}
	if t.style.Leading > 0 {
		return size * t.style.Leading
	}
	if h, ok := theme.Leading(size); ok && !t.style.Mono {
		return h
	}
	return measure("M", size, t.style.fyne()).Height
}

func (t *Text) lines(width float32) []string {
	if !t.style.Wrap || width <= 0 {
		return []string{t.text}
	}
	size := t.sized(width)
	wide := func(s string) float32 { return measure(s, size, t.style.fyne()).Width }
	text := t.text
	if t.style.Lines > 0 {
		text = firstRunes(text, t.style.Lines*runesOfLine)
	}
	lines := wrap(text, width, wide)
	if n := t.style.Lines; n > 0 && (len(lines) > n || len(text) < len(t.text)) {
		lines = lines[:min(n, len(lines))]
		last := &lines[len(lines)-1]
		*last = string([]rune(*last)[:fit(*last, width-wide(t.ending()), wide)]) + t.ending()
	}
	return lines
}

// ending is what stands at the end of a text that has more lines than are shown.
func (t *Text) ending() string {
	if t.style.More != "" {
		return "… " + t.style.More
	}
	return "…"
}

// runesOfLine is more than a line of the phone's window can hold.
const runesOfLine = 200

// firstRunes is the beginning of a text.
func firstRunes(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}

// SetLines changes how many lines a wrapped text may have, 0 for any.
func (t *Text) SetLines(n int) {
	if t.style.Lines != n {
		t.style.Lines = n
		t.Refresh()
	}
}

// LinesAt is how many lines the text has at a width.
func (t *Text) LinesAt(width float32) int { return len(t.lines(width)) }

// sized is the size at a width. A text that may break and may become smaller
// becomes smaller if that keeps it on one line.
func (t *Text) sized(width float32) float32 {
	size := t.style.fitting(t.text, width)
	if t.style.Wrap && !t.style.Small && measure(t.text, size, t.style.fyne()).Width > width+0.5 {
		return t.style.size()
	}
	return size
}

// CreateRenderer is for Fyne.
func (t *Text) CreateRenderer() fyne.WidgetRenderer {
	r := &renderer{}
	var drawn []*canvas.Text
	update := func() {
		lines := t.lines(t.width)
		size := t.sized(t.width)
		if !t.style.Wrap && t.width > 0 {
			small := t.style
			small.Size = size
			lines = []string{ellipsis(t.text, t.width, small)}
		}
		r.objects = r.objects[:0]
		lh := t.lineHeight(t.width)
		own := measure("M", size, t.style.fyne()).Height
		n := 0
		put := func(l string, line int, x, width float32, align fyne.TextAlign) {
			if n == len(drawn) {
				drawn = append(drawn, canvas.NewText("", nil))
			}
			d := drawn[n]
			n++
			d.Text, d.Color = l, ink(t, t.style.role())
			d.FontSource = theme.Bundled(l, t.style.fyne())
			d.TextSize, d.TextStyle, d.Alignment = size, t.style.fyne(), align
			place(d, x, float32(line)*lh+(lh-own)/2, width, own)
			r.objects = append(r.objects, d)
		}
		align := t.align()
		for i, l := range lines {
			pieces := visual(l)
			if len(pieces) == 1 {
				put(l, i, 0, t.Size().Width, align)
				continue
			}
			x := startOf(align, t.Size().Width, measure(l, size, t.style.fyne()).Width)
			for _, p := range pieces {
				w := measure(p, size, t.style.fyne()).Width
				if strings.TrimSpace(p) != "" {
					put(p, i, x, w, fyne.TextAlignLeading)
				}
				x += w
			}
		}
		drawn = drawn[:n]
	}
	r.layout = func(fyne.Size) { update() }
	r.refresh = update
	r.min = func() fyne.Size {
		if t.style.Wrap {
			return fyne.NewSize(1, t.HeightFor(t.width))
		}
		m := measure(t.text, t.style.size(), t.style.fyne())
		return fyne.NewSize(m.Width, t.lineHeight(0))
	}
	update()
	return r
}

// RightToLeft reports whether the text is read from right to left.
func (t *Text) RightToLeft() bool { return rightToLeft(t.text) }

// align is where the lines stand: a text that is read from right to left begins at the
// right.
func (t *Text) align() fyne.TextAlign {
	if t.style.Align == fyne.TextAlignLeading && t.style.Wrap && rightToLeft(t.text) {
		return fyne.TextAlignTrailing
	}
	return t.style.Align
}

// startOf is where a line of some length begins in a width.
func startOf(align fyne.TextAlign, width, length float32) float32 {
	switch align {
	case fyne.TextAlignCenter:
		return (width - length) / 2
	case fyne.TextAlignTrailing:
		return width - length
	}
	return 0
}

// wrap breaks text at spaces so that no line is wider than width; a word that
// is too long alone is broken anywhere.
func wrap(text string, width float32, measure func(string) float32) []string {
	lines, _ := broken(text, width, measure)
	return lines
}

// broken is wrap, with what stood between each line and the next: a space, a line
// break, or nothing where a word was broken.
func broken(text string, width float32, measure func(string) float32) (lines, ends []string) {
	add := func(line, end string) { lines, ends = append(lines, line), append(ends, end) }
	for _, para := range strings.Split(text, "\n") {
		line := ""
		for _, word := range strings.Fields(para) {
			try := word
			if line != "" {
				try = line + " " + word
			}
			if measure(try) <= width {
				line = try
				continue
			}
			if line != "" {
				add(line, " ")
			}
			for measure(word) > width && len([]rune(word)) > 1 {
				n := fit(word, width, measure)
				add(string([]rune(word)[:n]), "")
				word = string([]rune(word)[n:])
			}
			line = word
		}
		add(line, "\n")
	}
	return lines, ends
}

// fit returns how many runes of text, at least one, fit into width.
func fit(text string, width float32, measure func(string) float32) int {
	runes := []rune(text)
	lo, hi := 1, len(runes)
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if measure(string(runes[:mid])) <= width {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return lo
}

// ellipsis cuts text so that it fits into width.
func ellipsis(text string, width float32, s Style) string {
	wide := func(t string) float32 { return measure(t, s.size(), s.fyne()).Width }
	if wide(text) <= width+0.5 {
		return text
	}
	runes := []rune(text)
	lo, hi := 0, len(runes)
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if wide(string(runes[:mid])+"…") <= width {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return strings.TrimRight(string(runes[:lo]), " ") + "…"
}

// measure is the width of a part of the text as it is drawn.
func (t *Text) measure(part string) float32 {
	return measure(part, t.sized(t.width), t.style.fyne()).Width
}

// cutEnding is what stands behind the text of a line that is cut, "" in others.
func (t *Text) cutEnding(lines []string, i int) string {
	if t.style.Lines == 0 || i != len(lines)-1 {
		return ""
	}
	return t.ending()
}

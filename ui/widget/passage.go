package widget

import (
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"

	"offhook/ui/theme"
)

// Passage is a text of several lines that can be selected with the pointer and copied.
// A press that selects nothing calls what it was made with.
type Passage struct {
	control
	text *Text
	copy func(string)
	// from is where the selection began, to where it is now; all says that it is the
	// whole text, with what is not shown of it.
	from, to spot
	all      bool
	begun    bool
}

// spot is a place between two letters: a line, and how many letters are before it.
type spot struct{ line, at int }

func (p spot) before(q spot) bool { return p.line < q.line || p.line == q.line && p.at < q.at }

var (
	_ fyne.Draggable         = (*Passage)(nil)
	_ fyne.DoubleTappable    = (*Passage)(nil)
	_ desktop.Cursorable     = (*Passage)(nil)
	_ fyne.SecondaryTappable = (*Passage)(nil)
)

// NewPassage returns an empty passage in a style, which must wrap. copy puts a text
// into the clipboard.
func NewPassage(style Style, copy func(string), onTap func()) *Passage {
	p := &Passage{text: NewText("", style), copy: copy}
	p.init(p, "", func() {
		if p.Selected() != "" {
			p.clear()
			return
		}
		if onTap != nil {
			onTap()
		}
	})
	p.onShortcut = p.shortcut
	return p
}

// SetText shows another text.
func (p *Passage) SetText(text string) {
	if p.text.text == text {
		return
	}
	p.label = text
	p.clear()
	p.text.SetText(text)
	p.Refresh()
}

// SetLines changes how many lines are shown, 0 for all.
func (p *Passage) SetLines(n int) {
	if p.text.style.Lines != n {
		p.clear()
		p.text.SetLines(n)
		p.Refresh()
	}
}

// Text is what is shown.
func (p *Passage) Text() string { return p.text.text }

// AccessibilityRole is text.
func (p *Passage) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// HeightFor returns the height at a width.
func (p *Passage) HeightFor(width float32) float32 { return p.text.HeightFor(width) }

func (p *Passage) clear() {
	if p.from != p.to || p.all {
		p.from, p.to, p.all = spot{}, spot{}, false
		p.Refresh()
	}
}

// Cursor is that of text.
func (p *Passage) Cursor() desktop.Cursor { return desktop.TextCursor }

// MouseDown begins a selection.
func (p *Passage) MouseDown(e *desktop.MouseEvent) {
	p.begun = false
	if e.Button == desktop.MouseButtonPrimary {
		p.from = p.placeAt(e.Position)
	}
}

// MouseUp is for Fyne.
func (p *Passage) MouseUp(*desktop.MouseEvent) {}

// Dragged selects.
func (p *Passage) Dragged(e *fyne.DragEvent) {
	if !p.begun {
		p.begun, p.all = true, false
		FocusQuietly(p)
	}
	if to := p.placeAt(e.Position); to != p.to {
		p.to = to
		p.Refresh()
	}
}

// DragEnd is for Fyne.
func (p *Passage) DragEnd() {}

// Tapped gives up what is selected, or does what the passage was made with.
func (p *Passage) Tapped(e *fyne.PointEvent) {
	if p.begun {
		p.begun = false // the end of a selection
		return
	}
	p.to = p.from
	if p.all {
		p.clear()
		return
	}
	p.control.Tapped(e)
	p.Refresh()
}

// DoubleTapped selects a word.
func (p *Passage) DoubleTapped(e *fyne.PointEvent) {
	FocusQuietly(p)
	at := p.placeAt(e.Position)
	line := []rune(p.lines()[at.line])
	word := func(i int) bool { return i >= 0 && i < len(line) && !unicode.IsSpace(line[i]) }
	from, to := at.at, at.at
	for word(from - 1) {
		from--
	}
	for word(to) {
		to++
	}
	p.from, p.to, p.all = spot{at.line, from}, spot{at.line, to}, false
	p.Refresh()
}

// TappedSecondary copies what is selected, or all.
func (p *Passage) TappedSecondary(*fyne.PointEvent) {
	FocusQuietly(p)
	if p.Selected() == "" {
		p.selectAll()
	}
	p.copy(p.Selected())
}

func (p *Passage) selectAll() {
	p.all = true
	p.Refresh()
}

func (p *Passage) shortcut(s fyne.Shortcut) bool {
	switch s.(type) {
	case *fyne.ShortcutCopy:
		if text := p.Selected(); text != "" {
			p.copy(text)
		}
		return true
	case *fyne.ShortcutSelectAll:
		p.selectAll()
		return true
	}
	return false
}

func (p *Passage) lines() []string { return p.text.lines(p.text.width) }

// bounds are the first and the last place of the selection. A line that is read from
// right to left is taken whole.
func (p *Passage) bounds(lines []string) (from, to spot) {
	if p.all {
		return spot{}, spot{len(lines) - 1, len([]rune(lines[len(lines)-1]))}
	}
	from, to = p.from, p.to
	if to.before(from) {
		from, to = to, from
	}
	from.line, to.line = min(from.line, len(lines)-1), min(to.line, len(lines)-1)
	if from != to {
		if len(visual(lines[from.line])) > 1 || rightToLeft(lines[from.line]) {
			from.at = 0
		}
		if len(visual(lines[to.line])) > 1 || rightToLeft(lines[to.line]) {
			to.at = len([]rune(lines[to.line]))
		}
	}
	return from, to
}

// Selected is the text that is selected, "" for none.
func (p *Passage) Selected() string {
	if p.all {
		return p.text.text
	}
	lines := p.lines()
	from, to := p.bounds(lines)
	if from == to {
		return ""
	}
	_, ends := broken(p.text.text, p.text.width, p.text.measure)
	var b strings.Builder
	for i := from.line; i <= to.line; i++ {
		r := []rune(strings.TrimSuffix(lines[i], p.text.cutEnding(lines, i)))
		first, last := 0, len(r)
		if i == from.line {
			first = min(from.at, len(r))
		}
		if i == to.line {
			last = min(to.at, len(r))
		}
		b.WriteString(string(r[first:max(first, last)]))
		if i < to.line && i < len(ends) {
			b.WriteString(ends[i])
		}
	}
	return b.String()
}

// placeAt is the place between two letters that is nearest to a point.
func (p *Passage) placeAt(at fyne.Position) spot {
	lines := p.lines()
	n := max(0, min(len(lines)-1, int(at.Y/p.text.lineHeight(p.text.width))))
	switch {
	case at.Y < 0:
		return spot{}
	case at.Y >= float32(len(lines))*p.text.lineHeight(p.text.width):
		return spot{n, len([]rune(lines[n]))}
	}
	r := []rune(lines[n])
	lo := 0
	for hi := len(r); lo < hi; {
		mid := (lo + hi) / 2
		if p.text.measure(string(r[:mid]))+p.text.measure(string(r[mid:mid+1]))/2 < at.X {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return spot{n, lo}
}

// CreateRenderer is for Fyne.
func (p *Passage) CreateRenderer() fyne.WidgetRenderer {
	ring := newRect(6)
	r := &renderer{}
	var marks []*canvas.Rectangle
	update := func() {
		r.objects = r.objects[:0]
		lines := p.lines()
		from, to := p.bounds(lines)
		lh := p.text.lineHeight(p.text.width)
		for i := from.line; i <= to.line && from != to; i++ {
			if len(marks) <= i {
				marks = append(marks, make([]*canvas.Rectangle, i+1-len(marks))...)
			}
			if marks[i] == nil {
				marks[i] = newRect(2)
			}
			x, right := float32(0), p.text.measure(lines[i])
			letters := []rune(lines[i])
			if i == from.line {
				x = p.text.measure(string(letters[:min(from.at, len(letters))]))
			}
			if i == to.line {
				right = p.text.measure(string(letters[:min(to.at, len(letters))]))
			}
			shift := startOf(p.text.align(), p.Size().Width, p.text.measure(lines[i]))
			marks[i].FillColor = fade(ink(p, theme.Accent), 0.3)
			place(marks[i], shift+x, float32(i)*lh, max(0, right-x), lh)
			r.objects = append(r.objects, marks[i])
		}
		p.paintState(newRect(0), ring)
		r.objects = append(r.objects, p.text, ring)
	}
	r.layout = func(s fyne.Size) {
		place(p.text, 0, 0, s.Width, s.Height)
		place(ring, -3, -1, s.Width+6, s.Height+2)
		update()
	}
	r.refresh = update
	r.min = func() fyne.Size { return fyne.NewSize(1, p.text.HeightFor(p.text.width)) }
	update()
	return r
}

package widget

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/ui/theme"
)

// TabBarHeight is the height of a TabBar with the line under it.
const TabBarHeight float32 = 44

// TabBar is the row of tabs with the line that is the phone's mark: its colour
// is the phone's state.
type TabBar struct {
	*fyne.Container
	Tabs    []*Tab
	chosen  int
	onTaken func(int)
}

// NewTabBar returns a bar whose first tab is chosen.
func NewTabBar(onTaken func(int), tabs ...*Tab) *TabBar {
	b := &TabBar{Tabs: tabs, onTaken: onTaken}
	parts := make([]fyne.CanvasObject, 0, len(tabs))
	for i, t := range tabs {
		t.onTap = func() { b.taken(i) }
		t.onKey = func(e *fyne.KeyEvent) bool { return b.arrow(i, e) }
		parts = append(parts, t)
	}
	b.Container = container.New(&tabLayout{}, parts...)
	b.Choose(0)
	return b
}

func (b *TabBar) taken(i int) {
	b.Choose(i)
	if b.onTaken != nil {
		b.onTaken(i)
	}
}

func (b *TabBar) arrow(i int, e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeyLeft:
		i--
	case fyne.KeyRight:
		i++
	default:
		return false
	}
	if i < 0 || i >= len(b.Tabs) || !b.Tabs[i].Visible() {
		return true
	}
	b.taken(i)
	if cv := canvasOf(b.Tabs[i]); cv != nil {
		cv.Focus(b.Tabs[i])
	}
	return true
}

// Choose marks a tab without calling back.
func (b *TabBar) Choose(i int) {
	b.chosen = i
	for n, t := range b.Tabs {
		if t.chosen != (n == i) {
			t.chosen = n == i
			t.Refresh()
		}
	}
}

// Chosen returns the marked tab.
func (b *TabBar) Chosen() int { return b.chosen }

// tabLayout gives each tab the same width, and 8 units on both sides; where that is
// too little for one of them, each the width that it needs more or less.
type tabLayout struct{}

func (tabLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	w := float32(0)
	for _, o := range objects {
		w += o.MinSize().Width
	}
	return fyne.NewSize(w+16, TabBarHeight)
}

func (tabLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	all, widest := float32(0), float32(0)
	objects = slices.DeleteFunc(slices.Clone(objects), func(o fyne.CanvasObject) bool { return !o.Visible() })
	for _, o := range objects {
		n := o.(*Tab).natural()
		all, widest = all+n, max(widest, n)
	}
	room := s.Width - 16
	x := float32(8)
	for _, o := range objects {
		w := room / float32(len(objects))
		if w < widest { // a long word gets more
			w = room * o.(*Tab).natural() / all
		}
		place(o, x, 0, w, s.Height)
		x += w
	}
}

// Tab is one tab of a TabBar.
type Tab struct {
	control
	text    string
	glyph   theme.Glyph
	inkRole fyne.ThemeColorName
	line    fyne.ThemeColorName
	chosen  bool
	compact bool
	count   int
}

// NewTab returns a tab in the accent colour.
func NewTab(text string, g theme.Glyph) *Tab {
	t := &Tab{text: text, glyph: g, inkRole: theme.AccentInk, line: theme.Accent}
	t.init(t, text, nil)
	return t
}

// Set changes word, icon and colours.
func (t *Tab) Set(text string, g theme.Glyph, inkRole, line fyne.ThemeColorName) {
	if t.text == text && t.glyph == g && t.inkRole == inkRole && t.line == line {
		return
	}
	t.text, t.glyph, t.inkRole, t.line, t.label = text, g, inkRole, line, text
	t.Refresh()
}

// SetCount shows a number beside the word; label is the accessible name with it.
func (t *Tab) SetCount(n int, label string) {
	t.label = label
	if t.count != n {
		t.count = n
		t.Refresh()
	}
}

// Word returns the word shown.
func (t *Tab) Word() string { return t.text }

// SetCompact leaves the icon out.
func (t *Tab) SetCompact(on bool) {
	if t.compact != on {
		t.compact = on
		t.Refresh()
	}
}

// natural is the width of what the tab shows.
func (t *Tab) natural() float32 {
	w := measure(t.text, theme.SizeBody, fyne.TextStyle{Bold: true}).Width + 8
	if !t.compact {
		w += 28
	}
	if t.count > 0 {
		w += 28
	}
	return w
}

// CreateRenderer is for Fyne.
func (t *Tab) CreateRenderer() fyne.WidgetRenderer {
	veil, ring, line := newRect(8), newRect(8), newRect(1.5)
	img := newImage()
	text := NewText("", Style{Least: 11})
	count := NewCount(0)
	r := &renderer{objects: []fyne.CanvasObject{veil, img, text, count, line, ring}}
	r.layout = func(s fyne.Size) {
		h := s.Height - 3
		place(veil, 4, 2, s.Width-8, h-4)
		place(ring, 4, 2, s.Width-8, h-4)
		place(line, 12, s.Height-3, s.Width-24, 3)
		m := text.MinSize()
		icon, space := float32(20), float32(8)
		if t.compact {
			icon, space = 0, 0
		}
		c := float32(0)
		if t.count > 0 {
			c = count.MinSize().Width + 8
		}
		room := s.Width - icon - space - c - 4
		m.Width = min(m.Width, room)
		x := (s.Width - icon - space - m.Width - c) / 2
		place(img, x, (h-icon)/2, icon, icon)
		x += icon + space
		place(text, x, (h-m.Height)/2, m.Width, m.Height)
		place(count, x+m.Width+8, (h-20)/2, count.MinSize().Width, 20)
	}
	r.min = func() fyne.Size { return fyne.NewSize(60, TabBarHeight) }
	r.refresh = func() {
		role := theme.Text2
		if t.chosen {
			role = t.inkRole
		}
		text.text = t.text
		text.style.Bold, text.style.Role = t.chosen, role
		text.Refresh()
		count.Set(t.count)
		if t.compact {
			img.Hide()
		} else {
			setIcon(t, img, t.glyph, role)
		}
		paint(t, line, t.line, theme.Clear, 0)
		line.Hidden = !t.chosen
		t.paintState(veil, ring)
		r.layout(t.Size())
	}
	r.refresh()
	return r
}

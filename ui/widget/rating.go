package widget

import (
	"strconv"

	"fyne.io/fyne/v2"

	"offhook/ui/theme"
)

// Rating is five squares, 1 to 5, of which one may be chosen.
type Rating struct {
	*fyne.Container
	Squares []*RatingSquare
	chosen  int
	changed func(int)
}

// NewRating returns a rating with nothing chosen. words are the meanings of 1 to
// 5.
func NewRating(words [5]string, label func(int, string) string, changed func(int)) *Rating {
	r := &Rating{changed: changed}
	var parts []fyne.CanvasObject
	for i, w := range words {
		n := i + 1
		s := &RatingSquare{n: n, word: w}
		s.init(s, label(n, w), func() { r.Choose(n) })
		s.onKey = func(e *fyne.KeyEvent) bool { return r.move(n, e) }
		r.Squares = append(r.Squares, s)
		parts = append(parts, s)
	}
	r.Container = Grid(5, 8, parts...)
	return r
}

// Choose marks n; 0 marks nothing.
func (r *Rating) Choose(n int) {
	if r.chosen == n {
		return
	}
	r.chosen = n
	for i, s := range r.Squares {
		s.chosen = i+1 == n
		s.Refresh()
	}
	if r.changed != nil {
		r.changed(n)
	}
}

// Chosen returns what is marked, 0 for nothing.
func (r *Rating) Chosen() int { return r.chosen }

func (r *Rating) move(n int, e *fyne.KeyEvent) bool {
	to := n
	switch e.Name {
	case fyne.KeyLeft, fyne.KeyUp:
		to--
	case fyne.KeyRight, fyne.KeyDown:
		to++
	default:
		return false
	}
	if to < 1 || to > len(r.Squares) {
		return true
	}
	if cv := canvasOf(r.Squares[to-1]); cv != nil {
		cv.Focus(r.Squares[to-1])
	}
	return true
}

// RatingSquare is one step of a Rating.
type RatingSquare struct {
	control
	n      int
	word   string
	chosen bool
}

// CreateRenderer is for Fyne.
func (s *RatingSquare) CreateRenderer() fyne.WidgetRenderer {
	box, veil, ring := newRect(theme.RadiusCard), newRect(theme.RadiusCard), newRect(theme.RadiusCard+3)
	digit := NewText(strconv.Itoa(s.n), Style{Size: theme.SizeTitle, Align: fyne.TextAlignCenter})
	word := NewText(s.word, Style{Size: theme.SizeKey, Align: fyne.TextAlignCenter, Least: 9})
	r := &renderer{objects: []fyne.CanvasObject{box, veil, digit, word, ring}}
	r.layout = func(size fyne.Size) {
		place(box, 0, 0, size.Width, size.Height)
		place(veil, 0, 0, size.Width, size.Height)
		place(ring, -3, -3, size.Width+6, size.Height+6)
		dh, wh := digit.MinSize().Height, word.MinSize().Height
		y := (size.Height - dh - wh + 4) / 2
		place(digit, 0, y-3.5, size.Width, dh)
		place(word, 1, y+dh-4.5, size.Width-2, wh)
	}
	r.min = func() fyne.Size { return fyne.NewSize(44, 64) }
	r.refresh = func() {
		role := theme.Text
		if s.chosen {
			role = theme.AccentInk
			paint(s, box, theme.AccentSoft, theme.Accent, 2)
		} else {
			paint(s, box, theme.Window, theme.Border, 1)
		}
		digit.style.Role, digit.style.Bold = role, s.chosen
		word.style.Role, word.style.Bold = role, s.chosen
		digit.Refresh()
		word.Refresh()
		s.paintState(veil, ring)
	}
	r.refresh()
	return r
}

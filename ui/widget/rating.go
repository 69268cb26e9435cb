package widget

import (
	"strconv"

	"fyne.io/fyne/v2"

	"offhook/ui/theme"
)

// Rating is five discs, 1 to 5, of which one may be chosen.
type Rating struct {
	*fyne.Container
	Discs   []*RatingDisc
	chosen  int
	changed func(int)
}

// NewRating returns a rating with nothing chosen. label is the accessible name and
// the tip of each disc; changed is called for each press.
func NewRating(label func(int) string, tips *Tips, changed func(int)) *Rating {
	r := &Rating{changed: changed}
	var parts []fyne.CanvasObject
	var members []Grouped
	for n := 1; n <= 5; n++ {
		d := &RatingDisc{n: n}
		d.init(d, label(n), func() {
			r.Choose(n)
			r.changed(n)
		})
		d.SetTip(tips, label(n))
		members = append(members, d)
		r.Discs = append(r.Discs, d)
		if n > 1 {
			parts = append(parts, Gap(4))
		}
		parts = append(parts, d)
	}
	NewGroup(len(members), members...)
	r.Container = Row(parts...)
	return r
}

// Choose marks n; 0 marks nothing.
func (r *Rating) Choose(n int) {
	if r.chosen == n {
		return
	}
	r.chosen = n
	for i, d := range r.Discs {
		d.chosen = i+1 == n
		d.Refresh()
	}
}

// Chosen returns what is marked, 0 for nothing.
func (r *Rating) Chosen() int { return r.chosen }

// RatingDisc is one step of a Rating.
type RatingDisc struct {
	control
	n      int
	chosen bool
}

// CreateRenderer is for Fyne.
func (d *RatingDisc) CreateRenderer() fyne.WidgetRenderer {
	box, veil, ring := newFace(20), newRect(20), newRect(23)
	digit := NewText(strconv.Itoa(d.n), Style{Align: fyne.TextAlignCenter})
	r := &renderer{objects: []fyne.CanvasObject{box.on, veil, digit, ring}}
	r.layout = func(s fyne.Size) {
		place(box.on, 0, 0, s.Width, s.Height)
		place(veil, 0, 0, s.Width, s.Height)
		place(ring, -3, -3, s.Width+6, s.Height+6)
		h := digit.MinSize().Height
		place(digit, 0, (s.Height-h)/2, s.Width, h)
	}
	r.min = func() fyne.Size { return fyne.NewSquareSize(HeightSmall) }
	r.refresh = func() {
		role := theme.Text
		if d.chosen {
			role = theme.AccentInk
			box.paint(d, theme.AccentSoft, theme.Accent, 2)
		} else {
			box.paint(d, theme.Window, theme.Line, 1)
		}
		digit.style.Role, digit.style.Bold = role, d.chosen
		digit.Refresh()
		d.paintState(veil, ring)
	}
	r.refresh()
	return r
}

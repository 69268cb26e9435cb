package widget

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
)

// gap is room between two parts of a Column or Row. A gap before a hidden part
// goes with it.
type gap struct {
	*canvas.Rectangle
	size float32
	flex float32
}

// Gap returns fixed room for a Column or Row.
func Gap(size float32) fyne.CanvasObject {
	g := &gap{Rectangle: canvas.NewRectangle(color.Transparent), size: size}
	return g
}

// Flex returns room that takes what is left over, and at least size.
func Flex(size float32) fyne.CanvasObject {
	return &gap{Rectangle: canvas.NewRectangle(color.Transparent), size: size, flex: 1}
}

// Column returns parts below each other, each as wide as the column. Gap and
// Flex make the room between them; wrapped texts get the height they need.
func Column(parts ...fyne.CanvasObject) *fyne.Container {
	return container.New(&columnLayout{}, parts...)
}

type columnLayout struct{ width float32 }

type heightFor interface{ HeightFor(width float32) float32 }

// HeightOf is the height that o needs at a width.
func HeightOf(o fyne.CanvasObject, width float32) float32 {
	if h, ok := o.(heightFor); ok && width > 0 {
		return h.HeightFor(width)
	}
	if c, ok := o.(*fyne.Container); ok && width > 0 {
		if h, ok := c.Layout.(containerHeightFor); ok {
			return h.heightFor(c.Objects, width)
		}
	}
	return o.MinSize().Height
}

// HeightFor is the height that o needs at a width.
func HeightFor(o fyne.CanvasObject, width float32) float32 { return HeightOf(o, width) }

type containerHeightFor interface {
	heightFor(objects []fyne.CanvasObject, width float32) float32
}

// shown calls f for each part to lay out, skipping hidden ones and the gaps
// before them.
func shown(objects []fyne.CanvasObject, f func(fyne.CanvasObject)) {
	var pending []*gap
	any := false
	for _, o := range objects {
		if g, ok := o.(*gap); ok {
			pending = append(pending, g)
			continue
		}
		if !o.Visible() {
			kept := pending[:0]
			for _, g := range pending {
				if g.flex > 0 {
					kept = append(kept, g)
				}
			}
			pending = kept
			continue
		}
		for _, g := range pending {
			f(g)
		}
		pending = pending[:0]
		any = true
		f(o)
	}
	if any {
		for _, g := range pending {
			f(g)
		}
	}
}

func (l *columnLayout) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	h := float32(0)
	shown(objects, func(o fyne.CanvasObject) {
		if g, ok := o.(*gap); ok {
			h += g.size
			return
		}
		h += HeightOf(o, width)
	})
	return h
}

func (l *columnLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	w := float32(0)
	shown(objects, func(o fyne.CanvasObject) {
		if _, ok := o.(*gap); !ok {
			w = max(w, o.MinSize().Width)
		}
	})
	return fyne.NewSize(w, l.heightFor(objects, l.width))
}

func (l *columnLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.width = size.Width
	fixed, flexes := float32(0), float32(0)
	shown(objects, func(o fyne.CanvasObject) {
		if g, ok := o.(*gap); ok {
			fixed += g.size
			flexes += g.flex
			return
		}
		fixed += HeightOf(o, size.Width)
	})
	spare := max(0, size.Height-fixed)
	y := float32(0)
	shown(objects, func(o fyne.CanvasObject) {
		if g, ok := o.(*gap); ok {
			y += g.size
			if flexes > 0 {
				y += spare * g.flex / flexes
			}
			return
		}
		h := HeightOf(o, size.Width)
		place(o, 0, y, size.Width, h)
		y += h
	})
}

// Row returns parts beside each other, centred vertically, each as wide as it
// needs. A Flex takes what is left over; a Grow part grows.
func Row(parts ...fyne.CanvasObject) *fyne.Container {
	return container.New(&rowLayout{}, parts...)
}

// CentredRow is Row with its parts in the middle of the width.
func CentredRow(parts ...fyne.CanvasObject) *fyne.Container {
	return container.New(&rowLayout{centred: true}, parts...)
}

// Grow marks a part of a Row that takes the width left over, and gives way
// first when there is too little.
func Grow(o fyne.CanvasObject) *fyne.Container { return container.New(&growLayout{}, o) }

// growLayout gives its one part the whole place.
type growLayout struct{}

func (growLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(0, objects[0].MinSize().Height)
}

func (growLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	place(objects[0], 0, 0, s.Width, s.Height)
}

func grows(o fyne.CanvasObject) (fyne.CanvasObject, bool) {
	c, ok := o.(*fyne.Container)
	if !ok {
		return nil, false
	}
	if _, ok := c.Layout.(*growLayout); !ok {
		return nil, false
	}
	return c.Objects[0], c.Objects[0].Visible()
}

type rowLayout struct{ centred bool }

func (l *rowLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	shown(objects, func(o fyne.CanvasObject) {
		if g, ok := o.(*gap); ok {
			s.Width += g.size
			return
		}
		m := o.MinSize()
		s.Width += m.Width
		s.Height = max(s.Height, m.Height)
	})
	return s
}

func (l *rowLayout) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	spare, _, _ := l.measure(objects, width)
	h := float32(0)
	shown(objects, func(o fyne.CanvasObject) {
		if _, ok := o.(*gap); ok {
			return
		}
		if in, ok := grows(o); ok {
			h = max(h, HeightOf(in, spare))
			return
		}
		h = max(h, o.MinSize().Height)
	})
	return h
}

func (l *rowLayout) measure(objects []fyne.CanvasObject, width float32) (spare, flexes, fixed float32) {
	growing := float32(0)
	shown(objects, func(o fyne.CanvasObject) {
		if g, ok := o.(*gap); ok {
			fixed += g.size
			flexes += g.flex
			return
		}
		if _, ok := grows(o); ok {
			growing++
			return
		}
		fixed += o.MinSize().Width
	})
	spare = max(0, width-fixed)
	if growing > 0 {
		return spare / growing, 0, fixed
	}
	return spare, flexes, fixed
}

func (l *rowLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	spare, flexes, fixed := l.measure(objects, size.Width)
	x := float32(0)
	over := float32(0)
	if fixed > size.Width {
		over = fixed - size.Width
	}
	if l.centred {
		x = max(0, (size.Width-fixed)/2)
	}
	// When there is too little room the widest text gives way.
	var widest fyne.CanvasObject
	if over > 0 {
		shown(objects, func(o fyne.CanvasObject) {
			if _, ok := o.(*Text); ok && (widest == nil || o.MinSize().Width > widest.MinSize().Width) {
				widest = o
			}
		})
	}
	shown(objects, func(o fyne.CanvasObject) {
		if g, ok := o.(*gap); ok {
			x += g.size
			if flexes > 0 {
				x += spare * g.flex / flexes
			}
			return
		}
		if in, ok := grows(o); ok {
			h := HeightOf(in, spare)
			place(o, x, (size.Height-h)/2, spare, h)
			x += spare
			return
		}
		m := o.MinSize()
		if o == widest {
			m.Width = max(0, m.Width-over)
		}
		place(o, x, (size.Height-m.Height)/2, m.Width, m.Height)
		x += m.Width
	})
}

// Inset returns o with room around it.
func Inset(top, right, bottom, left float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(&insetLayout{top, right, bottom, left}, o)
}

type insetLayout struct{ top, right, bottom, left float32 }

func (l *insetLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[0].MinSize().Add(fyne.NewSize(l.left+l.right, l.top+l.bottom))
}

func (l *insetLayout) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	return HeightOf(objects[0], width-l.left-l.right) + l.top + l.bottom
}

func (l *insetLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	for _, o := range objects {
		place(o, l.left, l.top, s.Width-l.left-l.right, s.Height-l.top-l.bottom)
	}
}

// Fixed returns o in a box of a fixed size; 0 takes what o needs.
func Fixed(width, height float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(&fixedLayout{width, height}, o)
}

type fixedLayout struct{ width, height float32 }

func (l *fixedLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	m := objects[0].MinSize()
	if l.width > 0 {
		m.Width = l.width
	}
	if l.height > 0 {
		m.Height = l.height
	}
	return m
}

func (l *fixedLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(0, 0))
		o.Resize(s)
	}
}

// Centre keeps o no wider than width and in the middle.
func Centre(width float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(&centreLayout{width}, o)
}

type centreLayout struct{ width float32 }

// MinSize asks for no width: what is too wide for the window is cut, not pushed
// out of it.
func (l *centreLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(1, objects[0].MinSize().Height)
}

func (l *centreLayout) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	return HeightOf(objects[0], min(width, l.width))
}

func (l *centreLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	w := min(s.Width, l.width)
	for _, o := range objects {
		place(o, (s.Width-w)/2, 0, w, s.Height)
	}
}

// Grid returns parts in columns of equal width and rows of equal height.
func Grid(columns int, space float32, parts ...fyne.CanvasObject) *fyne.Container {
	return container.New(&gridLayout{columns, space}, parts...)
}

type gridLayout struct {
	columns int
	space   float32
}

func (l *gridLayout) cells(objects []fyne.CanvasObject) (list []fyne.CanvasObject, rows int) {
	for _, o := range objects {
		if o.Visible() {
			list = append(list, o)
		}
	}
	return list, (len(list) + l.columns - 1) / l.columns
}

func (l *gridLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	list, rows := l.cells(objects)
	var m fyne.Size
	for _, o := range list {
		m = m.Max(o.MinSize())
	}
	if rows == 0 {
		return fyne.Size{}
	}
	n := float32(l.columns)
	return fyne.NewSize(m.Width*n+l.space*(n-1), m.Height*float32(rows)+l.space*float32(rows-1))
}

func (l *gridLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	list, rows := l.cells(objects)
	if rows == 0 {
		return
	}
	w := (s.Width - l.space*float32(l.columns-1)) / float32(l.columns)
	h := (s.Height - l.space*float32(rows-1)) / float32(rows)
	for i, o := range list {
		place(o, float32(i%l.columns)*(w+l.space), float32(i/l.columns)*(h+l.space), w, h)
	}
}

// Flow returns parts in lines, broken where the width ends.
func Flow(space float32, parts ...fyne.CanvasObject) *fyne.Container {
	return container.New(&flowLayout{space: space}, parts...)
}

type flowLayout struct {
	space, width float32
}

func (l *flowLayout) walk(objects []fyne.CanvasObject, width float32, f func(fyne.CanvasObject, float32, float32, fyne.Size)) float32 {
	x, y, line := float32(0), float32(0), float32(0)
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		m := o.MinSize()
		if x > 0 && x+m.Width > width {
			x, y = 0, y+line+l.space
			line = 0
		}
		f(o, x, y, m)
		x += m.Width + l.space
		line = max(line, m.Height)
	}
	return y + line
}

func (l *flowLayout) heightFor(objects []fyne.CanvasObject, width float32) float32 {
	return l.walk(objects, width, func(fyne.CanvasObject, float32, float32, fyne.Size) {})
}

func (l *flowLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	w := float32(0)
	for _, o := range objects {
		w = max(w, o.MinSize().Width)
	}
	return fyne.NewSize(w, l.heightFor(objects, max(w, l.width)))
}

func (l *flowLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	l.width = s.Width
	l.walk(objects, s.Width, func(o fyne.CanvasObject, x, y float32, m fyne.Size) { place(o, x, y, m.Width, m.Height) })
}

// Narrow returns o so that it asks for no width: in a page that scrolls, what is
// too wide is made smaller or cut instead of pushed out of the window.
func Narrow(o fyne.CanvasObject) *fyne.Container { return container.New(&centreLayout{width: 1e6}, o) }

// Ends returns left and right at both ends of a line, or below each other where
// there is no room.
func Ends(space float32, left, right fyne.CanvasObject) *fyne.Container {
	return container.New(&endsLayout{space: space}, left, right)
}

type endsLayout struct{ space, width float32 }

func (l *endsLayout) fits(o []fyne.CanvasObject, width float32) bool {
	return o[0].MinSize().Width+l.space+o[1].MinSize().Width <= width
}

func (l *endsLayout) heightFor(o []fyne.CanvasObject, width float32) float32 {
	a, b := o[0].MinSize().Height, o[1].MinSize().Height
	if l.fits(o, width) {
		return max(a, b)
	}
	return a + l.space + b
}

func (l *endsLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	w := max(o[0].MinSize().Width, o[1].MinSize().Width)
	return fyne.NewSize(w, l.heightFor(o, max(w, l.width)))
}

func (l *endsLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	l.width = s.Width
	a, b := o[0].MinSize(), o[1].MinSize()
	if l.fits(o, s.Width) {
		place(o[0], 0, (s.Height-a.Height)/2, a.Width, a.Height)
		place(o[1], s.Width-b.Width, (s.Height-b.Height)/2, b.Width, b.Height)
		return
	}
	place(o[0], 0, 0, min(a.Width, s.Width), a.Height)
	place(o[1], 0, a.Height+l.space, min(b.Width, s.Width), b.Height)
}

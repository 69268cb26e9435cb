package widget

import "fyne.io/fyne/v2"

// Grouped is a control that can be part of a Group: all controls of this package are.
type Grouped interface {
	fyne.Focusable
	fyne.CanvasObject
	base() *control
}

// Group makes one stop of the Tab key of several controls that belong together, such
// as the keys of a pad: the arrow keys move within it, Home and End to its ends. The
// Tab key comes back to the control that had the keyboard last.
type Group struct {
	members []Grouped
	columns int
	at      int
}

// NewGroup groups controls that stand in rows of columns, 1 for a list.
func NewGroup(columns int, members ...Grouped) *Group {
	g := &Group{members: members, columns: max(1, columns)}
	for _, m := range members {
		m.base().group = g
	}
	return g
}

func (c *control) base() *control { return c }

// usable reports whether a member can have the keyboard.
func (g *Group) usable(i int) bool {
	m := g.members[i]
	return !m.base().disabled && m.Visible()
}

// stop is the member to which the Tab key comes.
func (g *Group) stop() *control {
	if g.usable(g.at) {
		return g.members[g.at].base()
	}
	for i := range g.members {
		if g.usable(i) {
			return g.members[i].base()
		}
	}
	return nil
}

// take makes c the member to which the Tab key comes.
func (g *Group) take(c *control) {
	for i, m := range g.members {
		if m.base() == c {
			g.at = i
		}
	}
}

// key moves the keyboard within the group.
func (g *Group) key(c *control, e *fyne.KeyEvent) bool {
	g.take(c)
	step, to := 0, g.at
	switch e.Name {
	case fyne.KeyLeft:
		step = -1
	case fyne.KeyRight:
		step = 1
	case fyne.KeyUp:
		step = -g.columns
	case fyne.KeyDown:
		step = g.columns
	case fyne.KeyHome:
		to, step = -1, 1
	case fyne.KeyEnd:
		to, step = len(g.members), -1
	default:
		return false
	}
	for to += step; to >= 0 && to < len(g.members); to += step {
		if g.usable(to) {
			FocusMember(g.members[to])
			break
		}
	}
	return true
}

// FocusMember gives the keyboard to a control, and shows that it has it.
func FocusMember(m Grouped) {
	if g := m.base().group; g != nil {
		g.take(m.base())
	}
	if cv := canvasOf(m); cv != nil {
		cv.Focus(m)
	}
}

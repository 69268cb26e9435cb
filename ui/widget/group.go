package widget

import "fyne.io/fyne/v2"

// Grouped is a control that can be part of a Group: all controls of this package are.
type Grouped interface {
	fyne.Focusable
	fyne.CanvasObject
	// OnFocus calls f whenever the control gets the keyboard.
	OnFocus(f func())
	base() *control
}

// Group makes one stop of the Tab key of several controls that belong together, such
// as the keys of a pad or the rows of a list: the arrow keys move within it, Home and
// End to its ends. The Tab key comes back to the control that had the keyboard last.
type Group struct {
	members []Grouped
	// rows are where each row begins among the members, and where the last one ends.
	rows []int
	at   int
}

// NewGroup groups controls that stand in rows of columns, 1 for a list.
func NewGroup(columns int, members ...Grouped) *Group {
	columns = max(1, columns)
	g := &Group{members: members}
	for i := 0; i < len(members); i += columns {
		g.rows = append(g.rows, i)
	}
	return g.close()
}

// GroupRows groups all controls that lie in the rows of a list: up and down lead from
// row to row, left and right within one.
func GroupRows(rows ...fyne.CanvasObject) *Group {
	g := &Group{}
	for _, row := range rows {
		g.rows = append(g.rows, len(g.members))
		g.members = append(g.members, Controls(row)...)
	}
	return g.close()
}

func (g *Group) close() *Group {
	g.rows = append(g.rows, len(g.members))
	for _, m := range g.members {
		m.base().group = g
	}
	return g
}

// Controls are the controls of o, the outer ones first.
func Controls(o fyne.CanvasObject) (list []Grouped) {
	if m, ok := o.(Grouped); ok {
		list = append(list, m)
	}
	for _, c := range PartsOf(o) {
		list = append(list, Controls(c)...)
	}
	return list
}

// beside is the member in the row below or above that of a member, as far to the right
// as the row goes.
func (g *Group) beside(at, step int) int {
	row := 0
	for row+1 < len(g.rows)-1 && g.rows[row+1] <= at {
		row++
	}
	column := at - g.rows[row]
	if row += step; row < 0 || row >= len(g.rows)-1 || g.rows[row] == g.rows[row+1] {
		return -1
	}
	return min(g.rows[row]+column, g.rows[row+1]-1)
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

// key moves the keyboard within the group, over what can't have it.
func (g *Group) key(c *control, e *fyne.KeyEvent) bool {
	g.take(c)
	var next func(at int) int
	to := g.at
	switch e.Name {
	case fyne.KeyLeft:
		next = func(at int) int { return at - 1 }
	case fyne.KeyRight:
		next = func(at int) int { return at + 1 }
	case fyne.KeyUp:
		next = func(at int) int { return g.beside(at, -1) }
	case fyne.KeyDown:
		next = func(at int) int { return g.beside(at, 1) }
	case fyne.KeyHome:
		next, to = func(at int) int { return at + 1 }, -1
	case fyne.KeyEnd:
		next, to = func(at int) int { return at - 1 }, len(g.members)
	default:
		return false
	}
	for to = next(to); to >= 0 && to < len(g.members); to = next(to) {
		if g.usable(to) {
			focusMember(canvasOf(c.self), g.members[to])
			break
		}
	}
	return true
}

// FocusMember gives the keyboard to a control, and shows that it has it.
func FocusMember(m Grouped) { focusMember(canvasOf(m), m) }

func focusMember(cv fyne.Canvas, m Grouped) {
	if g := m.base().group; g != nil {
		g.take(m.base())
	}
	if cv != nil {
		cv.Focus(m)
	}
}

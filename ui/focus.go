package ui

import (
	"fyne.io/fyne/v2"

	"offhook/ui/widget"
)

// inField reports whether a text field has the keyboard.
func (s *shell) inField() bool {
	if s.canvas == nil {
		return false
	}
	_, ok := s.canvas.Focused().(*widget.Input)
	return ok
}

// leaveHidden takes the keyboard from what is not on the screen any more: nothing
// that is typed may land where nobody sees it.
func (s *shell) leaveHidden() {
	if s.canvas == nil {
		return
	}
	o, ok := s.canvas.Focused().(fyne.CanvasObject)
	if !ok {
		return
	}
	root := s.canvas.Content()
	if over := s.canvas.Overlays().Top(); over != nil {
		root = over
	}
	if !shows(root, o) {
		s.canvas.Unfocus()
	}
}

// shows reports whether o is root or lies in it, and neither it nor anything around
// it is hidden.
func shows(root, o fyne.CanvasObject) bool {
	if root == nil || !root.Visible() {
		return false
	}
	if root == o {
		return true
	}
	for _, c := range widget.PartsOf(root) {
		if shows(c, o) {
			return true
		}
	}
	return false
}

// settled is a control that must know where it is: see widget.PillButton.Guard.
type settled interface {
	Settle(at fyne.Position, shown bool)
}

// settle tells the guarded controls in o, which lies at origin, where they are now.
func settle(o fyne.CanvasObject, origin fyne.Position, shown bool) {
	if o == nil {
		return
	}
	at, shown := origin.Add(o.Position()), shown && o.Visible()
	if g, ok := o.(settled); ok {
		g.Settle(at, shown)
	}
	for _, c := range widget.PartsOf(o) {
		settle(c, at, shown)
	}
}

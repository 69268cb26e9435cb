package ui

import (
	"encoding/json"
	"os"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/ui/screen"
	"offhook/ui/widget"
)

// AccessMap is where the parts of the window are, by the names that a screen
// reader says. Test tools read it to press and to read what a person would. Its
// places are in the window's units; times Scale they are pixels.
type AccessMap struct {
	Window [2]float32 `json:"window"`
	Scale  float32    `json:"scale"`
	Screen string     `json:"screen"`
	// Front says that the window has the keyboard of the desktop.
	Front bool `json:"front"`
	// Focused is the name of what has the keyboard, or "".
	Focused string         `json:"focused"`
	Objects []AccessObject `json:"objects"`
	// Panel is the small window of an incoming call, in its own units, while it is
	// shown.
	Panel *AccessMap `json:"panel,omitempty"`
	// Bar is the small window of a live call, in its own units, while it is shown.
	Bar *AccessMap `json:"bar,omitempty"`
}

// AccessObject is one part of the window.
type AccessObject struct {
	// Name is the word that is shown, Label what a screen reader says.
	Name    string  `json:"name"`
	Label   string  `json:"label"`
	Role    string  `json:"role"`
	X       float32 `json:"x"`
	Y       float32 `json:"y"`
	W       float32 `json:"w"`
	H       float32 `json:"h"`
	Screen  string  `json:"screen"`
	Enabled bool    `json:"enabled"`
}

// mapOf reads the parts of what a canvas shows, controls before texts. Where a
// menu lies over the window, over is the menu and nothing else can be pressed.
func mapOf(cv fyne.Canvas, screenName string, over fyne.CanvasObject) AccessMap {
	m := AccessMap{Window: [2]float32{cv.Size().Width, cv.Size().Height}, Scale: cv.Scale(), Screen: screenName}
	w := &mapWalk{screen: screenName}
	if f, ok := cv.Focused().(fyne.Accessible); ok {
		m.Focused = f.AccessibilityLabel()
	}
	whole := box{0, 0, cv.Size().Width, cv.Size().Height}
	if over != nil {
		at := fyne.CurrentApp().Driver().AbsolutePositionForObject(over)
		w.walk(over, at.Subtract(over.Position()), whole)
	} else {
		w.walk(cv.Content(), fyne.NewPos(0, 0), whole)
	}
	m.Objects = append(w.controls, w.texts...)
	return m
}

type box struct{ x, y, right, bottom float32 }

func (b box) cut(o box) box {
	return box{max(b.x, o.x), max(b.y, o.y), min(b.right, o.right), min(b.bottom, o.bottom)}
}

type mapWalk struct {
	screen          string
	controls, texts []AccessObject
}

// walk notes o and what lies in it. clip is what can be seen there.
func (w *mapWalk) walk(o fyne.CanvasObject, origin fyne.Position, clip box) {
	if o == nil || !o.Visible() {
		return
	}
	at := origin.Add(o.Position())
	seen := clip.cut(box{at.X, at.Y, at.X + o.Size().Width, at.Y + o.Size().Height})
	_, group := o.(*fyne.Container)
	if a, ok := o.(fyne.Accessible); ok && !group {
		w.note(o, a, seen)
	}
	if _, ok := o.(*container.Scroll); ok {
		clip = seen
	}
	for _, c := range widget.PartsOf(o) {
		w.walk(c, at, clip)
	}
}

func (w *mapWalk) note(o fyne.CanvasObject, a fyne.Accessible, seen box) {
	label := a.AccessibilityLabel()
	if label == "" || seen.right <= seen.x || seen.bottom <= seen.y {
		return
	}
	name := label
	if t, ok := o.(interface{ Text() string }); ok && t.Text() != "" {
		name = t.Text()
	} else if t, ok := o.(interface{ Word() string }); ok && t.Word() != "" {
		name = t.Word()
	}
	obj := AccessObject{Name: name, Label: label, Role: string(a.AccessibilityRole()), Screen: w.screen, Enabled: true,
		X: seen.x, Y: seen.y, W: seen.right - seen.x, H: seen.bottom - seen.y}
	if d, ok := o.(interface{ Enabled() bool }); ok {
		obj.Enabled = d.Enabled()
	} else if d, ok := o.(fyne.Disableable); ok {
		obj.Enabled = !d.Disabled()
	}
	if _, ok := o.(fyne.Focusable); ok {
		w.controls = append(w.controls, obj)
		return
	}
	w.texts = append(w.texts, obj)
}

// mapWriter writes the map to a file whenever it changed.
type mapWriter struct {
	path string
	last string
}

func (w *mapWriter) write(m AccessMap) error {
	b, err := json.Marshal(m)
	if err != nil || string(b) == w.last {
		return err
	}
	tmp := filepath.Join(filepath.Dir(w.path), "."+filepath.Base(w.path)+".new")
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return err
	}
	if err := os.Rename(tmp, w.path); err != nil {
		return err
	}
	w.last = string(b)
	return nil
}

// screenName names what is shown, for the accessibility map.
func (s *shell) screenName() string {
	for name, p := range s.pages {
		if p == s.shown || p == s.side {
			return string(name)
		}
	}
	switch s.shown {
	case part(s.contacts):
		return "contacts"
	case part(s.recents):
		return "recents"
	case part(s.incoming):
		return "incoming"
	case part(s.call):
		switch s.phase {
		case screen.PhaseOutgoing:
			return "outgoing"
		case screen.PhaseReconnecting:
			return "reconnecting"
		}
		if s.call.KeypadShown() {
			return "in-call-keypad"
		}
		return "in-call"
	case part(s.wrap):
		return "wrap-up"
	case part(s.notReady):
		return "not-ready"
	case part(s.dial):
		return "dial"
	}
	return ""
}

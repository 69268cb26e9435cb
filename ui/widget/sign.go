package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// Sign is a small icon with a word, or alone: it states a fact and can't be pressed.
// A screen reader says, and the pointer shows, what it means.
type Sign struct {
	fynewidget.BaseWidget
	icon  *Icon
	word  *Text
	box   *fyne.Container
	tips  *Tips
	label string
}

var (
	_ fyne.Accessible   = (*Sign)(nil)
	_ desktop.Hoverable = (*Sign)(nil)
)

// NewSign returns an empty sign.
func NewSign(tips *Tips) *Sign {
	s := &Sign{tips: tips, icon: NewIcon("", theme.Text2, 16), word: NewText("", Style{Size: theme.SizeCaption, Bold: true})}
	s.box = Row(s.icon, Gap(4), s.word)
	s.ExtendBaseWidget(s)
	return s
}

// Set changes what the sign shows; word may be "", label says all of it.
func (s *Sign) Set(g theme.Glyph, ink fyne.ThemeColorName, word, label string) {
	s.label = label
	if s.icon.glyph == g && s.icon.role == ink && s.word.text == word {
		return
	}
	s.icon.Set(g, ink)
	s.word.SetRole(ink)
	s.word.SetText(word)
	show(s.word, word != "")
	s.box.Refresh()
}

// AccessibilityLabel is what the sign means.
func (s *Sign) AccessibilityLabel() string { return s.label }

// AccessibilityRole is text.
func (s *Sign) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// MouseIn is for Fyne.
func (s *Sign) MouseIn(*desktop.MouseEvent) {
	if s.tips != nil {
		s.tips.Show(s, s.label)
	}
}

// MouseMoved is for Fyne.
func (s *Sign) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is for Fyne.
func (s *Sign) MouseOut() {
	if s.tips != nil {
		s.tips.Hide()
	}
}

// CreateRenderer is for Fyne.
func (s *Sign) CreateRenderer() fyne.WidgetRenderer {
	return &renderer{
		objects: []fyne.CanvasObject{s.box},
		layout:  func(size fyne.Size) { place(s.box, 0, 0, size.Width, size.Height) },
		min:     func() fyne.Size { return s.box.MinSize() },
	}
}

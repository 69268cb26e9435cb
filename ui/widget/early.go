package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/ui/theme"
)

// Early is the time before a window has shown its first picture. What takes long
// and isn't seen then waits for its end: a text field first shows its words only,
// because Fyne's own fields read all fonts of the system. A nil Early is over.
type Early struct{ fields []*Field }

// Over ends the time before the first picture.
func (e *Early) Over() {
	for _, f := range e.fields {
		f.wake()
	}
	e.fields = nil
}

// Field is NewField with a field that works once the early time is over.
func (e *Early) Field(in *Input, height float32, end fyne.CanvasObject, large *theme.Theme) *Field {
	if e == nil {
		return NewField(in, height, end, large)
	}
	f := newField(in, height, end, large)
	style := Style{}
	if large != nil {
		style.Size = theme.SizeTitle
	}
	f.words = NewText("", style)
	f.SetText(in.Text)
	e.fields = append(e.fields, f)
	return f
}

// SetText puts text into the field, as the program does.
func (f *Field) SetText(text string) {
	switch {
	case f.words == nil:
		f.Input.SetText(text)
		return
	case f.Input.Password: // nothing is shown
	case text == "":
		f.words.SetRole(theme.Hint)
		f.words.SetText(f.Input.PlaceHolder)
	default:
		f.words.SetRole(theme.Text)
		f.words.SetText(text)
	}
	f.Input.Text = text
}

// wake puts the field itself in the place of its words.
func (f *Field) wake() {
	f.words = nil
	f.body = f.Input
	if f.large != nil {
		f.body = container.NewThemeOverride(f.Input, f.large)
	}
	f.Refresh()
}

package widget

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynetheme "fyne.io/fyne/v2/theme"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// Input is a text field. Shortcuts and keys that a field has no use for go on to
// the window, so that the phone can be worked from within a field.
type Input struct {
	fynewidget.Entry
	label string
	// OnKey sees each key first and returns true if it used it.
	OnKey func(*fyne.KeyEvent) bool
	// OnFocus is called when the field gets or loses the keyboard.
	OnFocus func(bool)
	// OnPaste may change what is pasted.
	OnPaste func(string) string
	field   *Field
}

var _ fyne.Accessible = (*Input)(nil)

// NewInput returns an empty field. label is its accessible name.
func NewInput(label, placeholder string) *Input {
	i := &Input{label: label}
	i.Wrapping = fyne.TextWrap(fyne.TextTruncateClip)
	i.PlaceHolder = placeholder
	i.TextStyle = theme.FieldStyle
	i.ExtendBaseWidget(i)
	return i
}

// NewNote returns an empty field of several lines.
func NewNote(label, placeholder string) *Input {
	i := NewInput(label, placeholder)
	i.MultiLine = true
	i.Wrapping = fyne.TextWrapWord
	return i
}

// AcceptsTab is false: the Tab key goes on, also out of a field of several lines.
func (i *Input) AcceptsTab() bool { return false }

// Outlined reports whether the field shows that it has the keyboard.
func (i *Input) Outlined() bool { return i.field != nil && i.field.focused }

// Label is the accessible name.
func (i *Input) Label() string { return i.label }

// AccessibilityLabel is the accessible name.
func (i *Input) AccessibilityLabel() string { return i.label }

// AccessibilityRole is text.
func (i *Input) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// SetText puts text into the field, as the program does: the cursor goes behind it.
func (i *Input) SetText(text string) {
	i.Entry.SetText(text)
	if !i.MultiLine {
		i.CursorColumn = len([]rune(text))
		i.Refresh()
	}
}

// TypedKey offers the key to OnKey, then to the field; Esc and the function keys go to
// the window.
func (i *Input) TypedKey(e *fyne.KeyEvent) {
	if i.OnKey != nil && i.OnKey(e) {
		return
	}
	if e.Name == fyne.KeyEscape || len(e.Name) > 1 && e.Name[0] == 'F' && e.Name[1] >= '0' && e.Name[1] <= '9' {
		if cv := canvasOf(i); cv != nil && cv.OnTypedKey() != nil {
			cv.OnTypedKey()(e)
		}
		return
	}
	i.Entry.TypedKey(e)
}

// TypedShortcut keeps the field's own shortcuts and hands the others on.
func (i *Input) TypedShortcut(s fyne.Shortcut) {
	if p, ok := s.(*fyne.ShortcutPaste); ok && i.OnPaste != nil && p.Clipboard != nil {
		s = &fyne.ShortcutPaste{Clipboard: &pasted{p.Clipboard, i.OnPaste}}
	}
	if _, ok := s.(*desktop.CustomShortcut); ok {
		if cv, ok := canvasOf(i).(fyne.Shortcutable); ok {
			cv.TypedShortcut(s)
		}
		return
	}
	i.Entry.TypedShortcut(s)
}

// pasted changes what comes out of a clipboard.
type pasted struct {
	fyne.Clipboard
	change func(string) string
}

// Content returns what is to be pasted.
func (p *pasted) Content() string { return p.change(p.Clipboard.Content()) }

// FocusGained is for Fyne.
func (i *Input) FocusGained() {
	i.Entry.FocusGained()
	i.focusChanged(true)
	reveal(i)
}

// FocusLost is for Fyne.
func (i *Input) FocusLost() {
	i.Entry.FocusLost()
	i.focusChanged(false)
}

func (i *Input) focusChanged(on bool) {
	if i.field != nil {
		i.field.setFocused(on)
	}
	if i.OnFocus != nil {
		i.OnFocus(on)
	}
}

// CreateRenderer is for Fyne. A Field draws ground and outline, so Fyne's own
// are left out.
func (i *Input) CreateRenderer() fyne.WidgetRenderer {
	r := &bareEntry{i.Entry.CreateRenderer()}
	r.strip()
	return r
}

// bareEntry is Fyne's entry without its ground and border, which are the first
// two of its objects.
type bareEntry struct{ fyne.WidgetRenderer }

func (r *bareEntry) strip() {
	for n, o := range r.Objects() {
		if rect, ok := o.(*canvas.Rectangle); ok && n < 2 {
			rect.Hidden = true
		}
	}
}

// Refresh is for Fyne.
func (r *bareEntry) Refresh() {
	r.strip()
	r.WidgetRenderer.Refresh()
}

// MinSize leaves the width to the layout.
func (i *Input) MinSize() fyne.Size {
	m := i.Entry.MinSize()
	m.Width = 60
	return m
}

// Field is an Input with its outline and something at its end.
type Field struct {
	fynewidget.BaseWidget
	Input *Input
	body  fyne.CanvasObject
	end   fyne.CanvasObject
	// lead is an icon before the text, or nil.
	lead  *Icon
	large *theme.Theme
	// words stand in for the field while it is early, nil otherwise.
	words   *Text
	height  float32
	radius  float32
	focused bool
	wrong   bool
	layout  func(fyne.Size)
}

// placeParts makes room for what is at the end, when that has changed.
func (f *Field) placeParts() {
	if f.layout != nil {
		f.layout(f.Size())
	}
}

// NewField returns in at a height; end may be nil. large makes it the number
// field.
func NewField(in *Input, height float32, end fyne.CanvasObject, large *theme.Theme) *Field {
	f := newField(in, height, end, large)
	f.wake()
	return f
}

func newField(in *Input, height float32, end fyne.CanvasObject, large *theme.Theme) *Field {
	f := &Field{Input: in, end: end, height: height, radius: theme.RadiusInput, large: large}
	if large != nil {
		f.radius = theme.RadiusCard
	}
	in.field = f
	f.ExtendBaseWidget(f)
	return f
}

func (f *Field) setFocused(on bool) {
	f.focused = on
	f.Refresh()
}

// SetLead shows an icon before the text.
func (f *Field) SetLead(g theme.Glyph) {
	f.lead = NewIcon(g, theme.Text2, 20)
	f.Refresh()
}

// SetHeight changes how high the field is.
func (f *Field) SetHeight(height float32) {
	if f.height != height {
		f.height = height
		f.Refresh()
	}
}

// SetWrong outlines the field in red.
func (f *Field) SetWrong(on bool) {
	if f.wrong != on {
		f.wrong = on
		f.Refresh()
	}
}

// Wrong reports whether the field is outlined in red.
func (f *Field) Wrong() bool { return f.wrong }

// CreateRenderer is for Fyne.
func (f *Field) CreateRenderer() fyne.WidgetRenderer {
	ground, outline := newRect(f.radius), newRect(f.radius)
	r := &renderer{}
	f.layout = func(s fyne.Size) {
		place(ground, 0, 0, s.Width, s.Height)
		place(outline, 0, 0, s.Width, s.Height)
		w := s.Width
		if f.end != nil {
			m := f.end.MinSize()
			place(f.end, s.Width-m.Width-4, (s.Height-m.Height)/2, m.Width, m.Height)
			if f.end.Visible() {
				w -= m.Width + 2
			}
		}
		if f.words != nil {
			h := f.words.MinSize().Height
			place(f.words, f.inset(), (s.Height-h)/2, w-2*f.inset(), h)
			return
		}
		h, x := s.Height, float32(0)
		if !f.Input.MultiLine {
			h = f.body.MinSize().Height
		}
		if f.lead != nil {
			x = 28
			place(f.lead, 12, (s.Height-20)/2, 20, 20)
		}
		place(f.body, x, (s.Height-h)/2, w-x, h)
	}
	r.layout = f.layout
	r.min = func() fyne.Size { return fyne.NewSize(80, f.height) }
	r.refresh = func() {
		r.objects = append([]fyne.CanvasObject{ground}, f.Parts()...)
		r.objects = slices.Insert(r.objects, 2, fyne.CanvasObject(outline))
		switch {
		case f.wrong:
			paint(f, outline, theme.Clear, theme.DangerLine, 2)
		case f.focused:
			paint(f, outline, theme.Clear, theme.Accent, 2)
		default:
			paint(f, outline, theme.Clear, theme.Border, 1)
		}
		paint(f, ground, theme.Surface, theme.Clear, 0)
		f.layout(f.Size())
	}
	r.refresh()
	return r
}

// inset is where the letters begin.
func (f *Field) inset() float32 {
	if f.large != nil {
		return f.large.Size(fynetheme.SizeNameInnerPadding)
	}
	return fynetheme.InnerPadding()
}

// noAction keeps Fyne from adding its own button to a password field.
func noAction() fyne.CanvasObject { return canvas.NewRectangle(color.Transparent) }

// Password returns a field for a secret with a button that shows it.
func (e *Early) Password(label string, show, hide string, tips *Tips) *Field {
	in := NewInput(label, "")
	in.Password = true
	in.ActionItem = noAction()
	var b *IconButton
	b = NewIconButton(show, theme.Eye, theme.Text2, tips, func() {
		in.Password = !in.Password
		if in.Password {
			b.Set(show, theme.Eye)
		} else {
			b.Set(hide, theme.EyeOff)
		}
		in.Refresh()
		FocusQuietly(in)
	})
	return e.Field(in, 44, b, nil)
}

// KeyCap is the picture of a key or of keys, such as "Ctrl K".
type KeyCap struct {
	fynewidget.BaseWidget
	text *Text
}

// NewKeyCap returns the picture of a key.
func NewKeyCap(text string) *KeyCap {
	k := &KeyCap{text: NewText(text, Style{Size: theme.SizeKey, Role: theme.Text2})}
	k.ExtendBaseWidget(k)
	return k
}

// SetText changes the keys.
func (k *KeyCap) SetText(text string) {
	if k.text.Text() != text {
		k.text.SetText(text)
		k.Refresh()
	}
}

// CreateRenderer is for Fyne.
func (k *KeyCap) CreateRenderer() fyne.WidgetRenderer {
	box := newRect(4)
	r := &renderer{objects: []fyne.CanvasObject{box, k.text}}
	r.layout = func(s fyne.Size) {
		x := (s.Width - k.text.MinSize().Width - 14) / 2
		place(box, x, (s.Height-20)/2, s.Width-2*x, 20)
		h := k.text.MinSize().Height
		place(k.text, x+7, (s.Height-h)/2, k.text.MinSize().Width, h)
	}
	r.min = func() fyne.Size { return fyne.NewSize(k.text.MinSize().Width+14+18, 20) }
	r.refresh = func() { paint(k, box, theme.Window, theme.Line, 1) }
	r.refresh()
	return r
}

// Parts are the field itself and what is at its end.
func (f *Field) Parts() []fyne.CanvasObject {
	parts := []fyne.CanvasObject{f.body}
	if f.words != nil {
		parts[0] = f.words
	}
	if f.lead != nil {
		parts = append(parts, f.lead)
	}
	if f.end != nil {
		parts = append(parts, f.end)
	}
	return parts
}

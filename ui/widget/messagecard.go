package widget

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynewidget "fyne.io/fyne/v2/widget"

	"offhook/ui/theme"
)

// The measures of a MessageCard: the most that an opened message is high, the room
// above and beside the text, and of the icon with its gap.
const (
	messageHigh float32 = 160
	messageTop  float32 = 10
	messageSide float32 = 14
	messageIcon float32 = 28
)

// MessageCard shows what a caller wrote: its first lines, and pressed all of it in the
// same place. The text can be selected. One that is read from right to left stands at
// the right, behind its icon.
type MessageCard struct {
	fynewidget.BaseWidget
	Passage *Passage
	icon    *Icon
	scroll  *container.Scroll
	few     int
	whole   bool
	// changed is called when the card wants another height.
	changed func()
}

// NewMessageCard returns an empty card that shows few lines; more is the word for the
// others, copy puts a text into the clipboard.
func NewMessageCard(few int, more string, copy func(string), changed func()) *MessageCard {
	m := &MessageCard{few: few, changed: changed, icon: NewIcon(theme.Note, theme.AccentInk, 18)}
	m.Passage = NewPassage(Style{Role: theme.AccentInk, Wrap: true, Lines: few, More: more}, copy, m.Toggle)
	m.scroll = container.NewVScroll(m.Passage)
	m.ExtendBaseWidget(m)
	return m
}

// SetText shows another message, its first lines.
func (m *MessageCard) SetText(text string) {
	if m.Passage.Text() == text {
		return
	}
	m.whole = false
	m.Passage.SetLines(m.few)
	m.Passage.SetText(text)
	m.scroll.ScrollToTop()
	m.Refresh()
}

// Toggle shows all of a message, or its first lines again.
func (m *MessageCard) Toggle() {
	if m.whole = !m.whole; m.whole {
		m.Passage.SetLines(0)
	} else {
		m.Passage.SetLines(m.few)
		m.scroll.ScrollToTop()
	}
	m.changed()
}

// HeightFor returns the height at a width.
func (m *MessageCard) HeightFor(width float32) float32 {
	return min(messageHigh, m.Passage.HeightFor(width-2*messageSide-messageIcon)+2*messageTop)
}

// Parts are what lies on the card.
func (m *MessageCard) Parts() []fyne.CanvasObject { return []fyne.CanvasObject{m.scroll} }

// CreateRenderer is for Fyne.
func (m *MessageCard) CreateRenderer() fyne.WidgetRenderer {
	box := newFace(theme.RadiusCard)
	r := &renderer{objects: []fyne.CanvasObject{box.on, m.icon, m.scroll}}
	r.layout = func(s fyne.Size) {
		place(box.on, 0, 0, s.Width, s.Height)
		x, icon := messageSide+messageIcon, messageSide
		if rightToLeft(m.Passage.Text()) {
			x, icon = messageSide, s.Width-messageSide-18
		}
		place(m.icon, icon, messageTop, 18, m.Passage.text.lineHeight(0))
		place(m.scroll, x, messageTop, s.Width-2*messageSide-messageIcon, s.Height-2*messageTop)
	}
	r.min = func() fyne.Size { return fyne.NewSize(120, m.HeightFor(max(120, m.Size().Width))) }
	r.refresh = func() {
		box.paint(m, theme.AccentSoft, theme.Clear, 0)
		r.layout(m.Size())
	}
	r.refresh()
	return r
}

// Whole reports whether all of the message is shown.
func (m *MessageCard) Whole() bool { return m.whole }

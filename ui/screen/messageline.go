package screen

import (
	"strings"

	"fyne.io/fyne/v2"

	"offhook/ui/theme"
	"offhook/ui/widget"
)

// messageLine is the caller's message during a call: its beginning on one line, and
// pressed all of it.
type messageLine struct {
	env     *Env
	text    *widget.Text
	more    *widget.Text
	row     *widget.TapRow
	card    *widget.MessageCard
	box     *fyne.Container
	object  *fyne.Container
	whole   bool
	message string
}

// newMessageLine returns an empty line; changed lays the panel out anew.
func newMessageLine(env *Env, changed func()) *messageLine {
	m := &messageLine{env: env, text: caption(""), more: widget.NewText(env.T("more"), widget.Style{Size: theme.SizeCaption, Bold: true, Role: theme.AccentInk})}
	m.row = widget.NewTapRow("", 40, widget.Inset(0, 8, 0, 8, widget.CentredRow(widget.NewIcon(theme.Note, theme.Text2, 16), widget.Gap(8), m.text, widget.Gap(6), m.more)), func() {
		m.whole = true
		m.card.Toggle()
	})
	m.card = widget.NewMessageCard(1, env.T("more"), env.Host.Copy, func() {
		m.show()
		changed()
	})
	m.box = widget.Column(widget.Gap(-4), m.row, widget.Gap(-11))
	m.object = widget.Column(m.box, widget.Gap(8), m.card)
	m.card.Hide()
	return m
}

// show shows the line or all of the message.
func (m *messageLine) show() {
	m.whole = m.whole && m.card.Whole()
	setVisible(m.box, !m.whole)
	setVisible(m.card, m.whole)
}

// render shows a message, "" for none.
func (m *messageLine) render(message string) {
	if message != m.message {
		m.message, m.whole = message, false
		m.card.SetText(message)
	}
	m.text.SetText(oneLine(message))
	long := m.text.Cut() || strings.Contains(message, "\n")
	setVisible(m.more, long)
	m.row.SetLabel(message)
	m.row.SetEnabled(long)
	m.show()
	setVisible(m.object, message != "")
}

// oneLine is a text with spaces in place of its line breaks.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

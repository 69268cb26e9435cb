package screen

import (
	"strings"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// Command is something that keys do in the window.
type Command struct {
	// ID names the command in the settings; Keys are written as there: Ctrl+Shift+E.
	ID, Title, Keys string
}

// Shortcuts is the page that lists the keys and changes them.
type Shortcuts struct {
	*frame
	rows  map[string]*shortcutRow
	Reset *widget.PillButton
	wrong *widget.Text
	// asked is the command that waits for its new keys, "" if none does.
	asked string
}

type shortcutRow struct {
	row *widget.TapRow
	cap *widget.KeyCap
}

// keyWords are keys as the user's keyboard names them: Ctrl Shift E.
func (e *Env) keyWords(keys string) string {
	words := strings.Split(keys, "+")
	for i, w := range words {
		switch w {
		case "Ctrl":
			words[i] = e.T("Ctrl")
		case "Shift":
			words[i] = e.T("Shift")
		case "Cmd":
			words[i] = "⌘"
		}
	}
	return strings.Join(words, " ")
}

// NewShortcuts returns the page.
func NewShortcuts(env *Env) *Shortcuts {
	s := &Shortcuts{rows: map[string]*shortcutRow{}}
	var rows []fyne.CanvasObject
	title := func(text string) fyne.CanvasObject { return widget.Grow(widget.NewText(text, widget.Style{Least: 11})) }
	for _, c := range env.Commands() {
		r := &shortcutRow{cap: widget.NewKeyCap("")}
		r.row = widget.NewTapRow(c.Title, widget.Row44, widget.Inset(0, 0, 0, 12, widget.Row(title(c.Title), r.cap)), func() { s.ask(c.ID) })
		r.row.SetShortcuts(func(sc fyne.Shortcut) bool { return s.typed(c.ID, sc) })
		s.rows[c.ID] = r
		rows = append(rows, r.row)
	}
	widget.GroupRows(rows...)
	for _, fixed := range [][2]string{
		{env.T("Silence the ring, close a menu"), env.T("Esc")},
		{env.T("Send digits in a call"), "0–9 * #"},
		{env.T("Call or press"), env.T("Enter")},
	} {
		rows = append(rows, widget.Fixed(0, widget.Row44, widget.Inset(0, 0, 0, 12, widget.Row(title(fixed[0]), widget.NewKeyCap(fixed[1])))))
	}
	s.wrong = widget.NewText("", widget.Style{Size: theme.SizeCaption, Role: theme.DangerInk, Wrap: true})
	s.wrong.Hide()
	s.Reset = widget.NewPill(env.T("Use the usual keys"), "", widget.Plain, widget.HeightButton, func() {
		s.asked = ""
		env.Update(func(set *app.Settings) { set.Shortcuts = nil })
	})
	note := func(text string) fyne.CanvasObject {
		return widget.NewText(text, widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true})
	}
	body := widget.Column(note(env.T("Press a row, then its new keys.")), widget.Gap(12), s.wrong, widget.CardOf(rows...), widget.Gap(12),
		note(env.T("Answering and hanging up always need two or more keys.")), widget.Gap(12), s.Reset)
	s.frame = newFrame(env, env.T("Shortcuts"), PageSettings, nil, body, nil)
	s.draw()
	return s
}

// ask waits for the new keys of a command.
func (s *Shortcuts) ask(id string) {
	if s.asked == id {
		id = ""
	}
	s.asked = id
	s.say("")
	s.draw()
}

// typed takes the keys that were pressed while a row has the keyboard, if it asked
// for them.
func (s *Shortcuts) typed(id string, sc fyne.Shortcut) bool {
	if s.asked != id {
		return false
	}
	why := s.env.SetKeys(id, sc)
	s.say(why)
	if why == "" {
		s.asked = ""
	}
	s.draw()
	return true
}

func (s *Shortcuts) say(why string) {
	s.wrong.SetText(why)
	setVisible(s.wrong, why != "")
}

func (s *Shortcuts) draw() {
	for _, c := range s.env.Commands() {
		keys := s.env.keyWords(c.Keys)
		if s.asked == c.ID {
			keys = s.env.T("New keys…")
		}
		r := s.rows[c.ID]
		r.cap.SetText(keys)
		r.row.SetLabel(s.env.T("{command}, {keys}", "command", c.Title, "keys", keys))
	}
	widget.Relayout(s.object)
}

// Left forgets what was asked for when the page goes.
func (s *Shortcuts) Left() { s.asked = "" }

// Render draws the page.
func (s *Shortcuts) Render(v View) {
	s.render(v)
	s.draw()
}

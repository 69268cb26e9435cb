package screen

import (
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app/directory"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice/dialplan"
)

// maxMatches bounds the list under the number field.
const maxMatches = 6

// Dial is the tab with the number field and the pad.
type Dial struct {
	env    *Env
	Field  *widget.Field
	Pad    *widget.Pad
	Button *widget.PillButton

	hintRow, listRow *fyne.Container
	hint, listHint   *widget.Text
	hintIcon         *widget.Icon
	matches          *fyne.Container
	listBox          fyne.CanvasObject
	padScroll        *container.Scroll
	bannerScroll     *container.Scroll
	keycap           *widget.KeyCap
	Banner           *dialBanner
	erase            *widget.IconButton
	object           fyne.CanvasObject

	view    View
	found   []match
	rows    []*widget.TapRow
	chosen  int
	problem string
}

// NewDial returns the tab.
func NewDial(env *Env) *Dial {
	d := &Dial{env: env}
	in := widget.NewInput(env.T("Name or number"), env.T("Name or number"))
	in.OnChanged = func(string) { d.changed() }
	in.OnSubmitted = func(string) { d.enter() }
	in.OnKey = d.key
	in.OnPaste = Dialable
	d.keycap = widget.NewKeyCap(env.KeyName("K"))
	d.erase = widget.NewIconButton(env.T("Delete the last character"), theme.Backspace, theme.Text2, env.Tips, d.backspace)
	d.Field = env.Early.Field(in, 48, container.NewStack(d.keycap, d.erase), env.Theme.NumberField())
	d.erase.Hide()

	d.hintIcon = widget.NewIcon(theme.History, theme.Text2, 16)
	d.hint = caption("")
	d.hintRow = widget.Inset(0, 4, 0, 4, widget.Row(d.hintIcon, widget.Gap(8), widget.Grow(d.hint)))
	d.Pad = widget.NewPad(widget.KeyHeight, env.keyLabel, d.press)
	d.matches = container.NewStack()
	d.listHint = caption(env.T("Arrow keys choose, Enter calls."))
	d.listRow = widget.Inset(0, 4, 0, 4, widget.Row(widget.NewIcon(theme.Keyboard, theme.Text2, 16), widget.Gap(8), widget.Grow(d.listHint)))
	d.listBox = container.NewVScroll(widget.Narrow(widget.Inset(listRoom, listRoom, 0, listRoom, widget.Column(d.matches, widget.Gap(12), d.listRow, widget.Flex(0)))))
	d.listBox.Hide()
	d.Button = widget.NewPill(env.T("Call"), theme.Phone, widget.Success, widget.HeightMain, d.call)

	d.padScroll = container.NewVScroll(widget.Inset(listRoom, listRoom, listRoom, listRoom, d.Pad.Container))
	d.Banner = newDialBanner(env, d.update)
	d.bannerScroll = container.NewVScroll(d.Banner.slim.Panel)
	body := container.New(&dialLayout{d}, d.Field, d.hintRow, d.padScroll, d.listBox, d.Button, d.bannerScroll)
	d.object = body
	d.changed()
	return d
}

// keyLabel is the accessible name of a key of a pad.
func (e *Env) keyLabel(r rune) string {
	switch r {
	case '*':
		return e.T("Key star")
	case '#':
		return e.T("Key hash")
	default:
		return e.T("Key {digit}", "digit", string(r))
	}
}

// Object is what the window shows.
func (d *Dial) Object() fyne.CanvasObject { return d.object }

// Focus puts the keyboard into the number field.
func (d *Dial) Focus() { d.env.focus(d.Field.Input) }

// FocusField puts the keyboard into the number field and selects what is there.
func (d *Dial) FocusField() {
	d.Focus()
	d.Field.Input.TypedShortcut(&fyne.ShortcutSelectAll{})
}

// SetNumber puts a number into the field, as a link does.
func (d *Dial) SetNumber(number string) {
	d.Field.Input.SetText(number)
	d.Focus()
}

// Telling reports whether the banner is shown, which changes by time.
func (d *Dial) Telling() bool { return d.Banner.slim.Visible() }

// Changes reports whether something on the tab changes by time alone.
func (d *Dial) Changes() bool {
	_, _, limited := breakLimit(d.view)
	return d.Telling() || limited
}

// Clear empties the field, once a call began.
func (d *Dial) Clear() {
	if d.Field.Input.Text != "" {
		d.Field.Input.SetText("")
	}
}

// Render draws the tab.
func (d *Dial) Render(v View) {
	d.view = v
	h := float32(0) // as much as the layout gives
	if v.Low && !v.Columns {
		h = widget.KeyHeightCompact
	}
	d.Pad.SetHeight(h)
	d.Banner.render(v)
	d.update()
}

func (d *Dial) text() string { return strings.TrimSpace(d.Field.Input.Text) }

// Dialable is what comes into the field of a pasted text: a number as it will be
// dialled, anything else as it is on one line, and of a whole document no more
// than shows that it is none.
func Dialable(text string) string {
	if n, err := (dialplan.Line{SIP: true}).Parse(text); err == nil && !strings.ContainsFunc(n.Target, unicode.IsLetter) {
		return n.String()
	}
	if len(text) > dialplan.MaxText {
		text = strings.ToValidUTF8(text[:dialplan.MaxText], "")
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, text)
	if runes := []rune(strings.TrimSpace(text)); len(runes) > dialplan.MaxTarget+1 {
		return string(runes[:dialplan.MaxTarget+1])
	}
	return strings.TrimSpace(text)
}

// byName reports whether the field holds a name rather than a number or a link.
func byName(text string) bool {
	if dialplan.IsLink(text) {
		return false
	}
	return strings.ContainsFunc(text, unicode.IsLetter)
}

func (d *Dial) changed() {
	text := d.text()
	d.problem = ""
	d.found, d.chosen = nil, 0
	if text != "" && d.view.Snapshot != nil {
		d.Banner.close()
	}
	if byName(text) {
		d.found = d.lookUp(text)
	}
	if text != "" && !byName(text) {
		if err := d.env.Phone.CheckNumber(text); err != nil {
			d.problem = d.dialProblem(text, err)
		}
	}
	d.list()
	d.update()
}

// match is one person that fits what is typed.
type match struct{ name, number, group string }

// suggest finds contacts, and then people of the call log, that fit text.
func (e *Env) suggest(text string) []match {
	groups := map[string]string{}
	for _, g := range e.Phone.Contacts() {
		for _, c := range g.Contacts {
			if _, ok := groups[c.Number]; !ok {
				groups[c.Number] = g.Name
			}
		}
	}
	var list []match
	seen := map[string]bool{}
	add := func(m match) {
		if !seen[m.number] && len(list) < maxMatches {
			seen[m.number] = true
			list = append(list, m)
		}
	}
	for _, c := range e.Phone.Suggest(text) {
		add(match{name: c.Name, number: c.Number, group: groups[c.Number]})
	}
	for _, r := range e.Phone.Recents() {
		if Fits(r.RemoteName, text) || Fits(r.RemoteID, text) {
			add(match{name: nameOf(r.RemoteName, r.RemoteID), number: r.RemoteID, group: e.T("Recent call")})
		}
	}
	return list
}

// lookUp finds who fits text, and puts the text itself last if it could be
// dialled and is nobody's number.
func (d *Dial) lookUp(text string) []match {
	found := d.env.suggest(text)
	for _, m := range found {
		if strings.EqualFold(m.number, text) {
			return found
		}
	}
	if d.env.Phone.CheckNumber(text) == nil {
		found = append(found[:len(found):len(found)], match{number: text})
	}
	return found
}

func (d *Dial) dialProblem(text string, err error) string {
	if sentence := d.env.Sentence(err); sentence != "" {
		return sentence
	}
	return d.env.T("Enter a name, a number or an address.")
}

// Show says why a call did not begin, under the field.
func (d *Dial) Show(problem string) {
	d.problem = problem
	d.update()
}

func (d *Dial) list() {
	d.rows = nil
	if len(d.found) == 0 {
		d.matches.Objects = nil
		d.matches.Refresh()
		return
	}
	var rows []fyne.CanvasObject
	for i, m := range d.found {
		row := d.row(m, i == 0)
		d.rows = append(d.rows, row)
		rows = append(rows, row)
	}
	widget.GroupRows(rows...)
	d.matches.Objects = []fyne.CanvasObject{widget.CardOf(rows...)}
	d.rows[0].SetMarked(true)
	d.matches.Refresh()
}

func (d *Dial) row(m match, first bool) *widget.TapRow {
	title, under := m.name, Number(m.number)
	if m.group != "" {
		under += " · " + m.group
	}
	var avatar *widget.Avatar
	var name fyne.CanvasObject
	if m.name == "" {
		avatar = widget.NewDisc(theme.Phone, 36, theme.SuccessSoft, theme.SuccessInk)
		title, under = m.number, d.env.T("Call {name}", "name", m.number)
		name = widget.NewText(title, widget.Style{})
	} else {
		avatar = widget.NewAvatar(m.name, 36)
		name = highlighted(m.name, d.text())
	}
	parts := []fyne.CanvasObject{avatar, widget.Gap(12), widget.Grow(widget.Column(name, caption(under)))}
	if first {
		parts = append(parts, widget.NewKeyCap(d.env.T("Enter")))
	}
	call := d.env.T("Call {name}", "name", title)
	return widget.NewTapRow(call, widget.Row56, widget.Inset(0, 4, 0, 12, widget.Row(parts...)), func() { d.dial(m.number) })
}

// highlighted shows name with the first part that equals text in bold.
func highlighted(name, text string) fyne.CanvasObject {
	from, to := directory.FindFolded(name, text)
	if from == to {
		return widget.NewText(name, widget.Style{})
	}
	plain := widget.Style{}
	bold := widget.Style{Bold: true, Role: theme.AccentInk}
	return widget.Row(widget.NewText(name[:from], plain), widget.NewText(name[from:to], bold), widget.NewText(name[to:], plain))
}

func (d *Dial) update() {
	e := d.env
	text := d.text()
	setVisible(d.keycap, text == "" && !d.view.Compact)
	setVisible(d.erase, text != "")
	names := byName(text)
	showList := names && len(d.found) > 0
	setVisible(d.listBox, showList)
	setVisible(d.padScroll, !names && !d.Banner.asking())

	last := ""
	if d.view.Snapshot != nil {
		last = nameOf(d.view.LastDialledName, d.view.LastDialled)
	}
	switch {
	case d.problem != "":
		d.setHint(theme.ErrorIcon, theme.DangerInk, d.problem)
	case names && len(d.found) == 0:
		d.setHint(theme.Search, theme.Text2, e.T("No contact named “{text}”.", "text", text))
	case text == "" && last != "" && d.view.Compact:
		d.setHint(theme.History, theme.Text2, e.T("Press Enter for {last}.", "last", last))
	case text == "" && last != "":
		d.setHint(theme.History, theme.Text2, e.T("Press Enter for {last}, again to call.", "last", last))
	case text == "":
		d.setHint(theme.Keyboard, theme.Text2, e.T("Type, paste or use the keys."))
	default:
		d.setHint("", theme.Text2, "")
	}
	setVisible(d.bannerScroll, d.Telling())
	setVisible(d.hintRow, !showList && !(d.view.Compact && d.Telling() && d.problem == ""))
	d.Field.SetWrong(d.problem != "" && text != "")

	switch {
	case text == "" && last != "":
		d.Button.Set(e.T("Redial"), theme.Phone, widget.SuccessSoft)
		d.Button.SetLabel(e.T("Redial {name}", "name", last))
		d.Button.SetEnabled(true)
	case text == "":
		d.Button.Set(e.T("Call"), theme.Phone, widget.Success)
		d.Button.SetEnabled(false)
	default:
		d.Button.Set(e.T("Call {name}", "name", d.target()), theme.Phone, widget.Success)
		d.Button.SetEnabled(d.problem == "" && (!names || len(d.found) > 0))
	}
	widget.Relayout(d.object)
}

// target is the name on the Call button.
func (d *Dial) target() string {
	text := d.text()
	if m, ok := d.pick(); ok {
		return nameOf(m.name, m.number)
	}
	if n := d.env.Phone.NameOf(text); n != "" {
		return n
	}
	return Number(text)
}

func (d *Dial) pick() (match, bool) {
	if byName(d.text()) && d.chosen < len(d.found) {
		return d.found[d.chosen], true
	}
	return match{}, false
}

func (d *Dial) setHint(g theme.Glyph, role fyne.ThemeColorName, text string) {
	d.hintIcon.Set(g, role)
	d.hint.SetRole(role)
	d.hint.SetText(text)
}

func (d *Dial) press(r rune) {
	d.Focus()
	d.Field.Input.TypedRune(r)
}

func (d *Dial) backspace() {
	d.Focus()
	d.Field.Input.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
	d.Field.Input.TypedKey(&fyne.KeyEvent{Name: fyne.KeyBackspace})
}

func (d *Dial) key(ev *fyne.KeyEvent) bool {
	if len(d.rows) == 0 {
		return false
	}
	switch ev.Name {
	case fyne.KeyDown:
		d.mark(d.chosen + 1)
	case fyne.KeyUp:
		d.mark(d.chosen - 1)
	default:
		return false
	}
	return true
}

func (d *Dial) mark(i int) {
	if i < 0 || i >= len(d.rows) {
		return
	}
	d.rows[d.chosen].SetMarked(false)
	d.chosen = i
	d.rows[i].SetMarked(true)
	d.update()
}

// enter brings the last number back into an empty field, and calls otherwise.
func (d *Dial) enter() {
	if d.text() == "" {
		if d.view.Snapshot != nil && d.view.LastDialled != "" {
			d.SetNumber(d.view.LastDialled)
		}
		return
	}
	d.call()
}

// call dials what the field or the list says, or redials from an empty field.
func (d *Dial) call() {
	switch m, ok := d.pick(); {
	case ok:
		d.dial(m.number)
	case d.text() != "" && d.problem == "" && !byName(d.text()):
		d.dial(d.text())
	case d.text() == "" && d.view.Snapshot != nil && d.view.LastDialled != "":
		d.dial(d.view.LastDialled)
	}
}

func (d *Dial) dial(number string) { d.env.Dial(number, d.Show) }

package screen

import (
	"fmt"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/app/settings"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// settingRow is the row of one setting of the table: a switch for what is on or off, two
// buttons for a number, a list for what has choices.
type settingRow struct {
	env    *Env
	entry  settings.Entry
	object fyne.CanvasObject
	now    app.Settings
	// show draws the value that holds, enable says whether it may be changed.
	show   func()
	enable func(on bool)
}

// settingRows are the rows of a page of the table, each section on a card of its own
// under its heading.
func (e *Env) settingRows(page settings.Page) (rows []*settingRow, sections []fyne.CanvasObject) {
	var card []fyne.CanvasObject
	section := ""
	flush := func() {
		if len(card) == 0 {
			return
		}
		if len(sections) > 0 {
			sections = append(sections, widget.Gap(16))
		}
		if text := section; text != "" {
			sections = append(sections, heading(e.T(text)), widget.Gap(6))
		}
		sections = append(sections, widget.CardOf(card...))
		card = nil
	}
	for _, entry := range settings.On(page) {
		if entry.Section != section {
			flush()
			section = entry.Section
		}
		row := e.newSettingRow(entry)
		rows = append(rows, row)
		if c, ok := row.object.(*fyne.Container); ok && entry.Title == entry.Section {
			card = append(card, c.Objects...) // the choices stand under the heading themselves
			continue
		}
		card = append(card, row.object)
	}
	flush()
	return rows, sections
}

// fewOptions is how many values are offered as rows of their own; more open a list.
const fewOptions = 4

func (e *Env) newSettingRow(entry settings.Entry) *settingRow {
	r := &settingRow{env: e, entry: entry}
	switch entry.Get(settings.Default()).(type) {
	case bool:
		r.makeSwitch()
	case int:
		r.makeNumber()
	default:
		if len(entry.Offered) > fewOptions {
			r.makeList()
		} else {
			r.makeChoices()
		}
	}
	return r
}

// set gives the setting another value, and those that follow it.
func (r *settingRow) set(value any) {
	r.env.Update(func(s *app.Settings) {
		_ = r.entry.Set(s, value) // the row offers what is allowed
		for _, path := range r.entry.With {
			if other, ok := settings.Of(path); ok {
				_ = other.Set(s, value)
			}
		}
	})
	if r.entry.Try != "" {
		r.env.playTest(r.entry.Try, nil)
	}
}

// title and caption are the words of the row.
func (r *settingRow) title() string {
	text := r.entry.Title
	return r.env.T(text)
}

func (r *settingRow) caption() string {
	text := r.entry.Caption
	if text == "" {
		return ""
	}
	return r.env.T(text)
}

func (r *settingRow) makeSwitch() {
	s, row := r.env.switchRow(r.title(), r.caption(), func(on bool) { r.set(on) })
	r.object, r.enable = row, s.SetEnabled
	r.show = func() { s.SetOn(r.entry.Get(r.now) == true) }
}

func (r *settingRow) makeNumber() {
	step := func(by int) func() {
		return func() {
			now, _ := r.entry.Get(r.now).(int)
			r.set(min(max(now+by, r.entry.Min), r.entry.Max))
		}
	}
	e, title, size := r.env, r.title(), max(1, r.entry.Step)
	value := widget.NewText("", widget.Style{Bold: true, Align: fyne.TextAlignCenter})
	less := widget.NewIconButton(e.T("{setting}, less", "setting", title), theme.Minus, theme.Text, e.Tips, step(-size))
	more := widget.NewIconButton(e.T("{setting}, more", "setting", title), theme.Plus, theme.Text, e.Tips, step(size))
	widget.NewGroup(2, less, more)
	r.object = widget.Inset(2, 4, 2, 12, widget.Row(widget.Grow(widget.NewText(title, widget.Style{Wrap: true})), widget.Gap(8), less, widget.Fixed(60, 0, value), more))
	fixed := false
	r.show = func() {
		now, _ := r.entry.Get(r.now).(int)
		text := r.entry.Unit
		value.SetText(e.T(text, "n", now))
		less.SetEnabled(now > r.entry.Min && !fixed)
		more.SetEnabled(now < r.entry.Max && !fixed)
	}
	r.enable = func(on bool) { fixed = !on }
}

// labels are the words of what is offered, and at which of them the setting is, -1 for
// a value that is not offered.
func (r *settingRow) labels() (labels []string, at int) {
	at = -1
	for i, o := range r.entry.Offered {
		text := o.Label
		labels = append(labels, r.env.T(text))
		if o.Value == fmt.Sprint(r.entry.Get(r.now)) {
			at = i
		}
	}
	return labels, at
}

func (r *settingRow) makeList() {
	var list *widget.Selector
	list = widget.NewSelector(r.title(), "", func() {
		labels, at := r.labels()
		r.env.choose(list, labels, max(0, at), func(i int) { r.set(r.entry.Offered[i].Value) })
	})
	r.object = widget.Inset(10, 12, 12, 12, widget.Column(widget.NewText(r.title(), widget.Style{}), widget.Gap(6), list))
	r.enable = list.SetEnabled
	r.show = func() {
		if labels, at := r.labels(); at >= 0 {
			list.Set(labels[at])
		} else {
			list.Set(fmt.Sprint(r.entry.Get(r.now)))
		}
	}
}

func (r *settingRow) makeChoices() {
	labels, _ := r.labels()
	c, list := r.env.choiceRows(labels, func(i int) { r.set(r.entry.Offered[i].Value) })
	r.object = widget.Column(list...)
	r.enable = func(on bool) {
		for _, row := range c.rows {
			row.SetEnabled(on)
		}
	}
	r.show = func() {
		_, at := r.labels()
		c.set(r.env, at)
	}
}

// render shows the value that holds.
func (r *settingRow) render(set app.Settings) {
	r.now = set
	r.enable(!set.IsLocked(r.entry.Path))
	r.show()
}

// TablePage is a page of settings that consists of rows of the settings' table.
type TablePage struct {
	*frame
	rows []*settingRow
}

// NewCalls returns the page about the rules around a call.
func NewCalls(env *Env) *TablePage { return newTablePage(env, env.T("Calls"), settings.PageCalls) }

// NewAppearance returns the page about how the window looks and behaves.
func NewAppearance(env *Env) *TablePage {
	return newTablePage(env, env.T("Appearance"), settings.PageAppearance)
}

func newTablePage(env *Env, title string, page settings.Page) *TablePage {
	rows, sections := env.settingRows(page)
	p := &TablePage{rows: rows, frame: newFrame(env, title, PageSettings, nil, widget.Column(sections...), nil)}
	p.lockRows(rows)
	return p
}

// lockRows names the settings of rows: an administrator may have fixed them.
func (f *frame) lockRows(rows []*settingRow) {
	for _, r := range rows {
		f.lockable(r.entry.Path)
	}
}

// Render draws the page.
func (p *TablePage) Render(v View) {
	p.render(v)
	for _, r := range p.rows {
		r.render(v.Settings)
	}
	widget.Relayout(p.object)
}

// choiceRows are rows of which one is chosen.
type choiceRows struct {
	rows  []*widget.TapRow
	ticks []*widget.Icon
	names []string
}

// choiceRows returns rows of which pick chooses one.
func (e *Env) choiceRows(names []string, pick func(int)) (c *choiceRows, list []fyne.CanvasObject) {
	c = &choiceRows{names: names}
	for i, n := range names {
		tick := widget.NewIcon("", theme.AccentInk, 20)
		row := widget.NewTapRow(n, widget.Row44, widget.Inset(0, 12, 0, 12, widget.Row(widget.Grow(widget.NewText(n, widget.Style{})), tick)), func() { pick(i) })
		c.rows = append(c.rows, row)
		c.ticks = append(c.ticks, tick)
		list = append(list, row)
	}
	widget.GroupRows(list...)
	return c, list
}

func (c *choiceRows) set(e *Env, chosen int) {
	for i, t := range c.ticks {
		if i == chosen {
			t.Set(theme.Check, theme.AccentInk)
			c.rows[i].SetLabel(e.T("{choice}, chosen", "choice", c.names[i]))
		} else {
			t.Set("", theme.AccentInk)
			c.rows[i].SetLabel(c.names[i])
		}
	}
}

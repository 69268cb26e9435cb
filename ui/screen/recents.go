package screen

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"offhook/app"
	"offhook/app/calllog"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice"
)

// recentsFilter is one of the kinds of calls that the list can be narrowed to.
type recentsFilter struct {
	chip *widget.Chip
	fits func(app.CallRecord) bool
}

// Recents is the tab with the call log.
type Recents struct {
	env     *Env
	Search  *widget.Field
	erase   *widget.IconButton
	filters []recentsFilter
	chosen  int
	list    *fyne.Container
	scroll  *container.Scroll
	object  fyne.CanvasObject
	detail  *CallDetail

	revision int
	day      int
	columns  recentColumns
	view     View
	// open is the group whose calls are shown, by the ID of its latest.
	open string
}

// NewRecents returns the tab and the page of one call, which belong together.
func NewRecents(env *Env) (*Recents, *CallDetail) {
	r := &Recents{env: env, revision: -1, list: container.NewStack(), detail: newCallDetail(env)}
	in := widget.NewInput(env.T("Search names, numbers and notes"), env.T("Search names, numbers and notes"))
	r.erase = widget.NewIconButton(env.T("Clear the search"), theme.Close, theme.Text2, env.Tips, func() { in.SetText(""); env.focus(in) })
	r.erase.Hide()
	r.Search = widget.NewField(in, 44, r.erase, nil)
	r.Search.SetLead(theme.Search)
	in.OnChanged = func(string) { r.fill(); r.scroll.ScrollToTop() }
	var chips []fyne.CanvasObject
	add := func(word string, fits func(app.CallRecord) bool) {
		i := len(r.filters)
		c := widget.NewAnswer(word, func() { r.choose(i) })
		r.filters = append(r.filters, recentsFilter{c, fits})
		chips = append(chips, c)
	}
	add(env.T("All"), func(app.CallRecord) bool { return true })
	add(env.T("Missed"), func(c app.CallRecord) bool { return c.Missed })
	add(env.T("Incoming"), func(c app.CallRecord) bool { return c.Direction == voice.Incoming })
	add(env.T("Outgoing"), func(c app.CallRecord) bool { return c.Direction == voice.Outgoing })
	add(env.T("With a note"), func(c app.CallRecord) bool { return noteOf(c) != "" })
	r.filters[0].chip.SetChosen(true)
	widget.GroupRows(widget.Row(chips...))
	head := widget.Inset(16, 16, 8, 16, widget.Column(r.Search, widget.Gap(8), widget.Flow(8, chips...)))
	r.scroll = container.NewVScroll(widget.Narrow(widget.Inset(0, 16, 16, 16, r.list)))
	r.object = widget.Centre(960, container.NewBorder(head, nil, nil, nil, r.scroll))
	return r, r.detail
}

// Object is what the window shows.
func (r *Recents) Object() fyne.CanvasObject { return r.object }

// Focus puts the keyboard on the filters.
func (r *Recents) Focus() { r.env.focus(r.filters[r.chosen].chip) }

// FocusSearch puts the keyboard into the search field.
func (r *Recents) FocusSearch() { r.env.focus(r.Search.Input) }

// Open shows the page of a call.
func (r *Recents) Open(c app.CallRecord) { r.detail.show(c) }

func (r *Recents) choose(i int) {
	r.chosen = i
	for n, f := range r.filters {
		f.chip.SetChosen(n == i)
	}
	widget.Relayout(r.object)
	r.fill()
	r.scroll.ScrollToTop()
}

// Render draws the tab; the list is only made anew when the log or the day
// changed.
func (r *Recents) Render(v View) {
	r.view = v
	columns := r.columnsFor(v)
	if v.RecentsRevision != r.revision || v.Now.YearDay() != r.day || columns != r.columns {
		r.revision, r.day, r.columns = v.RecentsRevision, v.Now.YearDay(), columns
		r.fill()
	}
}

// plain is text as it is searched: in small letters without accents.
func plain(text string) string {
	t := transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC)
	if out, _, err := transform.String(t, text); err == nil {
		text = out
	}
	return strings.ToLower(text)
}

// holds reports whether a call has text in its names, numbers, notes or outcome.
func (r *Recents) holds(c app.CallRecord, text string) bool {
	return strings.Contains(plain(strings.Join([]string{c.RemoteName, c.RemoteID, Number(c.RemoteID), c.Note, c.OutcomeNote, c.Outcome, c.Message, r.env.RecordLine(c)}, "\n")), text)
}

// found are the calls that fit the search and the filter.
func (r *Recents) found() (list []app.CallRecord) {
	text := plain(strings.TrimSpace(r.Search.Input.Text))
	for _, c := range r.env.Phone.Recents() {
		if r.filters[r.chosen].fits(c) && (text == "" || r.holds(c, text)) {
			list = append(list, c)
		}
	}
	return list
}

// callGroup are calls of one person and kind that follow each other within a day,
// the latest first.
type callGroup []app.CallRecord

// grouped puts calls that belong together into one group each.
func grouped(list []app.CallRecord, day func(app.CallRecord) string) (groups []callGroup) {
	for _, c := range list {
		if n := len(groups); n > 0 {
			last := groups[n-1][0]
			if last.RemoteID == c.RemoteID && last.Direction == c.Direction && last.Missed == c.Missed && day(last) == day(c) {
				groups[n-1] = append(groups[n-1], c)
				continue
			}
		}
		groups = append(groups, callGroup{c})
	}
	return groups
}

func (r *Recents) fill() {
	var parts, rows, all []fyne.CanvasObject
	title, text := "", strings.TrimSpace(r.Search.Input.Text)
	setVisible(r.erase, text != "")
	flush := func() {
		if len(rows) == 0 {
			return
		}
		if len(parts) > 0 {
			parts = append(parts, widget.Gap(16))
		}
		parts = append(parts, widget.Inset(0, 4, 0, 4, label(title)), widget.Gap(8), widget.CardOf(rows...))
		all, rows = append(all, rows...), nil
	}
	day := func(c app.CallRecord) string { return r.env.Day(c.Started, r.view.Now) }
	found := r.found()
	for _, g := range grouped(found, day) {
		if d := day(g[0]); d != title {
			flush()
			title = d
		}
		rows = append(rows, r.row(g))
		if len(g) > 1 && r.open == g[0].ID {
			for _, c := range g {
				rows = append(rows, r.member(c))
			}
		}
	}
	flush()
	switch {
	case len(parts) > 0:
		word := r.env.T("Export ({n})", "n", len(found))
		parts = append(parts, widget.Gap(12), widget.NewPill(word, theme.Download, widget.Plain, widget.HeightButton, func() { r.env.export(r.found()) }))
	case text != "":
		parts = []fyne.CanvasObject{emptyPage(theme.Search, r.env.T("No calls with “{text}”.", "text", text), nil)}
	case r.chosen == 1:
		parts = []fyne.CanvasObject{emptyPage(theme.History, r.env.T("No missed calls."), nil)}
	default:
		parts = []fyne.CanvasObject{emptyPage(theme.History, r.env.T("No calls yet."), nil)}
	}
	widget.GroupRows(all...)
	r.list.Objects = []fyne.CanvasObject{widget.Column(parts...)}
	r.list.Refresh()
	r.scroll.Refresh()
}

// row is a call, or a group of them.
func (r *Recents) row(g callGroup) fyne.CanvasObject {
	c := g[0]
	name := nameOf(c.RemoteName, c.RemoteID)
	glyph, soft, ink := recordLook(c)
	style := widget.Style{}
	if c.Missed {
		style = widget.Style{Bold: true, Role: theme.DangerInk}
	}
	title, open := name, func() { r.Open(c) }
	line := r.env.RecordLine(c)
	switch note := noteOf(c); {
	case r.columns.on:
	case note != "":
		line = "“" + note + "”"
	case lacksOutcome(r.view, c):
		line += " · " + lowerFirst(r.env.T("No outcome"))
	}
	var end fyne.CanvasObject = widget.Gap(0)
	if len(g) > 1 {
		title = r.env.T("{name} ({n})", "name", name, "n", len(g))
		chevron := theme.ChevronDown
		if r.open == c.ID {
			chevron = theme.ChevronUp
		}
		end = widget.NewIcon(chevron, style.Role, 18)
		open = func() { r.unfold(c.ID) }
	}
	call := widget.NewRoundButton(r.env.T("Call {name}", "name", name), theme.Phone, theme.SuccessInk, theme.SuccessSoft, 40, r.env.Tips,
		func() { r.env.Dial(c.RemoteID, nil) })
	var parts []fyne.CanvasObject
	named := widget.Row(widget.NewText(title, style), widget.Gap(4), end, widget.Flex(0))
	if r.columns.on {
		parts = append([]fyne.CanvasObject{widget.NewDisc(glyph, 36, soft, ink), widget.Gap(12), widget.Grow(named)}, r.cells(c)...)
	} else {
		parts = []fyne.CanvasObject{widget.NewDisc(glyph, 36, soft, ink), widget.Gap(12), widget.Grow(widget.Column(named, caption(line))),
			widget.Gap(8), caption(hhmm(c.Started.Local()))}
	}
	row := widget.NewTapRow(title+". "+r.env.RecordLine(c), widget.Row56, widget.Inset(0, 8, 0, 12, widget.Row(append(parts, widget.Gap(12), call)...)), open)
	row.OnMenu(func() { r.menu(row, c) })
	return row
}

// member is one call of an open group.
func (r *Recents) member(c app.CallRecord) fyne.CanvasObject {
	row := widget.NewTapRow(r.env.RecordLine(c)+", "+hhmm(c.Started.Local()), widget.Row44, widget.Inset(0, 12, 0, 60, widget.Row(
		widget.Grow(widget.NewText(r.env.RecordLine(c), widget.Style{Least: 11})), widget.Gap(8), caption(hhmm(c.Started.Local())))), func() { r.Open(c) })
	row.OnMenu(func() { r.menu(row, c) })
	return row
}

func (r *Recents) unfold(id string) {
	if r.open == id {
		id = ""
	}
	r.open = id
	r.fill()
}

// export writes calls into a file of the user's and says where it is.
func (e *Env) export(list []app.CallRecord) {
	var path string
	name := fmt.Sprintf("offhook-calls-%s", time.Now().Format("2006-01-02"))
	e.Run.Go(func(ctx context.Context) (err error) {
		path, err = e.Host.Save(ctx, e.T("Export"), name, []string{".csv", ".json"}, func(ending string, w io.Writer) error {
			if ending == ".json" {
				return calllog.WriteJSON(w, list)
			}
			return calllog.WriteCSV(w, list)
		})
		return err
	}, func(err error) {
		switch {
		case err != nil:
			e.Notify(e.T("The calls could not be saved."))
		case path != "":
			e.Notify(e.T("Saved as {file}", "file", path))
		}
	})
}

// Day names the day of t as seen from now.
func (e *Env) Day(t, now time.Time) string {
	t, now = t.Local(), now.Local()
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch {
	case !t.Before(midnight):
		return e.T("Today")
	case !t.Before(midnight.AddDate(0, 0, -1)):
		return e.T("Yesterday")
	default:
		return e.Date(t)
	}
}

// Date shows a date as 15 Nov 2026.
func (e *Env) Date(t time.Time) string {
	months := [...]string{e.T("Jan"), e.T("Feb"), e.T("Mar"), e.T("Apr"), e.T("month::May"), e.T("Jun"),
		e.T("Jul"), e.T("Aug"), e.T("Sep"), e.T("Oct"), e.T("Nov"), e.T("Dec")}
	return e.T("{day} {month} {year}", "day", t.Day(), "month", months[t.Month()-1], "year", t.Year())
}

package screen

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// Recents is the tab with the call log.
type Recents struct {
	env         *Env
	All, Missed *widget.Segment
	list        *fyne.Container
	scroll      *container.Scroll
	object      fyne.CanvasObject

	revision   int
	day        int
	onlyMissed bool
	view       View
}

// NewRecents returns the tab.
func NewRecents(env *Env) *Recents {
	r := &Recents{env: env, revision: -1, list: container.NewStack()}
	r.All = widget.NewSegment(env.T("All"), "", func() { r.choose(false) })
	r.Missed = widget.NewSegment(env.T("Missed"), theme.Missed, func() { r.choose(true) })
	r.All.SetChosen(true)
	bar := widget.NewPanel(theme.Sunken, 20, widget.Grid(2, 0, r.All, r.Missed))
	r.scroll = container.NewVScroll(widget.Narrow(widget.Inset(0, 16, 16, 16, r.list)))
	r.object = widget.Centre(720, container.NewBorder(widget.Inset(16, 16, 12, 16, bar), nil, nil, nil, r.scroll))
	return r
}

// Object is what the window shows.
func (r *Recents) Object() fyne.CanvasObject { return r.object }

// Focus puts the keyboard on the first choice.
func (r *Recents) Focus() { r.env.focus(r.All) }

func (r *Recents) choose(missed bool) {
	r.onlyMissed = missed
	r.All.SetChosen(!missed)
	r.Missed.SetChosen(missed)
	r.fill()
	r.scroll.ScrollToTop()
}

// Render draws the tab; the list is only made anew when the log or the day
// changed.
func (r *Recents) Render(v View) {
	r.view = v
	r.Missed.SetCount(v.MissedUnseen)
	if v.RecentsRevision != r.revision || v.Now.YearDay() != r.day {
		r.revision, r.day = v.RecentsRevision, v.Now.YearDay()
		r.fill()
	}
}

func (r *Recents) fill() {
	var parts []fyne.CanvasObject
	var rows []fyne.CanvasObject
	title := ""
	flush := func() {
		if len(rows) == 0 {
			return
		}
		if len(parts) > 0 {
			parts = append(parts, widget.Gap(16))
		}
		parts = append(parts, widget.Inset(0, 4, 0, 4, label(title)), widget.Gap(8), widget.CardOf(rows...))
		rows = nil
	}
	for _, c := range r.env.Phone.Recents() {
		if r.onlyMissed && !c.Missed {
			continue
		}
		if day := r.env.Day(c.Started, r.view.Now); day != title {
			flush()
			title = day
		}
		rows = append(rows, r.row(c))
	}
	flush()
	if len(parts) == 0 {
		text := r.env.T("No calls yet.")
		if r.onlyMissed {
			text = r.env.T("No missed calls.")
		}
		parts = []fyne.CanvasObject{emptyPage(theme.History, text, nil)}
	}
	r.list.Objects = []fyne.CanvasObject{widget.Column(parts...)}
	r.list.Refresh()
	r.scroll.Refresh()
}

func (r *Recents) row(c app.CallRecord) fyne.CanvasObject {
	name := nameOf(c.RemoteName, c.RemoteID)
	glyph, soft, ink := recordLook(c)
	style := widget.Style{}
	if c.Missed {
		style = widget.Style{Bold: true, Role: theme.DangerInk}
	}
	call := widget.NewRoundButton(r.env.T("Call {name}", "name", name), theme.Phone, theme.SuccessInk, theme.SuccessSoft, 40, r.env.Tips,
		func() { r.env.Dial(c.RemoteID, nil) })
	return widget.Fixed(0, widget.Row56, widget.Inset(0, 8, 0, 12, widget.Row(
		widget.NewDisc(glyph, 36, soft, ink), widget.Gap(12),
		widget.Grow(widget.Column(widget.NewText(name, style), caption(r.env.RecordLine(c)))),
		widget.Gap(8), caption(hhmm(c.Started.Local())), widget.Gap(12), call)))
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

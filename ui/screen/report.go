package screen

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"

	"offhook/ui/theme"
	"offhook/ui/widget"
)

// reportDays is how far back a report goes.
const reportDays = 7

// Report is the page that sends the logs to the support.
type Report struct {
	*frame
	tasks          Tasks
	Text           *widget.Field
	from, to       *widget.Selector
	Send           *widget.PillButton
	stop           *widget.PillButton
	bar            *widget.Progress
	word, amount   *widget.Text
	sending, idle  *fyne.Container
	form           *fyne.Container
	done           *fyne.Container
	result         *widget.Banner
	failed         *widget.Banner
	copyRef        *widget.PillButton
	reference      string
	fromDay, toDay int
	now            time.Time
	cancel         func()
	stopped        bool
}

// NewReport returns the page.
func NewReport(env *Env, tasks Tasks) *Report {
	r := &Report{tasks: tasks, fromDay: reportDays}
	note := widget.NewNote(env.T("What happened?"), env.T("What you did, what you heard, and when"))
	r.Text = widget.NewField(note, 66, nil, nil)
	r.from = widget.NewSelector(env.T("From"), "", func() { r.choose(r.from, &r.fromDay, r.toDay, reportDays) })
	r.to = widget.NewSelector(env.T("To"), "", func() { r.choose(r.to, &r.toDay, 0, r.fromDay) })
	r.Send = widget.NewPill(env.T("Send report"), theme.Send, widget.Accent, widget.HeightButton, r.send)
	r.bar = widget.NewProgress()
	r.word = widget.NewText(env.T("Sending"), widget.Style{Bold: true})
	r.amount = caption("")
	r.stop = widget.NewPill(env.T("Stop"), "", widget.Plain, widget.HeightButton, r.abort)
	r.sending = widget.Row(widget.Grow(widget.Column(widget.Row(r.word, widget.Flex(8), r.amount), widget.Gap(4), r.bar)), widget.Gap(12), r.stop)
	r.idle = widget.Column(r.Send)
	r.sending.Hide()

	line := func(g theme.Glyph, title, text string) fyne.CanvasObject {
		return widget.Inset(8, 12, 8, 12, widget.Row(widget.NewIcon(g, theme.AccentInk, 20), widget.Gap(12), widget.Grow(widget.Column(
			widget.NewText(title, widget.Style{}), widget.NewText(text, widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true})))))
	}
	goes := widget.CardOf(
		line(theme.Note, env.T("Offhook's log"), env.T("What the phone did in the days chosen")),
		line(theme.Chart, env.T("Call statistics"), env.T("Delay, jitter and loss of each call")),
		line(theme.Headset, env.T("Computer and sound devices"), env.T("System, version and device names")))
	mono := widget.NewText("14:02:11 call to [number 1] began\n14:02:13 token [removed] accepted\n14:06:40 no sound for 5.2 s",
		widget.Style{Size: theme.SizeMono, Mono: true, Role: theme.Text2, Wrap: true, Leading: 1.45})
	preview := widget.NewCard(widget.Inset(10, 12, 12, 12, widget.Column(
		widget.Row(widget.NewIcon(theme.Eye, theme.AccentInk, 20), widget.Gap(8), widget.Grow(widget.NewText(env.T("Preview"), widget.Style{Bold: true})), caption(env.T("Example"))),
		widget.Gap(8), widget.NewPanel(theme.Window, theme.RadiusInput, widget.Inset(8, 10, 8, 10, mono)),
		widget.Gap(8), widget.Row(widget.NewIcon(theme.Lock, theme.Text2, 16), widget.Gap(8), widget.Grow(widget.NewText(
			env.T("Names, numbers and secrets are taken out. Recordings are never sent."), widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true, Leading: 1.34}))))))
	r.failed = widget.NewBanner(widget.ToneDanger, theme.ErrorIcon, "", "")
	r.failed.Hide()
	r.form = widget.Column(
		r.failed, widget.Gap(8),
		heading(env.T("What happened?")), widget.Gap(4), r.Text, widget.Gap(10),
		widget.Grid(2, 8, widget.Column(heading(env.T("From")), widget.Gap(4), r.from), widget.Column(heading(env.T("To")), widget.Gap(4), r.to)),
		widget.Gap(12), goes, widget.Gap(12), preview)
	r.result = widget.NewBanner(widget.ToneGood, theme.CheckCircle, "", "")
	r.copyRef = widget.NewPill(env.T("Copy the reference"), theme.Copy, widget.Plain, widget.HeightButton, func() { env.Actions.Copy(r.reference) })
	another := widget.NewPill(env.T("Done"), "", widget.Accent, widget.HeightButton, func() { r.reset(); env.Actions.Open(PageNone) })
	r.done = widget.Column(r.result, widget.Gap(12), r.copyRef, widget.Gap(8), another)
	r.done.Hide()
	r.frame = newFrame(env, env.T("Report a problem"), PageNone, nil, widget.Column(r.form, r.done), widget.Column(r.idle, r.sending))
	return r
}

func (r *Report) choose(from *widget.Selector, day *int, least, most int) {
	var names []string
	for d := least; d <= most; d++ {
		names = append(names, r.day(d))
	}
	r.tasks.Choose(from, names, *day-least, func(i int) {
		*day = least + i
		r.days()
	})
}

// day names the day that was d days ago.
func (r *Report) day(d int) string {
	if d == 0 {
		return r.env.T("Today")
	}
	return r.env.Date(r.now.Local().AddDate(0, 0, -d))
}

func (r *Report) days() {
	r.from.Set(r.day(r.fromDay))
	r.to.Set(r.day(r.toDay))
}

func (r *Report) send() {
	local := r.now.Local()
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, local.Location())
	from, to := midnight.AddDate(0, 0, -r.fromDay), midnight.AddDate(0, 0, 1-r.toDay)
	if r.toDay == 0 {
		to = r.now
	}
	r.stopped = false
	r.show(true)
	r.progress(0)
	setVisible(r.failed, false)
	r.cancel = r.tasks.Report(from, to, r.Text.Input.Text, r.progress, r.finished)
}

func (r *Report) progress(part float64) {
	r.bar.Set(part)
	r.amount.SetText(fmt.Sprintf("%.0f %%", part*100))
	r.sending.Refresh()
}

func (r *Report) abort() {
	r.stopped = true
	if r.cancel != nil {
		r.cancel()
	}
	r.show(false)
}

func (r *Report) finished(reference string, err error) {
	r.cancel = nil
	if r.stopped {
		return
	}
	r.show(false)
	if err != nil {
		r.failed.Set(r.env.T("It didn't go through. Nothing is lost."), sentenceOf(err))
		setVisible(r.failed, true)
		r.Send.Set(r.env.T("Try again"), theme.RefreshIcon, widget.Accent)
		widget.Relayout(r.object)
		return
	}
	r.reference = reference
	text := r.env.T("Thank you.")
	if reference != "" {
		text = r.env.T("Quote this reference to your support: {reference}", "reference", reference)
	}
	r.result.Set(r.env.T("Report sent."), text)
	setVisible(r.copyRef, reference != "")
	setVisible(r.form, false)
	setVisible(r.done, true)
	setVisible(r.idle, false)
	widget.Relayout(r.object)
}

func (r *Report) show(sending bool) {
	setVisible(r.sending, sending)
	setVisible(r.idle, !sending)
	widget.Relayout(r.object)
}

func (r *Report) reset() {
	r.Text.Input.SetText("")
	r.Send.Set(r.env.T("Send report"), theme.Send, widget.Accent)
	setVisible(r.failed, false)
	setVisible(r.form, true)
	setVisible(r.done, false)
	setVisible(r.idle, true)
}

// Focus puts the keyboard into the text.
func (r *Report) Focus() { r.env.focus(r.Text.Input) }

// Render draws the page.
func (r *Report) Render(v View) {
	r.render(v)
	r.now = v.Now
	r.days()
}

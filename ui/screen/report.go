package screen

import (
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
	failedRow      *fyne.Container
	days           *widget.Text
	copyRef        *widget.PillButton
	reference      string
	fromDay, toDay int
	now            time.Time
	// pending says that the draft waits for the first drawing, which tells the day.
	pending bool
	// packedSince is when the report began to be put together.
	packedSince time.Time
	cancel      func()
	stopped     bool
	// Draft shows what goes along.
	Draft *draftView
}

// NewReport returns the page.
func NewReport(env *Env) *Report {
	r := &Report{fromDay: reportDays}
	note := widget.NewNote(env.T("What happened?"), env.T("What happened, and when?"))
	r.Text = widget.NewField(note, 64, nil, nil)
	r.from = widget.NewDaySelector(env.T("From"), func() { r.choose(r.from, &r.fromDay, r.toDay, reportDays) })
	r.to = widget.NewDaySelector(env.T("To"), func() { r.choose(r.to, &r.toDay, 0, r.fromDay) })
	r.Send = widget.NewPill(env.T("Send report"), theme.Send, widget.Accent, widget.HeightButton, r.send)
	r.bar = widget.NewProgress()
	r.word = widget.NewText(env.T("Sending"), widget.Style{Bold: true})
	r.amount = caption("")
	r.stop = widget.NewPill(env.T("Stop"), "", widget.Plain, widget.HeightButton, r.abort)
	r.sending = widget.Row(widget.Grow(widget.Column(widget.Row(r.word, widget.Flex(8), r.amount), widget.Gap(8), r.bar)), widget.Gap(12), r.stop)
	r.idle = widget.Column(r.Send)
	r.sending.Hide()

	r.Draft = newDraftView(env, func() { r.chosen() })
	r.failed = widget.NewBanner(widget.ToneDanger, theme.ErrorIcon, "", "")
	r.failedRow = widget.Inset(0, 0, 12, 0, r.failed)
	r.failedRow.Hide()
	r.days = caption("")
	r.form = widget.Column(
		r.failedRow,
		label(env.T("What happened?")), widget.Gap(5), r.Text, widget.Gap(12),
		widget.Grid(2, 8, widget.Column(widget.Row(label(env.T("From")), widget.Gap(3), r.days), widget.Gap(5), r.from), widget.Column(label(env.T("To")), widget.Gap(5), r.to)),
		widget.Gap(12), r.Draft.goes, widget.Gap(12), r.Draft.preview)
	r.result = widget.NewBanner(widget.ToneGood, theme.CheckCircle, "", "")
	r.copyRef = widget.NewPill(env.T("Copy the reference"), theme.Copy, widget.Plain, widget.HeightButton, func() { env.Host.Copy(r.reference) })
	another := widget.NewPill(env.T("Done"), "", widget.Accent, widget.HeightButton, func() { r.reset(); env.Open(PageNone) })
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
	r.env.choose(from, names, *day-least, func(i int) {
		*day = least + i
		r.showDays()
		r.load()
	})
}

// day names the day that was d days ago.
func (r *Report) day(d int) string {
	if d == 0 {
		return r.env.T("Today")
	}
	return r.env.Date(r.now.Local().AddDate(0, 0, -d))
}

func (r *Report) showDays() {
	r.from.Set(r.day(r.fromDay))
	r.to.Set(r.day(r.toDay))
	ago := ""
	switch {
	case r.fromDay == 1:
		ago = r.env.T("Yesterday")
	case r.fromDay > 1:
		ago = r.env.T("{n} days ago", "n", r.fromDay)
	}
	r.days.SetText(ago)
}

// span is the time that the days chosen cover.
func (r *Report) span() (from, to time.Time) {
	local := r.now.Local()
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, local.Location())
	from, to = midnight.AddDate(0, 0, -r.fromDay), midnight.AddDate(0, 0, 1-r.toDay)
	if r.toDay == 0 {
		to = r.now
	}
	return from, to
}

// load puts the report of the days chosen together.
func (r *Report) load() {
	from, to := r.span()
	r.Send.SetEnabled(false)
	r.packedSince = r.now
	r.Draft.load(from, to, r.fromDay-r.toDay, func(err error) {
		r.showPacking()
		r.fail(r.env.T("The report can't be prepared."), err)
	})
}

// chosen follows what goes along: with nothing chosen, a text alone may go.
func (r *Report) chosen() {
	r.Send.SetEnabled(r.Draft.draft != nil)
	r.showPacking()
	r.Draft.page = 0
	r.Draft.turn(0)
}

// Entered begins with what the days chosen hold.
func (r *Report) Entered() {
	if r.cancel == nil && !r.done.Visible() {
		r.pending = true
	}
}

// Left lets go of the draft, unless it is being sent.
func (r *Report) Left() {
	if r.cancel == nil {
		r.Draft.close()
	}
}

func (r *Report) send() {
	if r.Draft.draft == nil {
		r.load()
		return
	}
	r.stopped = false
	r.word.SetText(r.env.T("Sending"))
	r.show(true)
	r.progress(0)
	setVisible(r.failedRow, false)
	r.cancel = func() {}
	cancel := r.env.sendReport(r.Draft.draft, r.Text.Input.Text, r.Draft.chosen(), r.progress, r.finished)
	if r.cancel != nil { // it may be over already
		r.cancel = cancel
	}
}

func (r *Report) progress(part float64) {
	r.bar.Set(part)
	all := int64(0)
	for _, p := range r.Draft.chosen() {
		all += r.Draft.draft.Size(p)
	}
	r.amount.SetText(r.env.partOf(part, all))
	r.sending.Refresh()
}

// packingDelay is how long a report is put together before that is shown, with a
// way to stop it.
const packingDelay = time.Second

// showPacking shows that the report is being put together, once that takes long.
func (r *Report) showPacking() {
	if r.cancel != nil || !r.form.Visible() {
		return
	}
	on := r.Draft.packing && r.now.Sub(r.packedSince) >= packingDelay
	if on == r.sending.Visible() {
		return
	}
	r.word.SetText(r.env.T("Preparing the report…"))
	r.amount.SetText("")
	r.bar.Set(0)
	r.show(on)
}

func (r *Report) abort() {
	if r.Draft.packing {
		r.Draft.close()
		r.Draft.lines.SetText("")
		r.show(false)
		r.Send.Set(r.env.T("Try again"), theme.RefreshIcon, widget.Accent)
		r.Send.SetEnabled(true)
		r.env.focus(r.Send)
		return
	}
	r.stopped = true
	if r.cancel != nil {
		r.cancel()
		r.cancel = nil
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
		r.fail(r.env.T("Not sent. Your report is kept: try again."), err)
		return
	}
	r.Draft.close()
	r.reference = reference
	text := r.env.T("Thank you.")
	if reference != "" {
		text = r.env.T("Reference: {reference}", "reference", reference)
	}
	r.result.Set(r.env.T("Report sent."), text)
	setVisible(r.copyRef, reference != "")
	setVisible(r.form, false)
	setVisible(r.done, true)
	setVisible(r.idle, false)
	widget.Relayout(r.object)
}

func (r *Report) fail(title string, err error) {
	r.failed.Set(title, r.env.Sentence(err))
	setVisible(r.failedRow, true)
	r.Send.Set(r.env.T("Try again"), theme.RefreshIcon, widget.Accent)
	r.Send.SetEnabled(true)
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
	setVisible(r.failedRow, false)
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
	r.showDays()
	if r.pending {
		r.pending = false
		r.load()
	}
	r.showPacking()
}

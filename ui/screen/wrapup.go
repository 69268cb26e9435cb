package screen

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// The measures of the page: how high its note is at least and at most, alone on a line,
// and from how many outcomes on the rest comes after "More".
const (
	noteHigh, noteHighest float32 = 88, 160
	noteLine              float32 = 44
	outcomesFirst                 = 12
)

// limitNear is how long before the longest time of the work its line turns.
const limitNear = 30 * time.Second

// WrapUp is the page of the work after a call: what became of it, a note, when to call
// again, and how it sounded. It is no trap: whatever begins a call is not kept by it.
type WrapUp struct {
	env  *Env
	face *widget.Avatar
	disc *fyne.Container
	who  *widget.Text
	how  *widget.Text
	// Again calls the far side again.
	Again *widget.IconButton

	heading  *widget.Text
	chips    *fyne.Container
	Outcomes []*widget.Chip
	codes    []string
	all      bool
	// Own is the outcome in the agent's own words, where one is required and none is
	// configured.
	Own      *widget.Field
	outcomes *fyne.Container

	Callback *callback

	noteHead *fyne.Container
	Note     *widget.Field
	noteRoom *fyne.Container
	lines    *widget.Text
	Rating   *soundRating
	rate     *fyne.Container
	offline  *fyne.Container

	Line       *widget.TimeLine
	lineRoom   *fyne.Container
	time       *widget.Text
	Stay, Done *widget.PillButton
	body, foot *fyne.Container
	scroll     *container.Scroll
	low        bool
	object     *fyne.Container

	view View
	// call is the call that the page is about, asked that an outcome was missing when
	// Done was pressed.
	call  string
	asked bool
	saver saver
	// want is the outcome that was chosen last, until the phone says the same.
	want *string
}

// NewWrapUp returns the page.
func NewWrapUp(env *Env) *WrapUp {
	w := &WrapUp{env: env, face: widget.NewAvatar("", 48), who: widget.NewText("", widget.Style{Size: theme.SizeSub, Bold: true}), how: caption("")}
	w.saver.env, w.saver.failed = env, func() { w.want = nil }
	w.disc = widget.Row(w.face, widget.Gap(12))
	w.Again = widget.NewRoundButton(env.T("Call again"), theme.Phone, theme.SuccessInk, theme.SuccessSoft, 44, env.Tips, func() {
		if w.view.WrapUp != nil {
			env.Dial(w.view.WrapUp.Call.RemoteID, nil)
		}
	})
	head := widget.Row(w.disc, widget.Grow(raised(widget.Column(w.who, w.how))), widget.Gap(8), w.Again)

	w.heading = label(env.T("Outcome"))
	w.Callback = newCallback(env, &w.saver, func() { widget.Relayout(w.object) })
	w.chips = widget.Flow(8)
	own := widget.NewInput(env.T("Outcome"), env.T("Outcome"))
	own.OnChanged = func(text string) { w.choose(strings.TrimSpace(text)) }
	w.Own = widget.NewField(own, noteLine, nil, nil)
	w.outcomes = widget.Column(widget.Gap(4), widget.Row(widget.Grow(w.heading), w.Callback.Open), widget.Gap(-4), w.chips, w.Own)

	w.noteHead = widget.Row(label(env.T("Note")), widget.Gap(4), caption(env.T("optional")))
	note := widget.NewNote(env.T("Note"), env.T("What the next person should know"))
	note.OnChanged = func(string) { w.noteChanged() }
	note.OnFocus = func(on bool) {
		if !on {
			w.saver.flush()
		}
	}
	w.Note = widget.NewField(note, noteHigh, nil, nil)
	w.lines = widget.NewText("", widget.Style{Wrap: true})
	w.noteRoom = widget.Inset(12, 0, 0, 0, widget.Column(w.noteHead, widget.Gap(6), w.Note))

	w.Rating = newSoundRating(env, false, func() {
		w.Render(w.view)
		w.scroll.ScrollToBottom()
	}, func() {})
	w.rate = widget.Column(widget.Gap(12), w.Rating.object)
	w.offline = widget.Column(widget.Gap(8), widget.Row(widget.NewIcon(theme.CloudOff, theme.Text2, 16), widget.Gap(8),
		widget.Grow(widget.NewText(env.T("Will be sent when you're connected."), widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Wrap: true}))))

	w.Line = widget.NewTimeLine(20)
	w.lineRoom = widget.Column(w.Line, widget.Gap(10))
	w.time = widget.NewText("", widget.Style{Bold: true, Wrap: true})
	w.Stay = widget.NewPill(env.T("wrap-up::Stay"), "", widget.Plain, widget.HeightButton, w.stay)
	w.Done = widget.NewPill(env.T("Done"), "", widget.Accent, widget.HeightButton, w.Finish)
	w.foot = widget.Column()
	foot := widget.NewPanel(theme.Surface, 0, widget.Column(widget.NewLine(), widget.Centre(560, widget.Inset(12, 16, 14, 16, w.foot))))
	w.body = widget.Column(widget.Gap(14), head, w.outcomes, w.Callback.object, w.noteRoom, widget.Flex(0), w.rate, w.offline, widget.Gap(14))
	w.scroll = container.NewVScroll(widget.Centre(560, widget.Inset(0, 16, 0, 16, w.body)))
	w.object = container.NewBorder(nil, foot, nil, nil, w.scroll)
	w.low = true
	w.setLow(false)
	return w
}

// setLow puts time and buttons of the foot beside each other, or below.
func (w *WrapUp) setLow(on bool) {
	if w.low == on {
		return
	}
	w.low = on
	if on {
		w.foot.Objects = []fyne.CanvasObject{w.lineRoom, widget.Row(widget.Grow(w.time), widget.Gap(8), w.Stay, widget.Gap(8), w.Done)}
	} else {
		w.foot.Objects = []fyne.CanvasObject{w.lineRoom, w.time, widget.Gap(8), widget.Equal(8, w.Stay, w.Done)}
	}
	w.foot.Refresh()
	w.object.Refresh()
}

// Object is what the window shows.
func (w *WrapUp) Object() fyne.CanvasObject { return w.object }

// Left is the end of being shown: what is being written is saved.
func (w *WrapUp) Left() { w.saver.flush() }

// stay stops the time.
func (w *WrapUp) stay() { w.env.Complain(w.env.Phone.StayInWrapUp()) }

// Finish saves what was entered and ends the work, unless an outcome is missing.
func (w *WrapUp) Finish() {
	if w.view.Snapshot == nil || w.view.WrapUp == nil {
		return
	}
	u := w.view.WrapUp
	if u.Required && w.code() == "" {
		w.asked = true
		w.Render(w.view)
		if len(w.Outcomes) > 0 {
			widget.FocusMember(w.Outcomes[0])
		} else {
			w.env.focus(w.Own.Input)
		}
		return
	}
	w.Rating.send()
	w.saver.finish()
}

// code is the outcome that is chosen, also while the phone does not know it yet.
func (w *WrapUp) code() string {
	if w.want != nil {
		return *w.want
	}
	return w.view.WrapUp.Code
}

// Choose presses the outcome of a number from 0 on, if there is one.
func (w *WrapUp) Choose(n int) {
	if w.view.Snapshot != nil && w.view.WrapUp != nil && n < len(w.codes) {
		w.pick(n)
	}
}

// pick takes an outcome or, pressed again, takes it back.
func (w *WrapUp) pick(n int) {
	code := w.codes[n]
	if w.code() == code {
		code = ""
	}
	w.choose(code)
	if isCallback(code) {
		w.Callback.open(w.view)
	} else if !w.Callback.own {
		w.Callback.close()
	}
	w.Render(w.view)
}

// choose shows an outcome as chosen and saves it.
func (w *WrapUp) choose(code string) {
	w.mark(code)
	w.asked = w.asked && code == ""
	w.want = &code
	w.saver.code(code)
}

// mark shows an outcome as chosen.
func (w *WrapUp) mark(code string) {
	for i, c := range w.Outcomes {
		c.SetChosen(w.codes[i] == code && code != "")
	}
}

// isCallback reports whether an outcome says that the far side is to be called again.
func isCallback(code string) bool {
	switch strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(code)) {
	case "callback", "callbacklater", "callagain", "calllater", "rellamada", "devolverllamada":
		return true
	}
	return false
}

// noteChanged saves the note and makes room for it. A user who writes stays.
func (w *WrapUp) noteChanged() {
	w.saver.note(w.Note.Input.Text)
	w.sizeNote()
	widget.Relayout(w.object)
}

// sizeNote gives the note the room for its lines.
func (w *WrapUp) sizeNote() {
	high := noteHigh
	if w.view.Compact || w.Rating.wrong.Visible() {
		high = noteLine
	} else if width := w.Note.Size().Width - 24; width > 0 {
		w.lines.SetText(w.Note.Input.Text)
		high = max(noteHigh, min(noteHighest, w.lines.HeightFor(width)+28))
	}
	w.Note.SetHeight(high)
	setVisible(w.noteHead, high > noteLine)
}

// begin shows another call.
func (w *WrapUp) begin(u *app.WrapUp) {
	w.call, w.asked, w.all, w.want = u.Call.ID, false, false, nil
	w.saver.begin()
	w.Rating.begin(0)
	w.Callback.begin(u.CallbackAt)
	w.build(u)
	w.mark(u.Code)
	for field, text := range map[*widget.Field]string{w.Note: u.Note, w.Own: u.Code} {
		changed := field.Input.OnChanged
		field.Input.OnChanged = nil
		field.SetText(text)
		field.Input.OnChanged = changed
	}
	if w.view.LastCall != nil && w.view.LastCall.Shown {
		w.env.Phone.DismissEnded() // the page says how it ended
	}
}

// build makes the chips of the outcomes.
func (w *WrapUp) build(u *app.WrapUp) {
	w.codes, w.Outcomes = u.Codes, nil
	var parts []fyne.CanvasObject
	var members []widget.Grouped
	for i, code := range u.Codes {
		c := widget.NewChip(CodeWord(code), func() { w.pick(i) })
		if !w.all && i >= outcomesFirst && len(u.Codes) > outcomesFirst+1 {
			break
		}
		w.Outcomes = append(w.Outcomes, c)
		parts, members = append(parts, c), append(members, c)
	}
	if len(w.Outcomes) < len(u.Codes) {
		more := widget.NewChip(w.env.T("More"), func() {
			w.all = true
			w.build(u)
			w.mark(w.code())
			widget.Relayout(w.object)
		})
		parts, members = append(parts, more), append(members, more)
	}
	widget.NewGroup(max(1, len(members)), members...)
	w.chips.Objects = parts
	w.chips.Refresh()
	setVisible(w.chips, len(u.Codes) > 0)
	setVisible(w.Own, len(u.Codes) == 0 && u.Required)
}

// Render draws the page.
func (w *WrapUp) Render(v View) {
	w.view = v
	if v.Snapshot == nil || v.WrapUp == nil {
		return
	}
	u := v.WrapUp
	if u.Call.ID != w.call {
		w.begin(u)
	}
	w.setLow(v.Low)
	e := w.env
	name := nameOf(u.Call.RemoteName, u.Call.RemoteID)
	w.face.SetName(name)
	setVisible(w.disc, !v.Compact)
	w.who.SetText(name)
	o := e.outcomeOf(&u.Call)
	w.how.SetText(o.title + " · " + e.Length(u.Call.DurationS))
	w.Again.Set(e.T("Call {name}", "name", name), theme.Phone)
	if w.asked {
		w.heading.SetText(e.T("Choose an outcome."))
		w.heading.SetRole(theme.DangerInk)
	} else {
		w.heading.SetText(e.T("Outcome"))
		w.heading.SetRole(theme.Text2)
	}
	setVisible(w.heading, len(u.Codes) > 0 || u.Required)
	if w.want != nil && *w.want == u.Code {
		w.want = nil
	}
	w.mark(w.code())
	w.Callback.render(v)
	ask := v.Settings.Calls.AskSound && u.Call.DurationS >= askFrom && (v.FeedbackDue && u.Call.Rating == 0 || w.Rating.Discs.Chosen() > 0)
	setVisible(w.rate, ask)
	setVisible(w.offline, u.Offline)
	w.sizeNote()
	w.renderTime(v)
	widget.Relayout(w.object)
}

// renderTime says how long the work lasts.
func (w *WrapUp) renderTime(v View) {
	e, u := w.env, v.WrapUp
	next := e.stateWord(u.Next, v.AgentState.NextReason)
	left := time.Duration(0)
	if u.Ends != nil {
		left = u.Ends.Sub(v.Now)
	}
	working := v.Availability == app.AfterCallWork
	setVisible(w.Stay, working && !u.Staying)
	done := e.T("Done")
	role := theme.Accent
	switch {
	case !working:
		w.time.SetText(e.T("The time is over. Calls can come again."))
		setVisible(w.lineRoom, false)
	case u.Staying:
		w.time.SetText(e.T("Staying after the call: {time}", "time", Short(v.Now.Sub(u.Since))))
		if !v.Low {
			done = e.T("Done, back to {next}", "next", next)
		}
		if left < limitNear {
			role = theme.Warning
		}
		setVisible(w.lineRoom, u.Ends != nil)
	default:
		w.time.SetText(e.T("Back to {next} in {time}", "next", next, "time", Short(left+time.Second-1)))
		setVisible(w.lineRoom, true)
	}
	if u.Ends != nil {
		w.Line.Set(float64(left)/float64(max(1, u.Ends.Sub(u.Since))), role)
	}
	w.Done.Set(done, "", widget.Accent)
}

// BackWord is how the way back to the page is named, with the time that is left.
func (e *Env) BackWord(v View) string {
	u := v.WrapUp
	if u.Ends != nil && v.Availability == app.AfterCallWork {
		return e.T("Back to wrap-up {time}", "time", Short(u.Ends.Sub(v.Now)+time.Second-1))
	}
	return e.T("Back to wrap-up")
}

// saver saves what is entered, in order and one at a time, off the window's thread: the
// newest of each kind counts.
type saver struct {
	env    *Env
	noted  *string
	coded  *string
	called *time.Time
	going  bool
	end    bool
	// failed is called when something was not taken.
	failed func()
}

// begin forgets what was not saved: it belongs to another call.
func (s *saver) begin() { s.noted, s.coded, s.called, s.end = nil, nil, nil, false }

func (s *saver) note(text string)  { s.noted = &text; s.flush() }
func (s *saver) code(code string)  { s.coded = &code; s.flush() }
func (s *saver) call(at time.Time) { s.called = &at; s.flush() }
func (s *saver) finish()           { s.end = true; s.flush() }

// flush saves what is due, unless something is being saved already.
func (s *saver) flush() {
	phone := s.env.Phone
	if s.going {
		return
	}
	var work []func() error
	if c := s.coded; c != nil {
		work = append(work, func() error { return phone.SetOutcome(*c) })
	}
	if t := s.called; t != nil {
		work = append(work, func() error { return phone.SetCallback(*t) })
	}
	if n := s.noted; n != nil {
		work = append(work, func() error { return phone.SetOutcomeNote(*n) })
	}
	if s.end {
		work = append(work, phone.FinishWrapUp)
	}
	if len(work) == 0 {
		return
	}
	s.begin()
	s.going = true
	s.env.Run.Go(func(context.Context) error {
		for _, do := range work {
			if err := do(); err != nil {
				return err
			}
		}
		return nil
	}, func(err error) {
		s.going = false
		if err != nil {
			s.failed()
			s.env.Complain(err)
		}
		s.flush()
	})
}

// FocusNote puts the keyboard into the note.
func (w *WrapUp) FocusNote() { w.env.focus(w.Note.Input) }

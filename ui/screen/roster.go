package screen

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice"
)

// More people than rosterMost scroll within rosterHigh.
const (
	rosterMost              = 4
	rosterRowHeight float32 = 64
	rosterHigh              = rosterMost*rosterRowHeight + 5
)

// roster shows those with whom the user talks, and those who wait, each in a row: two
// calls, somebody who is asked to take a call, or a conference.
type roster struct {
	env *Env
	// title, people and quality stand over a conference.
	title, people *widget.Text
	quality       *widget.QualityChip
	head          *fyne.Container
	rows          []*rosterRow
	box           *fyne.Container
	object        *fyne.Container
}

// person is one row of a roster.
type person struct {
	name, word string
	glyph      theme.Glyph
	ink        fyne.ThemeColorName
	// sound marks the one who has the sound, or who speaks.
	sound bool
	// quality is the call whose quality the row shows, or nil.
	quality *app.Call
	// end ends the call of the person; drop shows it as taking them out.
	end      func()
	endLabel string
	drop     bool
	// mute silences the person for the others, muted says that they are.
	mute  func()
	muted bool
}

func newRoster(env *Env) *roster {
	r := &roster{env: env, title: widget.NewText("", widget.Style{Size: theme.SizeTitle, Bold: true}), people: caption("")}
	r.quality = widget.NewQualityChip(func() { env.Open(PageStatistics) })
	r.head = widget.Inset(0, 0, 10, 0, widget.Row(widget.Grow(raised(widget.Column(r.title, r.people))), widget.Gap(8), r.quality))
	r.head.Hide()
	r.box = widget.Column()
	r.object = widget.Column(widget.Inset(16, 0, 0, 0, widget.Column(r.head, r.box)))
	r.object.Hide()
	return r
}

// render shows people, none to hide the rows.
func (r *roster) render(v View, people []person) {
	setVisible(r.object, len(people) > 0)
	setVisible(r.head, false)
	if len(people) == 0 {
		return
	}
	if len(people) != len(r.rows) {
		r.rows = r.rows[:0]
		var parts []fyne.CanvasObject
		for range people {
			row := newRosterRow(r.env)
			r.rows = append(r.rows, row)
			parts = append(parts, row.object)
		}
		var card fyne.CanvasObject = widget.CardOf(parts...)
		if len(people) > rosterMost {
			card = widget.Capped(rosterHigh, card)
		}
		r.box.Objects = []fyne.CanvasObject{card}
		r.box.Refresh()
	}
	for i, p := range people {
		r.rows[i].render(v, p)
	}
}

// rosterRow is the row of one person.
type rosterRow struct {
	env       *Env
	mark      *widget.Panel
	face      *widget.Avatar
	name      *widget.Text
	icon      *widget.Icon
	word      *widget.Text
	quality   *widget.QualityChip
	mute, end *widget.IconButton
	object    fyne.CanvasObject
	shown     person
}

func newRosterRow(env *Env) *rosterRow {
	r := &rosterRow{env: env, face: widget.NewAvatar("", 40), name: widget.NewText("", widget.Style{Bold: true}), icon: widget.NewIcon("", theme.Text2, 16), word: caption("")}
	r.mark = widget.NewPanel(theme.Success, 1.5, widget.Gap(0))
	r.quality = widget.NewQualityChip(func() { env.Open(PageStatistics) })
	r.mute = widget.NewRoundButton("", theme.Mic, theme.Text, theme.Clear, 40, env.Tips, func() { r.shown.mute() })
	r.end = widget.NewRoundButton("", theme.HangUp, theme.DangerInk, theme.DangerSoft, 40, env.Tips, func() { r.shown.end() })
	r.end.Guard(env.Now)
	words := raised(widget.Column(r.name, widget.Row(r.icon, widget.Gap(4), widget.Grow(r.word))))
	r.object = widget.Fixed(0, rosterRowHeight, widget.Inset(0, 12, 0, 0, widget.Row(widget.Fixed(3, 48, r.mark), widget.Gap(9), r.face, widget.Gap(12), widget.Grow(words),
		widget.Gap(8), r.quality, widget.Gap(8), r.mute, widget.Gap(4), r.end)))
	return r
}

func (r *rosterRow) render(v View, p person) {
	r.shown = p
	role := theme.Clear
	if p.sound {
		role = theme.Success
		if PhaseOf(v) == PhaseReconnecting {
			role = theme.Warning
		}
	}
	r.mark.SetRole(role)
	r.face.SetName(p.name)
	r.name.SetText(p.name)
	r.icon.Set(p.glyph, p.ink)
	setVisible(r.icon, p.glyph != "")
	r.word.SetRole(p.ink)
	r.word.SetText(p.word)
	setVisible(r.quality, p.quality != nil && !v.Compact)
	if p.quality != nil {
		r.env.showCallQuality(r.quality, v, p.quality, false)
	}
	setVisible(r.mute, p.mute != nil)
	if p.mute != nil {
		r.mute.Set(r.env.T("Mute {name}, off", "name", p.name), theme.Mic)
		r.mute.SetFill(theme.Text, theme.Clear)
		if p.muted {
			r.mute.Set(r.env.T("Mute {name}, on", "name", p.name), theme.MicOff)
			r.mute.SetFill(theme.OnAccent, theme.Accent)
		}
	}
	setVisible(r.end, p.end != nil)
	if p.end != nil {
		g := theme.HangUp
		r.end.SetFill(theme.DangerInk, theme.DangerSoft)
		if p.drop {
			g = theme.Close
			r.end.SetFill(theme.Text, theme.Clear)
		}
		r.end.Set(p.endLabel, g)
	}
}

// twoCalls are the call that has the sound and the one beside it.
func (c *Call) twoCalls(v View, other *app.Call) []person {
	first := c.personOf(v, v.Call, v.Call.HasSound || !other.HasSound)
	first.end = nil // the red button ends it
	return []person{first, c.personOf(v, other, false)}
}

// conference are those of a conference, the user first.
func (c *Call) conference(v View) []person {
	e, call := c.env, v.Call
	you := person{name: e.T("You"), word: e.T("In the conference"), ink: theme.Text2, glyph: theme.Mic}
	if call.Muted {
		you.word, you.glyph, you.ink = e.T("Muted"), theme.MicOff, theme.AccentInk
	}
	list := []person{you}
	for _, m := range call.Parties {
		name := nameOf(m.RemoteName, m.RemoteID)
		p := person{name: name, sound: m.Talking && !m.Muted, word: c.env.idUnder(m.RemoteName, m.RemoteID), ink: theme.Text2, muted: m.Muted, drop: true}
		switch {
		case m.Muted:
			p.word, p.glyph, p.ink = e.T("Muted by you"), theme.MicOff, theme.AccentInk
		case m.Held:
			p.word, p.glyph = e.T("On hold"), theme.Pause
		case m.Talking:
			p.word, p.glyph, p.ink = e.T("Talking"), theme.Phone, theme.SuccessInk
		}
		if call.Hosting {
			p.mute = func() { e.Do(func(ctx context.Context) error { return e.Phone.MuteParty(ctx, m.ID, !m.Muted) }) }
			p.end = func() { c.drop(m, name) }
			p.endLabel = e.T("Drop {name}", "name", name)
		}
		list = append(list, p)
	}
	return list
}

// drop takes somebody out of the conference, and offers to call them again.
func (c *Call) drop(m app.Party, name string) {
	e := c.env
	e.within(commandLimit, func(ctx context.Context) error { return e.Phone.DropParty(ctx, m.ID) }, func(err error) {
		if err != nil {
			e.Complain(err)
			return
		}
		e.Offer(e.T("{name} dropped.", "name", name), e.T("Undo"), func() { e.Dial(m.RemoteID, nil) })
	})
}

// renderHead says who is in a conference, for how long, and how the worst of it sounds.
func (r *roster) renderHead(v View) {
	e := r.env
	r.title.SetText(e.T("Conference"))
	people := e.T("{n} people", "n", len(v.Call.Parties)+1)
	began, worst := v.Call.Established, v.Call
	for _, c := range v.Calls {
		if c.InConference && c.Established != nil {
			if began == nil || c.Established.Before(*began) {
				began = c.Established
			}
			if c.MOS > 0 && c.MOS < worst.MOS {
				worst = c
			}
		}
	}
	if began != nil {
		people += " · " + Clock(v.Now.Sub(*began))
	}
	r.people.SetText(people)
	e.showCallQuality(r.quality, v, worst, false)
	r.head.Show()
}

// personOf is the far side of a call.
func (c *Call) personOf(v View, call *app.Call, sound bool) person {
	e, name := c.env, callName(call)
	if inConference(call) {
		name = c.env.T("Conference")
	}
	p := person{name: name, sound: sound, end: func() { e.hangUp(call.ID) }, endLabel: e.T("Hang up on {name}", "name", name)}
	switch {
	case call.State == voice.StateEnding:
		p.word, p.ink, p.end = e.T("Ending"), theme.Text2, nil
	case call.Established == nil:
		p.word, p.ink, p.glyph = e.ringWord(call)+" "+Short(v.Now.Sub(call.Started)), theme.AccentInk, theme.ArrowOut
	case call.Held:
		p.word, p.ink, p.glyph = e.T("On hold for {time}", "time", Short(heldSince(v, call))), theme.Text2, theme.Pause
	default:
		p.word, p.ink, p.glyph = e.T("Talking for {time}", "time", Short(v.Now.Sub(*call.Established))), theme.SuccessInk, theme.Phone
		p.quality = call
	}
	return p
}

// asking are those of a consultation: the one who is asked, and the call's far side.
func (c *Call) asking(v View) []person {
	e, call, k := c.env, v.Call, v.Call.Consultation
	asked := person{name: e.partyName(k.Target), sound: !k.OnHold(), end: func() { e.Complain(e.Phone.EndConsultation()) }}
	asked.endLabel = e.T("Hang up on {name}", "name", asked.name)
	switch {
	case k.OnHold():
		asked.word, asked.glyph, asked.ink = e.T("On hold for {time}", "time", Short(v.Now.Sub(k.HeldSince))), theme.Pause, theme.Text2
	case k.Answered() && !k.Since.IsZero():
		asked.word, asked.glyph, asked.ink = e.T("Talking for {time}", "time", Short(v.Now.Sub(k.Since))), theme.Phone, theme.SuccessInk
	case k.Status >= 180:
		asked.word, asked.glyph, asked.ink = e.T("Ringing"), theme.ArrowOut, theme.AccentInk
	default:
		asked.word, asked.glyph, asked.ink = e.T("Connecting"), theme.ArrowOut, theme.AccentInk
	}
	far := c.personOf(v, call, k.OnHold())
	if k.OnHold() && !call.Held {
		far.word = e.T("Talking for {time}", "time", Short(v.Now.Sub(k.HeldSince)))
	}
	if !k.OnHold() {
		far.quality = nil
	}
	return []person{asked, far}
}

// heldSince is how long the far side of a call has been on hold.
func heldSince(v View, c *app.Call) time.Duration {
	if c.HeldSince == nil {
		return 0
	}
	return max(0, v.Now.Sub(*c.HeldSince))
}

// ringWord says how far a call is that was not answered yet.
func (e *Env) ringWord(c *app.Call) string {
	if c.State == voice.StateRinging {
		return e.T("Ringing")
	}
	return e.T("Connecting")
}

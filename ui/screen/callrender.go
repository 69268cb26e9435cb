package screen

import (
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice"
)

// Render draws the panel.
func (c *Call) Render(v View) {
	c.view = v
	call := v.Call
	if call == nil {
		return
	}
	if call.ID != c.callID {
		c.callID = call.ID
		c.pad.light(0)
		if c.keypadOn {
			c.keypadOn = false
			c.pad.object.Hide()
			c.panel.Show()
		}
	}
	phase, mode := PhaseOf(v), modeOf(v)
	outgoing := phase == PhaseOutgoing && mode == modeOne
	name, id := callName(call), c.env.idUnder(call.RemoteName, call.RemoteID)

	setVisible(c.ringing, outgoing)
	setVisible(c.talking, !outgoing)
	setVisible(c.meters, c.metered(v, mode))
	for _, r := range c.roomy {
		setVisible(r, !v.Compact)
	}
	c.fold.setColumns(v.Columns)
	if rings := SecondRings(v); c.Second.render(v, rings) && rings != nil {
		c.fold.scroll.ScrollToTop()
	}
	c.people.render(v, c.those(v, mode))
	if mode == modeConference {
		c.people.renderHead(v)
	}
	c.Handover.render(v)
	c.Offer.render(v)
	setVisible(c.chipsBox, c.Chips.render(v, mode) && !outgoing && call.TransferOffer == nil)
	c.renderRinging(v, name, id)
	c.renderTalking(v, mode, name, id)
	c.renderSwitches(v, phase)
	c.renderFoot(v, phase, mode)
	c.pad.render(v, name)
	widget.Relayout(c.object)
}

// those are the people of a call that is more than one with one far side.
func (c *Call) those(v View, mode callMode) []person {
	switch mode {
	case modeAsking:
		return c.asking(v)
	case modeConference:
		return c.conference(v)
	case modeTwo:
		return c.twoCalls(v, waiting(v))
	}
	return nil
}

// renderFoot says what the red button ends; while somebody is asked, it is in the rows
// of the two, and never where the call is handed over.
func (c *Call) renderFoot(v View, phase Phase, mode callMode) {
	e := c.env
	name := callName(v.Call)
	word, label := e.T("Hang up"), e.T("Hang up")
	switch {
	case phase == PhaseEnding:
		word, label = e.T("Ending"), e.T("Ending")
	case phase == PhaseOutgoing && mode == modeOne:
		word, label = e.T("Cancel call"), e.T("Cancel call")
	case inConference(v.Call) && v.Call.Hosting:
		word, label = e.T("End for all"), e.T("End for all")
	case inConference(v.Call):
		word, label = e.T("Leave"), e.T("Leave")
	case mode == modeRings, mode == modeTwo:
		word, label = e.T("Hang up {name}", "name", firstName(name)), e.T("Hang up on {name}", "name", name)
	}
	c.HangUp.Set(word, theme.HangUp, widget.Danger)
	c.HangUp.SetLabel(label)
	c.HangUp.SetEnabled(phase != PhaseEnding)
	setVisible(c.Leave, mode == modeConference && v.Call.Hosting && !v.Call.InConference)
	setVisible(c.mainFoot, mode != modeAsking)
	setVisible(c.Handover.foot, mode == modeAsking)
}

// fit leaves out what there is no room for in a panel of a size: first the room around
// the disc, then the disc, the message, what the recording says, the user's own row in a
// conference, and the loudness of both sides. The main button never gives way.
func (c *Call) fit(width, height float32) {
	if c.view.Snapshot == nil || c.view.Call == nil || height <= 0 {
		return
	}
	v, mode := c.view, modeOf(c.view)
	disc := mode == modeOne && !v.Compact && PhaseOf(v) != PhaseReconnecting && v.Call.TransferOffer == nil
	room := height - c.fold.foot.MinSize().Height
	said, meters, you := c.Record.says(v), c.metered(v, mode), true
	step := func(avatar bool, size float32, top, message bool) bool {
		setVisible(c.Record.said, said)
		setVisible(c.meters, meters)
		if mode == modeConference && len(c.people.rows) > 0 {
			setVisible(c.people.rows[0].object, you) // what the user does, Mute says too
		}
		setVisible(c.avatar, avatar)
		setVisible(c.avatarGap, size > 56)
		c.face.SetSize(size)
		setVisible(c.smallTop, top && v.Compact && mode == modeOne)
		setVisible(c.message.object, message && c.message.message != "")
		return c.fold.needs(width) <= room
	}
	message := c.showsMessage(v, mode)
	switch {
	case step(disc, 72, true, message):
	case disc && step(true, 56, true, message):
	case step(false, 56, true, message):
	case step(false, 56, false, message):
	default:
		message = message && c.message.whole
		if step(false, 56, false, message) {
			return
		}
		if said = false; step(false, 56, false, message) || v.Low {
			return
		}
		if you = false; step(false, 56, false, message) {
			return
		}
		meters = false
		step(false, 56, false, message)
	}
}

// metered reports whether the loudness of both sides belongs on the panel.
func (c *Call) metered(v View, mode callMode) bool {
	return PhaseOf(v) != PhaseOutgoing && mode != modeRings && v.Call.TransferOffer == nil && !(v.Compact && mode != modeOne)
}

// showsMessage reports whether the caller's message belongs on the panel.
func (c *Call) showsMessage(v View, mode callMode) bool {
	tight := v.Compact && (PhaseOf(v) == PhaseReconnecting || v.Call.TransferOffer != nil)
	return mode == modeOne && !tight
}

// heldFor is how long the far side has been on hold.
func heldFor(v View) time.Duration { return heldSince(v, v.Call) }

func (c *Call) renderRinging(v View, name, id string) {
	call := v.Call
	e := c.env
	c.ring.SetName(name)
	c.ringName.SetText(name)
	c.ringID.SetText(id)
	setVisible(c.ringID, id != "")
	c.ringWord.SetText(e.ringWord(call))
	c.ringTime.SetText(Short(v.Now.Sub(call.Started)))
	c.ringMessage.SetText(oneLine(call.Message))
	setVisible(c.ringMessageRow, call.Message != "")
	setVisible(c.ring, !v.Compact)
}

func (c *Call) renderTalking(v View, mode callMode, name, id string) {
	call := v.Call
	e := c.env
	reconnecting := PhaseOf(v) == PhaseReconnecting
	c.face.SetName(name)
	c.nameText.SetText(name)
	c.idText.SetText(id)
	// At the smallest size the banner takes the place of what is said elsewhere.
	tight := v.Compact && reconnecting
	setVisible(c.bannerGap, !tight)
	setVisible(c.idText, id != "" && !tight && call.TransferOffer == nil && (v.Settings.Calls.RecordingConsent == "" || !v.Compact))
	c.lock.render(call)
	setVisible(c.idRow, c.idText.Visible() || c.lock.Visible() && !tight)
	switch {
	case call.State == voice.StateAnswering:
		c.timer.SetText(e.T("Answering"))
	case call.Established != nil:
		c.timer.SetText(Clock(v.Now.Sub(*call.Established)))
	default:
		c.timer.SetText(e.T("Connecting"))
	}
	setVisible(c.one, mode == modeOne && !(v.Compact && call.TransferOffer != nil))
	c.message.render(call.Message)
	consent := v.Settings.Calls.RecordingConsent
	c.consent.SetText(consent)
	c.Record.render(v, call, mode)
	setVisible(c.consentRow, consent != "" && mode != modeRings && !c.Record.object.Visible())
	setVisible(c.bannerBox, reconnecting && mode != modeRings)
	if reconnecting {
		c.banner.Set(e.T("Reconnecting"), e.reconnecting(v))
	}
	e.showQuality(c.Quality, v)
	setVisible(c.Quality, call.Established != nil)

	mic, role := theme.Mic, e.T("You")
	if call.Muted {
		mic, role = theme.MicOff, e.T("Muted")
	}
	c.micIcon.Set(mic, theme.Text2)
	c.micWord.SetText(role)
	far := firstName(name)
	switch {
	case mode == modeConference:
		far = e.T("Others")
	case mode == modeAsking && !call.Consultation.OnHold():
		far = firstName(e.partyName(call.Consultation.Target))
	case call.Held:
		far = e.T("On hold")
	}
	c.farWord.SetText(far)
}

func (e *Env) reconnecting(v View) string {
	silent, left := 0, 0
	if v.Call.SilentSince != nil {
		silent = int(v.Now.Sub(*v.Call.SilentSince) / time.Second)
	}
	if v.Call.GiveUpAt == nil {
		return e.T("No sound for {n} s. Stay on the line.", "n", max(0, silent))
	}
	left = int(v.Call.GiveUpAt.Sub(v.Now) / time.Second)
	return e.T("No sound for {n} s. Stay on the line: retrying for {m} s.", "n", max(0, silent), "m", max(0, left))
}

// showQuality draws the quality chip of the call that has the sound.
func (e *Env) showQuality(chip *widget.QualityChip, v View) { e.showCallQuality(chip, v, v.Call, true) }

// showCallQuality draws the quality chip of a call, with its figure or without.
func (e *Env) showCallQuality(chip *widget.QualityChip, v View, call *app.Call, figures bool) {
	figure := ""
	if figures && call.MOS > 0 {
		figure = e.T("MOS {x}", "x", oneDecimal(float64(call.MOS)))
	}
	set := func(g theme.Glyph, word, fig string, soft, ink fyne.ThemeColorName) {
		chip.Set(g, word, fig, soft, ink, e.T("Sound quality: {word}. Show statistics", "word", word))
	}
	lost := call.State == voice.StateMediaDisrupted || call.State == voice.StateRenewingMedia
	switch {
	case lost, call.Quality == "no_sound":
		set(theme.VolumeOff, e.T("No sound"), "", theme.WarningSoft, theme.WarningInk)
	case call.Held:
		set(theme.Pause, e.T("On hold"), Short(heldSince(v, call)), theme.Sunken, theme.Text2)
	case call.RemoteHeld:
		set(theme.Pause, e.T("You are on hold"), "", theme.Sunken, theme.Text2)
	case call.Quality == "good":
		set(theme.Bars, e.T("Good"), figure, theme.SuccessSoft, theme.SuccessInk)
	case call.Quality == "fair":
		set(theme.Bars, e.T("Fair"), figure, theme.WarningSoft, theme.WarningInk)
	case call.Quality == "poor":
		set(theme.Bars, e.T("Poor"), figure, theme.DangerSoft, theme.DangerInk)
	default:
		set(theme.Bars, e.T("Measuring"), "", theme.Sunken, theme.Text2)
	}
}

// oneDecimal rounds down, so that no figure contradicts the word beside it: 3.96
// is still Fair.
func oneDecimal(x float64) string {
	n := int(x*10 + 1e-6)
	return string(rune('0'+n/10%10)) + "." + string(rune('0'+n%10))
}

// Established reports whether the call of a snapshot was answered.
func Established(s *app.Snapshot) bool { return s != nil && s.Call != nil && s.Call.Established != nil }

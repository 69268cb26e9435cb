package screen

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice"
)

// Call is the call panel of a call that was dialled or answered: ringing,
// talking, on hold, reconnecting, and its keypad. The switches and the red
// button stay where they are through all of it.
type Call struct {
	env *Env

	// The upper part while it rings.
	ring                            *widget.RingArc
	ringName, ringID                *widget.Text
	ringWord, ringTime, ringMessage *widget.Text
	ringMessageRow                  *fyne.Container
	ringing                         *fyne.Container

	// The upper part while talking.
	avatar           *fyne.Container
	face             *widget.Avatar
	nameText, idText *widget.Text
	lock             *lockSign
	idRow            *fyne.Container
	timer            *widget.Text
	Quality          *widget.QualityChip
	message          *widget.Text
	messageRow       *fyne.Container
	// consent is what an administrator has each caller told about recording.
	consent              *widget.Text
	consentRow           *fyne.Container
	banner               *widget.Banner
	bannerBox, bannerGap *fyne.Container
	// person is the far side, with whom the user talks.
	person  *fyne.Container
	talking *fyne.Container
	// smallTop is there in the smallest window only, roomy in all others.
	smallTop *fyne.Container
	roomy    [2]*fyne.Container

	meters            *fyne.Container
	micIcon           *widget.Icon
	micWord, farWord  *widget.Text
	MicMeter, FarView *widget.Meter

	Mute, Hold, Keypad         *widget.Toggle
	Speaker, Bluetooth, Device *widget.Toggle
	HangUp                     *widget.PillButton
	// beside is what stands before it, if the call can be handed on.
	beside   fyne.CanvasObject
	Handover *handover
	// Offer is the far side's wish to hand the user to somebody else.
	Offer *transferOffer

	pad    *keypad
	fold   *fold
	panel  *fyne.Container
	object *fyne.Container

	view     View
	keypadOn bool
	callID   string
}

// NewCall returns the panel.
func NewCall(env *Env) *Call {
	c := &Call{env: env}
	c.ring = widget.NewRingArc("", theme.Accent, false)
	c.ringName = widget.NewText("", centred(widget.Style{Size: theme.SizeTimer, Bold: true}))
	c.ringID = widget.NewText("", centred(widget.Style{Role: theme.Text2}))
	c.ringWord = widget.NewText("", widget.Style{Bold: true, Role: theme.AccentInk})
	c.ringTime = widget.NewText("", widget.Style{Role: theme.Text2})
	c.ringMessage = caption("")
	c.ringMessageRow = messageLine(c.ringMessage)
	c.ringing = widget.Column(widget.Gap(24), widget.CentredRow(c.ring), widget.Gap(10), c.ringName, c.ringID, widget.Gap(16),
		widget.CentredRow(widget.NewIcon(theme.ArrowOut, theme.AccentInk, 18), widget.Gap(8), c.ringWord, widget.Gap(8), c.ringTime),
		widget.Gap(7), c.ringMessageRow)

	c.face = widget.NewAvatar("", 72)
	c.nameText = widget.NewText("", centred(widget.Style{Size: theme.SizeTitle, Bold: true}))
	c.idText = widget.NewText("", widget.Style{Role: theme.Text2})
	c.lock = newLockSign(env)
	c.idRow = widget.CentredRow(c.idText, widget.Gap(6), c.lock.Sign)
	c.timer = widget.NewText("00:00", widget.Style{Size: theme.SizeTimer})
	c.Quality = widget.NewQualityChip(func() { env.Open(PageStatistics) })
	c.message = caption("")
	c.messageRow = messageLine(c.message)
	c.consent = widget.NewText("", widget.Style{Size: theme.SizeCaption, Role: theme.WarningInk, Wrap: true})
	c.consentRow = widget.Inset(6, 0, 0, 0, widget.NewPanel(theme.WarningSoft, theme.RadiusInput, widget.Inset(4, 10, 4, 10,
		widget.Row(widget.NewIcon(theme.Info, theme.WarningInk, 16), widget.Gap(8), widget.Grow(c.consent)))))
	c.consentRow.Hide()
	c.avatar = widget.Column(widget.Gap(24), widget.CentredRow(c.face))
	c.banner = widget.NewBanner(widget.ToneWarning, theme.Sync, "", "")
	c.bannerGap = widget.Fixed(0, 16, widget.Gap(16))
	c.bannerBox = widget.Column(c.bannerGap, widget.Fixed(0, 80, c.banner))
	c.bannerBox.Hide()
	c.smallTop, c.roomy[0], c.roomy[1] = widget.Fixed(0, 8, widget.Gap(0)), widget.Fixed(0, 4, widget.Gap(0)), widget.Fixed(0, 4, widget.Gap(0))
	c.Handover = newHandover(env)
	c.Offer = newTransferOffer(env)
	c.person = widget.Column(widget.Gap(12), c.nameText, widget.Gap(-0.5), c.idRow, widget.Gap(8),
		widget.CentredRow(c.timer, widget.Gap(12), c.Quality))
	c.talking = widget.Column(c.smallTop, c.avatar, c.bannerBox, c.person, c.Offer.object, c.Handover.parties, widget.Gap(7), c.messageRow, c.Handover.stateRow, c.consentRow)

	c.micIcon = widget.NewIcon(theme.Mic, theme.Text2, 16)
	c.micWord, c.farWord = caption(env.T("You")), caption("")
	c.MicMeter, c.FarView = widget.NewMeter(14), widget.NewMeter(14)
	c.meters = widget.Grid(2, 16,
		widget.Column(widget.Row(c.micIcon, widget.Gap(4), widget.Grow(c.micWord)), widget.Gap(6), c.MicMeter),
		widget.Column(widget.Row(widget.NewIcon(theme.Ear, theme.Text2, 16), widget.Gap(4), widget.Grow(c.farWord)), widget.Gap(6), c.FarView))

	c.Mute = widget.NewToggle(env.T("Mute"), theme.Mic, func() { env.ToggleMute(c.view.Snapshot) })
	c.Hold = widget.NewToggle(env.T("Hold"), theme.Pause, func() { env.ToggleHold(c.view.Snapshot) })
	c.Keypad = widget.NewToggle(env.T("Keypad"), theme.Dialpad, func() { c.ShowKeypad(true) })
	c.Speaker = widget.NewToggle(env.T("Speaker"), theme.Speaker, func() { c.route(voice.RouteSpeaker) })
	c.Bluetooth = widget.NewToggle(env.T("No Bluetooth"), theme.Bluetooth, func() { c.route(voice.RouteBluetooth) })
	c.Device = widget.NewToggle("", theme.Headset, c.device)
	widget.NewGroup(3, c.Mute, c.Hold, c.Keypad, c.Speaker, c.Bluetooth, c.Device)
	c.HangUp = widget.NewPill(env.T("Hang up"), theme.HangUp, widget.Danger, widget.HeightMain, env.Hangup)

	c.HangUp.Guard()
	c.beside = widget.Row(c.Handover.Button, widget.Gap(12))
	top := container.NewStack(c.ringing, c.talking)
	c.fold = newFold([]fyne.CanvasObject{top, widget.Flex(12), c.meters, c.roomy[0], widget.Gap(12)},
		widget.Grid(3, 8, c.Mute, c.Hold, c.Keypad, c.Speaker, c.Bluetooth, c.Device),
		[]fyne.CanvasObject{c.roomy[1], widget.Gap(12)}, widget.Column(widget.Row(c.beside, widget.Grow(c.HangUp)), widget.Gap(16)))
	c.panel = c.fold.object
	c.pad = newKeypad(c)
	c.pad.object.Hide()
	c.object = container.New(&callCentre{c}, container.NewStack(c.panel, c.pad.object))
	return c
}

// callCentre keeps the panel from being too broad, but in a low window.
type callCentre struct{ c *Call }

func (l *callCentre) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }

func (l *callCentre) Layout(o []fyne.CanvasObject, s fyne.Size) {
	w := min(s.Width, callWidth)
	if l.c.view.Columns {
		w = s.Width
	}
	o[0].Move(fyne.NewPos((s.Width-w)/2, 0))
	o[0].Resize(fyne.NewSize(w, s.Height))
}

// callWidth is the most that the panel is broad.
const callWidth float32 = 520

func messageLine(t *widget.Text) *fyne.Container {
	return widget.CentredRow(widget.NewIcon(theme.Note, theme.Text2, 16), widget.Gap(8), t)
}

// Object is what the window shows.
func (c *Call) Object() fyne.CanvasObject { return c.object }

// Focus puts the keyboard on Mute, without an outline before the first key.
func (c *Call) Focus() {
	if c.keypadOn {
		c.env.focus(c.pad.hide)
		return
	}
	c.env.focus(c.Mute)
}

// ShowKeypad opens or closes the keypad over the panel.
func (c *Call) ShowKeypad(on bool) {
	if c.keypadOn == on {
		return
	}
	c.keypadOn = on
	setVisible(c.pad.object, on)
	setVisible(c.panel, !on)
	c.Render(c.view)
	if on {
		c.Focus()
	} else {
		c.env.focus(c.Keypad)
	}
}

// KeypadShown reports whether the keypad is open.
func (c *Call) KeypadShown() bool { return c.keypadOn }

// Typed sends a digit that was typed while no field had the keyboard.
func (c *Call) Typed(r rune) bool {
	if PhaseOf(c.view) != PhaseTalking && !hearsEarly(c.view) || !isDTMF(r) {
		return false
	}
	c.env.sendDTMF(r)
	c.pad.light(r)
	return true
}

// hearsEarly reports whether the far end speaks before it answers: it may ask for
// digits then.
func hearsEarly(v View) bool {
	return v.Snapshot != nil && v.Call != nil && v.Call.State == voice.StateEarly
}

func isDTMF(r rune) bool { return r >= '0' && r <= '9' || r == '*' || r == '#' }

// SetLevels shows the loudness of both sides, each 0 to 1. It reports whether
// anything had to be drawn.
func (c *Call) SetLevels(mic, far float64) bool {
	if c.view.Call == nil || c.keypadOn || !c.meters.Visible() {
		return false
	}
	if c.view.Call.Muted {
		mic = 0
	}
	k := c.view.Call.Consultation
	if c.view.Call.Held && (!k.Active() || k.OnHold()) || PhaseOf(c.view) == PhaseReconnecting {
		far = 0
	}
	drawn := c.MicMeter.SetLevel(mic)
	return c.FarView.SetLevel(far) || drawn
}

// SetTurning lets the ringing arc turn while it is seen.
func (c *Call) SetTurning(seen bool) {
	c.ring.SetTurning(seen && PhaseOf(c.view) == PhaseOutgoing && !c.env.still())
}

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
	e := c.env
	phase := PhaseOf(v)
	outgoing := phase == PhaseOutgoing
	name := nameOf(call.RemoteName, call.RemoteID)
	id := idUnder(call.RemoteName, call.RemoteID)

	setVisible(c.ringing, outgoing)
	setVisible(c.talking, !outgoing)
	setVisible(c.meters, !outgoing && call.TransferOffer == nil && !(v.Compact && call.Consultation.Active()))
	setVisible(c.smallTop, v.Compact && phase != PhaseReconnecting && v.Settings.Calls.RecordingConsent == "")
	for _, r := range c.roomy {
		setVisible(r, !v.Compact)
	}
	c.fold.setColumns(v.Columns)
	c.Handover.render(v)
	c.Offer.render(v)
	setVisible(c.beside, call.Line != "")
	c.renderRinging(v, name, id)
	c.renderTalking(v, name, id)

	c.renderSwitches(v, phase)
	word := e.T("Hang up")
	switch {
	case outgoing:
		word = e.T("Cancel call")
	case phase == PhaseEnding:
		word = e.T("Ending")
	case call.Consultation.Active():
		word = e.T("Hang up both")
	}
	c.HangUp.Set(word, theme.HangUp, widget.Danger)
	c.HangUp.SetEnabled(phase != PhaseEnding)
	c.pad.render(v, name)
	widget.Relayout(c.object)
}

// heldFor is how long the far side has been on hold.
func heldFor(v View) time.Duration {
	if v.Call.HeldSince == nil {
		return 0
	}
	return max(0, v.Now.Sub(*v.Call.HeldSince))
}

func (c *Call) renderRinging(v View, name, id string) {
	call := v.Call
	e := c.env
	c.ring.SetName(name)
	c.ringName.SetText(name)
	c.ringID.SetText(id)
	setVisible(c.ringID, id != "")
	if call.State == voice.StateRinging {
		c.ringWord.SetText(e.T("Ringing"))
	} else {
		c.ringWord.SetText(e.T("Connecting"))
	}
	c.ringTime.SetText(Short(v.Now.Sub(call.Started)))
	c.ringMessage.SetText(call.Message)
	setVisible(c.ringMessageRow, call.Message != "")
	setVisible(c.ring, !v.Compact)
}

func (c *Call) renderTalking(v View, name, id string) {
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
	setVisible(c.person, !call.Consultation.Active() && !(v.Compact && call.TransferOffer != nil))
	c.message.SetText(call.Message)
	setVisible(c.messageRow, call.Message != "" && !tight && !(v.Compact && call.TransferOffer != nil))
	consent := v.Settings.Calls.RecordingConsent
	c.consent.SetText(consent)
	setVisible(c.consentRow, consent != "")
	setVisible(c.avatar, !v.Compact && !reconnecting && !call.Consultation.Active() && call.TransferOffer == nil)
	setVisible(c.bannerBox, reconnecting)
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
	case call.Consultation.Active() && !call.Consultation.OnHold():
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
	return e.T("No sound for {n} s. Stay on the line: we keep trying for {m} s more.", "n", max(0, silent), "m", max(0, left))
}

// showQuality draws the quality chip of a call.
func (e *Env) showQuality(chip *widget.QualityChip, v View) {
	call := v.Call
	figure := ""
	if call.MOS > 0 {
		figure = e.T("MOS {x}", "x", oneDecimal(float64(call.MOS)))
	}
	set := func(g theme.Glyph, word, fig string, soft, ink fyne.ThemeColorName) {
		chip.Set(g, word, fig, soft, ink, e.T("Sound quality: {word}. Show statistics", "word", word))
	}
	switch {
	case PhaseOf(v) == PhaseReconnecting, call.Quality == "no_sound":
		set(theme.VolumeOff, e.T("No sound"), "", theme.WarningSoft, theme.WarningInk)
	case call.Held:
		set(theme.Pause, e.T("On hold"), Short(heldFor(v)), theme.Sunken, theme.Text2)
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

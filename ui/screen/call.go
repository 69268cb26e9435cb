package screen

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

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
	avatarGap        *fyne.Container
	face             *widget.Avatar
	nameText, idText *widget.Text
	lock             *lockSign
	idRow            *fyne.Container
	timer            *widget.Text
	Quality          *widget.QualityChip
	message          *messageLine
	// consent is what an administrator has each caller told about recording.
	consent              *widget.Text
	consentRow           *fyne.Container
	Record               *recordRow
	banner               *widget.Banner
	bannerBox, bannerGap *fyne.Container
	// one is the far side, with whom the user talks; people are all when there are
	// more, and Second is another call that rings.
	one     *fyne.Container
	people  *roster
	Second  *secondCall
	talking *fyne.Container
	// smallTop is there in the smallest window only, roomy in all others.
	smallTop *fyne.Container
	roomy    [2]*fyne.Container

	meters            *fyne.Container
	micIcon           *widget.Icon
	micWord, farWord  *widget.Text
	MicMeter, FarView *widget.Meter

	Chips    *callChips
	chipsBox *fyne.Container

	Mute, Hold, Keypad         *widget.Toggle
	Speaker, Bluetooth, Device *widget.Toggle
	HangUp                     *widget.PillButton
	// Leave leaves a conference whose others go on.
	Leave    *widget.PillButton
	mainFoot *fyne.Container
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
	c.ringMessageRow = widget.CentredRow(widget.NewIcon(theme.Note, theme.Text2, 16), widget.Gap(8), c.ringMessage)
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
	c.message = newMessageLine(env, func() { widget.Relayout(c.object) })
	c.consent = widget.NewText("", widget.Style{Size: theme.SizeCaption, Role: theme.WarningInk, Wrap: true})
	c.consentRow = widget.Inset(6, 0, 0, 0, widget.NewPanel(theme.WarningSoft, theme.RadiusInput, widget.Inset(4, 10, 4, 10,
		widget.Row(widget.NewIcon(theme.Info, theme.WarningInk, 16), widget.Gap(8), widget.Grow(c.consent)))))
	c.consentRow.Hide()
	c.avatarGap = widget.Fixed(0, 12, widget.Gap(0))
	c.avatar = widget.Column(c.avatarGap, widget.Gap(12), widget.CentredRow(c.face))
	c.banner = widget.NewBanner(widget.ToneWarning, theme.Sync, "", "")
	c.bannerGap = widget.Fixed(0, 16, widget.Gap(16))
	c.bannerBox = widget.Column(c.bannerGap, widget.Fixed(0, 80, c.banner))
	c.bannerBox.Hide()
	c.smallTop, c.roomy[0], c.roomy[1] = widget.Fixed(0, 8, widget.Gap(0)), widget.Fixed(0, 4, widget.Gap(0)), widget.Fixed(0, 4, widget.Gap(0))
	c.Handover = newHandover(env)
	c.Offer = newTransferOffer(env)
	c.one = widget.Column(widget.Gap(12), c.nameText, widget.Gap(-0.5), c.idRow, widget.Gap(8),
		widget.CentredRow(c.timer, widget.Gap(12), c.Quality))
	c.Record = newRecordRow(env)
	c.people, c.Second = newRoster(env), newSecondCall(env)
	c.talking = widget.Column(c.smallTop, c.Second.object, c.Second.brief, c.avatar, c.bannerBox, c.one, c.people.object, c.Offer.object,
		c.message.object, c.Handover.stateRow, c.consentRow, c.Record.object)

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
	c.HangUp = widget.NewPill(env.T("Hang up"), theme.HangUp, widget.Danger, widget.HeightMain, func() {
		switch call := c.view.Call; {
		case call == nil:
		case inConference(call) && call.Hosting:
			env.Do(env.Phone.EndConference)
		default:
			env.hangUp(call.ID)
		}
	})
	c.HangUp.Guard(env.Now)
	c.Leave = widget.NewPill(env.T("Leave"), theme.LogOut, widget.Plain, widget.HeightMain, func() {
		if c.view.Call != nil {
			env.hangUp(c.view.Call.ID)
		}
	})
	c.Leave.Guard(env.Now)
	c.mainFoot = widget.Equal(12, c.Leave, c.HangUp)
	c.Chips = newCallChips(env)
	c.chipsBox = widget.Column(widget.Gap(12), c.Chips.object)
	top := container.NewStack(c.ringing, c.talking)
	c.fold = newFold([]fyne.CanvasObject{top, widget.Flex(8), c.meters, c.chipsBox, c.roomy[0], widget.Gap(12)},
		widget.Grid(3, 8, c.Mute, c.Hold, c.Keypad, c.Speaker, c.Bluetooth, c.Device),
		[]fyne.CanvasObject{c.roomy[1], widget.Gap(12)}, widget.Column(c.mainFoot, c.Handover.foot, widget.Gap(16)))
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
	l.c.fit(w, s.Height)
	o[0].Move(fyne.NewPos((s.Width-w)/2, 0))
	o[0].Resize(fyne.NewSize(w, s.Height))
}

// callWidth is the most that the panel is broad.
const callWidth float32 = 520

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

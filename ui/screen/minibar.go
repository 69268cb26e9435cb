package screen

import (
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice/wire"
)

// The size of the bar of a live call, in units.
const (
	BarWidth  float32 = 348
	BarHeight float32 = 72
)

// EndShown is how long the bar says how the call ended.
const EndShown = 4 * time.Second

// MiniBar is a small window that stands for a live call while the main window is
// not in front: the microphone is never open with nothing to see.
type MiniBar struct {
	env  *Env
	rim  *widget.Panel
	name *widget.Text
	icon *widget.Icon
	// state says how the call is; Ground is what the bar can be dragged by.
	state                    *widget.Text
	Ground                   *widget.DragGround
	Mute, Hold, HangUp, Open *widget.IconButton
	Again                    *widget.PillButton
	buttons, ended           fyne.CanvasObject
	iconRoom                 *fyne.Container
	object                   fyne.CanvasObject
	last                     *app.EndedCall
	view                     View
}

// NewMiniBar returns the bar; open brings the main window to the front.
func NewMiniBar(env *Env, open func()) *MiniBar {
	b := &MiniBar{env: env}
	b.rim = widget.NewPanel(theme.Success, 0, widget.Gap(0))
	b.name = widget.NewText("", widget.Style{Bold: true})
	b.icon = widget.NewIcon("", theme.Text2, 16)
	b.iconRoom = widget.Row(b.icon, widget.Gap(4))
	b.state = widget.NewText("", widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Least: 9})
	round := func(word string, g theme.Glyph, do func()) *widget.IconButton {
		return widget.NewRoundButton(word, g, theme.Text, theme.Sunken, 40, env.Tips, do)
	}
	b.Mute = round(env.T("Mute"), theme.Mic, func() { env.ToggleMute(b.view.Snapshot) })
	b.Hold = round(env.T("Hold"), theme.Pause, func() { env.HoldOrSwap(b.view.Snapshot) })
	b.HangUp = round(env.T("Hang up"), theme.HangUp, func() {
		if c := b.view.Call; c != nil {
			env.hangUp(c.ID)
		}
	})
	b.HangUp.Guard(env.Now)
	b.HangUp.SetFill(theme.OnDanger, theme.Danger)
	b.Open = round(env.T("Open Offhook"), theme.OpenFull, open)
	b.Open.SetFill(theme.Text2, theme.Clear)
	b.Again = widget.NewPill(env.T("Call back"), theme.Phone, widget.SuccessSoft, widget.HeightSmall, func() {
		if b.last != nil {
			env.Dial(b.last.RemoteID, nil)
		}
	})
	b.buttons = widget.Row(b.Mute, widget.Gap(4), b.Hold, widget.Gap(4), b.HangUp, widget.Gap(4), b.Open)
	b.ended = widget.Row(b.Again)
	b.ended.Hide()
	b.Ground = widget.NewDragGround(widget.Inset(12, 8, 8, 14, widget.Column(b.name, widget.Gap(1),
		widget.Row(b.iconRoom, widget.Grow(b.state)))))
	b.object = widget.NewFramed(widget.Column(
		widget.Fixed(0, 4, b.rim),
		widget.Fixed(0, BarHeight-6, widget.Row(widget.Grow(b.Ground), b.buttons, b.ended, widget.Gap(12)))))
	return b
}

// Object is what the bar's window shows.
func (b *MiniBar) Object() fyne.CanvasObject { return b.object }

// Render draws the bar of a live call, or of the one that ended last.
func (b *MiniBar) Render(v View) {
	b.view = v
	setVisible(b.buttons, v.Call != nil)
	setVisible(b.ended, v.Call == nil)
	switch {
	case v.Call != nil:
		b.renderCall(v)
	case v.LastCall != nil:
		b.last = v.LastCall
		b.name.SetText(nameOf(v.LastCall.RemoteName, v.LastCall.RemoteID))
		b.say("", theme.Text2, theme.Accent, b.env.outcomeOf(v.LastCall).title)
	}
	widget.Relayout(b.object)
}

// say sets the line under the name and the colour of the rim.
func (b *MiniBar) say(g theme.Glyph, ink, rim fyne.ThemeColorName, text string) {
	b.icon.Set(g, ink)
	setVisible(b.iconRoom, g != "")
	b.state.SetRole(ink)
	b.state.SetText(text)
	b.rim.SetRole(rim)
}

func (b *MiniBar) renderCall(v View) {
	e, c, phase := b.env, v.Call, PhaseOf(v)
	b.name.SetText(nameOf(c.RemoteName, c.RemoteID))
	live := c.Established != nil && phase != PhaseEnding
	length := ""
	if c.Established != nil {
		length = Clock(v.Now.Sub(*c.Established))
	}
	switch {
	case phase == PhaseReconnecting:
		silent := time.Duration(0)
		if c.SilentSince != nil {
			silent = v.Now.Sub(*c.SilentSince)
		}
		b.say(theme.Sync, theme.WarningInk, theme.Warning, e.T("Reconnecting")+" "+Short(silent))
	case phase == PhaseEnding:
		b.say("", theme.Text2, theme.Accent, e.T("Ending"))
	case CanSwap(v.Snapshot) && c.Consultation == nil:
		b.say("", theme.Text2, theme.Success, length+" · "+e.T("{name} on hold", "name", firstName(callName(waiting(v)))))
	case c.Held:
		b.say(theme.Pause, theme.AccentInk, theme.Accent, e.T("On hold")+" "+Short(heldFor(v)))
	case c.Muted:
		b.say(theme.MicOff, theme.AccentInk, theme.Accent, length+" · "+e.T("You're muted"))
	case c.Recording != nil && c.Recording.State == wire.RecordingOn:
		b.say(theme.Record, theme.DangerInk, theme.Success, e.T("Recording")+" · "+length)
	case c.Established != nil:
		g, word, ink := e.qualityWord(c)
		b.say(g, ink, theme.Success, length+" · "+word)
	case phase == PhaseOutgoing:
		b.say(theme.ArrowOut, theme.AccentInk, theme.Accent, e.StatusOf(v).Word+" "+Short(v.Now.Sub(c.Started)))
	default:
		b.say(theme.Phone, theme.SuccessInk, theme.Success, e.T("Connecting"))
	}
	set := func(i *widget.IconButton, on bool, label string, g theme.Glyph) {
		i.Set(label, g)
		i.SetEnabled(live)
		if on {
			i.SetFill(theme.OnAccent, theme.Accent)
		} else {
			i.SetFill(theme.Text, theme.Sunken)
		}
	}
	mute, hold := e.T("Mute, off"), e.T("Hold, off")
	mic := theme.Mic
	if c.Muted {
		mute, mic = e.T("Mute, on"), theme.MicOff
	}
	if c.Held {
		hold = e.T("Hold, on")
	}
	pause := theme.Pause
	swap := CanSwap(v.Snapshot)
	if swap {
		hold, pause = e.T("Swap"), theme.Swap
	}
	set(b.Mute, c.Muted, mute, mic)
	set(b.Hold, c.Held && !swap, hold, pause)
	b.HangUp.SetEnabled(phase != PhaseEnding)
}

// qualityWord is how a call sounds, in a word.
func (e *Env) qualityWord(c *app.Call) (theme.Glyph, string, fyne.ThemeColorName) {
	switch c.Quality {
	case "good":
		return theme.Bars, e.T("Good"), theme.SuccessInk
	case "fair":
		return theme.Bars, e.T("Fair"), theme.WarningInk
	case "poor":
		return theme.Bars, e.T("Poor"), theme.DangerInk
	case "no_sound":
		return theme.VolumeOff, e.T("No sound"), theme.WarningInk
	}
	return theme.Bars, e.T("Measuring"), theme.Text2
}

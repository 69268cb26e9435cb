package screen

import (
	"fmt"

	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app"
	"offhook/app/diagnosis"
	"offhook/app/readiness"
	"offhook/assets/lang"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice/audio"
)

// The loudness from which a voice counts as heard, and as very quiet.
const (
	heardLevel = 0.02
	quietLevel = 0.004
)

// deviceChoice is one entry of a list of sound devices.
type deviceChoice struct{ spec, name string }

// devices shows and changes one sound device of the settings.
type devices struct {
	env      *Env
	kind     audio.Kind
	Selector *widget.Selector
	list     []audio.Device
	choices  []deviceChoice
	// usual is the name of the system's default device.
	usual   string
	get     func(*app.Settings) *string
	changed func()
}

func newDevices(env *Env, name string, g theme.Glyph, kind audio.Kind, get func(*app.Settings) *string, changed func()) *devices {
	d := &devices{env: env, kind: kind, get: get, changed: changed}
	d.Selector = widget.NewSelector(name, g, d.open)
	return d
}

func (d *devices) load(list []audio.Device, set *app.Settings) {
	d.choices = []deviceChoice{{"", d.env.T("System's default device")}}
	titles := audio.Titles(list, d.kind)
	d.list = list
	for _, dev := range list {
		if dev.Kind == d.kind {
			if dev.IsDefault {
				d.usual = titles[dev.ID]
			}
			d.choices = append(d.choices, deviceChoice{dev.Spec().String(), titles[dev.ID]})
		}
	}
	d.show(set)
}

func (d *devices) show(set *app.Settings) {
	spec := *d.get(set)
	name := d.usual
	if name == "" {
		name = d.env.T("System's default device")
	}
	if spec != "" {
		name = d.titleOf(spec)
	}
	d.Selector.Set(name)
}

// titleOf is the title of a chosen device: as listed if it is there, else its name.
func (d *devices) titleOf(text string) string {
	spec, err := audio.ParseSpec(text)
	if err != nil {
		return text
	}
	if dev := audio.Find(d.list, d.kind, spec); dev != nil {
		return audio.Titles(d.list, d.kind)[dev.ID]
	}
	if spec.Name != "" {
		return spec.Name
	}
	return strings.TrimPrefix(text, "device:")
}

func (d *devices) open() {
	var names []string
	chosen := 0
	for i, c := range d.choices {
		names = append(names, c.name)
		if c.name == d.Selector.Word() && d.Selector.Word() != d.usual {
			chosen = i
		}
	}
	if len(names) == 0 {
		return
	}
	d.env.choose(d.Selector, names, chosen, func(i int) {
		spec := d.choices[i].spec
		d.env.Update(func(s *app.Settings) { *d.get(s) = spec })
		if d.changed != nil {
			d.changed()
		}
	})
}

// AudioCheck is the page of the first run: can we hear you, can you hear us, and
// does the line work.
type AudioCheck struct {
	env *Env

	title, intro   *widget.Text
	mic, speaker   *devices
	Meter          *widget.Meter
	verdictIcon    *widget.Icon
	verdict        *widget.Text
	tone           *widget.PillButton
	yes, no        *widget.Chip
	incoming, line *widget.StatusRow
	path           *widget.StatusRow
	card           *widget.Card
	CheckAgain     *widget.PillButton
	StartWorking   *widget.PillButton
	object         fyne.CanvasObject
	stopAudio      func()
	stopChecks     func()
	loudest        float64
	samples        int
	micFailed      string
	settings       app.Settings
	// udp is what is known of the sound over UDP, of which the check of the quality tells.
	udp diagnosis.Check
	// sound and reach are the devices and the conditions that the checks were begun with:
	// they begin anew with others.
	sound, reach string
}

// NewAudioCheck returns the page.
func NewAudioCheck(env *Env) *AudioCheck {
	a := &AudioCheck{env: env}
	a.mic = newDevices(env, env.T("Microphone"), theme.Headset, audio.Capture, func(s *app.Settings) *string { return &s.Audio.Microphone }, a.restart)
	a.speaker = newDevices(env, env.T("Speaker"), theme.Headset, audio.Playback, func(s *app.Settings) *string { return &s.Audio.Speaker }, a.restart)
	a.title = widget.NewText("", widget.Style{Size: theme.SizeTitle, Bold: true})
	a.intro = widget.NewText("", widget.Style{Role: theme.Text2})
	a.Meter = widget.NewMeter(20)
	a.verdictIcon = widget.NewIcon("", theme.Text2, 16)
	a.verdict = widget.NewText("", widget.Style{Size: theme.SizeCaption, Bold: true})
	a.tone = widget.NewPill(env.T("Play tone"), theme.Speaker, widget.Plain, widget.HeightSmall, a.play)
	a.yes = widget.NewAnswer(env.T("Yes"), func() { a.heard(true) })
	a.no = widget.NewAnswer(env.T("No"), func() { a.heard(false) })
	a.yes.SetLabel(env.T("Heard it: yes"))
	a.no.SetLabel(env.T("Heard it: no"))
	a.incoming = widget.NewStatusRow(theme.Bell, env.T("Incoming calls"))
	a.line = widget.NewStatusRow(theme.Phone, env.T("Outgoing calls"))
	a.path = widget.NewStatusRow(theme.Wave, env.T("Call quality"))
	a.card = widget.CardOf(a.incoming, a.line, a.path)
	a.CheckAgain = widget.NewPill(env.T("Check again"), "", widget.Plain, widget.HeightButton, a.restart)
	a.StartWorking = widget.NewPill(env.T("Start working"), "", widget.Accent, widget.HeightButton, func() {
		env.Update(func(s *app.Settings) { s.AudioCheckDone = true })
	})
	micCard := widget.NewCard(widget.Inset(10, 12, 12, 12, widget.Column(
		label(env.T("Microphone")), widget.Gap(5), a.mic.Selector, widget.Gap(12), a.Meter, widget.Gap(7),
		widget.Row(a.verdictIcon, widget.Gap(4), widget.Grow(a.verdict)))))
	speakerCard := widget.NewCard(widget.Inset(10, 12, 12, 12, widget.Column(
		label(env.T("Speaker")), widget.Gap(5), a.speaker.Selector, widget.Gap(8),
		widget.Ends(8, a.tone, widget.Row(caption(env.T("Heard it?")), widget.Gap(8), a.yes, widget.Gap(8), a.no)))))
	body := widget.Column(
		widget.Inset(0, 4, 0, 4, widget.Column(a.title, a.intro)),
		widget.Gap(12), micCard, widget.Gap(13), speakerCard, widget.Gap(13), a.card)
	foot := widget.Equal(8, a.CheckAgain, a.StartWorking)
	a.object = widget.Centre(520, container.NewBorder(nil, widget.Inset(8, 16, 16, 16, foot), nil, nil,
		container.NewVScroll(widget.Narrow(widget.Inset(24, 16, 8, 16, body)))))
	a.setFailed("", true)
	return a
}

// Object is what the window shows.
func (a *AudioCheck) Object() fyne.CanvasObject { return a.object }

// Focus puts the keyboard on the main action.
func (a *AudioCheck) Focus() { a.env.focus(a.StartWorking) }

// Entered opens the devices and begins the checks.
func (a *AudioCheck) Entered() {
	a.listen()
	a.look()
}

// Left closes the devices.
func (a *AudioCheck) Left() {
	stop(&a.stopAudio)
	stop(&a.stopChecks)
}

// stop ends what is going on, if anything is.
func stop(going *func()) {
	if *going != nil {
		(*going)()
		*going = nil
	}
}

func (a *AudioCheck) restart() {
	a.listen()
	a.look()
}

// listen opens the devices anew and judges the microphone.
func (a *AudioCheck) listen() {
	stop(&a.stopAudio)
	a.loudest, a.samples = 0, 0
	a.setFailed("", true)
	a.env.devices(func(list []audio.Device, _ error) {
		a.mic.load(list, &a.settings)
		a.speaker.load(list, &a.settings)
	})
	a.stopAudio = a.env.checkAudio(a.gotDevice, func(err error) { a.setFailed(a.env.Sentence(err), true) })
}

// look makes the checks of the connections anew.
func (a *AudioCheck) look() {
	stop(&a.stopChecks)
	a.udp = diagnosis.Check{}
	for _, r := range []struct {
		row *widget.StatusRow
		g   theme.Glyph
	}{{a.incoming, theme.Bell}, {a.line, theme.Phone}, {a.path, theme.Wave}} {
		r.row.Set(r.g, a.env.T("Checking"), "", widget.ToneInfo)
	}
	a.stopChecks = a.env.diagnose(a.gotCheck, func() {})
}

func (a *AudioCheck) gotDevice(c diagnosis.Check) {
	switch {
	case c.Status != diagnosis.Fail:
	case c.Name == "microphone":
		a.setFailed(a.env.Words.Say(lang.Join(c.Text, c.Remedy)), false)
	case c.Name == "speaker":
		a.later()
	}
}

// setFailed says why the microphone does not work, "" for that it does. Without one the
// rest is set up later: the banner of the dial tab says so from then on.
func (a *AudioCheck) setFailed(why string, again bool) {
	e := a.env
	a.micFailed = why
	a.title.SetText(e.T("Check your sound"))
	a.intro.SetText(e.T("Say something. The line should move."))
	a.StartWorking.Set(e.T("Start working"), "", widget.Accent)
	setVisible(a.CheckAgain, again)
	if why != "" && !again {
		a.title.SetText(e.T("No microphone yet"))
		a.intro.SetText(e.Words.Say(lang.Of("audio.nobody-hears")))
		a.later()
	}
	a.judge()
	widget.Relayout(a.object)
}

// later names the way on of a computer whose sound does not work yet.
func (a *AudioCheck) later() { a.StartWorking.Set(a.env.T("Set up later"), "", widget.Accent) }

// CheckTone is the tone and the word of a check's outcome.
func (e *Env) CheckTone(s diagnosis.Status) (widget.Tone, string) {
	switch s {
	case diagnosis.Pass:
		return widget.ToneGood, e.T("Works")
	case diagnosis.Warn:
		return widget.ToneWarning, e.T("Limited")
	case diagnosis.Fail:
		return widget.ToneDanger, e.T("Failed")
	case diagnosis.Skipped:
		return widget.ToneInfo, e.T("Not checked")
	default:
		return widget.ToneInfo, e.T("Checking")
	}
}

func (a *AudioCheck) gotCheck(c diagnosis.Check) {
	var row *widget.StatusRow
	var g theme.Glyph
	text := a.env.Words.Say(c.Text)
	switch c.Name {
	case "push", "push_socket":
		row, g = a.incoming, theme.Bell
		if c.Figure != "" && c.Status == diagnosis.Pass {
			text = a.env.T("Connected, replies in {figure}", "figure", c.Figure)
		}
	case "platform", "sip_socket":
		row, g = a.line, theme.Phone
		if c.Figure != "" && c.Status == diagnosis.Pass {
			text = a.env.T("Connected, replies in {figure}", "figure", c.Figure)
		}
	case "udp":
		a.udp = c
		return
	case "media":
		if row, g = a.path, theme.Wave; c.Status == diagnosis.Skipped && a.udp.Status != "" { // nothing was measured, but the way was tried
			c, text = a.udp, a.env.Words.Say(a.udp.Text)
		}
		switch detour := a.udp.Status == diagnosis.Warn; {
		case c.Status == diagnosis.Pass && detour, c.Name == "udp" && detour:
			c.Status, text = diagnosis.Warn, a.env.T("Good, over TCP: UDP is blocked")
		case c.Status == diagnosis.Pass && a.udp.Figure != "":
			text = a.env.T("Good, replies in {figure}", "figure", a.udp.Figure)
		}
	default:
		return
	}
	tone, word := a.env.CheckTone(c.Status)
	switch {
	case c.Status == diagnosis.Running:
		text, word = a.env.T("Checking"), ""
	case c.Status != diagnosis.Fail || !connecting[c.Text.Code]:
	case row == a.incoming: // nothing has failed yet
		tone, word, text = widget.ToneInfo, a.env.T("Checking"), a.env.Words.Say(lang.Of("condition.push-connecting"))
	default:
		tone, word, text, g = widget.ToneInfo, a.env.T("Waiting"), a.env.T("Waits for the server"), theme.Clock
	}
	row.Set(g, text, word, tone)
}

func (a *AudioCheck) play() {
	a.tone.SetEnabled(false)
	a.env.playTest("speaker", func(err error) {
		a.tone.SetEnabled(true)
		if err != nil {
			a.no.SetChosen(true)
			a.yes.SetChosen(false)
		}
	})
}

func (a *AudioCheck) heard(yes bool) {
	a.yes.SetChosen(yes)
	a.no.SetChosen(!yes)
	widget.Relayout(a.object)
	if !yes {
		a.speaker.open()
	}
}

// SetLevels moves the meter and judges the microphone.
func (a *AudioCheck) SetLevels(mic, _ float64) bool {
	a.samples++
	if mic > a.loudest {
		a.loudest = mic
	} else {
		a.loudest *= 0.995
	}
	a.judge()
	return a.Meter.SetLevel(mic)
}

func (a *AudioCheck) judge() {
	e := a.env
	set := func(g theme.Glyph, role fyne.ThemeColorName, text string) {
		a.verdictIcon.Set(g, role)
		a.verdict.SetRole(role)
		a.verdict.SetText(text)
	}
	switch {
	case a.micFailed != "":
		set(theme.ErrorIcon, theme.DangerInk, a.micFailed)
	case a.loudest >= heardLevel:
		set(theme.CheckCircle, theme.SuccessInk, e.T("We hear you"))
	case a.loudest >= quietLevel:
		set(theme.WarningIcon, theme.WarningInk, e.T("Very quiet"))
	case a.samples > 45:
		set(theme.WarningIcon, theme.WarningInk, e.T("We hear nothing. Choose another microphone."))
	default:
		set(theme.Mic, theme.Text2, e.T("Listening"))
	}
}

// connecting are the codes of what a check finds while the phone is still on its way to
// the server.
var connecting = map[string]bool{"condition.push-connecting": true, "condition.push-not-yet": true, "condition.platform-connecting": true, "condition.platform-not-yet": true,
	"condition.no-profile": true}

// Render draws the page. The devices are opened anew when some come or go, and the
// checks begin anew when the phone gets through to the server.
func (a *AudioCheck) Render(v View) {
	a.settings = v.Settings
	a.mic.show(&a.settings)
	a.speaker.show(&a.settings)
	sound, reach := fmt.Sprint(v.Audio.Microphone, v.Audio.Speaker, v.Audio.MicrophoneWorks, v.Audio.SpeakerWorks), ""
	for _, c := range v.Conditions {
		if c.Name != readiness.Devices {
			reach += fmt.Sprint(c.Name, c.OK)
		}
	}
	first := a.sound == ""
	if a.sound != sound {
		if a.sound = sound; !first {
			a.listen()
		}
	}
	if a.reach != reach {
		if a.reach = reach; !first {
			a.look()
		}
	}
}

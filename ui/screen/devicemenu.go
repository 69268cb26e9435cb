package screen

import (
	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/app/settings"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice/audio"
)

// DeviceMenu lists the sound devices that are there now, below from, unless the call
// with callID has ended meanwhile: the menu belongs to the call that asked for it.
func (e *Env) DeviceMenu(from fyne.CanvasObject, callID string) {
	e.devices(func(list []audio.Device, err error) {
		if err != nil {
			e.Complain(err)
			return
		}
		if c := e.Phone.Snapshot().Call; c != nil && c.ID == callID {
			e.openDevices(from, list)
		}
	})
}

// deviceKind is one part of the menu of sound devices.
type deviceKind struct {
	title string
	glyph theme.Glyph
	kind  audio.Kind
	get   func(*app.Settings) *string
}

func (e *Env) openDevices(from fyne.CanvasObject, list []audio.Device) {
	var rows []*widget.TapRow
	var parts []fyne.CanvasObject
	for _, k := range []deviceKind{
		{e.T("Microphone"), theme.Mic, audio.Capture, func(a *app.Settings) *string { return &a.Audio.Microphone }},
		{e.T("Speaker"), theme.Headphones, audio.Playback, func(a *app.Settings) *string { return &a.Audio.Speaker }},
		{e.T("Ring on"), theme.Bell, audio.Playback, func(a *app.Settings) *string { return &a.Audio.Ring }},
	} {
		parts = append(parts, widget.Inset(6, 12, 2, 12, widget.Row(widget.NewIcon(k.glyph, theme.Text2, 16), widget.Gap(8),
			widget.Grow(widget.NewText(k.title, widget.Style{Size: theme.SizeCaption, Bold: true, Role: theme.Text2})))))
		choices, chosen := e.deviceChoices(k, list)
		for i, c := range choices {
			row := e.deviceRow(k, c, i == chosen)
			rows = append(rows, row)
			parts = append(parts, row)
		}
	}
	var volumes []*settingRow
	parts = append(parts, widget.Gap(4), widget.NewLine(), widget.Gap(4))
	for _, path := range []string{"audio.call_volume", "audio.ringback_volume", "audio.ring_volume"} {
		if entry, ok := settings.Of(path); ok {
			row := e.newSettingRow(entry)
			volumes = append(volumes, row)
			parts = append(parts, row.object)
		}
	}
	show := func(set app.Settings) {
		for _, r := range volumes {
			r.render(set)
		}
	}
	show(e.Phone.Settings())
	e.PopUp(from, 296, widget.Inset(4, 8, 8, 8, widget.Column(parts...)), rows, 0)
	e.RenderMenu(func(v View) { show(v.Settings) })
}

// deviceChoices are the settings that one kind of device can have, with their names, and
// which of them holds, -1 if none does: another device stands in for it.
func (e *Env) deviceChoices(k deviceKind, list []audio.Device) (choices [][2]string, chosen int) {
	set := e.Phone.Settings()
	titles := audio.Titles(list, k.kind)
	usual := e.T("System's default device")
	for _, d := range list {
		if d.Kind == k.kind && d.IsDefault {
			usual = e.T("Default: {device}", "device", titles[d.ID])
		}
	}
	choices = append(choices, [2]string{"", usual})
	now, err := audio.ParseSpec(*k.get(&set))
	if err != nil || now.Kind != audio.SpecDefault {
		chosen = -1
	}
	used := audio.Find(list, k.kind, now)
	for _, d := range list {
		if d.Kind != k.kind {
			continue
		}
		if used != nil && used.ID == d.ID {
			chosen = len(choices)
		}
		choices = append(choices, [2]string{d.Spec().String(), titles[d.ID]})
	}
	return choices, chosen
}

func (e *Env) deviceRow(k deviceKind, choice [2]string, chosen bool) *widget.TapRow {
	tick := widget.NewIcon("", theme.AccentInk, 20)
	label := k.title + ": " + choice[1]
	if chosen {
		tick.Set(theme.Check, theme.AccentInk)
		label = e.T("{choice}, chosen", "choice", label)
	}
	row := widget.NewTapRow(label, 40, widget.Inset(0, 12, 0, 12, widget.Row(
		widget.Grow(widget.NewText(choice[1], widget.Style{})), widget.Gap(8), tick)), func() {
		e.CloseMenu()
		e.Update(func(set *app.Settings) { *k.get(set) = choice[0] })
	})
	row.SetMarked(chosen)
	return row
}

// choose opens a list of options below from.
func (e *Env) choose(from fyne.CanvasObject, options []string, chosen int, pick func(int)) {
	var rows []*widget.TapRow
	var parts []fyne.CanvasObject
	width := from.Size().Width
	for i, o := range options {
		tick := widget.NewIcon("", theme.AccentInk, 20)
		label := o
		if i == chosen {
			tick.Set(theme.Check, theme.AccentInk)
			label = e.T("{choice}, chosen", "choice", o)
		}
		row := widget.NewTapRow(label, widget.Row44, widget.Inset(0, 12, 0, 12, widget.Row(
			widget.Grow(widget.NewText(o, widget.Style{})), widget.Gap(8), tick)), func() {
			e.CloseMenu()
			pick(i)
		})
		row.SetMarked(i == chosen)
		rows = append(rows, row)
		parts = append(parts, row)
	}
	e.PopUp(from, max(width, 260), widget.Inset(8, 8, 8, 8, widget.Column(parts...)), rows, max(0, min(chosen, len(rows)-1)))
}

package ui

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice/audio"
)

// DeviceMenu lists the sound devices that are there now, below from.
func (a *actions) DeviceMenu(from fyne.CanvasObject) {
	s := a.shell()
	call := s.callID
	(*tasks)(a).Devices(func(list []audio.Device, err error) {
		if err != nil {
			a.complain(err)
			return
		}
		if s.callID == call { // the menu belongs to the call that asked for it
			s.openDevices(from, list)
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

func (s *shell) openDevices(from fyne.CanvasObject, list []audio.Device) {
	e := s.env
	var rows []*widget.TapRow
	var parts []fyne.CanvasObject
	for _, k := range []deviceKind{
		{e.T("Microphone"), theme.Mic, audio.Capture, func(a *app.Settings) *string { return &a.Audio.Microphone }},
		{e.T("Speaker"), theme.Headphones, audio.Playback, func(a *app.Settings) *string { return &a.Audio.Speaker }},
		{e.T("Ring on"), theme.Bell, audio.Playback, func(a *app.Settings) *string { return &a.Audio.Ring }},
	} {
		parts = append(parts, widget.Inset(6, 12, 2, 12, widget.Row(widget.NewIcon(k.glyph, theme.Text2, 16), widget.Gap(8),
			widget.Grow(widget.NewText(k.title, widget.Style{Size: theme.SizeCaption, Bold: true, Role: theme.Text2})))))
		choices, chosen := s.deviceChoices(k, list)
		for i, c := range choices {
			row := s.deviceRow(k, c, i == chosen)
			rows = append(rows, row)
			parts = append(parts, row)
		}
	}
	content := container.NewVScroll(widget.Inset(4, 8, 8, 8, widget.Column(parts...)))
	content.Direction = container.ScrollVerticalOnly
	height := widget.Inset(4, 8, 8, 8, widget.Column(parts...)).MinSize().Height
	s.openMenuWith(from, 296, widget.Fixed(0, min(height, s.canvas.Size().Height-32), content), rows, 0)
}

// deviceChoices are the settings that one kind of device can have, and which of
// them holds.
func (s *shell) deviceChoices(k deviceKind, list []audio.Device) (choices [][2]string, chosen int) {
	usual := s.env.T("System's default device")
	for _, d := range list {
		if d.Kind == k.kind && d.IsDefault {
			usual = s.env.T("Default: {device}", "device", d.Name)
		}
	}
	choices = append(choices, [2]string{"", usual})
	now := *k.get(&s.settings)
	for _, d := range list {
		if d.Kind != k.kind {
			continue
		}
		if strings.TrimPrefix(now, "device:") == d.Name || now == "device:"+d.ID {
			chosen = len(choices)
		}
		choices = append(choices, [2]string{"device:" + d.Name, d.Name})
	}
	if now != "" && chosen == 0 {
		chosen = -1 // it was unplugged, and another stands in for it
	}
	return choices, chosen
}

func (s *shell) deviceRow(k deviceKind, choice [2]string, chosen bool) *widget.TapRow {
	tick := widget.NewIcon("", theme.AccentInk, 20)
	label := k.title + ": " + choice[1]
	if chosen {
		tick.Set(theme.Check, theme.AccentInk)
		label = s.env.T("{choice}, chosen", "choice", label)
	}
	row := widget.NewTapRow(label, 40, widget.Inset(0, 12, 0, 12, widget.Row(
		widget.Grow(widget.NewText(choice[1], widget.Style{})), widget.Gap(8), tick)), func() {
		s.closeMenu()
		(*tasks)(s).Update(func(set *app.Settings) { *k.get(set) = choice[0] })
	})
	row.SetMarked(chosen)
	return row
}

package screen

import (
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/voice"
)

// toggleHeightColumns is the height of the switches in a low window, where they stand
// in the right column.
const toggleHeightColumns float32 = 60

func (c *Call) renderSwitches(v View, phase Phase) {
	e, call := c.env, v.Call
	h := widget.ToggleHeight
	switch {
	case v.Columns:
		h = toggleHeightColumns
	case v.Compact:
		h = widget.ToggleHeightCompact
	}
	for _, t := range []*widget.Toggle{c.Mute, c.Hold, c.Keypad, c.Speaker, c.Bluetooth, c.Device} {
		t.SetHeight(h)
	}
	live := phase == PhaseTalking && call.Established != nil || phase == PhaseReconnecting
	switch {
	case !live:
		c.Mute.Set(widget.Unavailable, e.T("Mute"), e.T("Mute, waits for the answer"), theme.Mic)
	case call.Muted:
		c.Mute.Set(widget.On, e.T("Muted"), e.T("Mute, on"), theme.MicOff)
	default:
		c.Mute.Set(widget.Off, e.T("Mute"), e.T("Mute, off"), theme.Mic)
	}
	switch {
	case !live:
		c.Hold.Set(widget.Unavailable, e.T("Hold"), e.T("Hold, available once the call is answered"), theme.Pause)
	case call.Consultation.Active():
		c.Hold.Set(widget.Unavailable, e.T("On hold"), e.T("On hold until you go back"), theme.Pause)
	case call.Held:
		c.Hold.Set(widget.On, e.T("On hold"), e.T("Hold, on"), theme.Pause)
	default:
		c.Hold.Set(widget.Off, e.T("Hold"), e.T("Hold, off"), theme.Pause)
	}
	if live || hearsEarly(v) {
		c.Keypad.Set(widget.Off, e.T("Keypad"), e.T("Keypad"), theme.Dialpad)
	} else {
		c.Keypad.Set(widget.Unavailable, e.T("Keypad"), e.T("Keypad, waits for the answer"), theme.Dialpad)
	}

	route := func(t *widget.Toggle, name voice.AudioRoute, word, none string, g theme.Glyph) {
		switch {
		case !hasRoute(v, name):
			t.Set(widget.Unavailable, none, none, g)
		case call.Route == name:
			t.Set(widget.InUse, word, e.T("{device}, in use", "device", word), g)
		default:
			t.Set(widget.Off, word, e.T("{device}, not in use", "device", word), g)
		}
	}
	route(c.Speaker, voice.RouteSpeaker, e.T("Speaker"), e.T("No speaker"), theme.Speaker)
	route(c.Bluetooth, voice.RouteBluetooth, e.T("Bluetooth"), e.T("No Bluetooth"), theme.Bluetooth)
	device := v.Audio.Speaker
	if device == "" || call.Route == voice.RouteSpeaker || call.Route == voice.RouteBluetooth {
		device = e.T("Headset")
	}
	if call.Route == voice.RouteEarpiece || call.Route == voice.RouteHeadphones || call.Route == "" {
		c.Device.Set(widget.InUse, device, e.T("{device}, in use. Choose devices", "device", device), theme.Headset)
	} else {
		c.Device.Set(widget.Off, device, e.T("{device}, not in use", "device", device), theme.Headset)
	}
}

func hasRoute(v View, name voice.AudioRoute) bool {
	for _, r := range v.Audio.Routes {
		if r == name {
			return true
		}
	}
	return false
}

// deviceRoute is the route of the switch Device: headphones if there are any,
// else the system's default device.
func (c *Call) deviceRoute() voice.AudioRoute {
	if hasRoute(c.view, voice.RouteHeadphones) {
		return voice.RouteHeadphones
	}
	return voice.RouteEarpiece
}

// device goes to the usual device; while that is in use, it offers all devices.
func (c *Call) device() {
	if call := c.view.Call; call != nil && (call.Route == voice.RouteSpeaker || call.Route == voice.RouteBluetooth) {
		c.route(c.deviceRoute())
		return
	}
	c.env.DeviceMenu(c.Device, c.callID)
}

// route asks for a route; pressing the one in use goes back to the default.
func (c *Call) route(name voice.AudioRoute) {
	if c.view.Call != nil && c.view.Call.Route == name {
		if name == voice.RouteSpeaker || name == voice.RouteBluetooth {
			c.env.setRoute(c.deviceRoute())
		}
		return
	}
	c.env.setRoute(name)
}

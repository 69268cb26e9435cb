package audio

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"offhook/voice/fault"
)

func TestClassOfDevices(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		os   string
		kind Kind
		id   string
		name string
		want class
	}{
		{"linux", Playback, "bluez_sink.38_18_4C_11_22_33.handsfree_head_unit", "WH-1000XM4", bluetooth},
		{"linux", Playback, "bluez_output.38_18_4C_11_22_33.1", "Bose", bluetooth},
		{"linux", Capture, "bluez_source.38_18_4C_11_22_33.handsfree_head_unit", "WH-1000XM4", bluetooth},
		{"linux", Playback, "alsa_output.pci-0000_00_1f.3.analog-stereo", "Built-in Audio Analog Stereo", speaker},
		{"linux", Playback, "alsa_output.pci-0000_00_1f.3.hdmi-stereo", "Built-in Audio Digital Stereo (HDMI)", screen},
		{"linux", Playback, "alsa_output.usb-GN_Netcom_A_S_Jabra_EVOLVE_20_MS_0005-00.analog-stereo", "Jabra EVOLVE 20 MS Analog Stereo", headset},
		{"linux", Playback, "alsa_output.usb-0b0e_Jabra_SPEAK_510_USB-00.analog-stereo", "Jabra SPEAK 510 USB Analog Stereo", speaker},
		{"linux", Capture, "alsa_input.usb-Plantronics_Blackwire_3220-00.mono-fallback", "Plantronics Blackwire 3220 Mono", headset},
		{"linux", Capture, "alsa_input.pci-0000_00_1f.3.analog-stereo", "Built-in Audio Analog Stereo", builtin},
		{"linux", Playback, "a", "Sink_a", unknown},
		{"windows", Playback, "{0.0.0.00000000}.{1}", "Headset Earphone (Jabra Evolve2 65)", headset},
		{"windows", Playback, "{0.0.0.00000000}.{2}", "Headset (WH-1000XM4 Hands-Free AG Audio)", bluetooth},
		{"windows", Playback, "{0.0.0.00000000}.{3}", "Headphones (WH-1000XM4 Stereo)", bluetooth},
		{"windows", Playback, "{0.0.0.00000000}.{4}", "Speakers (Realtek(R) Audio)", speaker},
		{"windows", Playback, "{0.0.0.00000000}.{5}", "DELL U2719D (NVIDIA High Definition Audio)", screen},
		{"windows", Playback, "{0.0.0.00000000}.{6}", "Echo Cancelling Speakerphone (Jabra SPEAK 510 USB)", speaker},
		{"windows", Capture, "{0.0.1.00000000}.{7}", "Microphone Array (Realtek(R) Audio)", builtin},
		{"windows", Playback, "{0.0.0.00000000}.{8}", "Kopfhörer (Logitech H390)", headset},
		{"darwin", Playback, "BuiltInSpeakerDevice", "MacBook Pro Speakers", speaker},
		{"darwin", Playback, "BuiltInHeadphoneOutputDevice", "External Headphones", headset},
		{"darwin", Playback, "AA-BB-CC-DD-EE-FF:output", "Anna’s AirPods Pro", bluetooth},
		{"darwin", Capture, "BuiltInMicrophoneDevice", "MacBook Pro Microphone", builtin},
		{"darwin", Playback, "AppleGFXHDAEngineOutputDP:0", "LG HDR 4K Display Audio", screen},
		{"darwin", Playback, "AppleUSBAudioEngine:Poly:Blackwire 5220:x", "Plantronics Blackwire 5220 Series", headset},
	} {
		if got := tableFor(c.os).classOf(Device{ID: c.id, Name: c.name, Kind: c.kind}); got != c.want {
			t.Errorf("%s %q %q: class %d, want %d", c.os, c.id, c.name, got, c.want)
		}
	}
}

func TestPickPairsTheTwoHalvesOfAHeadset(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		os      string
		route   Route
		list    []Device
		out, in string
	}{
		{"linux", RouteBluetooth, []Device{
			{ID: "alsa_output.pci-0000_00_1f.3.analog-stereo", Name: "Built-in Audio Analog Stereo", Kind: Playback, IsDefault: true},
			{ID: "bluez_sink.AA_BB_CC_00_00_01.a2dp_sink", Name: "Living room", Kind: Playback},
			{ID: "bluez_sink.AA_BB_CC_00_00_02.handsfree_head_unit", Name: "Jabra Evolve2", Kind: Playback},
			{ID: "bluez_source.AA_BB_CC_00_00_02.handsfree_head_unit", Name: "Jabra Evolve2", Kind: Capture},
			{ID: "alsa_input.pci-0000_00_1f.3.analog-stereo", Name: "Built-in Audio Analog Stereo", Kind: Capture},
		}, "bluez_sink.AA_BB_CC_00_00_02.handsfree_head_unit", "bluez_source.AA_BB_CC_00_00_02.handsfree_head_unit"},
		{"windows", RouteBluetooth, []Device{
			{ID: "{1}", Name: "Headphones (WH-1000XM4 Stereo)", Kind: Playback, IsDefault: true},
			{ID: "{2}", Name: "Headset (WH-1000XM4 Hands-Free AG Audio)", Kind: Playback},
			{ID: "{3}", Name: "Headset (WH-1000XM4 Hands-Free AG Audio)", Kind: Capture},
			{ID: "{4}", Name: "Microphone Array (Realtek(R) Audio)", Kind: Capture},
		}, "{2}", "{3}"},
		{"linux", RouteHeadphones, []Device{
			{ID: "alsa_output.usb-Plantronics_Blackwire_3220-00.analog-stereo", Name: "Plantronics Blackwire 3220 Analog Stereo", Kind: Playback},
			{ID: "alsa_input.usb-GN_Netcom_Jabra_EVOLVE_20-00.mono-fallback", Name: "Jabra EVOLVE 20 Mono", Kind: Capture},
			{ID: "alsa_input.usb-Plantronics_Blackwire_3220-00.mono-fallback", Name: "Plantronics Blackwire 3220 Mono", Kind: Capture},
		}, "alsa_output.usb-Plantronics_Blackwire_3220-00.analog-stereo", "alsa_input.usb-Plantronics_Blackwire_3220-00.mono-fallback"},
		{"darwin", RouteSpeaker, []Device{
			{ID: "AppleGFXHDAEngineOutputDP:0", Name: "LG HDR 4K", Kind: Playback, IsDefault: true},
			{ID: "BuiltInHeadphoneOutputDevice", Name: "External Headphones", Kind: Playback},
			{ID: "BuiltInSpeakerDevice", Name: "MacBook Pro Speakers", Kind: Playback},
		}, "BuiltInSpeakerDevice", ""},
		{"linux", RouteBluetooth, []Device{
			{ID: "alsa_output.pci-0000_00_1f.3.analog-stereo", Name: "Built-in Audio Analog Stereo", Kind: Playback, IsDefault: true},
		}, "", ""},
	} {
		got, ok := tableFor(c.os).pick(c.route, c.list)
		in := ""
		if got.in != nil {
			in = got.in.ID
		}
		if ok != (c.out != "") || got.out.ID != c.out || in != c.in {
			t.Errorf("%s on %s: %q with %q, want %q with %q", c.route, c.os, got.out.ID, in, c.out, c.in)
		}
	}
}

var (
	desk    = Device{ID: "alsa_output.pci-1.analog-stereo", Name: "Built-in Audio Analog Stereo", Kind: Playback, IsDefault: true}
	deskMic = Device{ID: "alsa_input.pci-1.analog-stereo", Name: "Built-in Audio Analog Stereo", Kind: Capture, IsDefault: true}
	jabra   = Device{ID: "alsa_output.usb-Jabra_Evolve_20.analog-stereo", Name: "Jabra Evolve 20 Headset", Kind: Playback}
	jabMic  = Device{ID: "alsa_input.usb-Jabra_Evolve_20.mono-fallback", Name: "Jabra Evolve 20 Headset", Kind: Capture}
)

func TestHeadsetWinsAtTheStartUnlessSomebodyChose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(desk, deskMic, jabra, jabMic)
		p := NewPath(m, PathConfig{})
		if err := p.OpenPlayout(&echo{}); err != nil {
			t.Fatal(err)
		}
		if err := p.OpenCapture(&echo{}); err != nil {
			t.Fatal(err)
		}
		if got := m.opened(); !slices.Equal(got, []string{jabMic.ID, jabra.ID}) || p.Route() != RouteHeadphones {
			t.Errorf("opened %q on %s", got, p.Route())
		}
		_ = p.Close()

		p = NewPath(m, PathConfig{Out: desk.Spec()})
		_ = p.OpenPlayout(&echo{})
		if got := m.opened(); !slices.Equal(got, []string{desk.ID}) || p.Route() != RouteEarpiece {
			t.Errorf("opened %q on %s though another was chosen", got, p.Route())
		}
		_ = p.Close()
	})
}

func TestRoutesInACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(desk, deskMic, jabra, jabMic)
		p := NewPath(m, PathConfig{})
		_ = p.OpenPlayout(&echo{})
		_ = p.OpenCapture(&echo{})
		if err := p.SetRoute(RouteSpeaker); err != nil {
			t.Fatal(err)
		}
		m.settle()
		if got := m.opened(); !slices.Equal(got, []string{desk.ID, "default"}) {
			t.Errorf("on the loudspeaker: %q", got)
		}
		err := p.SetRoute(RouteBluetooth)
		if !errors.Is(err, &fault.Error{Type: fault.AudioDeviceError}) || p.Route() != RouteSpeaker {
			t.Errorf("an absent route: %v, now on %s", err, p.Route())
		}
		m.refuse(jabMic.ID)
		if err := p.SetRoute(RouteHeadphones); err == nil || p.Route() != RouteSpeaker {
			t.Errorf("a route whose microphone can't be opened: %v, now on %s", err, p.Route())
		}
		m.settle()
		if got := m.opened(); !slices.Equal(got, []string{desk.ID, "default"}) {
			t.Errorf("after the refusal: %q", got)
		}
		if err := p.SetRoute(RouteEarpiece); err != nil {
			t.Fatal(err)
		}
		m.settle()
		if got := m.opened(); !slices.Equal(got, []string{"default", "default"}) {
			t.Errorf("back on the earpiece: %q", got)
		}
		_ = p.Close()
	})
}

func TestRoutesThatThereAreDevicesFor(t *testing.T) {
	t.Parallel()
	got := Routes([]Device{desk, deskMic, jabra, jabMic})
	if !slices.Equal(got, []Route{RouteEarpiece, RouteSpeaker, RouteHeadphones}) {
		t.Errorf("%v", got)
	}
}

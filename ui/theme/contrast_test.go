package theme

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

// luminance is the relative luminance of WCAG 2.2.
func luminance(c color.Color) float64 {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	lin := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(n.R) + 0.7152*lin(n.G) + 0.0722*lin(n.B)
}

func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// Text is at least 4.5 to 1 against what it lies on, outlines and icons 3 to 1.
func TestContrast(t *testing.T) {
	t.Parallel()
	text := []struct{ ink, on fyne.ThemeColorName }{
		{Text, Window}, {Text, Surface}, {Text, Sunken}, {Text, AccentSoft},
		{Text2, Window}, {Text2, Surface}, {Text2, Sunken}, {Text2, AccentSoft},
		{Hint, Window}, {Hint, Surface}, {Disabled, Sunken}, {Disabled, Window},
		{OnAccent, Accent}, {AccentInk, Window}, {AccentInk, Surface}, {AccentInk, AccentSoft},
		{OnSuccess, Success}, {SuccessInk, Window}, {SuccessInk, Surface}, {SuccessInk, SuccessSoft},
		{WarningInk, Window}, {WarningInk, Surface}, {WarningInk, WarningSoft},
		{OnDanger, Danger}, {DangerInk, Window}, {DangerInk, Surface}, {DangerInk, DangerSoft},
	}
	shapes := []struct{ ink, on fyne.ThemeColorName }{
		{Border, Window}, {Border, Surface}, {Accent, Window}, {Accent, Surface}, {Accent, AccentSoft},
		{Success, Window}, {Success, Surface}, {Warning, Window}, {Warning, Surface}, {DangerLine, Surface}, {DangerLine, Window},
	}
	for _, mode := range []Mode{Light, Dark} {
		th := New(mode)
		of := func(n fyne.ThemeColorName) color.Color { return th.Color(n, fynetheme.VariantLight) }
		for _, p := range text {
			if c := contrast(of(p.ink), of(p.on)); c < 4.5 {
				t.Errorf("%s: text %s on %s has %.2f : 1", mode, p.ink, p.on, c)
			}
		}
		for _, p := range shapes {
			if c := contrast(of(p.ink), of(p.on)); c < 3 {
				t.Errorf("%s: %s on %s has %.2f : 1", mode, p.ink, p.on, c)
			}
		}
	}
}

func TestModeDecidesAndTheSystemElse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode    Mode
		variant fyne.ThemeVariant
		want    color.Color
	}{
		{Light, fynetheme.VariantDark, rgb(0xF4F5F9)}, {Dark, fynetheme.VariantLight, rgb(0x13151C)},
		{System, fynetheme.VariantDark, rgb(0x13151C)}, {System, fynetheme.VariantLight, rgb(0xF4F5F9)}, {"", fynetheme.VariantLight, rgb(0xF4F5F9)},
	} {
		if got := New(c.mode).Color(Window, c.variant); got != c.want {
			t.Errorf("mode %q with the system's %v paints %v, not %v", c.mode, c.variant, got, c.want)
		}
	}
}

func TestEveryIconIsThere(t *testing.T) {
	t.Parallel()
	for _, g := range []Glyph{Phone, HangUp, Dialpad, Contacts, History, CheckCircle, Check, ChevronDown, ChevronUp, ChevronRight, More, Headset, Headphones,
		Mic, MicOff, Pause, Speaker, VolumeOff, Bluetooth, Ear, Bars, Note, ArrowIn, ArrowOut, Missed, Sync, Backspace, Eye, EyeOff, Lock, LockClock, Wifi,
		WifiOff, CloudOff, RefreshIcon, LogIn, LogOut, Gear, Clock, ErrorIcon, WarningIcon, Bell, BellOff, Wave, Coffee, BusyIcon, DoNotDisturb, Search, Back,
		Copy, Calendar, Send, Swap, Flag, Star, StarFilled, Palette, Globe, Keyboard, Badge, Pulse, Agent, Close, Info, Stop, Help, Person, Minus, Plus, Trash, Chart, Mark} {
		if b := Icon(g, color.Black).Content(); len(b) < 150 {
			t.Errorf("the icon %q is empty: %s", g, b)
		}
	}
}

// The number field has the colours of the rest, also when they are changed later.
func TestTheNumberFieldFollowsTheMode(t *testing.T) {
	th := New(Dark)
	field := th.NumberField()
	th.SetMode(Light)
	if got, want := field.Color(Text, 0), New(Light).Color(Text, 0); got != want {
		t.Errorf("the field's text is %v, not %v", got, want)
	}
}

package theme

import (
	"bytes"
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"

	"offhook/assets"
)

// Glyph names an icon of the phone.
type Glyph string

// The icons, named after what they show.
const (
	Phone        Glyph = "phone"
	HangUp       Glyph = "hangup"
	Dialpad      Glyph = "dialpad"
	Contacts     Glyph = "contacts"
	History      Glyph = "history"
	CheckCircle  Glyph = "check-circle"
	Check        Glyph = "check"
	ChevronDown  Glyph = "chevron-down"
	ChevronUp    Glyph = "chevron-up"
	ChevronRight Glyph = "chevron-right"
	More         Glyph = "more"
	Headset      Glyph = "headset"
	Headphones   Glyph = "headphones"
	Mic          Glyph = "mic"
	MicOff       Glyph = "mic-off"
	Pause        Glyph = "pause"
	Speaker      Glyph = "speaker"
	VolumeOff    Glyph = "volume-off"
	Bluetooth    Glyph = "bluetooth"
	Ear          Glyph = "ear"
	Bars         Glyph = "bars"
	Note         Glyph = "note"
	ArrowIn      Glyph = "arrow-in"
	ArrowOut     Glyph = "arrow-out"
	Missed       Glyph = "missed"
	Sync         Glyph = "sync"
	Backspace    Glyph = "backspace"
	Eye          Glyph = "eye"
	EyeOff       Glyph = "eye-off"
	Lock         Glyph = "lock"
	LockClock    Glyph = "lock-clock"
	Wifi         Glyph = "wifi"
	WifiOff      Glyph = "wifi-off"
	CloudOff     Glyph = "cloud-off"
	RefreshIcon  Glyph = "refresh"
	LogIn        Glyph = "login"
	LogOut       Glyph = "logout"
	Gear         Glyph = "gear"
	Clock        Glyph = "clock"
	ErrorIcon    Glyph = "error"
	WarningIcon  Glyph = "warning"
	Bell         Glyph = "bell"
	BellOff      Glyph = "bell-off"
	Wave         Glyph = "wave"
	Coffee       Glyph = "coffee"
	BusyIcon     Glyph = "busy"
	DoNotDisturb Glyph = "dnd"
	Search       Glyph = "search"
	Back         Glyph = "back"
	Copy         Glyph = "copy"
	Calendar     Glyph = "calendar"
	Send         Glyph = "send"
	Swap         Glyph = "swap"
	Flag         Glyph = "flag"
	Star         Glyph = "star"
	StarFilled   Glyph = "star-filled"
	Palette      Glyph = "palette"
	Globe        Glyph = "globe"
	Keyboard     Glyph = "keyboard"
	Badge        Glyph = "badge"
	Pulse        Glyph = "pulse"
	Agent        Glyph = "agent"
	Close        Glyph = "close"
	Info         Glyph = "info"
	Stop         Glyph = "stop"
	Help         Glyph = "help"
	Person       Glyph = "person"
	Minus        Glyph = "minus"
	Plus         Glyph = "plus"
	Trash        Glyph = "trash"
	Chart        Glyph = "chart"
	Voicemail    Glyph = "voicemail"
	Download     Glyph = "download"
	OpenFull     Glyph = "open-full"
	OpenNew      Glyph = "open-new"
	LockOpen     Glyph = "lock-open"
	PersonAdd    Glyph = "person-add"
	Merge        Glyph = "merge"
	EditNote     Glyph = "edit-note"
	Stopwatch    Glyph = "stopwatch"
	Record       Glyph = "record"
	RecordOff    Glyph = "record-off"
	Mark         Glyph = "mark"
)

// fyneIcons are the icons inside Fyne's own widgets that this theme replaces.
var fyneIcons = map[fyne.ThemeIconName]Glyph{
	fynetheme.IconNameArrowDropDown: ChevronDown,
	fynetheme.IconNameVisibility:    Eye,
	fynetheme.IconNameVisibilityOff: EyeOff,
	fynetheme.IconNameCalendar:      Calendar,
}

func source(g Glyph, ink, on string) []byte {
	b, ok := assets.Icon(string(g))
	if !ok {
		return []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24"></svg>`)
	}
	b = bytes.ReplaceAll(b, []byte("onAccentColor"), []byte(on))
	b = bytes.ReplaceAll(b, []byte("accentColor"), []byte(ink))
	return bytes.ReplaceAll(b, []byte("currentColor"), []byte(ink))
}

// Icon returns g drawn in ink. The resource's name carries the colour, so that
// Fyne's cache keeps the two themes apart.
func Icon(g Glyph, ink color.Color) fyne.Resource {
	h := hex(ink)
	return fyne.NewStaticResource(fmt.Sprintf("%s-%s.svg", g, h[1:]), source(g, h, h))
}

// MarkIcon returns the phone's mark: on lies on a rounded square of ground.
func MarkIcon(ground, on color.Color) fyne.Resource {
	g, o := hex(ground), hex(on)
	return fyne.NewStaticResource(fmt.Sprintf("mark-%s-%s.svg", g[1:], o[1:]), source(Mark, g, o))
}

func hex(c color.Color) string {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return fmt.Sprintf("#%02x%02x%02x", n.R, n.G, n.B)
}

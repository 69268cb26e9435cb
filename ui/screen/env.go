package screen

import (
	"time"

	"fyne.io/fyne/v2"

	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
	"offhook/ui/words"
)

// View is all that a screen is drawn from.
type View struct {
	*app.Snapshot
	Now time.Time
	// Layout is how the window's size has its parts placed.
	Layout
	// Settings are the user's settings at this moment.
	Settings app.Settings
}

// Layout is what follows from the size of the window.
type Layout struct {
	// Compact is a small window: no avatar, no tab icons, lower keys.
	Compact bool
	// Low is a window with no room for header, tabs and strip in rows of their own.
	Low bool
	// Columns is a low window that is broad enough for two columns.
	Columns bool
	// Wide is a window with two panes: the phone, and what goes with it.
	Wide bool
}

// The sizes from which layouts change, and how far beyond a size must be to change
// back.
const (
	compactWidth, compactHeight float32 = 360, 600
	lowHeight, columnsWidth     float32 = 560, 560
	wideWidth                   float32 = 900
	layoutSlack                 float32 = 8
)

// LayoutFor is the layout of a window that had another one before. Within a few
// units of a threshold it stays as it was.
func LayoutFor(size fyne.Size, before Layout) Layout {
	under := func(have, limit float32, was bool) bool {
		if was {
			return have < limit+layoutSlack
		}
		return have < limit
	}
	l := Layout{Low: under(size.Height, lowHeight, before.Low)}
	l.Compact = under(size.Width, compactWidth, before.Compact) || under(size.Height, compactHeight, before.Compact)
	l.Columns = l.Low && (size.Width >= columnsWidth || before.Columns && size.Width >= columnsWidth-layoutSlack)
	l.Wide = !l.Low && (size.Width >= wideWidth || before.Wide && size.Width >= wideWidth-layoutSlack)
	return l
}

// Page names a page that covers the tabs.
type Page string

// The pages. PageNone shows the tabs.
const (
	PageNone        Page = ""
	PageSignIn      Page = "sign-in"
	PageAudioCheck  Page = "audio-check"
	PageSettings    Page = "settings"
	PageAccount     Page = "account"
	PageDiagnostics Page = "diagnostics"
	PageReport      Page = "report"
	PageStatistics  Page = "statistics"
	PageFeedback    Page = "feedback"
	PageCalls       Page = "calls"
	PageNetwork     Page = "network"
	PageAppearance  Page = "appearance"
	PageLanguage    Page = "language"
	PageShortcuts   Page = "shortcuts"
)

// Env is what all screens share.
type Env struct {
	Words *words.Catalogue
	Tips  *widget.Tips
	Theme *theme.Theme
	// Phone takes the commands and gives the lists; Run and Host are the thread and
	// the window around the screens.
	Phone Phone
	Run   Runner
	Host  Host
	// Open shows a page; Notify a passing remark. SettingsChanged draws what follows
	// from changed settings, SetLanguage all screens in another language.
	Open            func(Page)
	Notify          func(sentence string)
	SettingsChanged func()
	SetLanguage     func(string)
	// PopUp opens a menu below an object; its first rows is the one with the
	// keyboard. CloseMenu closes it.
	PopUp     func(from fyne.CanvasObject, width float32, content fyne.CanvasObject, rows []*widget.TapRow, first int)
	CloseMenu func() bool
	// RenderMenu draws what changes in the open menu whenever the window is drawn.
	RenderMenu func(func(View))
	// Offer says something for a few seconds, with a word that does something about it.
	Offer func(sentence, word string, act func())
	// AddCall shows the number field beside a call, for another one.
	AddCall func()
	// Menu and AvailabilityMenu open the two menus of the header below from.
	Menu, AvailabilityMenu func(from fyne.CanvasObject)
	// Commands are all that keys do, with the keys that hold now. SetKeys gives a
	// command the keys of a shortcut, or says in a sentence why it can't have them.
	Commands func() []Command
	SetKeys  func(id string, keys fyne.Shortcut) (problem string)
	// Mac says that Cmd takes the place of Ctrl.
	Mac bool
	// Canvas is the window's canvas, nil before there is one.
	Canvas func() fyne.Canvas
	// Now is the time of day.
	Now func() time.Time
	// StillMotion asks for no movement.
	StillMotion func() bool
	// Early is nil once the window has shown its first picture.
	Early *widget.Early
}

// T translates a text; see words.Catalogue.T.
func (e *Env) T(text string, args ...any) string { return e.Words.T(text, args...) }

// KeyName returns a shortcut as the user's keyboard names it, such as "Ctrl K".
func (e *Env) KeyName(keys string) string {
	if e.Mac {
		return "⌘ " + keys
	}
	return e.T("Ctrl") + " " + keys
}

// focus gives the keyboard to w, without an outline before the first key.
func (e *Env) focus(w fyne.CanvasObject) {
	if e.Canvas != nil && e.Early == nil {
		widget.FocusOn(e.Canvas(), w)
	}
}

func (e *Env) still() bool { return e.StillMotion != nil && e.StillMotion() }

func caption(text string) *widget.Text {
	return widget.NewText(text, widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Least: 10})
}

// raised lifts a title with its caption by half of what stands under it.
func raised(o fyne.CanvasObject) fyne.CanvasObject { return widget.Inset(0, 0, 2, 0, o) }

func label(text string) *widget.Text {
	return widget.NewText(text, widget.Style{Size: theme.SizeCaption, Role: theme.Text2, Bold: true})
}

func centred(s widget.Style) widget.Style {
	s.Align = fyne.TextAlignCenter
	return s
}

// setVisible shows or hides o and reports whether that was a change.
func setVisible(o fyne.CanvasObject, on bool) bool {
	if o.Visible() == on {
		return false
	}
	if on {
		o.Show()
	} else {
		o.Hide()
	}
	return true
}

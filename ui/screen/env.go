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
	// Compact is the smallest size: no avatar, no tab icons, lower keys.
	Compact bool
	// Settings are the user's settings at this moment.
	Settings app.Settings
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

// Actions is what a screen can ask for. All methods return at once; what they
// changed comes back in a later View.
type Actions interface {
	SignIn(app.Credentials)
	Dial(number string)
	Answer()
	Hangup()
	Silence()
	ToggleMute()
	// ToggleHold puts the far side on hold, or takes it off; with a second party in
	// the call it goes to the other of the two.
	ToggleHold()
	SendDTMF(digit rune)
	SetRoute(route string)
	// EndConsultation goes back to the far side from whom the user asked whether to
	// take the call; CompleteTransfer joins the two.
	EndConsultation()
	CompleteTransfer()
	// FollowTransfer and DeclineTransfer decide about the far side's wish to hand
	// the user to somebody else.
	FollowTransfer()
	DeclineTransfer()
	SetAvailability(app.Availability)
	Retry()
	OpenSystemSettings()
	// OpenBrowser shows the page on which the network wants a sign-in.
	OpenBrowser()
	Feedback(rating int, issue, note string)
	SkipFeedback()
	Open(Page)
	// Menu and AvailabilityMenu open a menu below from.
	Menu(from fyne.CanvasObject)
	AvailabilityMenu(from fyne.CanvasObject)
	// DeviceMenu lists the sound devices to choose from, below from.
	DeviceMenu(from fyne.CanvasObject)
	// SetFavourite puts someone into the user's own contacts, or takes them out.
	SetFavourite(name, number string, on bool)
	Copy(text string)
}

// Directory answers what a screen looks up while the user types. Its methods
// return at once.
type Directory interface {
	CheckNumber(number string) error
	Suggest(text string) []Match
	NameOf(number string) string
	// IsFavourite reports whether a number is one of the user's own contacts.
	IsFavourite(number string) bool
}

// Match is one person that fits what is typed.
type Match struct {
	Name, Number, Group string
}

// Env is what all screens share.
type Env struct {
	Words     *words.Catalogue
	Tips      *widget.Tips
	Actions   Actions
	Directory Directory
	Theme     *theme.Theme
	// Mac says that Cmd takes the place of Ctrl.
	Mac bool
	// Canvas is the window's canvas, nil before there is one.
	Canvas func() fyne.Canvas
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

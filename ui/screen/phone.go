package screen

import (
	"context"
	"io"
	"net/url"
	"time"

	"offhook/app"
	"offhook/app/diagnosis"
	"offhook/app/report"
	"offhook/app/signin"
	"offhook/ui/theme"
	"offhook/voice"
	"offhook/voice/audio"
)

// Phone is what the window needs of the phone: *app.Phone, or a made one in tests,
// which have no platform, no devices and no keyring. The methods
// without a context return at once; the others may wait and are never called on
// the window's thread.
type Phone interface {
	Snapshot() *app.Snapshot
	WatchLatest(ctx context.Context) <-chan *app.Snapshot

	SignIn(ctx context.Context, c signin.Credentials) error
	SignOut(ctx context.Context) error
	FindCompany(ctx context.Context, text string) (signin.Company, error)

	Dial(ctx context.Context, number, message string) error
	CheckNumber(number string) error
	// The id names a call; "" is the one of the snapshot's Call.
	Answer(ctx context.Context, id string) error
	Hangup(ctx context.Context, id string) error
	Silence(id string)
	Ignore(id string) error
	Mute(id string) error
	Unmute(id string) error
	Hold(ctx context.Context, id string) error
	Resume(ctx context.Context, id string) error
	Transfer(ctx context.Context, id, target string) error
	Consult(ctx context.Context, id, target string) error
	Swap(ctx context.Context) error
	CompleteTransfer(ctx context.Context, id string) error
	EndConsultation() error
	// Merge makes a conference of two calls. DropParty takes somebody out of it,
	// MuteParty silences them for all, EndConference ends it for all.
	Merge(ctx context.Context, id, with string) error
	DropParty(ctx context.Context, party string) error
	MuteParty(ctx context.Context, party string, on bool) error
	EndConference(ctx context.Context) error
	FollowTransfer() error
	DeclineTransfer() error
	PauseRecording(ctx context.Context, id string) error
	ResumeRecording(ctx context.Context, id string) error
	StartRecording(ctx context.Context, id string) error
	StopRecording(ctx context.Context, id string) error
	ConsentToRecording(ctx context.Context, id string) error
	RefuseRecording(ctx context.Context, id string) error
	SendDTMF(id, digits string) error
	SetRoute(route voice.AudioRoute) error
	TakeDevice() error
	RefuseDevice()
	SetAvailability(a app.Availability) error
	SetBreak(reason string) error
	SetOnAnotherPhone(on bool) error
	Statistics(id string) (app.Stats, bool)
	Levels() (mic, far float64)

	Contacts() []app.ContactGroup
	RefreshContacts(ctx context.Context) error
	Suggest(text string) []app.Contact
	SearchContacts(text string) []app.ContactGroup
	Directory(text string) []app.Colleague
	PickUp(ctx context.Context, extension string) error
	NameOf(number string) string
	E164(number string) string
	AddFavourite(name, number string) error
	RemoveFavourite(number string) error
	IsFavourite(number string) bool
	Recents() []app.CallRecord
	MarkRecentsSeen()
	DeleteRecent(ctx context.Context, id string) error
	Playable(r app.CallRecord) bool
	PlayRecording(ctx context.Context, id string, from time.Duration) error
	StopPlaying()
	SaveOutcome(ctx context.Context, call string, o app.Outcome) error

	StayInWrapUp() error
	SetOutcome(code string) error
	SetOutcomeNote(note string) error
	SetCallback(at time.Time) error
	FinishWrapUp() error
	Feedback(ctx context.Context, rating int, issue, note string) error
	SkipFeedback()
	DismissEnded()
	DismissNotice()

	Settings() app.Settings
	UpdateSettings(change func(*app.Settings)) error
	Devices(ctx context.Context) ([]audio.Device, error)
	CheckAudio(ctx context.Context) (<-chan diagnosis.Check, error)
	PlayTest(ctx context.Context, device string) error
	Diagnose(ctx context.Context) <-chan diagnosis.Check
	DraftReport(ctx context.Context, from, to time.Time) (report.Draft, error)
	SaveLine(ctx context.Context, a app.SIPAccount, password string) error
	RemoveLine(ctx context.Context, id string) error
	KeepICEPassword(id, password string)
	SetProxyPassword(user, password string) error
	Retry()
	// MayQuit is nil, or the question to ask before the phone is ended.
	MayQuit() error
	Prefills() <-chan string
}

var _ Phone = (*app.Phone)(nil)

// Runner runs work beside the window's thread. The window's is the one bridge
// between goroutines and Fyne; the tests' runs everything at once.
type Runner interface {
	// Go runs work on another goroutine and done, if any, on the window's thread.
	Go(work func(ctx context.Context) error, done func(error))
	// Post runs f on the window's thread.
	Post(f func())
	// After runs f on the window's thread after d, unless stop is called before.
	After(d time.Duration, f func()) (stop func())
}

// Host is the system's window around the screens; the tests have a made one.
type Host interface {
	// Raise brings the window to the front.
	Raise()
	Quit()
	Hide()
	OpenSystemSettings()
	OpenURL(*url.URL)
	Copy(text string)
	// Save asks the user where a file is to be, by the system's own dialog, and writes
	// it there; its ending is one of those in endings, the first unless the user takes
	// another. Where the system has no such dialog it is a new file among the user's
	// downloads. path is "" if the user does not want it after all. It blocks.
	Save(ctx context.Context, title, name string, endings []string, write func(ending string, to io.Writer) error) (path string, err error)
	// SetTheme applies at once.
	SetTheme(theme.Mode)
	// Language is the user's choice of language, "system" for the system's;
	// SetLanguage remembers another.
	Language() string
	SetLanguage(string)
}

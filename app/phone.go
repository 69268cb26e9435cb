package app

import (
	"context"
	"time"

	"offhook/voice/audio"
	"offhook/voice/fault"
)

// Phone is the phone without a screen. All methods may be called from any
// goroutine; those that take no context return at once (within microseconds,
// never waiting for the network or a device), and what they changed is in the
// next snapshot. Errors are *fault.Error, fit to be shown.
type Phone struct{}

// Config is what a Phone is made of.
type Config struct{}

var notYet = fault.New(fault.Uninitialized, "The phone has not started.", "Wait a moment.")

// New opens the profile's files and starts the phone. It restores the last
// session in the background when there is one; it never waits for the network.
func New(Config) (*Phone, error) { return nil, notYet }

// Close hangs up, disconnects and closes all files. It returns when everything
// that was recorded is on disk, or with ctx.
func (p *Phone) Close(ctx context.Context) error { return nil }

// Snapshot returns the present state. It never returns nil.
func (p *Phone) Snapshot() *Snapshot { return nil }

// Watch gives out the present snapshot and then each later one, in order and
// without loss, until ctx ends or the phone is closed; then the channel is
// closed. A slow reader delays nobody, but it makes the queue grow.
func (p *Phone) Watch(ctx context.Context) <-chan *Snapshot { return nil }

// WatchLatest is Watch for a window: a reader that is late gets only the
// newest snapshot. The last one is never lost.
func (p *Phone) WatchLatest(ctx context.Context) <-chan *Snapshot { return nil }

// SignIn logs in at the application backend, prepares the engine and connects
// the inbox. It returns when the platform has accepted the phone, or with the
// reason why not, which is also in Snapshot.Account.Err. A phone that is
// signed in as somebody else is signed out first.
func (p *Phone) SignIn(ctx context.Context, c Credentials) error { return notYet }

// SignOut ends a call, stops the engine and wipes every secret, also from the
// keyring. The call log stays.
func (p *Phone) SignOut(ctx context.Context) error { return notYet }

// Dial calls number, which may be a name, a number, or a tel: or sip: link.
// message is free text for the callee's screen. It returns when the call
// exists (Snapshot.Call is set), or with INVALID_DIAL_INFO and the sentence to
// show.
func (p *Phone) Dial(ctx context.Context, number, message string) error { return notYet }

// CheckNumber says whether number could be dialled: nil, or the error that
// Dial would return. It returns nil for an empty number.
func (p *Phone) CheckNumber(number string) error { return nil }

// Answer accepts the incoming call.
func (p *Phone) Answer(ctx context.Context) error { return notYet }

// Hangup declines, cancels or ends the call, as its state asks.
func (p *Phone) Hangup(ctx context.Context) error { return notYet }

// Silence stops the ringing of the incoming call; the call goes on.
func (p *Phone) Silence() {}

// Mute stops the microphone of the established call.
func (p *Phone) Mute() error { return notYet }

// Unmute opens the microphone again.
func (p *Phone) Unmute() error { return notYet }

// Hold puts the far side on hold. It returns when the far side has agreed.
func (p *Phone) Hold(ctx context.Context) error { return notYet }

// Resume ends Hold.
func (p *Phone) Resume(ctx context.Context) error { return notYet }

// SendDTMF sends digits: 0-9 * # A-D and ',' for a pause.
func (p *Phone) SendDTMF(digits string) error { return notYet }

// SetRoute chooses EARPIECE, SPEAKER, BLUETOOTH or HEADPHONES. A route that is
// not there changes nothing and says so.
func (p *Phone) SetRoute(route string) error { return notYet }

// SetAvailability chooses what happens to calls from now on; it is kept over
// restarts.
func (p *Phone) SetAvailability(a Availability) error { return notYet }

// SetOnAnotherPhone is the switch of the reference's PSTN rule: no dialling,
// incoming calls are declined and missed, a call in progress ends as
// PSTN_HANGUP.
func (p *Phone) SetOnAnotherPhone(on bool) error { return notYet }

// Statistics returns those of the call in progress, or of the last one. The
// second value is false when there was none.
func (p *Phone) Statistics() (Stats, bool) { return Stats{}, false }

// Levels returns the loudness of the microphone and of the far side, each 0
// (silence) to 1 (full scale). Both are 0 without a call.
func (p *Phone) Levels() (mic, far float64) { return 0, 0 }

// Contacts returns the directory: the user's favourites, special groups, then
// the others. The slices are shared and must not be written.
func (p *Phone) Contacts() []ContactGroup { return nil }

// RefreshContacts fetches the directory again.
func (p *Phone) RefreshContacts(ctx context.Context) error { return notYet }

// Suggest returns the contacts that fit text best, at most 50: first those
// whose name, a word of it, or number begins with text, then those that contain
// it.
func (p *Phone) Suggest(text string) []Contact { return nil }

// SearchContacts returns the groups with only the contacts that fit text;
// groups without any are left out. An empty text returns all.
func (p *Phone) SearchContacts(text string) []ContactGroup { return nil }

// NameOf returns the directory's name of a number or id, or "".
func (p *Phone) NameOf(number string) string { return "" }

// Recents returns the newest 200 calls of the log, newest first.
func (p *Phone) Recents() []CallRecord { return nil }

// SearchRecents reads the whole log.
func (p *Phone) SearchRecents(ctx context.Context, q RecentsQuery) ([]CallRecord, error) {
	return nil, notYet
}

// MarkRecentsSeen sets Snapshot.MissedUnseen to 0.
func (p *Phone) MarkRecentsSeen() {}

// DeleteRecent removes a call from the log; "" removes all.
func (p *Phone) DeleteRecent(ctx context.Context, id string) error { return notYet }

// Feedback rates the last call: rating 1 (unusable) to 5 (excellent), issue one
// of Issues ("" is NO_ISSUE), note free text. A second one overwrites the
// first.
func (p *Phone) Feedback(ctx context.Context, rating int, issue, note string) error { return notYet }

// SkipFeedback clears Snapshot.FeedbackDue.
func (p *Phone) SkipFeedback() {}

// DismissEnded leaves the ended page: Snapshot.LastCall.Shown becomes false.
func (p *Phone) DismissEnded() {}

// DismissNotice clears Snapshot.Notice.
func (p *Phone) DismissNotice() {}

// Settings returns a copy of the settings.
func (p *Phone) Settings() Settings { return Settings{} }

// UpdateSettings changes the settings and writes them. change must only write
// to its argument. Settings that a provisioning file locked keep their value,
// and an error says so.
func (p *Phone) UpdateSettings(change func(*Settings)) error { return notYet }

// Devices lists the sound devices that are there now. It may take a while.
func (p *Phone) Devices(ctx context.Context) ([]audio.Device, error) { return nil, notYet }

// CheckAudio opens the chosen microphone and loudspeaker for the audio check,
// until ctx ends; Levels works meanwhile. It is refused during a call. The
// channel gives the outcome of each opening and is closed at the end.
func (p *Phone) CheckAudio(ctx context.Context) (<-chan Check, error) { return nil, notYet }

// PlayTest plays the test tone on the chosen loudspeaker ("speaker") or ring
// device ("ring"). It returns when the tone has been played.
func (p *Phone) PlayTest(ctx context.Context, device string) error { return notYet }

// Diagnose runs all checks and gives them out as they go; each name comes
// first as running and then with its outcome. The channel is closed at the
// end. It works signed out.
func (p *Phone) Diagnose(ctx context.Context) <-chan Check { return nil }

// Report uploads the logs from one time to another with text, and returns the
// reference to tell the support. progress may be nil; it is called with 0 to
// 1 from another goroutine.
func (p *Phone) Report(ctx context.Context, from, to time.Time, text string, progress func(float64)) (reference string, err error) {
	return "", notYet
}

// Retry tries at once whatever the phone would try by itself later: push,
// platform, sign-in, devices.
func (p *Phone) Retry() {}

// OpenLink takes a tel: or sip: link as the command line or the system hands
// it over. By the user's choice it dials at once, or asks the window to prefill
// its field: the number then comes out of Prefills.
func (p *Phone) OpenLink(ctx context.Context, link string) error { return notYet }

// Prefills gives the numbers that links put into the number field, and "" when
// another start of the program asks for the window to be raised.
func (p *Phone) Prefills() <-chan string { return nil }

package settings

import (
	"maps"
	"slices"
)

// Version is the version of the file's format that this phone writes.
const Version = 1

// Settings is everything the user, or an administrator for them, chose. The
// zero value of a field is never meaningful by accident: Default gives the
// values of a new installation.
type Settings struct {
	// Version is the format's version; the store sets it.
	Version int `json:"version"`
	// DeviceID names this installation: a random UUID, made once (reference,
	// section 10.19). It is not secret.
	DeviceID string `json:"device_id"`

	Account Account `json:"account"`
	// SIPAccounts are the lines beside, or in place of, the subscriber's.
	SIPAccounts []SIPAccount `json:"sip_accounts,omitempty"`
	Audio       Audio        `json:"audio"`
	Calls       Calls        `json:"calls"`
	Appearance  Appearance   `json:"appearance"`
	Logs        Logs         `json:"logs"`
	Updates     Updates      `json:"updates"`
	Agent       Agent        `json:"agent"`
	Recording   Recording    `json:"recording"`

	// Network is how packets of calls are marked.
	Network Network `json:"network"`
	// DeskAPI is the door for web pages on this computer.
	DeskAPI DeskAPI `json:"desk_api"`
	// Integrations are what other programs learn of calls.
	Integrations Integrations `json:"integrations"`
	// ClearText is by_account where each account says whether it may go without
	// encryption, or ClearTextNever.
	ClearText string `json:"clear_text"`
	// Availability is kept over restarts: available, busy, break or dnd.
	Availability string `json:"availability"`
	// BreakReason is why the agent is on a break, or "".
	BreakReason string `json:"break_reason,omitempty"`
	// OnAnotherPhone is the "system busy" switch (reference, section 10.21).
	OnAnotherPhone bool `json:"on_another_phone"`
	// CodesTold is what the servers of accounts were told by feature codes and hold, by
	// the account's id: queue, pause, dnd, forward.
	CodesTold map[string][]string `json:"codes_told,omitempty"`
	// LastDialled is the id that redial brings back, with its contact's name.
	LastDialled     string `json:"last_dialled"`
	LastDialledName string `json:"last_dialled_name"`
	// AudioCheckDone says that the first-run audio check was finished or
	// skipped.
	AudioCheckDone bool `json:"audio_check_done"`
	// SignedIn says that the user did not sign out: the phone restores the
	// session at its next start.
	SignedIn bool `json:"signed_in"`
	// Favourites are the user's own contacts, shown before the directory's.
	Favourites []Favourite `json:"favourites,omitempty"`
	// Shortcuts are the keys that the user chose for commands of the window, by the
	// command's id, such as "hangup": "Ctrl+Shift+X".
	Shortcuts map[string]string `json:"shortcuts,omitempty"`
	// Locked names the settings that a provisioning file fixed, by their JSON
	// path, such as "audio.ring_volume" or "account".
	Locked []string `json:"locked,omitempty"`
}

// Account is who signed in last and where. It prefills the sign-in page and
// restores the session at the next start.
type Account struct {
	UserName    string `json:"user_name"`
	DisplayName string `json:"display_name"`
	AccountSID  string `json:"account_sid"`
	// Server is the base URL of the application backend.
	Server string `json:"server"`
	// Nodes are the URLs of further servers that stand for Server, as the user gave them
	// or the platform told of them.
	Nodes []string `json:"nodes,omitempty"`
	// PlatformNodes stand for PlatformURL where that is another service.
	PlatformNodes []string `json:"platform_nodes,omitempty"`

	// The following came with the last login; they are needed to start again
	// from a stored token (reference, section 5).
	SubscriberName string `json:"subscriber_name,omitempty"`
	PlatformURL    string `json:"platform_url,omitempty"`
	Exophone       string `json:"exophone,omitempty"`
	ContactName    string `json:"contact_display_name,omitempty"`

	// DiscoveryURL is where the server of a company is found by its code; "" is the
	// address of this build, if it has one.
	DiscoveryURL string `json:"discovery_url,omitempty"`

	// AllowClearText says that the user lets this account go without encryption to
	// another computer.
	AllowClearText bool `json:"allow_clear_text,omitempty"`
}

// ClearTextNever is the value of ClearText that forbids connections without
// encryption, whatever an account allows.
const ClearTextNever = "never"

// Audio says which devices to use, each in the form of --audio-in: "" is the
// system's default, "device:NAME", "file:…", "sine:440", "null".
type Audio struct {
	Microphone string `json:"microphone"`
	Speaker    string `json:"speaker"`
	Ring       string `json:"ring"`
	// RingVolume is 0 to 100.
	RingVolume int `json:"ring_volume"`
	// CallVolume is how loud the far side is, 10 to 200 per cent of how it comes;
	// RingbackVolume how loud ringback and the phone's own tones in a call are, 0 to 100.
	CallVolume     int `json:"call_volume"`
	RingbackVolume int `json:"ringback_volume"`
	// OfferHeadset asks before a headset that appears during a call is used.
	OfferHeadset     bool `json:"offer_headset"`
	EchoCancellation bool `json:"echo_cancellation"`
	NoiseSuppression bool `json:"noise_suppression"`
	AutomaticGain    bool `json:"automatic_gain"`
	// SilenceSuppression sends next to nothing while nobody speaks (DTX): half the
	// traffic, for a metered network.
	SilenceSuppression bool `json:"silence_suppression"`
	// Country is the ISO 3166 code of the country whose ringback, busy and waiting
	// tones are played; "ITU" is the recommendation's own, ITU-T E.180; "" is the
	// country of the system's region.
	Country string `json:"country,omitempty"`
}

// StandardTones is the Audio.Country of those who want ITU-T E.180's tones.
const StandardTones = "ITU"

// LinkMode says what a tel: or sip: link does.
type LinkMode string

// Prefill puts the number into the field; DialAtOnce calls it.
const (
	Prefill    LinkMode = "prefill"
	DialAtOnce LinkMode = "dial"
)

// Calls are the rules around a call.
type Calls struct {
	LinkMode LinkMode `json:"link_mode"`
	// AutoAnswer answers by itself after AutoAnswerDelayS seconds, with a tone.
	AutoAnswer       bool `json:"auto_answer"`
	AutoAnswerDelayS int  `json:"auto_answer_delay_s"`
	// PauseMedia pauses music players during a call; KeepAwake keeps the
	// screen on.
	PauseMedia bool `json:"pause_media"`
	// AskSound asks how the sound of a call was.
	AskSound  bool `json:"ask_sound"`
	KeepAwake bool `json:"keep_awake"`
	// GlobalHotkeys makes answer and decline system-wide while it rings.
	GlobalHotkeys bool `json:"global_hotkeys"`
	// HeadsetButtons obeys the buttons of a headset and shows the call on it.
	HeadsetButtons bool `json:"headset_buttons"`
	// DefaultLine is the SIP account that calls go out over; "" is the subscriber's
	// line or, without one, the first account that is registered.
	DefaultLine string `json:"default_line,omitempty"`
	// Waiting says on which lines a second call is taken while one goes on.
	Waiting CallWaiting `json:"waiting"`
	// RecordingConsent is the sentence that a provisioning file asks to be
	// shown in each call, or "".
	RecordingConsent string `json:"recording_consent,omitempty"`
}

// Appearance is how the window looks and where it was.
type Appearance struct {
	// Theme is system, light or dark.
	Theme string `json:"theme"`
	// Language is the language's code, such as "hi"; "" or system is the system's.
	Language      string `json:"language,omitempty"`
	ReducedMotion bool   `json:"reduced_motion"`
	CloseToTray   bool   `json:"close_to_tray"`
	StartHidden   bool   `json:"start_hidden"`
	// StartAtLogin has the system start the phone, hidden, when the user logs in.
	StartAtLogin bool `json:"start_at_login"`
	// Notifications shows a system notification for a call and a missed call.
	Notifications bool    `json:"notifications"`
	Window        *Window `json:"window,omitempty"`
	// Bar is where the user dragged the bar of a live call to.
	Bar *Corner `json:"bar,omitempty"`
}

// Corner is the lower right corner of a small window, in pixels of the screen.
type Corner struct {
	Right  int `json:"right"`
	Bottom int `json:"bottom"`
}

// Window is the remembered place of the main window, in screen units.
type Window struct {
	X      int     `json:"x"`
	Y      int     `json:"y"`
	Width  float32 `json:"width"`
	Height float32 `json:"height"`
}

// Logs bounds the phone's own logs.
type Logs struct {
	// Level is debug, info, warn or error.
	Level string `json:"level"`
	// KeepDays is how long log files are kept, MaxMB how much they may hold in
	// all.
	KeepDays int `json:"keep_days"`
	MaxMB    int `json:"max_mb"`
}

// Network is how packets of calls are marked for networks that let some go first: DSCP
// values (RFC 2474), 0 for none.
type Network struct {
	VoiceDSCP      int `json:"voice_dscp"`
	SignallingDSCP int `json:"signalling_dscp"`
}

// Updates says whether and whom the phone asks for a newer version of itself.
type Updates struct {
	// Check lets the phone ask, at most once a day.
	Check bool `json:"check"`
	// URL is the https address that is asked; "" is nobody.
	URL string `json:"url"`
}

// Agent is what an administrator configures for agents; what the platform says goes
// before it.
type Agent struct {
	// BreakReasons and Outcomes are what agents may choose from, in this order; any
	// text if there are none.
	BreakReasons []string `json:"break_reasons,omitempty"`
	Outcomes     []string `json:"outcomes,omitempty"`
	// BreakLimits are how long breaks of a reason should last at most, in seconds.
	BreakLimits map[string]int `json:"break_limits,omitempty"`
	// WrapUpS is how many seconds of work follow a call, 0 for none; WrapUpLimitS is
	// the most for an agent who asks for more, 0 for no limit.
	WrapUpS      int `json:"wrap_up_s"`
	WrapUpLimitS int `json:"wrap_up_limit_s"`
	// OutcomeRequired says that an outcome must be chosen after each call.
	OutcomeRequired bool `json:"outcome_required"`
	// AvailableUnready lets an agent be available while the phone is not Ready.
	AvailableUnready bool `json:"available_unready"`
}

// Recording is how the phone records calls over SIP accounts.
type Recording struct {
	// Rule is never, by_hand or all; Ask waits with all for the agent's consent.
	Rule string `json:"rule"`
	Ask  bool   `json:"ask"`
	// Folder is where the files go, "" for the folder recordings of the profile.
	Folder string `json:"folder,omitempty"`
	// PublicKey encrypts them, "" leaves them as they are.
	PublicKey string `json:"public_key,omitempty"`
	// Channels is dual or single.
	Channels string `json:"channels"`
	// BeepS is how often both sides hear a beep, in seconds, 0 for never; PauseS after
	// how long a pause ends by itself.
	BeepS  int `json:"beep_s"`
	PauseS int `json:"pause_s"`
	// KeepDays is how long files are kept, 0 for ever; ReserveMB is left free of the disk.
	KeepDays  int `json:"keep_days"`
	ReserveMB int `json:"reserve_mb"`
	// Play lets recordings be played in the phone.
	Play bool `json:"play"`
}

// Favourite is a contact of the user's own.
type Favourite struct {
	Name   string `json:"name"`
	Number string `json:"number"`
}

// Clone returns a copy that shares nothing with s.
func (s Settings) Clone() Settings {
	s.SIPAccounts = cloneSIP(s.SIPAccounts)
	s.Favourites = append([]Favourite(nil), s.Favourites...)
	s.Integrations = s.Integrations.clone()
	s.DeskAPI.Origins = append([]string(nil), s.DeskAPI.Origins...)
	s.Locked = append([]string(nil), s.Locked...)
	s.Shortcuts = maps.Clone(s.Shortcuts)
	s.CodesTold = maps.Clone(s.CodesTold) // whose lists are not written again
	s.Agent.BreakReasons, s.Agent.Outcomes = slices.Clone(s.Agent.BreakReasons), slices.Clone(s.Agent.Outcomes)
	s.Agent.BreakLimits = maps.Clone(s.Agent.BreakLimits)
	if s.Appearance.Window != nil {
		w := *s.Appearance.Window
		s.Appearance.Window = &w
	}
	if s.Appearance.Bar != nil {
		b := *s.Appearance.Bar
		s.Appearance.Bar = &b
	}
	return s
}

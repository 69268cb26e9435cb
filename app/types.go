package app

import (
	"offhook/app/calllog"
	"offhook/app/settings"
	"offhook/voice"
)

// Credentials are what the sign-in page asks for. Server, AccountSID and
// DisplayName may be empty: the ones of the last sign-in are used, then those
// of a provisioning file. An empty DisplayName becomes the user name.
type Credentials struct {
	UserName    string
	Password    string
	AccountSID  string
	Server      string
	DisplayName string
	// AllowClearText says that the user knows that passwords and calls can be read
	// on their way to the server.
	AllowClearText bool
}

// Settings is what the user chose; see package settings for its fields.
type Settings = settings.Settings

// Favourite is one of the user's own contacts.
type Favourite = settings.Favourite

// Stats are the statistics of the call in progress, or of the last call.
type Stats = voice.Statistics

// The issue names that Feedback accepts (reference, section 1.5).
const (
	IssueNone            = "NO_ISSUE"
	IssueBackgroundNoise = "BACKGROUND_NOISE"
	IssueChoppyAudio     = "CHOPPY_AUDIO"
	IssueHighLatency     = "HIGH_LATENCY"
	IssueNoAudio         = "NO_AUDIO"
	IssueEcho            = "ECHO"
)

// Issues lists the accepted issue names in the order of the reference.
var Issues = [...]string{IssueNone, IssueBackgroundNoise, IssueChoppyAudio, IssueHighLatency, IssueNoAudio, IssueEcho}

// RecentsQuery filters the call log. The zero value is everything.
type RecentsQuery = calllog.Query

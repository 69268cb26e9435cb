package app

import (
	"offhook/app/calllog"
	"offhook/app/settings"
	"offhook/voice"
)

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

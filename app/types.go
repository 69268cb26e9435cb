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

// RecentsQuery filters the call log. The zero value is everything.
type RecentsQuery = calllog.Query

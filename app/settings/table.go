package settings

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"

	"offhook/internal/dscp"
	"offhook/voice"
)

// Page is the page of the window on which a setting has its row.
type Page string

// The pages; a setting without one has no row of the table's making.
const (
	PageAudio      Page = "audio"
	PageCalls      Page = "calls"
	PageAppearance Page = "appearance"
	PageDesk       Page = "desk"
	PageNone       Page = ""
)

// Entry is one setting: all that is known of it beside its field. Validation, the
// policy and its schema, ctl and the window read it here.
type Entry struct {
	// Path is the JSON path of the field, such as "audio.ring_volume".
	Path string
	// About says in English what it does, for the policy's schema and ctl.
	About string
	// Default is the value of a new installation, nil for the zero value.
	Default any
	// Min and Max bound a number.
	Min, Max int
	// Choices are all values that a text may have, none for any.
	Choices []string
	// Pattern is what a text must match, nil for any.
	Pattern *regexp.Regexp
	// Page is where the window has its row, under the heading Section; Title is the label
	// of the row and Caption the words below it, which may be none. All words are in
	// English, as the labels in assets/lang are looked up.
	Page                    Page
	Section, Title, Caption string
	// Offered are the values that the window offers, where it is no switch and no number.
	Offered []Option
	// Step is by how much the window changes a number, Unit its label, such as "{n} s".
	Step int
	Unit string
	// Try is what sounds once the window has changed the setting: "ring", "speaker", or
	// "" for nothing.
	Try string
	// With are settings that follow this one when the window changes it, by their paths.
	With []string
	// Own says that the value belongs to the phone itself: no policy sets or locks it.
	Own bool
}

// Option is one value that the window offers, and its label in English.
type Option struct{ Value, Label string }

// Table is all settings in the order in which they are shown.
var Table = []Entry{
	{Path: "version", Default: Version, Own: true},
	{Path: "device_id", Own: true},
	{Path: "signed_in", Own: true},
	{Path: "locked", Own: true},
	{Path: "last_dialled", Own: true},
	{Path: "last_dialled_name", Own: true},
	{Path: "on_another_phone", Own: true},
	{Path: "break_reason", Own: true},
	{Path: "codes_told", Own: true},
	{Path: "favourites", Own: true},
	{Path: "appearance.window", Own: true},
	{Path: "appearance.bar", Own: true},
	{Path: "account.subscriber_name", Own: true},
	{Path: "account.platform_url", Own: true},
	{Path: "account.nodes", Own: true},
	{Path: "account.platform_nodes", Own: true},
	{Path: "account.exophone", Own: true},
	{Path: "account.contact_display_name", Own: true},

	{Path: "account.server", About: `The application backend; "server" says the same.`},
	{Path: "account.account_sid", About: `The account SID; "account" says the same.`},
	{Path: "account.discovery_url", About: "The https address that is asked which server a company's code stands for, as GET ADDRESS/CODE."},
	{Path: "account.user_name", About: "Who signs in."},
	{Path: "account.display_name", About: "The name that callees see."},
	{Path: "account.allow_clear_text", About: "Let the account go without encryption to another computer: passwords and calls can be read on the way."},
	{Path: "clear_text", About: "by_account where each account says whether it may go without encryption; never forbids it for all.",
		Default: "by_account", Choices: []string{"by_account", ClearTextNever}},
	{Path: "sip_accounts", About: "SIP accounts, as docs/sip.md describes them: id, on, server, user, domain and others. Passwords are the user's to enter."},

	{Path: "audio.microphone", About: `"" for the system's, or device:NAME.`},
	{Path: "audio.speaker", About: `"" for the system's, or device:NAME.`},
	{Path: "audio.ring", About: `"" for the loudspeaker, or device:NAME.`},
	{Path: "audio.ring_volume", About: "How loud it rings.", Default: 80, Max: 100,
		Page: PageCalls, Section: "Incoming calls", Title: "Ring volume", Step: 10, Unit: "{n} %", Try: "ring"},
	{Path: "audio.echo_cancellation", About: "Take the loudspeaker's sound out of the microphone's.", Default: true,
		Page: PageAudio, Title: "Noise and echo removal", With: []string{"audio.noise_suppression", "audio.automatic_gain"}},
	{Path: "audio.noise_suppression", About: "Take noise out of the microphone's sound.", Default: true},
	{Path: "audio.automatic_gain", About: "Keep the voice at one loudness.", Default: true},
	{Path: "audio.call_volume", About: "How loud the far side is, in per cent of how it comes; from 101 on it is made louder.", Default: 100, Min: 10, Max: 200,
		Page: PageAudio, Title: "Call volume", Step: 10, Unit: "{n} %"},
	{Path: "audio.ringback_volume", About: "How loud the ringback and the phone's other tones in a call are.", Default: 100, Max: 100,
		Page: PageAudio, Title: "Ringback volume", Step: 10, Unit: "{n} %"},
	{Path: "audio.offer_headset", About: "Ask before a headset that is plugged in during a call is used; without it the call takes it, if no device was chosen.",
		Page: PageAudio, Title: "Ask before using a new headset", Caption: "Otherwise a call moves to it at once"},
	{Path: "audio.silence_suppression", About: "Send next to nothing while nobody speaks, to spare a metered network; from the next call on.",
		Page: PageAudio, Title: "Save data while nobody speaks", Caption: "From the next call on"},

	{Path: "calls.auto_answer", About: "Answer by itself, after a tone.",
		Page: PageCalls, Section: "Incoming calls", Title: "Auto-answer", Caption: "With a beep"},
	{Path: "calls.auto_answer_delay_s", About: "After how many seconds.", Default: 3, Max: 30,
		Page: PageCalls, Section: "Incoming calls", Title: "Auto-answer after", Step: 1, Unit: "{n} s"},
	{Path: "calls.global_hotkeys", About: "Keys that answer and decline in every window while it rings.",
		Page: PageCalls, Section: "Incoming calls", Title: "Answer keys in every program", Caption: "While a call rings"},
	{Path: "calls.headset_buttons", About: "Obey the buttons of a headset (hook, mute, flash) and show the call on its lights.", Default: true},
	{Path: "calls.pause_media", About: "Pause music players during a call.", Page: PageCalls, Section: "During a call", Title: "Pause music during calls"},
	{Path: "calls.keep_awake", About: "Keep the screen on during a call.", Default: true, Page: PageCalls, Section: "During a call", Title: "Keep the screen on during calls"},
	{Path: "calls.ask_sound", About: "Ask after a call how its sound was.", Default: true, Page: PageCalls, Section: "During a call", Title: "Ask about sound", Caption: "After a call"},
	{Path: "audio.country", Pattern: regexp.MustCompile(`^([A-Z]{2}|ITU)?$`),
		About: `The ISO 3166 code of the country whose ringback, busy and waiting tones are played; ITU for the recommendation's own, "" for the system's region.`,
		Page:  PageCalls, Section: "During a call", Title: "Ringback tones", Offered: countries},
	{Path: "calls.link_mode", About: "Click to call: what a tel: or sip: link does. prefill puts the number into the field, dial calls it.",
		Default: Prefill, Choices: []string{string(Prefill), string(DialAtOnce)},
		Page: PageCalls, Section: "When you click a phone link", Title: "When you click a phone link",
		Offered: []Option{{string(Prefill), "Show the number first"}, {string(DialAtOnce), "Call right away"}}},
	{Path: "calls.default_line", About: `The id of the SIP account that calls go out over; "" for the subscriber's line.`},
	{Path: "calls.waiting", About: "A second call while one goes on. default: on SIP accounts, not on the subscriber's line, whose second call is refused as busy; on and off: on all lines.",
		Default: string(WaitingDefault), Choices: []string{string(WaitingDefault), string(WaitingOn), string(WaitingOff)},
		Page: PageCalls, Section: "Second call while you're in a call", Title: "Second call while you're in a call",
		Offered: []Option{{string(WaitingDefault), "On SIP accounts"}, {string(WaitingOn), "On all lines"}, {string(WaitingOff), "Never, the caller hears busy"}}},
	{Path: "calls.recording_consent", About: `The sentence on recording that each call shows; "" for none.`},

	{Path: "recording.rule", About: "Which calls over SIP accounts the phone itself records: never, by_hand (those that the agent records) or all.",
		Default: string(voice.RecordNever), Choices: []string{string(voice.RecordNever), string(voice.RecordByHand), string(voice.RecordAll)}},
	{Path: "recording.ask", About: "With all: record only calls for which the agent has agreed; nothing from before is kept."},
	{Path: "recording.folder", About: `Where the phone's own recordings go; "" for the folder recordings of the profile.`},
	{Path: "recording.public_key", Pattern: regexp.MustCompile(`^(age1[02-9ac-hj-np-z]{58})?$`),
		About: `The public key (age1…) that encrypts them; who has the other half can play them, and the phone can't. "" leaves them open to all who can read the folder.`},
	{Path: "recording.channels", About: "dual: each side in a channel of its own; single: both mixed.", Default: "dual", Choices: []string{"dual", "single"}},
	{Path: "recording.beep_s", About: "How often both sides hear a beep while the phone records, in seconds, such as 15; 0 for never.", Max: 3600},
	{Path: "recording.pause_s", About: "After how many seconds a pause of the phone's recording ends by itself.", Default: 120, Min: 10, Max: 3600},
	{Path: "recording.keep_days", About: "How many days the phone's own recordings are kept; 0 for ever.", Default: 30, Max: 3650},
	{Path: "recording.reserve_mb", About: "How much of the disk recordings leave free.", Default: 500, Max: 1_000_000},
	{Path: "recording.play", About: "Let recordings be played in the list of calls: the phone's own, and those of a platform that lets its agents."},

	{Path: "appearance.theme", About: "The window's colours.", Default: "system", Choices: []string{"system", "light", "dark"},
		Page: PageAppearance, Section: "Colours", Title: "Colours", Offered: []Option{{"system", "Same as the system"}, {"light", "theme::Light"}, {"dark", "theme::Dark"}}},
	{Path: "appearance.language", About: `The language's code; "" for the system's.`},
	{Path: "appearance.reduced_motion", About: "Move nothing that need not move.",
		Page: PageAppearance, Section: "Window", Title: "Reduced motion", Caption: "No animations"},
	{Path: "appearance.close_to_tray", About: "Closing the window keeps the phone running.", Default: true,
		Page: PageAppearance, Section: "Window", Title: "Keep running in the tray", Caption: "When you close the window"},
	{Path: "appearance.notifications", About: "Show a system notification for a call and a missed call.", Default: true,
		Page: PageAppearance, Section: "Window", Title: "Notifications", Caption: "For incoming and missed calls"},
	{Path: "appearance.start_at_login", About: "Start with the user's session, without showing the window.",
		Page: PageAppearance, Section: "Window", Title: "Start at login", Caption: "In the tray"},
	{Path: "appearance.start_hidden", About: "Start without showing the window.", Page: PageAppearance, Section: "Window", Title: "Start in the tray"},

	{Path: "shortcuts", About: `The keys of the window's commands, by the command's id, such as {"hangup": "Ctrl+Shift+X"}; those left out keep their usual ones.`},

	{Path: "network.voice_dscp", About: "The DSCP mark of sound, such as 46 for EF; 0 for none. On Windows the system's own policies mark.", Default: dscp.EF, Max: dscp.Max},
	{Path: "network.signalling_dscp", About: "The DSCP mark of SIP, such as 24 for CS3 or 26 for AF31; 0 for none.", Default: dscp.CS3, Max: dscp.Max},

	{Path: "desk_api.on", About: "Let web pages on this computer work the phone, once the user has paired them by a code: docs/crm.",
		Page: PageDesk, Title: "Let web pages use the phone", Caption: "Only those that you pair by a code"},
	{Path: "desk_api.port", About: "The TCP port on 127.0.0.1 of the Desk API.", Default: DeskPort, Min: 1024, Max: 65535},
	{Path: "desk_api.origins", About: "The origins of the pages that may ask to be paired, such as https://crm.example.com."},

	{Path: "integrations.pops", About: "Pages that open in the browser at a moment of a call, once a call: when (ring, answer, end, wrap_up; button: only by Open record), url, direction. docs/admin.md has the names for {places}."},
	{Path: "integrations.commands", About: "Programs that start at a moment of a call, without a shell: when, argv, direction."},
	{Path: "integrations.webhooks", About: "Servers that are told of calls by signed requests: url, events."},

	{Path: "logs.level", About: "How much is logged.", Default: "info", Choices: []string{"debug", "info", "warn", "error"}},
	{Path: "logs.keep_days", About: "How many days of logs are kept.", Default: 14, Min: 1, Max: 365},
	{Path: "logs.max_mb", About: "How much the logs may hold in all.", Default: 50, Min: 1, Max: 10_000},
	{Path: "updates.check", About: "Ask for a newer version of the phone, at most once a day.", Default: true},
	{Path: "updates.url", About: `The https address that is asked for a newer version; "" for nobody.`},
	{Path: "availability", About: "What happens to calls.", Default: "available", Choices: []string{"available", "busy", "break", "dnd"}},
	{Path: "agent.break_reasons", About: `The reasons that a break may have, such as ["Lunch", "Training"], where the platform names none; none allows any.`},
	{Path: "agent.break_limits", About: `How long breaks of a reason should last at most, in seconds, such as {"Lunch": 1800}. Longer ones are shown as such and never ended.`},
	{Path: "agent.outcomes", About: `What may become of a call, such as ["Sold", "Call back"], where the platform names none; none allows any.`},
	{Path: "agent.wrap_up_s", About: "How many seconds of work follow each call, in which no other comes; 0 for none.", Max: 3600},
	{Path: "agent.wrap_up_limit_s", About: "The most seconds of such work for an agent who asks for more time; 0 for no limit.", Max: 8 * 3600},
	{Path: "agent.outcome_required", About: "An outcome must be chosen after each call."},
	{Path: "agent.available_unready", About: "Let agents be available while the phone is not ready for calls."},
	{Path: "audio_check_done", About: "true skips the audio check of the first run."},
}

// countries are the countries whose tones the window offers: the system's region, those
// that belong to no country, and then by name.
var countries = []Option{
	{"", "Same as the system"}, {StandardTones, "International"},
	{"AU", "Australia"}, {"AT", "Austria"}, {"BR", "Brazil"}, {"CA", "Canada"}, {"CN", "China"}, {"FR", "France"}, {"DE", "Germany"},
	{"HK", "Hong Kong"}, {"IN", "India"}, {"IE", "Ireland"}, {"IT", "Italy"}, {"JP", "Japan"}, {"NZ", "New Zealand"}, {"SG", "Singapore"},
	{"ZA", "South Africa"}, {"ES", "Spain"}, {"CH", "Switzerland"}, {"AE", "United Arab Emirates"}, {"GB", "United Kingdom"}, {"US", "United States"},
}

// Of returns the entry of a path; ok is false when there is no such setting.
func Of(path string) (e Entry, ok bool) {
	i := slices.IndexFunc(Table, func(e Entry) bool { return e.Path == path })
	if i < 0 {
		return Entry{}, false
	}
	return Table[i], true
}

// On returns the settings that have a row on a page of the window, in order.
func On(p Page) []Entry {
	return slices.DeleteFunc(slices.Clone(Table), func(e Entry) bool { return e.Page != p || p == PageNone })
}

// Get returns the setting's value in s: a bool, an int, a string, or what else the
// field holds.
func (e Entry) Get(s Settings) any { return lookup(reflect.ValueOf(s), e.Path).Interface() }

// Set gives the setting a value in s. The error says what is wrong with it.
func (e Entry) Set(s *Settings, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return SetPath(s, e.Path, data)
}

// repair brings the setting's value in s into its range.
func (e Entry) repair(s *Settings) {
	v := lookup(reflect.ValueOf(s).Elem(), e.Path)
	switch {
	case v.Kind() == reflect.Int && e.Max > 0:
		v.SetInt(min(max(v.Int(), int64(e.Min)), int64(e.Max)))
	case len(e.Choices) > 0 && !slices.Contains(e.Choices, v.String()), e.Pattern != nil && !e.Pattern.MatchString(v.String()):
		e.reset(v)
	}
}

// reset gives a field its value of a new installation.
func (e Entry) reset(v reflect.Value) {
	if e.Default == nil {
		v.SetZero()
		return
	}
	v.Set(reflect.ValueOf(e.Default).Convert(v.Type()))
}

// Default returns the settings of a new installation, without a device id.
func Default() Settings {
	var s Settings
	v := reflect.ValueOf(&s).Elem()
	for _, e := range Table {
		if e.Default != nil {
			e.reset(lookup(v, e.Path))
		}
	}
	return s
}

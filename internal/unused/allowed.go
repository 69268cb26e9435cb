package main

// allowed is what stays although the rules say otherwise, by the reason.
var allowed = byName(map[string][]string{
	"D-Bus calls them by name": {
		"app/hotkeys.player.Next", "app/hotkeys.player.Pause", "app/hotkeys.player.Play", "app/hotkeys.player.PlayPause",
		"app/hotkeys.player.Previous", "app/hotkeys.player.Quit", "app/hotkeys.player.Raise", "app/hotkeys.player.Stop",
		"internal/atspi.object.GetApplication", "internal/atspi.object.GetAttributes", "internal/atspi.object.GetChildAtIndex",
		"internal/atspi.object.GetChildren", "internal/atspi.object.GetIndexInParent", "internal/atspi.object.GetInterfaces",
		"internal/atspi.object.GetLocalizedRoleName", "internal/atspi.object.GetRelationSet", "internal/atspi.object.GetRole",
		"internal/atspi.object.GetRoleName", "internal/atspi.object.GetState", "internal/atspi.reference.Name",
		"internal/atspi.reference.Path", "internal/atspi.relation.Kind", "internal/atspi.relation.Targets",
	},
	"a link must not know the session that it carries": {
		"voice/media.linkHandler",
	},
	"an ErrorType of the reference": {
		"voice/fault.DeviceIntegrityTestFailure", "voice/fault.TonePlaybackError",
	},
	"auth must not know the platform's client, which asks it for tokens": {
		"voice/auth.Renewer",
	},
	"calls have sound, which does not pass in the fake time of the tests": {
		"app.Controls", "app.Engine",
	},
	"the console's tests make up a platform": {
		"demo/console.Source",
	},
	"the exchange is told of the platform, which knows the exchange": {
		"demo/exophone.Calls", "demo/exophone.DialWhom", "demo/exophone.Directory", "demo/exophone.Payloads",
		"demo/exophone.Pusher",
	},
	"the inbox's tests let in whom they like": {
		"demo/inbox.Gate",
	},
	"the package's tests look at it": {
		"voice/audio.Path.InUse", "voice/media.SDESAccept", "voice/sip.Account.Reconnect", "voice/sip.Account.State",
		"voice/sip.Dialog.CallID", "voice/sip.Flow.LastHeard", "voice/sip.Flow.RTT", "voice/sip.Flow.Server",
		"voice/sip.Redirection.Reason",
	},
	"the path's tests process nothing; it keeps cgo out of the package": {
		"voice/audio.Processor",
	},
	"the platform's client must not know who keeps the tokens": {
		"voice/platform.Tokens",
	},
	"the platform's tests look at it": {
		"demo.Platform.Backend", "demo/backend.Server.Users", "demo/relay.Relay.Totals", "demo/wsconn.Conn.LastHeard",
		"demo/wsconn.Conn.RTT", "demo/wsconn.Conn.Send",
	},
	"the templates of the page call them by name": {
		"demo/console.callRow.Feedback", "demo/console.callRow.Outcomes", "demo/console.subscriberRow.Agent", "demo/console.subscriberRow.Connected",
	},
	"the tests have no sound card": {
		"voice/audio.System", "voice/audio.deepSystem", "voice/audio.hardware",
	},
	"the tests of calls have no media": {
		"voice/media.Session",
	},
	"the tests of calls have no network and no sound": {
		"voice.soundPath", "voice/line.Dialog", "voice/line.Flow", "voice/line/sipaccount.Registration",
	},
	"the tests of the icons use it": {
		"ui/theme.Help", "ui/theme.Stop",
	},
	"the tests of the programs use it": {
		"internal/drive.Window.Activate", "internal/drive.Window.ID", "internal/drive.Xfwm", "internal/drive.Window.Minimise",
		"internal/listen.Sound.RMS",
	},
	"the tests of the window look at it": {
		"ui/widget.Input.Label", "ui/widget.Input.Outlined", "ui/widget.Meter.LitSegments", "ui/widget.SlimBanner.Title",
		"ui/widget.Switch.On", "ui/widget.Text.Cut", "ui/widget.Toggle.State", "ui/widget.control.Focused",
		"ui/widget.control.Label", "ui/widget.control.Outlined",
	},
	"the tests run in a time of their own": {
		"voice/clock.Clock",
	},
	"the tests start the window by it": {
		"ui.Run",
	},
	"the tests' inbox delivers when they say": {
		"app.Inbox",
	},
	"the window will use it": {
		"app.IsClearTextRefused", "app.Phone.Lines", "app.Phone.SetLinePassword",
	},
	"the window's tests have no desktop": {
		"ui/screen.Host",
	},
	"the window's tests make up a draft": {
		"app/report.Draft",
	},
	"the window's tests make up a phone": {
		"ui/screen.Phone",
	},
	"the window's tests run on one thread": {
		"ui/screen.Runner",
	},
})

func byName(byReason map[string][]string) map[string]string {
	list := map[string]string{}
	for reason, names := range byReason {
		for _, name := range names {
			list[name] = reason
		}
	}
	return list
}

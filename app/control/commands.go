package control

import (
	"context"
	"encoding/json"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"offhook/app"
	"offhook/app/diagnosis"
	"offhook/app/settings"
	"offhook/app/signin"
	"offhook/voice"
	"offhook/voice/fault"
)

// command is one word of the remote control.
type command struct {
	// args describes the arguments for the help; min and max count them.
	args     string
	min, max int
	help     string
	// flags are those of the options that go with the command.
	flags string
	// local says that a page of the Desk API has no such command: it reads or changes
	// files, passwords and settings, or ends the phone.
	local bool
	run   func(ctx context.Context, s *Server, r request, emit func(any) error) (any, error)
	// did says in a few words what the command has done, "" for one that answers with
	// something of its own.
	did string
	// calls says that the command concerns a call, so that --wait waits for the
	// state of that call.
	calls bool
}

// commands is everything that `offhook ctl` knows.
var commands map[string]command

func init() {
	commands = map[string]command{
		"status": {help: "print the phone's state", run: func(ctx context.Context, s *Server, _ request, _ func(any) error) (any, error) {
			return nil, s.cfg.Phone.Refresh(ctx)
		}},
		"dial": {flags: "message line", did: "Calling.", args: "NUMBER", min: 1, max: 1, calls: true, help: "call a name, a number, or a tel: or sip: link; --message TEXT goes along, --line USER@DOMAIN chooses a SIP account",
			run: func(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
				return nil, s.cfg.Phone.DialOn(ctx, r.Line, r.Args[0], r.Message)
			}},
		"answer": {did: "Answered.", flags: "call hold", args: "[CALL-ID]", max: 1, calls: true, help: "accept the incoming call; a call that was talking is put on hold, with --hold and without",
			run: func(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
				return nil, s.cfg.Phone.Answer(ctx, r.callID())
			}},
		"pickup": {did: "Picking up.", args: "EXTENSION", min: 1, max: 1, calls: true, help: "take the call that rings at an extension, which a SIP account watches",
			run: func(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
				return nil, s.cfg.Phone.PickUp(ctx, r.Args[0])
			}},
		"hangup":  onCall("Hung up.", "decline, cancel or end the call", hangup),
		"decline": onCall("Declined.", "decline the incoming call", decline),
		"ignore":  quickOn("Ignored. The caller hears ringing.", "let the incoming call ring for the caller alone", (*app.Phone).Ignore),
		"hold":    onCall("On hold.", "put the other side on hold", (*app.Phone).Hold),
		"resume":  onCall("Off hold.", "end the hold; another call that was talking is put on hold", (*app.Phone).Resume),
		"mute":    quickOn("Muted.", "close the microphone", (*app.Phone).Mute),
		"unmute":  quickOn("Unmuted.", "open the microphone", (*app.Phone).Unmute),
		"silence": quickOn("The ringing is silenced.", "stop the ringing", func(p *app.Phone, id string) error { p.Silence(id); return nil }),
		"retry":   quick("Trying again.", "connect again now", func(p *app.Phone) error { p.Retry(); return nil }),
		"dtmf": {flags: "call", did: "Sent.", args: "DIGITS", min: 1, max: 1, calls: true, help: "send 0-9 * # A-D, and ',' for a pause",
			run: func(_ context.Context, s *Server, r request, _ func(any) error) (any, error) {
				return nil, s.cfg.Phone.SendDTMF(r.Call, r.Args[0])
			}},
		"transfer": {flags: "call", did: "The call is being handed on.", args: "[NUMBER]", max: 1, calls: true, help: "hand the call to a number or an address, or to the party that was consulted",
			run: func(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
				if len(r.Args) == 0 {
					return nil, s.cfg.Phone.CompleteTransfer(ctx, r.Call)
				}
				return nil, s.cfg.Phone.Transfer(ctx, r.Call, r.Args[0])
			}},
		"consult": {flags: "call", did: "Asking.", args: "NUMBER", min: 1, max: 1, calls: true, help: "hold the call and ask somebody who may get it by transfer",
			run: func(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
				return nil, s.cfg.Phone.Consult(ctx, r.Call, r.Args[0])
			}},
		"swap": simple("Swapped.", "talk to the other of two calls, or to the other of the call's far side and the party that was consulted", (*app.Phone).Swap),
		"end-consult": {did: "The consultation is over.", calls: true, help: "hang up on the party that was consulted; the call stays on hold until resume",
			run: func(_ context.Context, s *Server, _ request, _ func(any) error) (any, error) {
				return nil, s.cfg.Phone.EndConsultation()
			}},
		"recording": {flags: "call", did: "Done.", args: "pause|resume|start|stop|consent|refuse", min: 1, max: 1, calls: true, help: "keep a card number out of the recording of the call, begin and end one by hand where that is allowed, or say whether the call may be recorded where you are asked",
			run: func(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
				do := map[string]func(*app.Phone, context.Context, string) error{
					"pause": (*app.Phone).PauseRecording, "resume": (*app.Phone).ResumeRecording,
					"start": (*app.Phone).StartRecording, "stop": (*app.Phone).StopRecording,
					"consent": (*app.Phone).ConsentToRecording, "refuse": (*app.Phone).RefuseRecording,
				}[r.Args[0]]
				if do == nil {
					return nil, usage("Use pause, resume, start, stop, consent or refuse.")
				}
				return nil, do(s.cfg.Phone, ctx, r.Call)
			}},
		"play": {did: "Done.", args: "CALL|stop [SECONDS]", min: 1, max: 2, help: "play the recording of a call of the history, by its id, from the beginning or from there on; stop ends it",
			run: func(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
				if r.Args[0] == "stop" {
					s.cfg.Phone.StopPlaying()
					return nil, nil
				}
				from := 0
				if len(r.Args) > 1 {
					var err error
					if from, err = strconv.Atoi(r.Args[1]); err != nil || from < 0 || from > 1e6 {
						return nil, usage("SECONDS is a number from 0 on.")
					}
				}
				return nil, s.cfg.Phone.PlayRecording(ctx, r.Args[0], time.Duration(from)*time.Second)
			}},
		"merge": {did: "Merged.", flags: "call", args: "[CALL-ID]", max: 1, calls: true, help: "make a conference of two calls, or take a call into the conference",
			run: func(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
				with := ""
				if len(r.Args) > 0 {
					with = r.Args[0]
				}
				return nil, s.cfg.Phone.Merge(ctx, r.Call, with)
			}},
		"drop": {did: "Dropped.", args: "PARTY", min: 1, max: 1, calls: true, help: "take a party, by its id or its name, out of the conference; the others talk on",
			run: func(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
				return nil, s.cfg.Phone.DropParty(ctx, partyOf(s, r.Args[0]))
			}},
		"mute-party": {did: "Nobody hears them.", args: "PARTY", min: 1, max: 1, calls: true, help: "keep a party's sound from everybody in the conference",
			run: func(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
				return nil, s.cfg.Phone.MuteParty(ctx, partyOf(s, r.Args[0]), true)
			}},
		"unmute-party": {did: "They can be heard.", args: "PARTY", min: 1, max: 1, calls: true, help: "let a party be heard in the conference again",
			run: func(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
				return nil, s.cfg.Phone.MuteParty(ctx, partyOf(s, r.Args[0]), false)
			}},
		"end-conference":   simple("The conference is over.", "end the conference for all; hangup leaves one that the platform mixes", (*app.Phone).EndConference),
		"follow-transfer":  quick("Going there.", "go where the other side hands the call, as it asks to", (*app.Phone).FollowTransfer),
		"decline-transfer": quick("You stay.", "stay in the call that the other side asks to hand on", (*app.Phone).DeclineTransfer),
		"route": {did: "The sound is moved.", args: "ROUTE", min: 1, max: 1, calls: true, help: "move the sound: EARPIECE, SPEAKER, BLUETOOTH or HEADPHONES",
			run: func(_ context.Context, s *Server, r request, _ func(any) error) (any, error) {
				return nil, s.cfg.Phone.SetRoute(voice.AudioRoute(strings.ToUpper(r.Args[0])))
			}},
		"take-device":   quick("The device is in use.", "use the headset or the microphone that the call offers, as audio.offer in status says", (*app.Phone).TakeDevice),
		"refuse-device": quick("The sound stays where it is.", "leave the device that the call offers", func(p *app.Phone) error { p.RefuseDevice(); return nil }),
		"availability": {flags: "reason", did: "Availability is set.", args: "available|busy|break|dnd|after_call_work", min: 1, max: 1, help: "choose what happens to calls; --reason of a break",
			run: func(_ context.Context, s *Server, r request, _ func(any) error) (any, error) {
				if r.Args[0] == string(app.Break) {
					return nil, s.cfg.Phone.SetBreak(r.Reason)
				}
				if r.Reason != "" {
					return nil, usage("--reason belongs to a break.")
				}
				return nil, s.cfg.Phone.SetAvailability(app.Availability(r.Args[0]))
			}},
		"other-phone": {did: "Set.", args: "on|off", min: 1, max: 1, help: "say that you are on another phone",
			run: func(_ context.Context, s *Server, r request, _ func(any) error) (any, error) {
				if r.Args[0] != "on" && r.Args[0] != "off" {
					return nil, usage("Use on or off.")
				}
				return nil, s.cfg.Phone.SetOnAnotherPhone(r.Args[0] == "on")
			}},
		"outcome": {flags: "note callback call", did: "The outcome is saved.", args: "CODE", min: 1, max: 1, help: "say what became of the call that is wrapped up, or of the latest one, or of --call of the history; --note TEXT, --callback WHEN", run: outcome},
		"wrap-up": {did: "Done.", args: "done|stay", min: 1, max: 1, help: "end the work after a call, or stay in it beyond its time",
			run: func(_ context.Context, s *Server, r request, _ func(any) error) (any, error) {
				switch r.Args[0] {
				case "done":
					return nil, s.cfg.Phone.FinishWrapUp()
				case "stay":
					return nil, s.cfg.Phone.StayInWrapUp()
				}
				return nil, usage("Use done or stay.")
			}},
		"directory": {args: "[TEXT]", max: 1, help: "print those to whom a call can be handed, with how they stand",
			run: func(_ context.Context, s *Server, r request, _ func(any) error) (any, error) {
				return map[string]any{"colleagues": s.cfg.Phone.Directory(strings.Join(r.Args, " "))}, nil
			}},
		"stats": {flags: "call", args: "[CALL-ID]", max: 1, help: "print the statistics of the call, or of the last one", run: stats},
		"history": {flags: "kind since until limit csv", args: "[TEXT]", max: 1, help: "print the call log, newest first; between --since and --until, of one --kind, at most --limit, also as --csv",
			run: history},
		"contacts": {args: "[TEXT]", max: 1, help: "print the directory",
			run: func(_ context.Context, s *Server, r request, _ func(any) error) (any, error) {
				groups := s.cfg.Phone.SearchContacts(strings.Join(r.Args, " "))
				if groups == nil {
					groups = []app.ContactGroup{}
				}
				return map[string]any{"groups": groups}, nil
			}},
		"favourite": {did: "In your contacts now.", args: "NUMBER [NAME]", min: 1, max: 2, help: "put a number into your own contacts",
			run: func(_ context.Context, s *Server, r request, _ func(any) error) (any, error) {
				return nil, s.cfg.Phone.AddFavourite(strings.Join(r.Args[1:], " "), r.Args[0])
			}},
		"unfavourite": {did: "No longer in your contacts.", args: "NUMBER", min: 1, max: 1, help: "take a number out of your own contacts",
			run: func(_ context.Context, s *Server, r request, _ func(any) error) (any, error) {
				return nil, s.cfg.Phone.RemoveFavourite(r.Args[0])
			}},
		"events":   {local: true, help: "print a snapshot a line as things change, the present one first, for --timeout or without end", run: events},
		"diagnose": {help: "check devices, network and servers", run: diagnose},
		"feedback": {flags: "note", did: "Thank you. The rating is sent.", args: "RATING [ISSUE]", min: 1, max: 2, help: "rate the last call 1 to 5; --note TEXT goes along", run: feedback},
		"upload-logs": {flags: "since until description", help: "send the logs to the support; --since 168h, --description TEXT",
			run: func(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
				from, to, err := r.span(reportSpan)
				if err != nil {
					return nil, err
				}
				ref, err := s.cfg.Phone.Report(ctx, from, to, r.Description, nil)
				return map[string]string{"reference": ref}, err
			}},
		"report": {local: true, flags: "since until", args: "FILE", min: 1, max: 1, help: "write the logs into a new zip file, also signed out; --since 168h", did: "The report is written.",
			run: func(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
				from, to, err := r.span(reportSpan)
				if err != nil {
					return nil, err
				}
				if !filepath.IsAbs(r.Args[0]) { // where the phone runs is not where its user is
					return nil, usage("Name the file by its whole path.")
				}
				return nil, s.cfg.Phone.SaveReport(ctx, from, to, r.Args[0])
			}},
		"settings": {local: true, args: "[PATH [VALUE]]", max: 2, help: "print all settings, or one by its path such as audio.ring_volume, or change it", run: changeSettings},
		"sign-in": {local: true, flags: "user password-file account server display-name allow-clear-text", did: "Signed in.", help: "sign in; --user, --password-file, --account, --server, --display-name, --allow-clear-text",
			run: func(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
				return nil, s.cfg.Phone.SignIn(ctx, signin.Credentials{
					UserName: r.UserName, Password: r.Password, AccountSID: r.AccountSID, Server: r.Server, DisplayName: r.DisplayName,
					AllowClearText: r.AllowClearText,
				})
			}},
		"line-password": {local: true, flags: "password-file", did: "The account has its password.", args: "USER@DOMAIN", min: 1, max: 1, help: "give a SIP account its password, also one that an administrator has fixed; --password-file",
			run: func(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
				if r.Password == "" {
					return nil, usage("--password-file names the password.")
				}
				return nil, s.cfg.Phone.SetLinePassword(ctx, r.Args[0], r.Password)
			}},
		"proxy-password": {local: true, flags: "user password-file", did: "Set.", help: "give the network's proxy a user name and a password; --user, --password-file; without --user they are forgotten",
			run: func(_ context.Context, s *Server, r request, _ func(any) error) (any, error) {
				if (r.UserName == "") != (r.Password == "") {
					return nil, usage("--user and --password-file belong together.")
				}
				return nil, s.cfg.Phone.SetProxyPassword(r.UserName, r.Password)
			}},
		"webhook-secret": {local: true, flags: "password-file", did: "Set.", help: "give the key that webhooks are signed with, in --password-file; without it the key is forgotten",
			run: func(_ context.Context, s *Server, r request, _ func(any) error) (any, error) {
				return nil, s.cfg.Phone.SetWebhookSecret(r.Password)
			}},
		"sign-out": localOnly(simple("Signed out.", "sign out and forget the password", (*app.Phone).SignOut)),
		"desk-api": {local: true, args: "[forget ID]", max: 2, help: "print the Desk API for web pages: where it listens, the code of a page that asks to be paired, and what is paired; forget ends a pairing, of all without an ID", run: deskAPI},
		"open": {local: true, did: "Done.", args: "[LINK]", max: 1, help: "raise the window, or hand it a tel: or sip: link",
			run: func(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
				return nil, s.cfg.Phone.OpenLink(ctx, strings.Join(r.Args, ""))
			}},
		"runtime": {local: true, args: "[FILE]", max: 1, help: "print the memory and the goroutines of the phone's process, and write a heap profile to FILE (of a phone that was started with GODEBUG=memprofilerate=524288)", run: processState},
		"quit":    {local: true, flags: "if-idle", help: "end the phone cleanly; --if-idle refuses during a call", run: quit},
	}
}

func localOnly(c command) command {
	c.local = true
	return c
}

// changeSettings prints settings as the table has them, or changes one.
func changeSettings(_ context.Context, s *Server, r request, _ func(any) error) (any, error) {
	type row struct {
		Path   string   `json:"path"`
		Value  any      `json:"value"`
		About  string   `json:"about"`
		Values []string `json:"values,omitempty"`
		Min    int      `json:"min,omitempty"`
		Max    int      `json:"max,omitempty"`
		Locked bool     `json:"locked"`
	}
	phone := s.cfg.Phone
	rows := []row{}
	for _, e := range settings.Table {
		if e.Own || len(r.Args) > 0 && r.Args[0] != e.Path {
			continue
		}
		if len(r.Args) > 1 {
			// A bare word is the text that it looks like.
			value := json.RawMessage(r.Args[1])
			if !json.Valid(value) {
				value, _ = json.Marshal(r.Args[1])
			}
			trial := phone.Settings()
			wrong := settings.SetPath(&trial, e.Path, value)
			if wrong == nil && e.Path == "availability" { // a choice, with the rules of one
				if err := phone.SetAvailability(app.Availability(trial.Availability)); err != nil {
					return nil, err
				}
			} else if err := phone.UpdateSettings(func(set *app.Settings) { wrong = settings.SetPath(set, e.Path, value) }); err != nil && wrong == nil {
				return nil, err
			}
			if wrong != nil {
				return nil, usage("The setting " + e.Path + " can't be " + r.Args[1] + ".")
			}
		}
		set := phone.Settings()
		rows = append(rows, row{e.Path, e.Get(set), e.About, e.Choices, e.Min, e.Max, set.IsLocked(e.Path)})
	}
	if len(rows) == 0 {
		return nil, usage("There is no setting " + r.Args[0] + ".")
	}
	return map[string]any{"settings": rows}, nil
}

// names lists the commands in order.
func names() []string {
	out := make([]string, 0, len(commands))
	for n := range commands {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

func simple(did, help string, f func(*app.Phone, context.Context) error) command {
	return command{did: did, help: help, calls: true, run: func(ctx context.Context, s *Server, _ request, _ func(any) error) (any, error) {
		return nil, f(s.cfg.Phone, ctx)
	}}
}

func quick(did, help string, f func(*app.Phone) error) command {
	return simple(did, help, func(p *app.Phone, _ context.Context) error { return f(p) })
}

// reportSpan is how far back the logs of a report reach that was given no --since.
const reportSpan = 7 * 24 * time.Hour

// DefaultTimeout bounds a command that was given no --timeout.
const DefaultTimeout = 30 * time.Second

// run does what a client asks for. A command without an answer of its own
// answers with the snapshot after it.
func (s *Server) run(ctx context.Context, r request, emit func(any) error) (any, error) {
	c, ok := commands[r.Command]
	switch {
	case !ok:
		return nil, usage("There is no command “" + r.Command + "”.")
	case len(r.Args) < c.min || len(r.Args) > c.max:
		return nil, usage(strings.TrimSpace("Use: " + r.Command + " " + c.args))
	}
	if r.Command != "events" {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.limit())
		defer cancel()
	}
	var w *waiter
	if r.Wait != "" {
		var err error
		if w, err = newWaiter(ctx, s.cfg.Phone, r); err != nil {
			return nil, err
		}
		defer w.stop()
	}
	result, err := c.run(ctx, s, r, emit)
	if err != nil {
		return nil, err
	}
	if err := s.cfg.Phone.Settle(ctx); err != nil && r.Command != "quit" {
		return nil, err
	}
	if w != nil {
		snap, err := w.wait()
		if err != nil || result == nil {
			return snap, err
		}
	}
	if result == nil {
		return s.cfg.Phone.Snapshot(), nil
	}
	return result, nil
}

func stats(_ context.Context, s *Server, r request, _ func(any) error) (any, error) {
	st, ok := s.cfg.Phone.Statistics(r.callID())
	if !ok {
		return nil, failure(string(fault.NoCall), "ctl.no-statistics")
	}
	return st, nil
}

func history(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
	switch r.Kind {
	case "", "incoming", "outgoing", "missed":
	default:
		return nil, usage("--kind is incoming, outgoing or missed.")
	}
	if r.Limit < 0 {
		return nil, usage("--limit is not less than 0.")
	}
	from, to, err := r.span(0)
	if err != nil {
		return nil, err
	}
	q := app.RecentsQuery{Text: strings.Join(r.Args, " "), Kind: r.Kind, Limit: r.Limit, Since: from}
	if r.Until != "" {
		q.Until = to
	}
	calls, err := s.cfg.Phone.SearchRecents(ctx, q)
	if err != nil {
		return nil, err
	}
	return map[string]any{"calls": calls}, nil
}

// events goes on until the client leaves, or for the time that it has asked for.
func events(ctx context.Context, s *Server, r request, emit func(any) error) (any, error) {
	if r.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.Timeout)
		defer cancel()
	}
	for snap := range s.cfg.Phone.Watch(ctx) {
		if err := emit(snap); err != nil {
			return nil, err
		}
	}
	return struct{}{}, nil
}

func diagnose(ctx context.Context, s *Server, _ request, _ func(any) error) (any, error) {
	worst := diagnosis.Pass
	checks := []diagnosis.Check{}
	place := map[string]int{} // in the order in which they were announced
	for c := range s.cfg.Phone.Diagnose(ctx) {
		if at, known := place[c.Name]; known {
			checks[at] = c
		} else {
			place[c.Name] = len(checks)
			checks = append(checks, c)
		}
		switch {
		case c.Status == diagnosis.Fail:
			worst = diagnosis.Fail
		case c.Status == diagnosis.Warn && worst == diagnosis.Pass:
			worst = diagnosis.Warn
		}
	}
	return map[string]any{"status": worst, "checks": checks}, ctx.Err()
}

func feedback(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
	rating, err := strconv.Atoi(r.Args[0])
	if err != nil {
		return nil, usage("RATING is 1 to 5.")
	}
	issue := ""
	if len(r.Args) > 1 {
		issue = strings.ToUpper(r.Args[1])
	}
	return nil, s.cfg.Phone.Feedback(ctx, rating, issue, r.Note)
}

// quit answers when the phone is closed and every file is complete.
func quit(ctx context.Context, s *Server, r request, _ func(any) error) (any, error) {
	if r.IfIdle {
		if err := s.cfg.Phone.MayQuit(); err != nil {
			return nil, err
		}
	}
	s.cfg.Quit()
	select {
	case <-s.closed:
		return s.cfg.Phone.Snapshot(), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

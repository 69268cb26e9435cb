package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"offhook/app"
	"offhook/app/diagnosis"
	"offhook/app/directory"
	"offhook/app/readiness"
	"offhook/app/report"
	"offhook/app/settings"
	"offhook/app/signin"
	"offhook/assets/lang"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/fault"
)

// madePhone is a Phone with made answers that writes down what it is asked for.
type madePhone struct {
	mu     sync.Mutex
	calls  []string
	snap   *app.Snapshot
	set    app.Settings
	groups []app.ContactGroup
	// colleagues are those to whom a call can be handed, the groups' for none.
	colleagues []app.Colleague
	recents    []app.CallRecord
	mic, far   float64
	stats      app.Stats
	hasStats   bool
	checks     []diagnosis.Check
	devices    []audio.Device
	watch      chan *app.Snapshot
	prefill    chan string
	fail       error
	// drafting makes a report take until it is stopped, and is called then.
	drafting func()
	report   func(ctx context.Context, progress func(float64)) (string, error)
}

var errMade = fault.New(fault.NetworkError, "It did not work. Try again.")

func newMadePhone(s *app.Snapshot) *madePhone {
	set := settings.Default()
	set.AudioCheckDone = true
	set.SignedIn = true
	set.Appearance.Theme = "light"
	return &madePhone{snap: s, set: set, groups: madeGroups(), recents: madeRecents(), mic: 0.05, far: 0.02,
		watch: make(chan *app.Snapshot, 8), prefill: make(chan string, 1),
		devices: []audio.Device{{ID: "jabra", Name: "Jabra Evolve2 65", Kind: audio.Capture, IsDefault: true}, {ID: "jabra-out", Name: "Jabra Evolve2 65", Kind: audio.Playback, IsDefault: true},
			{ID: "speakers", Name: "Computer speakers", Kind: audio.Playback}}}
}

func (p *madePhone) note(call string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, call)
}

func (p *madePhone) asked() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.calls, " ")
}

func (p *madePhone) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = nil
}

func (p *madePhone) Snapshot() *app.Snapshot                              { return p.snap }
func (p *madePhone) WatchLatest(ctx context.Context) <-chan *app.Snapshot { return p.watch }
func (p *madePhone) SignIn(_ context.Context, c signin.Credentials) error {
	word := "signin:"
	if c.AllowClearText {
		word = "unencrypted-signin:"
	}
	p.note(word + c.UserName + ":" + c.Password + ":" + c.Server)
	return p.fail
}
func (p *madePhone) SignOut(context.Context) error { p.note("signout"); return p.fail }
func (p *madePhone) Dial(_ context.Context, number, _ string) error {
	p.note("dial:" + number)
	return p.fail
}
func (p *madePhone) CheckNumber(number string) error {
	if strings.ContainsAny(number, "!?&()") {
		return fault.New(fault.InvalidDialInfo, "dial.wrong-characters")
	}
	if number == "meera" {
		return fault.New(fault.InvalidDialInfo, "dial.oneself")
	}
	return nil
}

// of names a call other than the snapshot's own.
func (p *madePhone) of(word, id string) string {
	if id == "" || p.snap.Call != nil && p.snap.Call.ID == id {
		return word
	}
	return word + ":" + id
}

func (p *madePhone) Answer(_ context.Context, id string) error {
	p.note(p.of("answer", id))
	return p.fail
}
func (p *madePhone) Hangup(_ context.Context, id string) error {
	p.note(p.of("hangup", id))
	return p.fail
}
func (p *madePhone) Merge(_ context.Context, id, with string) error {
	p.note("merge:" + id + ":" + with)
	return p.fail
}
func (p *madePhone) DropParty(_ context.Context, party string) error {
	p.note("drop:" + party)
	return p.fail
}
func (p *madePhone) MuteParty(_ context.Context, party string, on bool) error {
	p.note(fmt.Sprintf("mute-party:%s:%v", party, on))
	return p.fail
}
func (p *madePhone) EndConference(context.Context) error  { p.note("end-conference"); return p.fail }
func (p *madePhone) Ignore(id string) error               { p.note(p.of("ignore", id)); return p.fail }
func (p *madePhone) Silence(string)                       { p.note("silence") }
func (p *madePhone) Mute(string) error                    { p.note("mute"); return p.fail }
func (p *madePhone) Unmute(string) error                  { p.note("unmute"); return p.fail }
func (p *madePhone) Hold(context.Context, string) error   { p.note("hold"); return p.fail }
func (p *madePhone) Resume(context.Context, string) error { p.note("resume"); return p.fail }
func (p *madePhone) SendDTMF(_, d string) error           { p.note("dtmf:" + d); return p.fail }
func (p *madePhone) SetRoute(r voice.AudioRoute) error    { p.note("route:" + string(r)); return p.fail }
func (p *madePhone) SetAvailability(a app.Availability) error {
	p.note("availability:" + string(a))
	return p.fail
}
func (p *madePhone) SetBreak(reason string) error { p.note("break:" + reason); return p.fail }
func (p *madePhone) SetOnAnotherPhone(on bool) error {
	if on {
		p.note("another:on")
	} else {
		p.note("another:off")
	}
	return p.fail
}
func (p *madePhone) Statistics(string) (app.Stats, bool)   { return p.stats, p.hasStats }
func (p *madePhone) Levels() (float64, float64)            { return p.mic, p.far }
func (p *madePhone) Contacts() []app.ContactGroup          { return p.groups }
func (p *madePhone) RefreshContacts(context.Context) error { p.note("refresh-contacts"); return p.fail }
func (p *madePhone) Suggest(text string) []app.Contact {
	var list []app.Contact
	for _, g := range p.groups {
		for _, c := range g.Contacts {
			if strings.Contains(strings.ToLower(c.Name), strings.ToLower(text)) || strings.HasPrefix(c.Number, text) {
				list = append(list, c)
			}
		}
	}
	if text == "pri" {
		list = append(list, app.Contact{Name: "Rita Primlani", Number: "9902071144"})
	}
	return list
}
func (p *madePhone) SearchContacts(text string) []app.ContactGroup {
	var groups []app.ContactGroup
	for _, g := range p.groups {
		out := app.ContactGroup{Name: g.Name, Special: g.Special}
		for _, c := range g.Contacts {
			if strings.Contains(strings.ToLower(c.Name), strings.ToLower(text)) {
				out.Contacts = append(out.Contacts, c)
			}
		}
		if len(out.Contacts) > 0 {
			groups = append(groups, out)
		}
	}
	return groups
}
func (p *madePhone) Directory(text string) []app.Colleague {
	if p.colleagues != nil {
		return slices.DeleteFunc(slices.Clone(p.colleagues), func(c app.Colleague) bool {
			return !strings.Contains(directory.Fold(c.Name+" "+c.Number+" "+c.Group), directory.Fold(text))
		})
	}
	list := []app.Colleague{}
	for _, g := range p.groups {
		for _, c := range g.Contacts {
			if strings.Contains(directory.Fold(c.Name+" "+c.Number), directory.Fold(text)) {
				list = append(list, app.Colleague{Name: c.Name, Number: c.Number, Group: g.Name})
			}
		}
	}
	return list
}
func (p *madePhone) PickUp(_ context.Context, extension string) error {
	p.note("pickup:" + extension)
	return p.fail
}
func (p *madePhone) NameOf(number string) string {
	for _, g := range p.groups {
		for _, c := range g.Contacts {
			if c.Number == number {
				return c.Name
			}
		}
	}
	return ""
}
func (p *madePhone) E164(number string) string { return "+91" + number }
func (p *madePhone) AddFavourite(name, number string) error {
	p.note("favourite:" + number)
	p.set.Favourites = append(p.set.Favourites, app.Favourite{Name: name, Number: number})
	return p.fail
}
func (p *madePhone) RemoveFavourite(number string) error {
	p.note("no-favourite:" + number)
	p.set.Favourites = nil
	return p.fail
}
func (p *madePhone) IsFavourite(number string) bool {
	return slices.ContainsFunc(p.set.Favourites, func(f app.Favourite) bool { return f.Number == number })
}
func (p *madePhone) FindCompany(_ context.Context, text string) (signin.Company, error) {
	switch text {
	case "acme":
		return signin.Company{Name: "Acme", Server: "https://voice.acme.com", AccountSID: "acme-1"}, nil
	case "nobody":
		return signin.Company{}, fault.New(fault.InvalidParameter, "sign-in.unknown-code")
	}
	return signin.Company{}, nil
}
func (p *madePhone) SaveOutcome(_ context.Context, call string, o app.Outcome) error {
	p.note("outcome:" + call + ":" + o.Code + ":" + o.Note)
	return p.fail
}
func (p *madePhone) TakeDevice() error { p.note("take-device"); return p.fail }
func (p *madePhone) RefuseDevice()     { p.note("refuse-device") }
func (p *madePhone) MayQuit() error {
	if p.snap.Call != nil {
		return fault.New(fault.SystemBusy, "You are in a call with Priya Nair. Quitting hangs up.")
	}
	return nil
}
func (p *madePhone) Recents() []app.CallRecord { return p.recents }
func (p *madePhone) MarkRecentsSeen()          { p.note("seen") }
func (p *madePhone) DeleteRecent(_ context.Context, id string) error {
	p.note("delete:" + id)
	return p.fail
}
func (p *madePhone) Feedback(_ context.Context, rating int, issue, note string) error {
	p.note("feedback:" + string(rune('0'+rating)) + ":" + issue + ":" + note)
	return p.fail
}
func (p *madePhone) StayInWrapUp() error { p.note("stay"); return p.fail }
func (p *madePhone) SetOutcome(code string) error {
	p.note("outcome:" + code)
	return p.fail
}
func (p *madePhone) SetOutcomeNote(note string) error { p.note("note:" + note); return p.fail }
func (p *madePhone) SetCallback(at time.Time) error {
	if at.IsZero() {
		p.note("no-callback")
	} else {
		p.note("callback:" + at.Format("2006-01-02T15:04"))
	}
	return p.fail
}
func (p *madePhone) FinishWrapUp() error    { p.note("finish"); return p.fail }
func (p *madePhone) SkipFeedback()          { p.note("skip") }
func (p *madePhone) DismissEnded()          { p.note("dismiss-ended") }
func (p *madePhone) DismissNotice()         { p.note("dismiss-notice") }
func (p *madePhone) Settings() app.Settings { return p.set }
func (p *madePhone) UpdateSettings(change func(*app.Settings)) error {
	change(&p.set)
	p.note("settings")
	return p.fail
}
func (p *madePhone) Devices(context.Context) ([]audio.Device, error) { return p.devices, p.fail }
func (p *madePhone) CheckAudio(ctx context.Context) (<-chan diagnosis.Check, error) {
	p.note("check-audio")
	return p.stream("microphone", "speaker"), p.fail
}
func (p *madePhone) stream(only ...string) <-chan diagnosis.Check {
	out := make(chan diagnosis.Check, len(p.checks))
	for _, c := range p.checks {
		keep := len(only) == 0
		for _, o := range only {
			keep = keep || c.Name == o
		}
		if keep {
			out <- c
		}
	}
	close(out)
	return out
}
func (p *madePhone) PlayTest(_ context.Context, device string) error {
	p.note("tone:" + device)
	return p.fail
}
func (p *madePhone) Diagnose(context.Context) <-chan diagnosis.Check {
	p.note("diagnose")
	return p.stream()
}
func (p *madePhone) DraftReport(ctx context.Context, _, _ time.Time) (report.Draft, error) {
	p.note("draft")
	if p.drafting != nil {
		context.AfterFunc(ctx, p.drafting)
		return nil, errNotYet
	}
	return &madeDraft{p: p}, nil
}

// madeDraft is a report of made parts.
type madeDraft struct {
	p      *madePhone
	closed bool
}

func (d *madeDraft) Size(part report.Part) int64 {
	return map[report.Part]int64{report.Log: 1_812_000, report.Calls: 62_000, report.Computer: 4_100}[part]
}

func (d *madeDraft) Lines(part report.Part, first, count int) ([]string, int, error) {
	if part != report.Log {
		return nil, 0, nil
	}
	lines := []string{`{"time":"2026-11-22T14:02:11Z","level":"INFO","msg":"call began","to":"[number 1]"}`, `{"time":"2026-11-22T14:02:13Z","level":"INFO","msg":"accepted","token":"[token]"}`,
		`{"time":"2026-11-22T14:06:40Z","level":"WARN","msg":"no sound","for":"5.2s"}`, "a fourth line", "a fifth line"}
	end := min(len(lines), first+count)
	return slices.Clone(lines[min(first, end):end]), len(lines), nil
}

func (d *madeDraft) Send(ctx context.Context, text string, parts []report.Part, progress func(float64)) (string, error) {
	names := ""
	for _, part := range parts {
		names += ":" + string(part)
	}
	d.p.note("report:" + text + names)
	if d.p.report != nil {
		return d.p.report(ctx, progress)
	}
	return "REF-1", d.p.fail
}

func (d *madeDraft) Close() {
	if !d.closed {
		d.closed = true
		d.p.note("draft-closed")
	}
}
func (p *madePhone) SetProxyPassword(user, password string) error {
	p.note("proxy:" + user + ":" + password)
	return p.fail
}
func (p *madePhone) Retry()                  { p.note("retry") }
func (p *madePhone) Prefills() <-chan string { return p.prefill }

// errNotYet is returned by made work that is still going on.
var errNotYet = errors.New("still going on")

// sameThread runs everything at once, on the test's goroutine.
type sameThread struct{ later []func() }

func (r *sameThread) Go(work func(context.Context) error, done func(error)) {
	err := work(context.Background())
	if done != nil && !errors.Is(err, errNotYet) {
		done(err)
	}
}
func (r *sameThread) Post(f func()) { f() }
func (r *sameThread) After(_ time.Duration, f func()) func() {
	r.later = append(r.later, f)
	return func() {}
}

// madeNow is the clock of all pictures: 22 November 2026, 14:06:40.
var madeNow = time.Date(2026, 11, 22, 14, 6, 40, 0, time.UTC)

func ago(d time.Duration) time.Time { return madeNow.Add(-d) }

func at(t time.Time) *time.Time { return &t }

// madeReady is a phone that is ready, as in the pictures of the design.
func madeReady() *app.Snapshot {
	return &app.Snapshot{
		Version: "1.0.0", Profile: "default", Ready: true,
		Conditions: []app.Condition{{Name: readiness.Token, OK: true, Since: ago(time.Hour)}, {Name: readiness.Push, OK: true, Since: ago(time.Hour)},
			{Name: readiness.Platform, OK: true, Since: ago(time.Hour)}, {Name: readiness.Devices, OK: true, Since: ago(time.Hour)}},
		Account: app.Account{State: app.SignedIn, UserName: "meera", DisplayName: "Meera Iyer", AccountSID: "demo", Server: "https://voice.example.com",
			Exophone: "08040408080", DeviceID: "7c1e55d2-90aa-4c1b-8d65-11f0be7aa94f", ValidUntil: time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)},
		Availability: app.Available, AvailableSince: ago(12*time.Minute + 41*time.Second),
		Today:       map[app.Availability]int{app.Available: 11239, app.Break: 900},
		LastDialled: "9845012345", LastDialledName: "Priya Nair", MissedUnseen: 2,
		Audio: app.Audio{Microphone: "Jabra Evolve2 65", Speaker: "Jabra Evolve2 65", Ring: "Computer speakers", MicrophoneWorks: true, SpeakerWorks: true, Routes: []voice.AudioRoute{"EARPIECE", "SPEAKER"}},
	}
}

func madeCall(state voice.State, talked time.Duration) *app.Snapshot {
	s := madeReady()
	s.Call = &app.Call{ID: "c1", SessionID: "s1", Direction: "OUTGOING", State: state, RemoteID: "9845012345", RemoteName: "Priya Nair",
		Message: "Order 4471: delivery is late", Started: ago(talked + 7*time.Second), Route: "EARPIECE", MOS: 4.3, Quality: "good", Encrypted: true}
	if talked > 0 {
		s.Call.Established = at(ago(talked))
		s.Call.DurationS = int(talked / time.Second)
	}
	return s
}

func madeEnded(reason voice.EndReason, answered bool) *app.Snapshot {
	s := madeReady()
	s.LastCall = &app.EndedCall{CallRecord: app.CallRecord{ID: "c1", Direction: "OUTGOING", RemoteID: "9845012345", RemoteName: "Priya Nair", EndReason: reason},
		Ended: ago(time.Second), Answered: answered, Shown: true}
	if answered {
		s.LastCall.DurationS = 768
	}
	s.FeedbackDue = answered
	return s
}

func madeTrouble(name, action string, since time.Duration, retry time.Duration) *app.Snapshot {
	s := madeReady()
	s.Ready = false
	c := app.Condition{Name: name, Since: ago(since), Text: lang.Literal("It does not work."), Action: action}
	if retry > 0 {
		c.RetryAt = at(madeNow.Add(retry))
	}
	s.Conditions = []app.Condition{c}
	return s
}

func madeGroups() []app.ContactGroup {
	floor := app.ContactGroup{Name: "Floor team"}
	floor.Contacts = append(floor.Contacts, app.Contact{Name: "Prince Samuel", Number: "samuel4"})
	for _, n := range []string{"Asha Rao", "Ben Carter", "Chitra Bose", "Dev Patel", "Elena Ruiz", "Farah Khan", "Gita Das", "Hugo Lima", "Isha Sen", "Jon Bell", "Kavya Jain", "Leo Fox", "Mina Roy"} {
		floor.Contacts = append(floor.Contacts, app.Contact{Name: n, Number: strings.ToLower(strings.ReplaceAll(n, " ", ""))})
	}
	return []app.ContactGroup{
		{Name: "Special numbers", Special: true, Contacts: []app.Contact{{Name: "Supervisor line", Number: "1800"}, {Name: "Echo test", Number: "echo"}}},
		{Name: "Customers", Contacts: []app.Contact{{Name: "Priya Nair", Number: "9845012345"}, {Name: "Lucía Ortega", Number: "9880030021"}, {Name: "Tom Becker", Number: "9972045510"}}},
		floor,
	}
}

func madeRecents() []app.CallRecord {
	day := func(d, h, m int) time.Time { return time.Date(2026, 11, d, h, m, 0, 0, time.UTC) }
	return []app.CallRecord{
		{ID: "6", Direction: "INCOMING", Missed: true, RemoteID: "9880030021", RemoteName: "Lucía Ortega", Started: day(22, 14, 5), RangS: 22, EndReason: "TIMEOUT"},
		{ID: "5", Direction: "INCOMING", RemoteID: "9845012345", RemoteName: "Priya Nair", Started: day(22, 13, 41), DurationS: 768, EndReason: "REMOTE_HANGUP"},
		{ID: "4", Direction: "OUTGOING", RemoteID: "9972045510", Started: day(22, 13, 2), EndReason: "TIMEOUT"},
		{ID: "3", Direction: "INCOMING", Missed: true, RemoteID: "+44 20 7946 0018", Started: day(22, 11, 27), EndReason: "BUSY", MissedReason: "busy"},
		{ID: "2", Direction: "OUTGOING", RemoteID: "9972045510", RemoteName: "Tom Becker", Started: day(21, 17, 55), DurationS: 189, EndReason: "LOCAL_HANGUP"},
		{ID: "1", Direction: "INCOMING", RemoteID: "9900", RemoteName: "Sam Okafor", Started: day(21, 16, 20), DurationS: 41, EndReason: "REMOTE_HANGUP"},
	}
}

func madeChecks() []diagnosis.Check {
	return []diagnosis.Check{
		{Name: "microphone", Title: "Microphone", Status: diagnosis.Pass, Text: lang.Literal("Jabra Evolve2 65")},
		{Name: "speaker", Title: "Speaker", Status: diagnosis.Pass, Text: lang.Literal("Jabra Evolve2 65")},
		{Name: "token", Status: diagnosis.Pass, Text: lang.Literal("Valid until 18:00")},
		{Name: "push_socket", Title: "Incoming calls", Status: diagnosis.Pass, Text: lang.Literal("Last reply 4 s ago,"), Figure: "24 ms"},
		{Name: "sip_socket", Title: "Outgoing calls", Status: diagnosis.Pass, Text: lang.Literal("Line answers in"), Figure: "31 ms"},
		{Name: "media", Status: diagnosis.Warn, Text: lang.Literal("TCP only: voice may lag")},
	}
}

func madeStats() app.Stats {
	var s app.Stats
	s.CallID, s.AudioCodec, s.AudioBitrate, s.MOS, s.RTTMs, s.AverageJitterMs, s.FractionLost = "c1", "opus", 24000, 4.3, 38, 6, 0.2
	s.JitterBufferMs, s.CumulativeLost, s.RemoteFractionLoss, s.DTMFVia = 40, 7, 0.1, "RFC4733"
	s.LocalCandidate, s.RemoteCandidate = "host udp 192.0.2.1:8081", "host udp 192.0.2.7:8080"
	return s
}

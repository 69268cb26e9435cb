// Package readiness holds the conditions under which calls reach a phone, and be
// placed by it. Ready is a proof: every condition that counts was seen to hold. A new
// condition is a row of Table, its texts, and the place that judges it.
package readiness

import (
	"log/slog"
	"slices"
	"time"

	"offhook/assets/lang"
)

// Condition is one of the things that must hold for the phone to be ready, or a
// remark that never makes it unready.
type Condition struct {
	Name  string    `json:"name"`
	OK    bool      `json:"ok"`
	Since time.Time `json:"since"`
	// Text says what is wrong in one sentence, empty while all is well.
	Text lang.Text `json:"text"`
	// Action names the one thing to do: retry, sign_in, open_system_settings,
	// open_audio_settings, open_browser, proxy_password, or "".
	Action string `json:"action"`
	// Remark says that the condition does not count for Ready.
	Remark bool `json:"remark,omitempty"`
	// RetryAt is when the phone tries again by itself.
	RetryAt *time.Time `json:"retry_at,omitempty"`
}

// The names of the conditions, which scripts know.
const (
	Token    = "token"
	Profile  = "profile"
	Push     = "push"
	Platform = "platform"
	Devices  = "devices"
	Keyring  = "keyring"
	Clock    = "clock"
	Version  = "version"
	// Encryption remarks on connections without encryption.
	Encryption = "encryption"
)

// The actions of a condition, for the window and for scripts.
const (
	Retry              = "retry"
	SignIn             = "sign_in"
	OpenSystemSettings = "open_system_settings"
	OpenAudioSettings  = "open_audio_settings"
	// OpenAccounts names the page of the SIP accounts.
	OpenAccounts = "open_accounts"
	// OpenBrowser: the network wants a sign-in of its own.
	OpenBrowser = "open_browser"
	// ProxyPassword: the network's proxy wants a password.
	ProxyPassword = "proxy_password"
)

// Entry is what is known of a condition before anything is proven.
type Entry struct {
	Name string
	// Title is the label of its row.
	Title string
	// Remark says that the condition never makes the phone unready.
	Remark bool
	// Subscriber says that the condition is of a subscriber's line alone.
	Subscriber bool
	// First is what the condition says while nothing is known, with its action;
	// empty for one that holds until a reason is found.
	First  lang.Text
	Action string
	// Rank orders what is wrong: what the user should see first is highest.
	Rank int
}

// Table is all conditions in the order in which they are shown; those of SIP
// accounts come before the devices.
var Table = []Entry{
	{Name: Token, Title: "Signed in", Subscriber: true, First: lang.Of("condition.signed-out"), Action: SignIn, Rank: 6},
	{Name: Profile, Title: "Line settings", Subscriber: true, First: lang.Of("condition.no-profile"), Rank: 2},
	{Name: Push, Title: "Incoming calls", Subscriber: true, First: lang.Of("condition.push-not-yet"), Rank: 4},
	{Name: Platform, Title: "Outgoing calls", Subscriber: true, First: lang.Of("condition.platform-not-yet"), Rank: 3},
	{Name: Devices, Title: "Sound devices", First: lang.Of("condition.devices-not-yet"), Rank: 5},
	{Name: Keyring, Title: "Keyring", Remark: true},
	{Name: Clock, Title: "Clock", Remark: true},
	{Name: Version, Title: "Version", Remark: true},
	{Name: Encryption, Title: "Encryption", Remark: true},
}

// Title is the label of the row of a condition, "" for one that the table does not
// know.
func Title(name string) string {
	for _, e := range Table {
		if e.Name == name {
			return e.Title
		}
	}
	return ""
}

// Rank is that of the condition of a name, 0 for one that the table does not know.
func Rank(name string) int {
	for _, e := range Table {
		if e.Name == name {
			return e.Rank
		}
	}
	return 0
}

// Conditions is the conditions of one phone. It belongs to one goroutine.
type Conditions struct {
	log  *slog.Logger
	now  func() time.Time
	list []Condition
	// was is the last answer of Ready, for the log.
	was bool
}

// New returns the conditions of Table, of which nothing is known.
func New(log *slog.Logger, now func() time.Time) *Conditions {
	r := &Conditions{log: log, now: now}
	for _, e := range Table {
		r.list = append(r.list, Condition{Name: e.Name, OK: e.First.Empty(), Remark: e.Remark, Since: now().UTC(), Text: e.First, Action: e.Action})
	}
	return r
}

// Forget takes back what was proven of a subscriber's line.
func (r *Conditions) Forget() {
	for _, e := range Table {
		if e.Subscriber {
			r.Set(e.Name, Bad(e.First, e.Action))
		}
	}
}

// State is what one condition is set to. Text may say something of one that holds.
type State struct {
	OK      bool
	Text    lang.Text
	Action  string
	RetryAt time.Time
}

// Good is a condition that holds.
func Good() State { return State{OK: true} }

// Bad is one that does not, with what to do about it.
func Bad(text lang.Text, action string) State { return State{Text: text, Action: action} }

// Set writes a condition. Since changes only when the condition begins or ends
// to hold; a new reason for the same trouble keeps the time of the trouble.
func (r *Conditions) Set(name string, s State) {
	for i := range r.list {
		c := &r.list[i]
		if c.Name != name {
			continue
		}
		if c.OK != s.OK {
			c.Since = r.now().UTC()
		}
		if c.OK != s.OK || !c.Text.Equal(s.Text) {
			r.log.Info("condition", "name", name, "ok", s.OK, "text", s.Text)
		}
		c.OK, c.Text, c.Action, c.RetryAt = s.OK, s.Text, s.Action, nil
		if s.OK {
			c.Action = ""
		}
		if !s.RetryAt.IsZero() {
			at := s.RetryAt.UTC()
			c.RetryAt = &at
		}
		return
	}
}

// Put is Set for a condition that comes and goes.
func (r *Conditions) Put(name string, s State) {
	for _, c := range r.list {
		if c.Name == name {
			r.Set(name, s)
			return
		}
	}
	at := len(r.list)
	for i, c := range r.list {
		if c.Remark || c.Name == Devices {
			at = i
			break
		}
	}
	r.list = slices.Insert(r.list, at, Condition{Name: name, Since: r.now().UTC()})
	r.Set(name, s)
}

// Drop removes a condition that Put brought.
func (r *Conditions) Drop(name string) {
	r.list = slices.DeleteFunc(r.list, func(c Condition) bool { return c.Name == name })
}

// ForAccounts is Snapshot for a phone without a subscriber.
func (r *Conditions) ForAccounts() []Condition {
	return slices.DeleteFunc(r.Snapshot(), func(c Condition) bool {
		return slices.ContainsFunc(Table, func(e Entry) bool { return e.Subscriber && e.Name == c.Name })
	})
}

// All reports whether every condition that counts holds.
func All(list []Condition) bool {
	return !slices.ContainsFunc(list, func(c Condition) bool { return !c.OK && !c.Remark })
}

// OK reports whether a condition holds.
func (r *Conditions) OK(name string) bool {
	for _, c := range r.list {
		if c.Name == name {
			return c.OK
		}
	}
	return false
}

// Ready reports whether every condition that counts holds.
func (r *Conditions) Ready() bool {
	ready := true
	for _, c := range r.list {
		ready = ready && (c.OK || c.Remark)
	}
	if ready != r.was {
		r.log.Info("ready", "ready", ready)
		r.was = ready
	}
	return ready
}

// Snapshot returns a copy that nobody writes again.
func (r *Conditions) Snapshot() []Condition {
	return append([]Condition(nil), r.list...)
}

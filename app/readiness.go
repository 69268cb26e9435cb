package app

import (
	"log/slog"
	"slices"
	"time"

	"offhook/assets/lang"
)

// The actions of a condition, for the window and for scripts.
const (
	ActionRetry              = "retry"
	ActionSignIn             = "sign_in"
	ActionOpenSystemSettings = "open_system_settings"
	ActionOpenAudioSettings  = "open_audio_settings"
	// ActionOpenBrowser: the network wants a sign-in of its own.
	ActionOpenBrowser = "open_browser"
	// ActionProxyPassword: the network's proxy wants SetProxyPassword.
	ActionProxyPassword = "proxy_password"
)

// conditionOrder is all conditions in the order in which they are shown; those
// marked never make the phone unready.
var conditionOrder = []struct {
	name   string
	remark bool
}{
	{ConditionToken, false},
	{ConditionProfile, false},
	{ConditionPush, false},
	{ConditionPlatform, false},
	{ConditionDevices, false},
	{ConditionKeyring, true},
	{ConditionClock, true},
	{ConditionVersion, true},
	{ConditionEncryption, true},
}

// readiness is the registry of conditions. It belongs to the loop.
type readiness struct {
	log  *slog.Logger
	now  func() time.Time
	list []Condition
	// was is the last answer of ready, for the log.
	was bool
}

func newReadiness(log *slog.Logger, now func() time.Time) *readiness {
	r := &readiness{log: log, now: now}
	for _, c := range conditionOrder {
		// Nothing is proven yet; a remark is only made for a reason.
		r.list = append(r.list, Condition{Name: c.name, OK: c.remark, Remark: c.remark, Since: now().UTC()})
	}
	return r
}

// state is what one condition is set to.
type state struct {
	ok      bool
	text    lang.Text
	action  string
	retryAt time.Time
}

func good() state { return state{ok: true} }

func bad(text lang.Text, action string) state { return state{text: text, action: action} }

// set writes a condition. Since changes only when the condition begins or ends
// to hold; a new reason for the same trouble keeps the time of the trouble.
func (r *readiness) set(name string, s state) {
	for i := range r.list {
		c := &r.list[i]
		if c.Name != name {
			continue
		}
		if c.OK != s.ok {
			c.Since = r.now().UTC()
		}
		if c.OK != s.ok || !c.Text.Equal(s.text) {
			r.log.Info("condition", "name", name, "ok", s.ok, "text", s.text)
		}
		c.OK, c.Text, c.Action, c.RetryAt = s.ok, s.text, s.action, nil
		if s.ok {
			c.Action = ""
		}
		if !s.retryAt.IsZero() {
			at := s.retryAt.UTC()
			c.RetryAt = &at
		}
		return
	}
}

// put is set for a condition that comes and goes.
func (r *readiness) put(name string, s state) {
	for _, c := range r.list {
		if c.Name == name {
			r.set(name, s)
			return
		}
	}
	at := len(r.list)
	for i, c := range r.list {
		if c.Remark || c.Name == ConditionDevices {
			at = i
			break
		}
	}
	r.list = slices.Insert(r.list, at, Condition{Name: name, Since: r.now().UTC()})
	r.set(name, s)
}

// drop removes a condition that put brought.
func (r *readiness) drop(name string) {
	r.list = slices.DeleteFunc(r.list, func(c Condition) bool { return c.Name == name })
}

// subscriberConditions are those of a subscriber's line alone.
var subscriberConditions = []string{ConditionToken, ConditionProfile, ConditionPush, ConditionPlatform}

// without is snapshot without some conditions.
func (r *readiness) without(names []string) []Condition {
	return slices.DeleteFunc(r.snapshot(), func(c Condition) bool { return slices.Contains(names, c.Name) })
}

// readyOf reports whether every condition that counts holds.
func readyOf(list []Condition) bool {
	return !slices.ContainsFunc(list, func(c Condition) bool { return !c.OK && !c.Remark })
}

func (r *readiness) ok(name string) bool {
	for _, c := range r.list {
		if c.Name == name {
			return c.OK
		}
	}
	return false
}

// ready reports whether every condition that counts holds.
func (r *readiness) ready() bool {
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

// snapshot returns a copy that nobody writes again.
func (r *readiness) snapshot() []Condition {
	return append([]Condition(nil), r.list...)
}

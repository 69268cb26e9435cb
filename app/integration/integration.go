// Package integration tells other programs of calls, as the settings or a policy say:
// it opens pages in the browser, starts programs without a shell, and sends signed
// webhooks, at the ring, the answer, the end of a call and of the work after it.
package integration

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"offhook/app"
	"offhook/app/settings"
	"offhook/internal/crash"
	"offhook/voice"
)

// Config is what a Teller is made of.
type Config struct {
	Phone *app.Phone
	HTTP  *http.Client
	Log   *slog.Logger
	// Secret returns the key that webhooks are signed with, "" for none.
	Secret func() string
	// Open opens a page in the browser, Start starts a program; nil are the system's.
	Open  func(url string) error
	Start func(argv []string) error
	// Now is the wall clock, and Retry the first delay before a webhook is sent again.
	Now   func() time.Time
	Retry time.Duration
}

// Teller tells other programs of the calls of a phone. It has no goroutine while
// nothing is to be told.
type Teller struct {
	cfg    Config
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	wish   settings.Integrations
	end    context.CancelFunc // of the watching that goes on, or nil
	queues map[string]*queue
	closed bool
}

// New returns a Teller that follows the phone's settings. Close ends it.
func New(cfg Config) *Teller {
	if cfg.Open == nil {
		cfg.Open = openPage
	}
	if cfg.Start == nil {
		cfg.Start = startProgram
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Retry <= 0 {
		cfg.Retry = time.Second
	}
	t := &Teller{cfg: cfg, queues: map[string]*queue{}}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	cfg.Phone.FollowSettings(func(s settings.Settings) { t.follow(s.Integrations) })
	return t
}

// closeGrace is how long Close lets webhooks that wait be sent.
const closeGrace = 2 * time.Second

// Close ends the Teller, once the phone is closed. Webhooks that are not sent within
// closeGrace are dropped.
func (t *Teller) Close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	cut := time.AfterFunc(closeGrace, t.cancel)
	defer cut.Stop()
	t.wg.Wait()
	t.cancel()
}

// follow begins and ends the watching as the settings say. It returns at once.
func (t *Teller) follow(wish settings.Integrations) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || reflect.DeepEqual(wish, t.wish) {
		return
	}
	t.wish = wish
	some := len(wish.Pops)+len(wish.Commands)+len(wish.Webhooks) > 0
	switch {
	case some && t.end == nil:
		ctx, end := context.WithCancel(t.ctx)
		t.end = end
		snaps := t.cfg.Phone.Watch(ctx)
		t.wg.Go(crash.Guarded(func() { t.watch(snaps) }))
	case !some && t.end != nil:
		t.end()
		t.end = nil
	}
}

// seen is what was told of a call.
type seen struct {
	call          app.Call
	rang, answers bool
	// late is when what wants the call's message is told without it; zero for none.
	late time.Time
}

// messageWait is how long what names {message} waits for it at the ring: the message
// of a call is fetched while it rings already.
const messageWait = time.Second

// part is which pops and programs are told of a moment.
type part int

const (
	everything part = iota
	withoutMessage
	withMessage
)

// takes reports whether templates belong to a part.
func (p part) takes(templates ...string) bool {
	names := strings.Contains(strings.Join(templates, " "), "{message}")
	return p == everything || names == (p == withMessage)
}

// watch finds the moments of calls in the phone's snapshots.
func (t *Teller) watch(snaps <-chan *app.Snapshot) {
	calls := map[string]*seen{}
	var wrap *app.WrapUp
	first := true
	var last *app.Snapshot
	late := time.NewTimer(0)
	defer late.Stop()
	// ripe tells what has waited for a message, because it is there or late.
	ripe := func(k *seen, s *app.Snapshot, force bool) {
		if !k.late.IsZero() && (force || k.call.Message != "" || !time.Now().Before(k.late)) {
			k.late = time.Time{}
			t.tell(settings.MomentRing, t.values(s, &k.call), withMessage)
		}
	}
	for {
		var s *app.Snapshot
		select {
		case <-late.C:
			for _, k := range calls {
				ripe(k, last, false)
			}
			continue
		case next, ok := <-snaps:
			if !ok {
				return
			}
			s, last = next, next
		}
		if first { // a call that is there already rang before there was anybody to tell
			first = false
			for _, c := range s.Calls {
				calls[c.ID] = &seen{call: *c, rang: true, answers: c.Established != nil}
			}
			wrap = s.WrapUp
			continue
		}
		there := map[string]bool{}
		for _, c := range s.Calls {
			there[c.ID] = true
			k := calls[c.ID]
			if k == nil {
				k = &seen{}
				calls[c.ID] = k
			}
			k.call = *c
			if !k.rang && (c.State == voice.StateIncoming || c.State == voice.StateRinging) {
				k.rang = true
				told := everything
				if c.Message == "" && c.State == voice.StateIncoming {
					told, k.late = withoutMessage, time.Now().Add(messageWait)
					late.Reset(messageWait)
				}
				t.tell(settings.MomentRing, t.values(s, c), told)
			}
			ripe(k, s, c.Established != nil)
			if !k.answers && c.Established != nil {
				k.answers = true
				t.tell(settings.MomentAnswer, t.values(s, c), everything)
			}
		}
		for id, k := range calls {
			if there[id] {
				continue
			}
			delete(calls, id)
			ripe(k, s, true)
			v := t.values(s, &k.call)
			if e := s.LastCall; e != nil && e.ID == id {
				v["end_reason"], v["duration_s"], v["session_id"] = string(e.EndReason), strconv.Itoa(e.DurationS), e.SessionID
				v["answered"] = strconv.FormatBool(e.Answered)
			}
			t.tell(settings.MomentEnd, v, everything)
		}
		if wrap != nil && (s.WrapUp == nil || s.WrapUp.Call.ID != wrap.Call.ID) {
			e := wrap.Call
			v := t.values(s, &app.Call{ID: e.ID, SessionID: e.SessionID, Line: e.Line, Direction: e.Direction, RemoteID: e.RemoteID, RemoteName: e.RemoteName, DurationS: e.DurationS})
			v["end_reason"], v["outcome"], v["note"] = string(e.EndReason), wrap.Code, wrap.Note
			t.tell(settings.MomentWrapUp, v, everything)
		}
		wrap = s.WrapUp
	}
}

// values are what templates and webhooks may say of a call.
func (t *Teller) values(s *app.Snapshot, c *app.Call) map[string]string {
	return valuesOf(s.Account.UserName, t.cfg.Phone.E164(c.RemoteID), c)
}

// tell does what the settings ask for at a moment of a call. Webhooks are told of what
// is not only the part that has waited.
func (t *Teller) tell(when string, values map[string]string, told part) {
	values["event"] = when
	t.mu.Lock()
	wish := t.wish
	t.mu.Unlock()
	fits := func(moment, direction string) bool {
		if direction == "" {
			direction = "incoming"
		}
		return moment == when && (direction == "both" || direction == values["direction"])
	}
	for _, p := range wish.Pops {
		if fits(p.When, p.Direction) && told.takes(p.URL) {
			if err := t.cfg.Open(fillURL(p.URL, values)); err != nil {
				t.cfg.Log.Warn("a page can't be opened", "when", when, "err", err)
			}
		}
	}
	for _, c := range wish.Commands {
		if fits(c.When, c.Direction) && told.takes(c.Argv...) {
			if err := t.cfg.Start(fillArgs(c.Argv, values)); err != nil {
				t.cfg.Log.Warn("a program can't be started", "program", c.Argv[0], "when", when, "err", err)
			}
		}
	}
	for _, h := range wish.Webhooks {
		if told != withMessage && (len(h.Events) == 0 || slices.Contains(h.Events, when)) {
			t.send(h.URL, when, values)
		}
	}
}

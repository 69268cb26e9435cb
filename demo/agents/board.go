// Package agents keeps how the agents of an account stand: what each has chosen,
// with its times, and what follows by itself from calls and sockets.
package agents

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"offhook/demo/exophone"
	"offhook/demo/store"
	"offhook/voice/wire"
)

// Migrations is the schema that a Board needs in its database.
const Migrations = `
CREATE TABLE agent_states (
	id INTEGER PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL,
	state TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL, until INTEGER NOT NULL);
CREATE INDEX agent_states_by_name ON agent_states (account, name, at);
`

// MigrationBy adds who has set a state.
const MigrationBy = "ALTER TABLE agent_states ADD COLUMN by_whom TEXT NOT NULL DEFAULT '';"

// byTimer is who sets what holds again at the end of a time.
const byTimer = "timer"

// ErrChoice says that there is no such state, or that its reason or its time is out
// of bounds.
var ErrChoice = errors.New("the state is not one of the documented ones, its reason is longer than 64 bytes or not configured, its seconds are not 0 to 28800, or a supervisor asks for offline, which follows from the phone")

const (
	maxReason  = 64
	maxSeconds = 8 * 60 * 60
	maxAgo     = 24 * time.Hour
)

// A choice that a phone tells late counts no more when a newer one is known. The time
// that a phone gives is right to the time of a request: these are the differences
// that are believed, to a choice of a supervisor and to one of another phone.
const (
	afterSupervisor = 2 * time.Second
	afterOther      = 10 * time.Second
)

// Config is what New needs.
type Config struct {
	Account string
	DB      *store.DB
	// Reasons are those that a break may have; none allows any.
	Reasons []string
	// Changed is told of each change, in order. It must not block.
	Changed func(wire.Agent)
	Now     func() time.Time
	Logger  *slog.Logger
}

// Board keeps the states. Its methods are safe for concurrent use.
type Board struct {
	cfg Config

	// writing keeps the order of the choices in the database.
	writing sync.Mutex

	mu     sync.Mutex
	agents map[string]*agent
	calls  map[string]exophone.Record // in progress, by session
	closed bool
}

// agent is one agent; the board's mutex guards it.
type agent struct {
	state     wire.AgentState
	reason    string
	since     time.Time
	until     time.Time // zero for never
	by        string    // wire.BySupervisor, byTimer, or "" for the agent
	revision  int64     // of the newest row
	back      *time.Timer
	connected bool
	doing     wire.AgentDoing // by the calls
	reported  wire.AgentDoing // by the phone, of what the platform can't see
	told      wire.Agent      // what Changed was told last
}

// New reads what was chosen before.
func New(ctx context.Context, cfg Config) (*Board, error) {
	b := &Board{cfg: cfg, agents: make(map[string]*agent), calls: make(map[string]exophone.Record)}
	rows, err := cfg.DB.Query(ctx, `SELECT name, state, reason, at, until, by_whom, id FROM agent_states WHERE account = ? AND id IN
		(SELECT max(id) FROM agent_states WHERE account = ? GROUP BY name)`, cfg.Account, cfg.Account)
	if err != nil {
		return nil, fmt.Errorf("agent states: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var at, until int64
		a := &agent{}
		if err := rows.Scan(&name, &a.state, &a.reason, &at, &until, &a.by, &a.revision); err != nil {
			return nil, err
		}
		a.since = time.UnixMilli(at)
		if until > 0 {
			a.until = time.UnixMilli(until)
		}
		b.agents[name] = a
		b.arm(name, a)
	}
	return b, rows.Err()
}

// Close stops the timers.
func (b *Board) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for _, a := range b.agents {
		if a.back != nil {
			a.back.Stop()
		}
	}
}

// arm sets the timer of an agent who is again by itself what was before.
func (b *Board) arm(name string, a *agent) {
	if a.back != nil {
		a.back.Stop()
		a.back = nil
	}
	if a.until.IsZero() || b.closed {
		return
	}
	until := a.until
	a.back = time.AfterFunc(max(0, until.Sub(b.cfg.Now())), func() {
		if err := b.goBack(context.Background(), name, until); err != nil {
			b.cfg.Logger.Error("an agent's state could not be changed", "agent", name, "error", err)
		}
	})
}

// of returns the agent, and makes one if need be: somebody who has never chosen is
// available.
func (b *Board) of(name string) *agent {
	a := b.agents[name]
	if a == nil {
		a = &agent{state: wire.AgentAvailable}
		b.agents[name] = a
		b.follow(name, a)
	}
	return a
}

// Choose sets what an agent has chosen, or what a supervisor has (by), or returns
// ErrChoice. A choice that an agent's phone tells late is not taken when a newer one is
// known; Get then returns that.
func (b *Board) Choose(ctx context.Context, name, by string, c wire.AgentChoice) (wire.Agent, error) {
	if !c.State.Known() || len(c.Reason) > maxReason || c.Seconds < 0 || c.Seconds > maxSeconds || c.AgoMS < 0 ||
		c.State == wire.AgentBreak && c.Reason != "" && len(b.cfg.Reasons) > 0 && !slices.Contains(b.cfg.Reasons, c.Reason) ||
		c.State != wire.AgentBreak && c.Reason != "" || by == wire.BySupervisor && c.State == wire.AgentOffline {
		return wire.Agent{}, ErrChoice
	}
	switch c.Doing {
	case wire.AgentIdle, wire.AgentRinging, wire.AgentInCall, wire.AgentNotReady:
	default:
		return wire.Agent{}, ErrChoice
	}
	now := b.cfg.Now()
	at, until := now, time.Time{}
	if by == "" {
		at = now.Add(-min(time.Duration(c.AgoMS)*time.Millisecond, maxAgo))
	}
	if c.Seconds > 0 {
		until = now.Add(time.Duration(c.Seconds) * time.Second)
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	b.mu.Lock()
	a := b.of(name)
	if by == "" {
		a.reported = c.Doing
	}
	same := a.state == c.State && a.reason == c.Reason && !a.since.IsZero()
	// A phone that takes a supervisor's word up says it back, without its end.
	echo := by == "" && same && a.by == wire.BySupervisor && c.Seconds == 0
	skip := b.closed || echo || same && near(a.until, until) || by == "" && !same && older(a, at)
	if skip {
		b.tell(name, a)
	}
	if same {
		at = a.since // said again: the time goes on
	} else if at.Before(a.since) {
		at = a.since
	}
	b.mu.Unlock()
	if !skip {
		if err := b.write(ctx, name, agent{state: c.State, reason: c.Reason, since: at, until: until, by: by}); err != nil {
			return wire.Agent{}, err
		}
	}
	return b.Get(name), nil
}

// near reports whether two ends are the same, to the second in which they are told.
func near(a, b time.Time) bool {
	return a.IsZero() == b.IsZero() && a.Sub(b).Abs() < 2*time.Second
}

// older reports whether a choice of at counts no more: a newer one is known.
func older(a *agent, at time.Time) bool {
	allowed := afterOther
	switch {
	case a.state == wire.AgentOffline || a.by == byTimer:
		return false
	case a.by == wire.BySupervisor:
		allowed = afterSupervisor
	}
	return a.since.Sub(at) > allowed
}

// write writes a state down and holds it from then on. The caller holds writing.
func (b *Board) write(ctx context.Context, name string, n agent) error {
	until := int64(0)
	if !n.until.IsZero() {
		until = n.until.UnixMilli()
	}
	var id int64
	if err := b.cfg.DB.Write(ctx, func(tx *store.Tx) error {
		res, err := tx.Exec("INSERT INTO agent_states (account, name, state, reason, at, until, by_whom) VALUES (?, ?, ?, ?, ?, ?, ?)",
			b.cfg.Account, name, string(n.state), n.reason, n.since.UnixMilli(), until, n.by)
		if err == nil {
			id, err = res.LastInsertId()
		}
		return err
	}); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.of(name)
	a.state, a.reason, a.since, a.until, a.by, a.revision = n.state, n.reason, n.since, n.until, n.by, id
	b.arm(name, a)
	b.tell(name, a)
	return nil
}

// goBack is the end of a time: what was chosen before holds again, unless something
// else was chosen since.
func (b *Board) goBack(ctx context.Context, name string, due time.Time) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	b.mu.Lock()
	a := b.agents[name]
	if a == nil || b.closed || !a.until.Equal(due) {
		b.mu.Unlock()
		return nil
	}
	state := a.state
	b.mu.Unlock()
	// The platform may have been away at the end.
	n := agent{state: wire.AgentAvailable, since: due, by: byTimer}
	err := b.cfg.DB.QueryRow(ctx, `SELECT state, reason FROM agent_states WHERE account = ? AND name = ? AND state NOT IN (?, ?)
		ORDER BY id DESC LIMIT 1`, b.cfg.Account, name, string(state), string(wire.AgentOffline)).Scan(&n.state, &n.reason)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return b.write(ctx, name, n)
}

// tell tells of a change, if there is one. The mutex is held, for the order.
func (b *Board) tell(name string, a *agent) {
	if now := view(name, a); now != a.told {
		a.told = now
		if b.cfg.Changed != nil && !b.closed {
			b.cfg.Changed(now)
		}
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

func view(name string, a *agent) wire.Agent {
	v := wire.Agent{Name: name, State: a.state, Reason: a.reason, Since: stamp(a.since), Until: stamp(a.until), Revision: a.revision}
	if a.by == wire.BySupervisor {
		v.By = a.by
	}
	switch v.Doing = a.doing; {
	case v.Doing != wire.AgentIdle:
	case !a.connected:
		v.Doing = wire.AgentNotReady
	default:
		v.Doing = a.reported
	}
	return v
}

// Get returns how an agent stands.
func (b *Board) Get(name string) wire.Agent {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a := b.agents[name]; a != nil {
		return view(name, a)
	}
	return view(name, &agent{state: wire.AgentAvailable})
}

// All returns everybody who has chosen a state or has had a phone connected, by
// name.
func (b *Board) All() []wire.Agent {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]wire.Agent, 0, len(b.agents))
	for name, a := range b.agents {
		list = append(list, view(name, a))
	}
	slices.SortFunc(list, func(x, y wire.Agent) int { return strings.Compare(x.Name, y.Name) })
	return list
}

// Connected notes that a phone of the agent has opened its push socket, or that the
// last one has ended.
func (b *Board) Connected(name string, connected bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.of(name)
	if a.connected = connected; !connected {
		a.reported = wire.AgentIdle
	}
	b.tell(name, a)
}

// Forget drops an agent who exists no more.
func (b *Board) Forget(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a := b.agents[name]; a != nil && a.back != nil {
		a.back.Stop()
	}
	delete(b.agents, name)
}

// Record follows a call: its parties ring and talk.
func (b *Board) Record(r exophone.Record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.calls[r.SessionID]
	if b.calls[r.SessionID] = r; !r.Ended.IsZero() {
		delete(b.calls, r.SessionID)
	}
	for _, name := range slices.Concat([]string{before.Caller, before.Callee, r.Caller, r.Callee}, before.Parties, r.Parties) {
		if a := b.agents[name]; a != nil {
			b.follow(name, a)
			b.tell(name, a)
		}
	}
}

// follow says what an agent does by the calls in progress. Who dials is in a call.
// The mutex is held.
func (b *Board) follow(name string, a *agent) {
	a.doing = wire.AgentIdle
	for _, r := range b.calls {
		switch {
		case slices.Contains(r.Parties, name),
			len(r.Parties) == 0 && (r.Caller == name || r.Callee == name && !r.Answered.IsZero()):
			a.doing = wire.AgentInCall
			return
		case r.Callee == name && !r.Ringing.IsZero():
			a.doing = wire.AgentRinging
		}
	}
}

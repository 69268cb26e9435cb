// Package agents keeps how the agents of an account stand: what each has chosen,
// with its times, and what follows by itself from calls and sockets.
package agents

import (
	"context"
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

// ErrChoice says that there is no such state, or that its reason or its time is out
// of bounds.
var ErrChoice = errors.New("the state is not one of the documented ones, its reason is longer than 64 bytes or not configured, or its seconds are not 0 to 28800")

const (
	maxReason  = 64
	maxSeconds = 8 * 60 * 60
)

// Config is what New needs.
type Config struct {
	Account string
	DB      *store.DB
	// Reasons are those that a break may have; nil allows any.
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
	back      *time.Timer
	connected bool
	doing     wire.AgentDoing // by the calls
	told      wire.Agent      // what Changed was told last
}

// New reads what was chosen before.
func New(ctx context.Context, cfg Config) (*Board, error) {
	b := &Board{cfg: cfg, agents: make(map[string]*agent), calls: make(map[string]exophone.Record)}
	rows, err := cfg.DB.Query(ctx, `SELECT name, state, reason, at, until FROM agent_states WHERE account = ? AND id IN
		(SELECT max(id) FROM agent_states WHERE account = ? GROUP BY name)`, cfg.Account, cfg.Account)
	if err != nil {
		return nil, fmt.Errorf("agent states: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var at, until int64
		a := &agent{}
		if err := rows.Scan(&name, &a.state, &a.reason, &at, &until); err != nil {
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

// arm sets the timer of an agent who is available again by itself.
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
		if err := b.choose(context.Background(), name, wire.AgentChoice{State: wire.AgentAvailable}, &until); err != nil {
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

// Choose sets what an agent has chosen, or returns ErrChoice.
func (b *Board) Choose(ctx context.Context, name string, c wire.AgentChoice) (wire.Agent, error) {
	if !c.State.Known() || len(c.Reason) > maxReason || c.Seconds < 0 || c.Seconds > maxSeconds ||
		c.State == wire.AgentBreak && c.Reason != "" && b.cfg.Reasons != nil && !slices.Contains(b.cfg.Reasons, c.Reason) {
		return wire.Agent{}, ErrChoice
	}
	if err := b.choose(ctx, name, c, nil); err != nil {
		return wire.Agent{}, err
	}
	return b.Get(name), nil
}

// choose writes a choice down. With due, it is the end of a time: nothing is chosen
// if the agent has chosen something else since.
func (b *Board) choose(ctx context.Context, name string, c wire.AgentChoice, due *time.Time) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	now := b.cfg.Now()
	b.mu.Lock()
	a := b.of(name)
	same := a.state == c.State && a.reason == c.Reason && c.Seconds == 0 && a.until.IsZero() && !a.since.IsZero()
	if b.closed || same || due != nil && !a.until.Equal(*due) {
		b.mu.Unlock()
		return nil // said again after a reconnect: the time goes on
	}
	b.mu.Unlock()
	at, until := now, time.Time{}
	if due != nil {
		at = *due // the platform may have been away at the end
	}
	if c.Seconds > 0 {
		until = now.Add(time.Duration(c.Seconds) * time.Second)
	}
	untilMS := int64(0)
	if !until.IsZero() {
		untilMS = until.UnixMilli()
	}
	if _, err := b.cfg.DB.Exec(ctx, "INSERT INTO agent_states (account, name, state, reason, at, until) VALUES (?, ?, ?, ?, ?, ?)",
		b.cfg.Account, name, string(c.State), c.Reason, at.UnixMilli(), untilMS); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	a = b.of(name)
	a.state, a.reason, a.since, a.until = c.State, c.Reason, at, until
	b.arm(name, a)
	b.tell(name, a)
	return nil
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
	v := wire.Agent{Name: name, State: a.state, Reason: a.reason, Since: stamp(a.since), Until: stamp(a.until)}
	if v.Doing = a.doing; v.Doing == wire.AgentIdle && !a.connected {
		v.Doing = wire.AgentNotReady
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
	a.connected = connected
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

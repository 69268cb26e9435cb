package agents

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"offhook/demo/exophone"
	"offhook/voice/wire"
)

// Times returns how long an agent was in each state between two moments, and the
// calls that the agent spoke in.
func (b *Board) Times(ctx context.Context, name string, from, to time.Time) (wire.AgentTimes, error) {
	t := wire.AgentTimes{Name: name, From: stamp(from), To: stamp(to), Seconds: map[wire.AgentState]int{}}
	rows, err := b.cfg.DB.Query(ctx, `SELECT state, at FROM agent_states WHERE account = ? AND name = ? AND at < ? AND id >= coalesce(
		(SELECT max(id) FROM agent_states WHERE account = ? AND name = ? AND at <= ?), 0) ORDER BY id`,
		b.cfg.Account, name, to.UnixMilli(), b.cfg.Account, name, from.UnixMilli())
	if err != nil {
		return t, err
	}
	defer rows.Close()
	spent := map[wire.AgentState]time.Duration{}
	var state wire.AgentState
	var since time.Time
	for rows.Next() {
		var next wire.AgentState
		var ms int64
		if err := rows.Scan(&next, &ms); err != nil {
			return t, err
		}
		at := time.UnixMilli(ms)
		if at.Before(from) {
			at = from
		}
		if state != "" {
			spent[state] += at.Sub(since)
		}
		state, since = next, at
	}
	if err := rows.Err(); err != nil {
		return t, err
	}
	if state != "" && to.After(since) {
		spent[state] += to.Sub(since)
	}
	for s, d := range spent {
		t.Seconds[s] = int(d.Round(time.Second).Seconds())
	}
	if err := rows.Close(); err != nil {
		return t, err
	}
	if t.Calls, t.TalkSeconds, err = b.talked(ctx, name, from, to); err != nil {
		return t, err
	}
	t.HandleSeconds = t.TalkSeconds + t.Seconds[wire.AgentAfterCallWork]
	return t, nil
}

// talked is in how many calls of the time an agent spoke, and for how many seconds:
// whatever became of the call, and also where somebody else placed it. Two calls at once, such as a
// consultation, are one time.
func (b *Board) talked(ctx context.Context, name string, from, to time.Time) (calls, seconds int, err error) {
	rows, err := b.cfg.DB.Query(ctx, `SELECT record FROM calls WHERE account = ? AND created >= ? AND created < ? AND ended > 0
		AND (json_extract(record, '$.Caller') = ? OR json_extract(record, '$.Callee') = ?
		OR EXISTS (SELECT 1 FROM json_each(record, '$.Spoke') WHERE json_extract(value, '$.Name') = ?)) ORDER BY created`,
		b.cfg.Account, from.UnixMilli(), to.UnixMilli(), name, name, name)
	if err != nil {
		return 0, 0, err
	}
	defer rows.Close()
	var times []exophone.Spoke
	for rows.Next() {
		var text string
		var r exophone.Record
		if err := rows.Scan(&text); err != nil {
			return 0, 0, err
		}
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			return 0, 0, err
		}
		if len(r.Spoke) == 0 && !r.Answered.IsZero() { // an older platform's
			r.Spoke = []exophone.Spoke{{Name: name, From: r.Answered, To: r.Ended}}
		}
		own := slices.DeleteFunc(r.Spoke, func(s exophone.Spoke) bool { return s.Name != name })
		if len(own) > 0 {
			calls++
			times = append(times, own...)
		}
	}
	slices.SortFunc(times, func(x, y exophone.Spoke) int { return x.From.Compare(y.From) })
	var sum time.Duration
	var until time.Time
	for _, s := range times {
		if s.From.Before(until) {
			s.From = until
		}
		if s.To.After(s.From) {
			sum, until = sum+s.To.Sub(s.From), s.To
		}
	}
	return calls, int(sum.Round(time.Second).Seconds()), rows.Err()
}

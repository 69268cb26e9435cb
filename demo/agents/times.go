package agents

import (
	"context"
	"time"

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
	const answered = "0001-01-01T00:00:00Z" // what a time that never came looks like in a record
	err = b.cfg.DB.QueryRow(ctx, `SELECT count(*), coalesce(sum(unixepoch(json_extract(record, '$.Ended')) - unixepoch(json_extract(record, '$.Answered'))), 0)
		FROM calls WHERE account = ? AND created >= ? AND created < ? AND ended > 0 AND json_extract(record, '$.Answered') <> ?
		AND (json_extract(record, '$.Caller') = ? OR json_extract(record, '$.Callee') = ?)`,
		b.cfg.Account, from.UnixMilli(), to.UnixMilli(), answered, name, name).Scan(&t.Calls, &t.TalkSeconds)
	t.HandleSeconds = t.TalkSeconds + t.Seconds[wire.AgentAfterCallWork]
	return t, err
}

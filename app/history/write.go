package history

import (
	"errors"
	"time"
)

// ErrUnknownCall is returned for an id that the log doesn't hold.
var ErrUnknownCall = errors.New("history: no such call")

const upsert = `INSERT INTO calls
	(id, session_id, direction, missed, remote_id, remote_name, message, started, rang_s, duration_s,
	 end_reason, missed_reason, mos, interrupted, open, seen, line)
	VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,0,?,?,?)
	ON CONFLICT(id) DO UPDATE SET session_id = excluded.session_id, missed = excluded.missed,
	 remote_id = excluded.remote_id, remote_name = excluded.remote_name, message = excluded.message,
	 rang_s = excluded.rang_s, duration_s = excluded.duration_s, end_reason = excluded.end_reason,
	 missed_reason = excluded.missed_reason, mos = excluded.mos, open = excluded.open, seen = excluded.seen,
	 interrupted = 0`

func (r Record) args(open bool) []any {
	return []any{r.ID, r.SessionID, r.Direction, r.Missed, r.RemoteID, r.RemoteName, r.Message,
		r.Started.UnixMilli(), r.RangS, r.DurationS, r.EndReason, r.MissedReason, r.MOS, open, !r.Missed, r.Line}
}

// Progress writes a call that goes on: once when it begins, and again as it is
// answered or as time passes, so that its length is nearly right if the phone
// is killed in it.
func (l *Log) Progress(r Record) error {
	tx, err := l.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	// A call that was pushed again after the phone was killed while it rang is
	// the same call.
	if r.Direction == Incoming && r.SessionID != "" {
		if _, err := tx.Exec(`DELETE FROM calls WHERE session_id = ? AND direction = ? AND interrupted = 1 AND id <> ?`,
			r.SessionID, Incoming, r.ID); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(upsert, r.args(true)...); err != nil {
		return err
	}
	return tx.Commit()
}

// End writes a call that is over.
func (l *Log) End(r Record) error {
	_, err := l.db.Exec(upsert, r.args(false)...)
	return err
}

// Missed writes a call that was never offered to the user. One that the log
// holds already, by its session, is not written again; added says which.
func (l *Log) Missed(r Record) (added bool, err error) {
	r.Missed = true
	tx, err := l.db.Begin()
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	if r.SessionID != "" {
		var n int
		if err := tx.QueryRow(`SELECT count(*) FROM calls WHERE session_id = ? AND direction = ?`,
			r.SessionID, Incoming).Scan(&n); err != nil {
			return false, err
		}
		if n > 0 {
			return false, nil
		}
	}
	if _, err := tx.Exec(upsert, r.args(false)...); err != nil {
		return false, err
	}
	return true, tx.Commit()
}

// SetFeedback stores the user's rating with a call.
func (l *Log) SetFeedback(id string, rating int, issue, note string) error {
	return one(l.db.Exec(`UPDATE calls SET rating = ?, issue = ?, note = ? WHERE id = ?`, rating, issue, note, id))
}

// MarkSeen marks all missed calls as seen.
func (l *Log) MarkSeen() error {
	_, err := l.db.Exec(`UPDATE calls SET seen = 1 WHERE seen = 0`)
	return err
}

// Delete removes one call that is over.
func (l *Log) Delete(id string) error {
	return one(l.db.Exec(`DELETE FROM calls WHERE id = ? AND open = 0`, id))
}

// DeleteAll removes every call that is over.
func (l *Log) DeleteAll() error {
	_, err := l.db.Exec(`DELETE FROM calls WHERE open = 0`)
	return err
}

func one(res interface{ RowsAffected() (int64, error) }, err error) error {
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		return ErrUnknownCall
	}
	return nil
}

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

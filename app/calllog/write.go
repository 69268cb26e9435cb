package calllog

import (
	"database/sql"
	"errors"
	"offhook/voice"
	"time"
)

// ErrUnknownCall is returned for an id that the log doesn't hold.
var ErrUnknownCall = errors.New("calllog: no such call")

const upsert = `INSERT INTO calls
	(id, session_id, direction, missed, remote_id, remote_name, message, started, rang_s, duration_s,
	 end_reason, missed_reason, mos, interrupted, open, seen, line, written, end_word, transferred_to, recorded, recording_file)
	VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,0,?,?,?,?,?,?,?,?)
	ON CONFLICT(id) DO UPDATE SET session_id = excluded.session_id, missed = excluded.missed,
	 remote_id = excluded.remote_id, remote_name = excluded.remote_name, message = excluded.message,
	 rang_s = excluded.rang_s, duration_s = excluded.duration_s, end_reason = excluded.end_reason,
	 missed_reason = excluded.missed_reason, mos = excluded.mos, open = excluded.open, seen = excluded.seen,
	 interrupted = 0, written = excluded.written, end_word = excluded.end_word, transferred_to = excluded.transferred_to,
	 recorded = excluded.recorded, recording_file = excluded.recording_file`

func (l *Log) args(r Record, open bool) []any {
	return []any{r.ID, r.SessionID, r.Direction, r.Missed, r.RemoteID, r.RemoteName, r.Message,
		r.Started.UnixMilli(), r.RangS, r.DurationS, r.EndReason, r.MissedReason, r.MOS, open, !r.Missed, r.Line, l.written(), r.EndWord, r.TransferredTo, r.Recorded, r.RecordingFile}
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
	if r.Direction == voice.Incoming && r.SessionID != "" {
		if _, err := tx.Exec(`DELETE FROM calls WHERE session_id = ? AND direction = ? AND interrupted = 1 AND id <> ?`,
			r.SessionID, voice.Incoming, r.ID); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(upsert, l.args(r, true)...); err != nil {
		return err
	}
	return tx.Commit()
}

// End writes a call that is over. One that hardly rang and was not answered joins
// the caller's latest such call of the last hour.
func (l *Log) End(r Record) error {
	tx, err := l.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	merged := false
	if r.Missed && r.RangS < hardlyRang {
		if merged, err = merge(tx, &r); err != nil {
			return err
		}
	}
	if merged {
		_, err = tx.Exec(`DELETE FROM calls WHERE id = ?`, r.ID) // what Progress wrote of it
	} else {
		_, err = tx.Exec(upsert, l.args(r, false)...)
	}
	if err != nil {
		return err
	}
	return tx.Commit()
}

// Refused writes a call that never rang; r.Missed says whether it counts as
// missed. One that the log holds already, by its session, is not written again,
// and one of a caller whose latest call did not ring for the same reason, within
// the last hour, is counted there; added says whether anything changed.
func (l *Log) Refused(r Record) (added bool, err error) {
	tx, err := l.db.Begin()
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	if r.SessionID != "" {
		var n int
		if err := tx.QueryRow(`SELECT (SELECT count(*) FROM calls WHERE session_id = ?1 AND direction = ?2) +
			(SELECT count(*) FROM merged WHERE session_id = ?1)`, r.SessionID, voice.Incoming).Scan(&n); err != nil {
			return false, err
		}
		if n > 0 {
			return false, nil
		}
	}
	merged, err := merge(tx, &r)
	if err != nil {
		return false, err
	}
	if !merged {
		if _, err := tx.Exec(upsert, l.args(r, false)...); err != nil {
			return false, err
		}
	}
	return true, tx.Commit()
}

// The rules of what becomes one row: calls of one caller within mergeWithin of
// each other that did not ring, or for less than hardlyRang seconds. When more
// than maxSingle callers made such calls in that time, the rest share one row.
const (
	mergeWithin = time.Hour
	hardlyRang  = 2
	maxSingle   = 50
)

// crowd is the RemoteID of a row that stands for calls of many callers.
const crowd = ""

// merge counts a call in the row of an earlier one, if there is such a row, and
// moves that to the log's end.
func merge(tx *sql.Tx, r *Record) (bool, error) {
	began, since := r.Started.UnixMilli(), r.Started.Add(-mergeWithin).UnixMilli()
	const alike = ` FROM calls WHERE open = 0 AND direction = 'INCOMING' AND duration_s = 0 AND rang_s < ? AND
		(missed = 1 OR missed_reason <> '') AND started BETWEEN ? AND ? `
	near := []any{hardlyRang, since, began + mergeWithin.Milliseconds()}
	var id, session string
	err := tx.QueryRow(`SELECT id, session_id`+alike+`AND remote_id = ? AND line = ? AND missed_reason = ? ORDER BY rowid DESC LIMIT 1`,
		append(near, r.RemoteID, r.Line, r.MissedReason)...).Scan(&id, &session)
	if errors.Is(err, sql.ErrNoRows) {
		var n int
		if err := tx.QueryRow(`SELECT count(*)`+alike, near...).Scan(&n); err != nil || n < maxSingle {
			return false, err
		}
		r.RemoteID, r.RemoteName, r.Message = crowd, "", ""
		err = tx.QueryRow(`SELECT id, session_id`+alike+`AND remote_id = '' ORDER BY rowid DESC LIMIT 1`, near...).Scan(&id, &session)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil // the crowd's first
	}
	if err != nil {
		return false, err
	}
	if session != "" && session != r.SessionID {
		if _, err := tx.Exec(`INSERT OR IGNORE INTO merged VALUES (?, ?)`, session, id); err != nil {
			return false, err
		}
	}
	_, err = tx.Exec(`UPDATE calls SET rowid = (SELECT max(rowid) + 1 FROM calls), times = times + 1, session_id = ?, remote_id = ?,
		remote_name = ?, message = ?, started = ?, missed = ?, seen = ? WHERE id = ?`,
		r.SessionID, r.RemoteID, r.RemoteName, r.Message, began, r.Missed, !r.Missed, id)
	return true, err
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

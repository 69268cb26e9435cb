package calllog

import (
	"context"
	"time"
)

// Outcome is what became of a call, as its agent says.
type Outcome struct {
	CallID, SessionID string
	Code, Note        string
	// CallbackAt is when the far side wants to be called again; zero for not at all.
	CallbackAt time.Time
}

func (o Outcome) callback() int64 {
	if o.CallbackAt.IsZero() {
		return 0
	}
	return o.CallbackAt.UnixMilli()
}

// SetOutcome writes the outcome of a call by its id. due says whose platform is to be
// told of it, "" for nobody's. A platform knows nothing of a call over a SIP account
// or without a session.
func (l *Log) SetOutcome(id string, o Outcome, due string) error {
	return one(l.db.Exec(`UPDATE calls SET outcome = ?, outcome_note = ?, callback_at = ?,
		outcome_due = CASE WHEN session_id = '' OR line <> '' THEN '' ELSE ? END WHERE id = ?`, o.Code, o.Note, o.callback(), due, id))
}

// draft marks an outcome that is still being entered.
const draft = "draft|"

// DraftOutcome writes what was entered so far of the outcome of a call: if the phone is
// killed it is told as it is, at the next start.
func (l *Log) DraftOutcome(id string, o Outcome, due string) error {
	if due != "" {
		due = draft + due
	}
	return l.SetOutcome(id, o, due)
}

// FinishDrafts makes due what an earlier run of the phone left unfinished.
func (l *Log) FinishDrafts(due string) error {
	_, err := l.db.Exec(`UPDATE calls SET outcome_due = ? WHERE outcome_due = ?`, due, draft+due)
	return err
}

// OutcomesDue returns what the platform of due is still to be told, the oldest first.
func (l *Log) OutcomesDue(ctx context.Context, due string) ([]Outcome, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT id, session_id, outcome, outcome_note, callback_at FROM calls
		WHERE outcome_due = ? AND outcome_due <> '' ORDER BY rowid`, due)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Outcome
	for rows.Next() {
		var o Outcome
		var callback int64
		if err := rows.Scan(&o.CallID, &o.SessionID, &o.Code, &o.Note, &callback); err != nil {
			return nil, err
		}
		if callback > 0 {
			o.CallbackAt = fromMillis(callback)
		}
		out = append(out, o)
	}
	return out, rows.Err()
}

// OutcomeSent notes that the platform was told of an outcome, unless another one was
// written meanwhile.
func (l *Log) OutcomeSent(o Outcome) error {
	_, err := l.db.Exec(`UPDATE calls SET outcome_due = '' WHERE id = ? AND outcome = ? AND outcome_note = ? AND callback_at = ?`,
		o.CallID, o.Code, o.Note, o.callback())
	return err
}

package calllog

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const columns = `id, session_id, direction, missed, remote_id, remote_name, message, started, rang_s, duration_s,
	end_reason, missed_reason, mos, rating, issue, note, interrupted, line, times, outcome, outcome_note, callback_at, outcome_due, end_word, transferred_to, recorded, recording_file`

// Search returns the calls that are over and fit q, the latest written first.
func (l *Log) Search(ctx context.Context, q Query) ([]Record, error) {
	where := []string{"open = 0"}
	var args []any
	if q.Text != "" {
		where = append(where, `(remote_id LIKE ? ESCAPE '\' OR remote_name LIKE ? ESCAPE '\' OR message LIKE ? ESCAPE '\'
			OR outcome LIKE ? ESCAPE '\' OR outcome_note LIKE ? ESCAPE '\')`)
		p := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(q.Text) + "%"
		args = append(args, p, p, p, p, p)
	}
	switch q.Kind {
	case "incoming":
		where = append(where, "direction = 'INCOMING'")
	case "outgoing":
		where = append(where, "direction = 'OUTGOING'")
	case "missed":
		where = append(where, "missed = 1")
	}
	if !q.Since.IsZero() {
		where = append(where, "started >= ?")
		args = append(args, q.Since.UnixMilli())
	}
	if !q.Until.IsZero() {
		where = append(where, "started < ?")
		args = append(args, q.Until.UnixMilli())
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 1000
	}
	rows, err := l.db.QueryContext(ctx, "SELECT "+columns+" FROM calls WHERE "+strings.Join(where, " AND ")+
		" ORDER BY rowid DESC LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []Record{}
	for rows.Next() {
		var r Record
		var started, callback int64
		var due string
		if err := rows.Scan(&r.ID, &r.SessionID, &r.Direction, &r.Missed, &r.RemoteID, &r.RemoteName, &r.Message,
			&started, &r.RangS, &r.DurationS, &r.EndReason, &r.MissedReason, &r.MOS, &r.Rating, &r.Issue, &r.Note,
			&r.Interrupted, &r.Line, &r.Times, &r.Outcome, &r.OutcomeNote, &callback, &due, &r.EndWord, &r.TransferredTo, &r.Recorded, &r.RecordingFile); err != nil {
			return nil, err
		}
		if r.Times == 1 {
			r.Times = 0
		}
		r.Started = fromMillis(started)
		r.OutcomeDue = due != "" && !strings.HasPrefix(due, draft)
		if callback > 0 {
			at := fromMillis(callback)
			r.CallbackAt = &at
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// Unseen returns the number of missed calls that were not marked as seen.
func (l *Log) Unseen() (n int, err error) {
	err = l.db.QueryRow(`SELECT count(*) FROM calls WHERE missed = 1 AND seen = 0 AND open = 0`).Scan(&n)
	return n, err
}

var csvHeader = []string{"started", "direction", "missed", "missed_reason", "remote_id", "remote_name", "message", "rang_s",
	"duration_s", "end_reason", "mos", "rating", "issue", "note", "interrupted", "session_id", "id", "line", "times", "outcome", "outcome_note", "callback_at", "end_word", "transferred_to", "recorded", "recording_file"}

// WriteCSV writes records as RFC 4180 with a header line; times are RFC 3339 in
// UTC.
func WriteCSV(w io.Writer, records []Record) error {
	c := csv.NewWriter(w)
	if err := c.Write(csvHeader); err != nil {
		return err
	}
	for _, r := range records {
		callback := ""
		if r.CallbackAt != nil {
			callback = r.CallbackAt.UTC().Format(time.RFC3339)
		}
		row := []string{
			r.Started.UTC().Format(time.RFC3339), string(r.Direction), strconv.FormatBool(r.Missed), string(r.MissedReason), r.RemoteID, r.RemoteName,
			r.Message, strconv.Itoa(r.RangS), strconv.Itoa(r.DurationS), string(r.EndReason), r.MOS.Text(),
			r.Rating.Text(), r.Issue, r.Note, strconv.FormatBool(r.Interrupted), r.SessionID, r.ID, r.Line, strconv.Itoa(max(1, r.Times)),
			r.Outcome, r.OutcomeNote, callback, r.EndWord, r.TransferredTo, strconv.FormatBool(r.Recorded), r.RecordingFile,
		}
		for i := range row {
			row[i] = cell(row[i])
		}
		if err := c.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// WriteJSON writes records in the form that `offhook ctl history --json` prints.
func WriteJSON(w io.Writer, records []Record) error {
	if records == nil {
		records = []Record{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(map[string]any{"calls": records})
}

var number = regexp.MustCompile(`^\+?[0-9 ]+$`)

// cell keeps a text that came from outside from being run as a formula by a
// spreadsheet.
func cell(s string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, " \u00a0"))
	if strings.ContainsRune("=+-@\t\r\n|%＝＋－＠", first) && s != "" && !number.MatchString(s) {
		return "'" + s
	}
	return s
}

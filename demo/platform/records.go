package platform

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"offhook/demo/exophone"
	"offhook/demo/relay"
	"offhook/demo/store"
	"offhook/demo/upload"
	"offhook/voice/wire"
)

func (s *Server) keepEvents(ctx context.Context, account, name string, events []json.RawMessage, sessions []string) error {
	at := s.now().UnixMilli()
	return s.db.Write(ctx, func(tx *store.Tx) error {
		for i, event := range events {
			if _, err := tx.Exec("INSERT INTO events (account, name, session, at, body) VALUES (?, ?, ?, ?, ?)", account, name, sessions[i], at, string(event)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Call is a call as the platform reads it back. Times that have not come are
// empty.
type Call struct {
	SessionID   string `json:"session_id"`
	Caller      string `json:"caller"`
	Callee      string `json:"callee"`
	CustomField string `json:"custom_field,omitempty"`
	State       string `json:"state"`
	Created     string `json:"date_created"`
	Ringing     string `json:"date_ringing,omitempty"`
	Answered    string `json:"date_answered,omitempty"`
	Ended       string `json:"date_ended,omitempty"`
	// Duration is in seconds since the answer.
	Duration  int    `json:"duration"`
	EndReason string `json:"end_reason,omitempty"`
	EndedBy   string `json:"ended_by,omitempty"`
	// Transfers are the handings-over of the call, each as "who to whom".
	Transfers []string `json:"transfers,omitempty"`
	// Joined are those who came in as into a conference; Into is the session that this
	// call was joined to.
	Joined    []string   `json:"joined,omitempty"`
	Recording *Recording `json:"recording,omitempty"`
	Into      string     `json:"joined_to,omitempty"`
	// ConsultsFor is the session about which this call was to ask somebody.
	ConsultsFor string `json:"consults_for,omitempty"`
	// Spoke is who has talked, and when.
	Spoke     []Spoke `json:"spoke,omitempty"`
	Status    int     `json:"sip_status,omitempty"`
	Codec     string  `json:"codec,omitempty"`
	CallerLeg CallLeg `json:"caller_leg"`
	CalleeLeg CallLeg `json:"callee_leg"`
}

// Spoke is a time in which somebody talked in a call; To is empty while it lasts.
type Spoke struct {
	Name string `json:"name"`
	From string `json:"from"`
	To   string `json:"to,omitempty"`
}

// CallLeg are the relay's figures of one leg. MOS is that of the phone's sound
// as it reached the platform, 0 without any.
type CallLeg struct {
	PacketsReceived uint64  `json:"packets_received"`
	PacketsSent     uint64  `json:"packets_sent"`
	PacketsLost     int64   `json:"packets_lost"`
	JitterMs        float64 `json:"jitter_ms"`
	MOS             float64 `json:"mos"`
}

// Feedback is what the user of one leg said of a call.
type Feedback struct {
	Subscriber string `json:"subscriber_name"`
	Rating     int    `json:"rating"`
	Issue      string `json:"issue"`
	Note       string `json:"note,omitempty"`
	Date       string `json:"date"`
}

// Event is what a phone reported.
type Event struct {
	Subscriber string          `json:"subscriber_name"`
	Date       string          `json:"date"`
	Event      json.RawMessage `json:"event"`
}

// Log is an uploaded log file.
type Log struct {
	Reference   string `json:"reference"`
	Subscriber  string `json:"subscriber_name"`
	SessionID   string `json:"session_id,omitempty"`
	Description string `json:"description"`
	Size        int64  `json:"size"`
	Date        string `json:"date"`
}

func (s *Server) optionalStamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return s.stamp(t)
}

func (s *Server) call(r exophone.Record) Call {
	c := Call{
		SessionID: r.SessionID, Caller: r.Caller, Callee: r.Callee, CustomField: r.CustomField, State: string(r.State),
		Created: s.optionalStamp(r.Created), Ringing: s.optionalStamp(r.Ringing), Answered: s.optionalStamp(r.Answered), Ended: s.optionalStamp(r.Ended),
		EndReason: r.EndReason, EndedBy: r.EndedBy, Transfers: r.Transfers, Joined: r.Joined, Into: r.Into, ConsultsFor: r.ConsultsFor, Recording: s.recordingOf(r.Recording), Status: r.Status, Codec: r.Codec,
		CallerLeg: leg(r.CallerMedia, r.Codec), CalleeLeg: leg(r.CalleeMedia, r.Codec),
	}
	for _, p := range r.Spoke {
		c.Spoke = append(c.Spoke, Spoke{Name: p.Name, From: s.optionalStamp(p.From), To: s.optionalStamp(p.To)})
	}
	if !r.Answered.IsZero() {
		end := r.Ended
		if end.IsZero() {
			end = s.now()
		}
		c.Duration = int(end.Sub(r.Answered).Seconds())
	}
	return c
}

func leg(m relay.Stats, codec string) CallLeg {
	return CallLeg{PacketsReceived: m.PacketsReceived, PacketsSent: m.PacketsSent, PacketsLost: m.PacketsLost, JitterMs: m.JitterMs, MOS: mos(m, codec)}
}

// Calls returns a page of the calls of an account, newest first, and how many
// there are in all. If live is true, only those in progress.
func (s *Server) Calls(ctx context.Context, account string, live bool, limit, offset int) (page []Call, total int, err error) {
	const where = " FROM calls WHERE account = ? AND (NOT ? OR ended = 0)"
	if err := s.db.QueryRow(ctx, "SELECT count(*)"+where, account, live).Scan(&total); err != nil {
		return nil, 0, err
	}
	rows, err := s.db.Query(ctx, "SELECT record"+where+" ORDER BY created DESC, session LIMIT ? OFFSET ?", account, live, limit, offset)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		var record exophone.Record
		if err := rows.Scan(&text); err != nil {
			return nil, 0, err
		}
		if err := json.Unmarshal([]byte(text), &record); err != nil {
			return nil, 0, err
		}
		page = append(page, s.call(record))
	}
	return page, total, rows.Err()
}

// FeedbackOf returns the feedback on a call, by subscriber.
func (s *Server) FeedbackOf(ctx context.Context, account, session string) (list []Feedback, err error) {
	rows, err := s.db.Query(ctx, "SELECT name, rating, issue, note, at FROM feedback WHERE account = ? AND session = ? ORDER BY name", account, session)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list = []Feedback{}
	for rows.Next() {
		var f Feedback
		var at int64
		if err := rows.Scan(&f.Subscriber, &f.Rating, &f.Issue, &f.Note, &at); err != nil {
			return nil, err
		}
		f.Date = s.stamp(time.UnixMilli(at))
		list = append(list, f)
	}
	return list, rows.Err()
}

// maxEventsRead bounds the events of one answer.
const maxEventsRead = 1000

func (s *Server) eventsOf(ctx context.Context, account, session string) (list []Event, err error) {
	rows, err := s.db.Query(ctx, "SELECT name, at, body FROM events WHERE account = ? AND session = ? ORDER BY id LIMIT ?", account, session, maxEventsRead)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list = []Event{}
	for rows.Next() {
		var e Event
		var at int64
		var body string
		if err := rows.Scan(&e.Subscriber, &at, &body); err != nil {
			return nil, err
		}
		e.Date, e.Event = s.stamp(time.UnixMilli(at)), json.RawMessage(body)
		list = append(list, e)
	}
	return list, rows.Err()
}

// Logs returns the newest uploaded logs of an account, at most limit; a session
// other than "" keeps those of that call.
func (s *Server) Logs(ctx context.Context, account, session string, limit int) ([]Log, error) {
	uploads, err := s.cfg.Uploads.List(ctx, account, session, limit)
	if err != nil {
		return nil, err
	}
	list := []Log{}
	for _, u := range uploads {
		list = append(list, Log{Reference: u.Reference, Subscriber: u.Subscriber, SessionID: u.Session, Description: u.Description, Size: u.Size, Date: s.stamp(u.Received)})
	}
	return list, nil
}

func (s *Server) getCalls(w http.ResponseWriter, r *http.Request) error {
	account, err := s.checkBasic(r)
	if err != nil {
		return err
	}
	size, offset, err := paging(r.URL.Query())
	if err != nil {
		return err
	}
	calls, total, err := s.Calls(r.Context(), account.SID, false, size, offset)
	if err != nil {
		return err
	}
	items := make([]Item, 0, len(calls))
	for _, c := range calls {
		items = append(items, success(c))
	}
	respond(w, r, http.StatusOK, pagesAround(r.URL.Path, "", size, offset, total), items)
	return nil
}

// CallReport is all that is known of a call.
type CallReport struct {
	Call
	Feedback []Feedback `json:"feedback"`
	Events   []Event    `json:"events"`
	Logs     []Log      `json:"logs"`
	Outcomes []Outcome  `json:"outcomes"`
}

// Outcome is what became of a call, as one of its agents said.
type Outcome struct {
	Subscriber string `json:"subscriber_name"`
	Code       string `json:"code"`
	Note       string `json:"note,omitempty"`
	CallbackAt string `json:"callback_at,omitempty"`
	Date       string `json:"date"`
}

// OutcomesOf returns what the agents of a call said became of it.
func (s *Server) OutcomesOf(ctx context.Context, account, session string) (list []Outcome, err error) {
	rows, err := s.db.Query(ctx, "SELECT name, code, note, callback, at FROM outcomes WHERE account = ? AND session = ? ORDER BY name", account, session)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list = []Outcome{}
	for rows.Next() {
		var o Outcome
		var at int64
		if err := rows.Scan(&o.Subscriber, &o.Code, &o.Note, &o.CallbackAt, &at); err != nil {
			return nil, err
		}
		o.Date = s.stamp(time.UnixMilli(at))
		list = append(list, o)
	}
	return list, rows.Err()
}

// ErrCallNotFound is returned for a call that is none of the account's.
var ErrCallNotFound error = errCallNotFound

// Report reads back all that is known of a call, or returns ErrCallNotFound.
func (s *Server) Report(ctx context.Context, account, session string) (report CallReport, err error) {
	var text string
	err = s.db.QueryRow(ctx, "SELECT record FROM calls WHERE account = ? AND session = ?", account, session).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return report, ErrCallNotFound
	}
	if err != nil {
		return report, err
	}
	var record exophone.Record
	if err := json.Unmarshal([]byte(text), &record); err != nil {
		return report, err
	}
	report.Call = s.call(record)
	if report.Recording != nil {
		if report.Recording.Listened, err = s.listenedTo(ctx, account, session); err != nil {
			return report, err
		}
	}
	if report.Feedback, err = s.FeedbackOf(ctx, account, session); err != nil {
		return report, err
	}
	if report.Outcomes, err = s.OutcomesOf(ctx, account, session); err != nil {
		return report, err
	}
	if report.Events, err = s.eventsOf(ctx, account, session); err != nil {
		return report, err
	}
	report.Logs, err = s.Logs(ctx, account, session, maxPageSize)
	return report, err
}

func (s *Server) getCall(w http.ResponseWriter, r *http.Request) error {
	account, err := s.checkBasic(r)
	if err != nil {
		return err
	}
	report, err := s.Report(r.Context(), account.SID, r.PathValue("session"))
	if err != nil {
		return err
	}
	respond(w, r, http.StatusOK, nil, success(report))
	return nil
}

// maxDownload is how long the download of a log may take.
const maxDownload = 10 * time.Minute

// getLog downloads an uploaded log.
func (s *Server) getLog(w http.ResponseWriter, r *http.Request) error {
	account, err := s.checkBasic(r)
	if err != nil {
		return err
	}
	return s.SendLog(w, r, account.SID)
}

// SendLog sends the uploaded log that the path's {reference} names. It returns
// an error, and has sent nothing, if there is no such log.
func (s *Server) SendLog(w http.ResponseWriter, r *http.Request, account string) error {
	f, name, err := s.cfg.Uploads.Open(r.Context(), account, r.PathValue("reference"))
	if errors.Is(err, upload.ErrNotFound) {
		return &apiError{status: http.StatusNotFound, code: wire.CodeNotFound, description: "Log not found"}
	}
	if err != nil {
		return err
	}
	defer f.Close()
	// A log is larger than what the server's write timeout is meant for.
	if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(maxDownload)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", time.Time{}, f)
	return nil
}

// Prune deletes calls, feedback, events and logs from before a time. Calls in
// progress stay.
func (s *Server) Prune(ctx context.Context, before time.Time) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec("DELETE FROM families WHERE expires < ?", s.now().UnixMilli()); err != nil {
			return err
		}
		for _, statement := range []string{"DELETE FROM events WHERE at < ?", "DELETE FROM feedback WHERE at < ?", "DELETE FROM outcomes WHERE at < ?", "DELETE FROM listened WHERE at < ?",
			"DELETE FROM agent_states WHERE at < ? AND id NOT IN (SELECT max(id) FROM agent_states GROUP BY account, name)", "DELETE FROM calls WHERE ended > 0 AND created < ?"} {
			if _, err := tx.Exec(statement, before.UnixMilli()); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, s.cfg.Uploads.Prune(ctx, before))
}

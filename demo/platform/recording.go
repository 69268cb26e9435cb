package platform

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"offhook/demo/archive"
	"offhook/demo/endpoint"
	"offhook/demo/exophone"
	"offhook/voice/codec"
	"offhook/voice/recording"
	"offhook/voice/wire"
)

// recordingMigration is the table of who has listened to which recording.
const recordingMigration = `
CREATE TABLE listened (
	account TEXT NOT NULL, session TEXT NOT NULL, at INTEGER NOT NULL, who TEXT NOT NULL, address TEXT NOT NULL);
CREATE INDEX listened_by_session ON listened (account, session, at);
`

// Recording is what is known of the recording of a call.
type Recording struct {
	State    string           `json:"state"`
	Reason   string           `json:"reason,omitempty"`
	By       string           `json:"by"`
	Channels string           `json:"channels"`
	Told     string           `json:"told"`
	Began    string           `json:"date_began"`
	Ended    string           `json:"date_ended,omitempty"`
	Pauses   []RecordingPause `json:"pauses"`
	// Listened is who has listened, the newest first, in a report only.
	Listened []Listened `json:"listened,omitempty"`
}

// RecordingPause is a part of a call that was kept out.
type RecordingPause struct {
	From string `json:"from"`
	To   string `json:"to,omitempty"`
	By   string `json:"by"`
}

// Listened is one time that a recording was fetched.
type Listened struct {
	Date    string `json:"date"`
	Who     string `json:"who"`
	Address string `json:"address"`
}

func (s *Server) recordingOf(r *exophone.Recorded) *Recording {
	if r == nil {
		return nil
	}
	out := &Recording{
		State: string(r.State), Reason: r.Reason, By: r.By, Channels: r.Channels, Told: r.Told,
		Began: s.optionalStamp(r.Began), Ended: s.optionalStamp(r.Ended), Pauses: []RecordingPause{},
	}
	for _, p := range r.Pauses {
		out.Pauses = append(out.Pauses, RecordingPause{From: s.optionalStamp(p.From), To: s.optionalStamp(p.To), By: p.By})
	}
	return out
}

// maxListened bounds the list of an answer.
const maxListened = 100

func (s *Server) listenedTo(ctx context.Context, account, session string) (list []Listened, err error) {
	rows, err := s.db.Query(ctx, "SELECT at, who, address FROM listened WHERE account = ? AND session = ? ORDER BY at DESC LIMIT ?", account, session, maxListened)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var l Listened
		var at int64
		if err := rows.Scan(&at, &l.Who, &l.Address); err != nil {
			return nil, err
		}
		l.Date = s.stamp(time.UnixMilli(at))
		list = append(list, l)
	}
	return list, rows.Err()
}

var (
	errNoRecording      = &apiError{status: http.StatusNotFound, code: wire.CodeNotFound, description: "This call has no recording"}
	errRecordingDeleted = &apiError{status: http.StatusGone, code: wire.CodeNotFound, description: "The recording was deleted when its time was over"}
	errLink             = &apiError{status: http.StatusForbidden, code: wire.CodeUnauthorized, description: "The link is wrong or has expired"}
)

// postRecording begins, ends, pauses or resumes the recording of a call in progress: for
// a party by access token, for the account's servers (a payment page) by API key.
func (c callEndpoints) postRecording(w http.ResponseWriter, r *http.Request) error {
	name := ""
	if _, ok := endpoint.Bearer(r); ok {
		var err error
		if name, err = c.member(r); err != nil {
			return err
		}
	} else if account, err := c.server.checkBasic(r); c.server.served(account, err) != nil {
		return c.server.served(account, err)
	}
	var req wire.RecordingRequest
	if err := endpoint.ReadObject(w, r, &req); err != nil {
		return err
	}
	state, err := c.calls.Record(r.PathValue("session"), name, req.Action)
	switch {
	case errors.Is(err, exophone.ErrNoCall):
		return errCallNotFound
	case errors.Is(err, exophone.ErrNotByHand):
		return &apiError{status: http.StatusForbidden, code: wire.CodeNotEnabled, description: "Recordings are not begun or ended by hand here"}
	case errors.Is(err, exophone.ErrRecording):
		return badParameter("action must be start, stop, pause, resume, consent or refuse, and fit the state of the recording")
	case err != nil:
		return err
	}
	respond(w, r, http.StatusOK, nil, success(state))
	return nil
}

// getRecording sends the recording of a call, or a part of it: by API key, or by the
// access token of an agent who spoke in it, where the operator allows that.
func (s *Server) getRecording(w http.ResponseWriter, r *http.Request) error {
	if _, ok := endpoint.Bearer(r); ok {
		if err := s.colleague(r); err != nil {
			return err
		}
		name := r.PathValue("name")
		if !s.cfg.AgentsPlay {
			return &apiError{status: http.StatusForbidden, code: wire.CodeNotEnabled, description: "Agents don't play recordings here"}
		}
		account := s.cfg.Accounts[0].SID
		if err := s.spokeIn(r.Context(), account, r.PathValue("session"), name); err != nil {
			return err
		}
		return s.SendRecording(w, r, account, name)
	}
	account, err := s.checkBasic(r)
	if err = s.served(account, err); err != nil {
		return err
	}
	return s.SendRecording(w, r, account.SID, "API key")
}

// spokeIn fails if somebody did not speak in a call: what a call is called tells nothing
// to others.
func (s *Server) spokeIn(ctx context.Context, account, session, name string) error {
	var n int
	err := s.db.QueryRow(ctx, `SELECT count(*) FROM calls WHERE account = ? AND session = ? AND
		EXISTS (SELECT 1 FROM json_each(record, '$.Spoke') WHERE json_extract(value, '$.Name') = ?)`, account, session, name).Scan(&n)
	if err == nil && n == 0 {
		err = errNoRecording
	}
	return err
}

// SendRecording sends the recording of the call that the path's {session} names, and
// logs who has listened. It returns an error, and has sent nothing, if there is none.
func (s *Server) SendRecording(w http.ResponseWriter, r *http.Request, account, who string) error {
	if s.cfg.Recordings == nil {
		return errNoRecording
	}
	session := r.PathValue("session")
	in, err := s.cfg.Recordings.Read(session)
	switch {
	case errors.Is(err, archive.ErrNone):
		return errNoRecording
	case errors.Is(err, archive.ErrDeleted):
		return errRecordingDeleted
	case errors.Is(err, recording.ErrForeign):
		return &apiError{status: http.StatusNotFound, code: wire.CodeNotFound, description: "The recording was made for another key"}
	case err != nil:
		return err
	}
	defer in.Close()
	address, _, _ := strings.Cut(r.RemoteAddr, " ")
	told, err := s.toldOf(r.Context(), account, session, who, address)
	if err != nil {
		return err
	}
	// A player asks for one recording in many parts: that is one time. A part from the
	// middle of what was not asked for from its beginning is another.
	if rangeStart(r) == 0 || !told {
		if _, err := s.db.Exec(r.Context(), "INSERT INTO listened (account, session, at, who, address) VALUES (?, ?, ?, ?, ?)", account, session, s.now().UnixMilli(), who, address); err != nil {
			return err // nobody listens unseen
		}
		s.log.Info("recording sent", "session", session, "who", who, "from", address)
	}
	if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(maxDownload)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	kind, name := "audio/ogg", session+".ogg"
	if in.Meta.Codec != codec.Opus {
		kind, name = "audio/wav", session+".wav"
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `inline; filename="`+name+`"`)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	http.ServeContent(w, r, "", time.Time{}, in)
	return nil
}

// sameFetch is how long the parts of a recording count as one fetch of it.
const sameFetch = time.Hour

// toldOf reports whether the log has a fetch of the recording, by the same and from the
// same address, to which a request for another part may belong.
func (s *Server) toldOf(ctx context.Context, account, session, who, address string) (bool, error) {
	rows, err := s.db.Query(ctx, "SELECT address FROM listened WHERE account = ? AND session = ? AND at > ? AND who = ?",
		account, session, s.now().Add(-sameFetch).UnixMilli(), who)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		var from string
		if err := rows.Scan(&from); err != nil {
			return false, err
		}
		if host(from) == host(address) {
			return true, nil
		}
	}
	return false, rows.Err()
}

// host is an address without its port, which each connection has another of.
func host(address string) string {
	if h, _, err := net.SplitHostPort(address); err == nil {
		return h
	}
	return address
}

// rangeStart is the first byte that a request asks for.
func rangeStart(r *http.Request) int64 {
	text, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
	if !ok {
		return 0
	}
	first, _, _ := strings.Cut(text, "-")
	n, _ := strconv.ParseInt(first, 10, 64)
	return n
}

const (
	defaultLinkLife = 10 * time.Minute
	maxLinkLife     = 7 * 24 * time.Hour
)

// postRecordingLink makes a link to a recording that needs no credentials, for a time.
func (s *Server) postRecordingLink(w http.ResponseWriter, r *http.Request) error {
	account, err := s.checkBasic(r)
	if err = s.served(account, err); err != nil {
		return err
	}
	var req struct {
		Seconds int `json:"seconds"`
	}
	if r.ContentLength != 0 {
		if err := endpoint.ReadObject(w, r, &req); err != nil {
			return err
		}
	}
	life := time.Duration(req.Seconds) * time.Second
	if req.Seconds == 0 {
		life = defaultLinkLife
	}
	if req.Seconds < 0 || life > maxLinkLife {
		return badParameter("seconds must be 1 to %.0f", maxLinkLife.Seconds())
	}
	session := r.PathValue("session")
	if s.cfg.Recordings == nil {
		return errNoRecording
	}
	switch in, err := s.cfg.Recordings.Read(session); {
	case errors.Is(err, archive.ErrDeleted):
		return errRecordingDeleted
	case err != nil:
		return errNoRecording
	default:
		_ = in.Close()
	}
	expires := s.now().Add(life)
	u := fmt.Sprintf("%s/v2/recordings/%s?expires=%d&signature=%s", s.cfg.PublicURL, session, expires.Unix(), s.linkSignature(session, expires.Unix()))
	s.log.Info("link to a recording made", "session", session, "until", expires.UTC(), "from", r.RemoteAddr)
	respond(w, r, http.StatusOK, nil, success(map[string]string{"url": u, "date_expires": s.stamp(expires)}))
	return nil
}

func (s *Server) linkSignature(session string, expires int64) string {
	mac := hmac.New(sha256.New, s.links)
	fmt.Fprintf(mac, "recording\n%s\n%d", session, expires)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// getLinked sends the recording that a link names.
func (s *Server) getLinked(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	expires, err := strconv.ParseInt(q.Get("expires"), 10, 64)
	if err != nil || s.now().Unix() > expires || !hmac.Equal([]byte(s.linkSignature(r.PathValue("session"), expires)), []byte(q.Get("signature"))) {
		return errLink
	}
	return s.SendRecording(w, r, s.cfg.Accounts[0].SID, "link until "+s.stamp(time.Unix(expires, 0)))
}

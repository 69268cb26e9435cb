package platform

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"offhook/demo/endpoint"
	"offhook/demo/upload"
	"offhook/voice/wire"
)

// postAccessToken renews the access token with the refresh token (reference,
// sections 3 and 10.5), which a new one takes the place of.
func (s *Server) postAccessToken(w http.ResponseWriter, r *http.Request) error {
	_, sub, claims, err := s.checkToken(r, s.refresh, "")
	if err != nil {
		return err
	}
	var req struct {
		DeviceID string `json:"device_id"`
	}
	if r.ContentLength != 0 {
		if err := endpoint.ReadObject(w, r, &req); err != nil {
			return err
		}
	}
	for _, device := range []string{req.DeviceID, r.Header.Get(wire.HeaderDeviceID)} {
		if device != "" && device != claims.DeviceID {
			return errRefreshDevice
		}
	}
	claims.Generation++
	pair, err := s.issuePair(claims)
	if err != nil {
		return err
	}
	respond(w, r, http.StatusOK, nil, success(map[string]string{"subscriber_name": sub.name, "access_token": pair.AccessToken, "refresh_token": pair.RefreshToken}))
	return nil
}

// Values of the profile that no source states.
const (
	logRotateDays       = 7
	eventThreadInterval = 60 // seconds
)

func (s *Server) getProfile(w http.ResponseWriter, r *http.Request) error {
	account, sub, _, err := s.checkToken(r, s.access, scopeVoice)
	if err != nil {
		return err
	}
	server, port, transport, err := sipAddress(s.cfg.PublicURL)
	if err != nil {
		return err
	}
	base, t := s.cfg.PublicURL+"/v2", s.cfg.Timers
	respond(w, r, http.StatusOK, nil, success(wire.Profile{
		SIPURI: "sip:" + sub.name + "@" + s.cfg.SIPDomain, SIPPassword: sub.sipPassword,
		SIPServer: server, SIPPort: port, SIPTransport: transport, SIPPath: wire.SIPPath, SIPDomain: s.cfg.SIPDomain,
		IncomingCallTimeout: wholeSeconds(t.IncomingCall), CallConnectionTimeout: wholeSeconds(t.Connection),
		MediaDisruptedTimeout: wholeSeconds(t.MediaDisrupted), MediaTimeout: wholeSeconds(t.Media),
		LogLevel: s.cfg.LogLevel, LogRotateDays: logRotateDays, LogDestinationBaseURL: base,
		ClientEventBaseURL: base, EventThreadInterval: eventThreadInterval,
		ICEServers: s.cfg.ICEServers, Codecs: s.cfg.Codecs, Exophone: account.Exophone, Nodes: s.cfg.Nodes,
		Abilities: s.abilities(), AgentRules: s.cfg.Agents,
	}))
	return nil
}

// wholeSeconds rounds up, since a phone takes 0 for the default.
func wholeSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// sipAddress is where the SIP WebSocket is: at the public address.
func sipAddress(publicURL string) (server string, port int, transport string, err error) {
	u, err := url.Parse(publicURL)
	if err != nil {
		return "", 0, "", err
	}
	transport, port = "WS", 80
	if u.Scheme == "https" {
		transport, port = "WSS", 443
	}
	if text := u.Port(); text != "" {
		port, err = strconv.Atoi(text)
	}
	return u.Hostname(), port, transport, err
}

// issues are the values of feedback's issue field (reference, section 1.5).
var issues = map[string]bool{"NO_ISSUE": true, "BACKGROUND_NOISE": true, "CHOPPY_AUDIO": true, "HIGH_LATENCY": true, "NO_AUDIO": true, "ECHO": true, "NONE": true}

const (
	maxSessionID = 128
	maxNote      = 2000
)

// postFeedback keeps the feedback of one call leg; a second one overwrites.
func (s *Server) postFeedback(w http.ResponseWriter, r *http.Request) error {
	account, sub, _, err := s.checkToken(r, s.access, scopeVoice)
	if err != nil {
		return err
	}
	var req struct {
		SessionID string `json:"session_id"`
		Rating    int    `json:"rating"`
		Issue     string `json:"issue"`
		Note      string `json:"note"`
	}
	if err := endpoint.ReadObject(w, r, &req); err != nil {
		return err
	}
	orElse(&req.Issue, "NO_ISSUE")
	switch {
	case req.SessionID == "" || len(req.SessionID) > maxSessionID:
		return badParameter("session_id must be 1 to %d bytes", maxSessionID)
	case req.Rating < 1 || req.Rating > 5:
		return badParameter("rating must be 1 to 5")
	case !issues[req.Issue]:
		return badParameter("issue is none of the documented ones")
	case len(req.Note) > maxNote:
		return badParameter("note must be at most %d bytes", maxNote)
	}
	if _, err := s.db.Exec(r.Context(), `INSERT INTO feedback (account, session, name, rating, issue, note, at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (account, session, name) DO UPDATE SET rating = excluded.rating, issue = excluded.issue, note = excluded.note, at = excluded.at`,
		account.SID, req.SessionID, sub.name, req.Rating, req.Issue, req.Note, s.now().UnixMilli()); err != nil {
		return err
	}
	respond(w, r, http.StatusOK, nil, success(nil))
	return nil
}

const maxEvents = 100

// postEvents takes a batch of the phone's own events. Their form is the phone's:
// each is a JSON object, and session_id ties it to a call.
func (s *Server) postEvents(w http.ResponseWriter, r *http.Request) error {
	account, sub, _, err := s.checkToken(r, s.access, scopeVoice)
	if err != nil {
		return err
	}
	var req struct {
		Events []json.RawMessage `json:"events"`
	}
	if err := endpoint.ReadObject(w, r, &req); err != nil {
		return err
	}
	if len(req.Events) == 0 || len(req.Events) > maxEvents {
		return badParameter("events must hold 1 to %d entries", maxEvents)
	}
	size := int64(0)
	for _, event := range req.Events {
		size += int64(len(event))
	}
	if err := s.cfg.Uploads.Room(); err != nil {
		return errDisk
	}
	sessions := make([]string, len(req.Events))
	for i, event := range req.Events {
		var known struct {
			SessionID string `json:"session_id"`
		}
		if err := json.Unmarshal(event, &known); err != nil || event[0] != '{' || len(known.SessionID) > maxSessionID {
			return badParameter("events[%d] is not an object, or its session_id is not a string of at most %d bytes", i, maxSessionID)
		}
		sessions[i] = known.SessionID
	}
	if !s.events.Spend(account.SID+"/"+sub.name, size) {
		return overBudget("Too many events for one day", s.events.Left())
	}
	if err := s.keepEvents(r.Context(), account.SID, sub.name, req.Events, sessions); err != nil {
		return err
	}
	respond(w, r, http.StatusOK, nil, success(map[string]int{"accepted": len(req.Events)}))
	return nil
}

func (s *Server) postLogDestination(w http.ResponseWriter, r *http.Request) error {
	account, sub, _, err := s.checkToken(r, s.access, scopeVoice)
	if err != nil {
		return err
	}
	var req struct {
		Size        int64  `json:"size"`
		Description string `json:"description"`
		SessionID   string `json:"session_id"`
	}
	if err := endpoint.ReadObject(w, r, &req); err != nil {
		return err
	}
	if len(req.SessionID) > maxSessionID {
		return badParameter("session_id must be at most %d bytes", maxSessionID)
	}
	d, err := s.cfg.Uploads.Grant(r.Context(), upload.Request{Account: account.SID, Subscriber: sub.name, Session: req.SessionID, Description: req.Description, Size: req.Size})
	switch {
	case errors.Is(err, upload.ErrTooLarge):
		return badParameter("size is more than the platform takes")
	case errors.Is(err, upload.ErrBudget):
		return overBudget("Too many logs for one day", time.Hour)
	case errors.Is(err, upload.ErrDisk):
		return errDisk
	}
	if err != nil {
		return err
	}
	respond(w, r, http.StatusOK, nil, success(map[string]string{"url": d.URL, "file_name": d.FileName, "reference": d.Reference}))
	return nil
}

package backend

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"time"
	"unicode/utf8"

	"offhook/demo/endpoint"
	"offhook/demo/upload"
)

const (
	maxDeviceToken = 4096
	maxDialTo      = 256
	maxMessage     = 4096
)

func (s *Server) postDeviceToken(w http.ResponseWriter, r *http.Request, subscriber string) error {
	var req struct {
		DeviceToken string `json:"deviceToken"`
	}
	if err := endpoint.ReadObject(w, r, &req); err != nil {
		return err
	}
	if req.DeviceToken == "" || len(req.DeviceToken) > maxDeviceToken {
		return bad("deviceToken must be 1 to 4096 bytes")
	}
	if _, err := s.db.Exec(r.Context(), `INSERT INTO devices (name, token, updated) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET token = excluded.token, updated = excluded.updated`, subscriber, req.DeviceToken, s.cfg.Now().UnixMilli()); err != nil {
		return err
	}
	reply(w, http.StatusOK, coded{HTTPCode: http.StatusOK})
	return nil
}

// postContext keeps whom the subscriber is about to call. Dial-Whom answers
// from it, and the callee reads its message.
func (s *Server) postContext(w http.ResponseWriter, r *http.Request, subscriber string) error {
	var req struct {
		DialToNumber string `json:"dialToNumber"`
		Message      string `json:"message"`
	}
	if err := endpoint.ReadObject(w, r, &req); err != nil {
		return err
	}
	if req.DialToNumber == "" || len(req.DialToNumber) > maxDialTo || len(req.Message) > maxMessage || !utf8.ValidString(req.Message) {
		return bad("dialToNumber must be 1 to 256 bytes, message at most 4096")
	}
	if _, err := s.db.Exec(r.Context(), `INSERT INTO contexts (name, dial_to, message, updated) VALUES (?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET dial_to = excluded.dial_to, message = excluded.message, updated = excluded.updated`,
		subscriber, req.DialToNumber, req.Message, s.cfg.Now().UnixMilli()); err != nil {
		return err
	}
	reply(w, http.StatusOK, coded{HTTPCode: http.StatusOK})
	return nil
}

// getContext tells the callee what the caller of the path wrote. Others see an
// empty message, as if there were no context.
func (s *Server) getContext(w http.ResponseWriter, r *http.Request, subscriber string) error {
	caller := r.PathValue("name")
	dialTo, message, err := s.context(r.Context(), caller)
	if err != nil {
		return err
	}
	if caller != subscriber && dialTo != "sip:"+subscriber {
		message = ""
	}
	reply(w, http.StatusOK, struct {
		HTTPCode int    `json:"http_code"`
		Message  string `json:"message"`
	}{http.StatusOK, message})
	return nil
}

// context returns the context of a subscriber, empty if there is none.
func (s *Server) context(ctx context.Context, name string) (dialTo, message string, err error) {
	err = s.db.QueryRow(ctx, "SELECT dial_to, message FROM contexts WHERE name = ?", name).Scan(&dialTo, &message)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return dialTo, message, err
}

// deleteContext is idempotent (reference, section 10.25).
func (s *Server) deleteContext(w http.ResponseWriter, r *http.Request, subscriber string) error {
	if _, err := s.db.Exec(r.Context(), "DELETE FROM contexts WHERE name = ?", subscriber); err != nil {
		return err
	}
	reply(w, http.StatusOK, coded{HTTPCode: http.StatusOK})
	return nil
}

func (s *Server) getLogDestination(w http.ResponseWriter, r *http.Request, subscriber string) error {
	d, err := s.cfg.Uploads.Grant(r.Context(), upload.Request{Account: s.cfg.AccountSID, Subscriber: subscriber, Description: r.URL.Query().Get("description")})
	switch {
	case errors.Is(err, upload.ErrBudget):
		return &failure{status: http.StatusTooManyRequests, message: "too many logs for one day", retryAfter: time.Hour}
	case errors.Is(err, upload.ErrDisk):
		return &failure{status: http.StatusServiceUnavailable, message: "the disk is nearly full", retryAfter: time.Hour}
	case err != nil:
		return err
	}
	reply(w, http.StatusOK, struct {
		HTTPCode int    `json:"http_code"`
		URL      string `json:"logDestinationURL"`
		FileName string `json:"logDestinationFileName"`
	}{http.StatusOK, d.URL, d.FileName})
	return nil
}

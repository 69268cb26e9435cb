package backend

import (
	"errors"
	"net"
	"net/http"
	"regexp"

	"offhook/demo/endpoint"
	"offhook/voice/wire"
)

var deviceForm = regexp.MustCompile(`^[\x21-\x7e]{1,128}$`)

// login checks the user's password and fetches a subscriber token from the
// platform (reference, sections 3 and 5).
func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	var req struct {
		UserName   string `json:"user_name"`
		Password   string `json:"password"`
		AccountSID string `json:"account_sid"`
		DeviceID   string `json:"device_id"`
	}
	if err := endpoint.ReadObject(w, r, &req); err != nil {
		return err
	}
	if !deviceForm.MatchString(req.DeviceID) {
		return bad("device_id must be 1 to 128 printable ASCII characters without spaces")
	}
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		from = r.RemoteAddr
	}
	key := req.UserName + "\x00" + from
	if wait := s.slow.Wait(key); wait > 0 {
		return &failure{status: http.StatusTooManyRequests, message: "too many wrong passwords; wait a little", retryAfter: wait}
	}
	display, err := s.users.check(r.Context(), req.UserName, req.Password)
	if err == nil && req.AccountSID != s.cfg.AccountSID {
		err = ErrUserUnknown
	}
	if errors.Is(err, ErrUserUnknown) {
		s.log.Warn("sign-in refused", "user", quoted(req.UserName), "from", from, "in_a_row", s.slow.Failed(key))
		return &failure{status: http.StatusForbidden, message: "user name, password or account is wrong"}
	}
	if err != nil {
		return err
	}
	s.slow.Succeeded(key)
	pair, err := s.platform.subscriberToken(r.Context(), req.UserName, req.DeviceID)
	switch {
	case errors.Is(err, errInactive):
		return &failure{status: http.StatusForbidden, message: "the subscriber is inactive", code: wire.CodeInactive}
	case errors.Is(err, errRefused):
		s.log.Error("the platform refuses a subscriber token", "error", err)
		return &failure{status: http.StatusForbidden, message: "the platform refuses this account"}
	case errors.Is(err, errUnavailable):
		s.log.Error("the platform cannot be reached", "error", err)
		return errTryLater
	case err != nil:
		return err
	}
	reply(w, http.StatusOK, struct {
		HTTPCode           int            `json:"http_code"`
		SubscriberToken    wire.TokenPair `json:"subscriber_token"`
		SubscriberName     string         `json:"subscriber_name"`
		HostName           string         `json:"host_name"`
		AccountSID         string         `json:"account_sid"`
		Exophone           string         `json:"exophone"`
		ContactDisplayName string         `json:"contact_display_name"`
	}{http.StatusOK, pair, req.UserName, s.cfg.HostName, s.cfg.AccountSID, s.cfg.Exophone, display})
	return nil
}

// quoted cuts what a stranger typed to a length fit for a log.
func quoted(name string) string {
	const most = 32
	if len(name) > most {
		return name[:most] + "…"
	}
	return name
}

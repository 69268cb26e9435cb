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
	wrong := &failure{status: http.StatusForbidden, message: "user name, password or account is wrong"}
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		from = r.RemoteAddr
	}
	if !userForm.MatchString(req.UserName) || req.Password == "" || len(req.Password) > maxPassword {
		s.log.Info("sign-in with what is no name or no password", "from", from)
		return wrong // nobody's
	}
	t := &try{user: req.UserName, device: req.DeviceID, address: from}
	if t.known, err = s.users.knows(r.Context(), t.user, t.device); err != nil {
		return err
	}
	if wait := s.guard.begin(t); wait > 0 {
		return &failure{status: http.StatusTooManyRequests, message: "too many wrong passwords; wait a little", retryAfter: wait}
	}
	display, err := s.users.check(r.Context(), s.hashing, req.UserName, req.Password, t.suspect)
	if err == nil && req.AccountSID != s.cfg.AccountSID {
		err = ErrUserUnknown
	}
	if errors.Is(err, ErrUserUnknown) {
		s.log.Warn("sign-in refused", "user", req.UserName, "from", from)
		return wrong
	}
	if err != nil {
		return err
	}
	s.guard.succeeded(t)
	if err := s.users.signedIn(r.Context(), t.user, t.device, s.cfg.Now()); err != nil {
		return err
	}
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

package backend

import (
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"

	"offhook/demo/endpoint"
	"offhook/demo/inbox"
	"offhook/voice/wire"
)

// fromPlatform lets in who brings the callback credentials, and only for this
// backend's account.
func (s *Server) fromPlatform(serve endpoint.Func) endpoint.Func {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !endpoint.HasBasic(r, s.cfg.CallbackUser, s.cfg.CallbackPassword) || r.PathValue("sid") != s.cfg.AccountSID {
			return errCallback
		}
		return serve(w, r)
	}
}

var dialToForm = regexp.MustCompile(`^sip:([A-Za-z0-9]{1,64})$`)

// dialWhom answers whom a call is for: the one whom the caller's context names, or,
// without a context, the number itself when it is not the exophone (reference,
// section 5).
func (s *Server) dialWhom(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	caller := strings.TrimPrefix(query.Get("CallFrom"), "sip:")
	called := strings.TrimPrefix(query.Get("CallTo"), "sip:")
	dialTo, _, err := s.context(r.Context(), caller)
	if err != nil {
		return err
	}
	if dialTo == "" && called != "" && called != s.cfg.Exophone {
		dialTo = "sip:" + called
	}
	match := dialToForm.FindStringSubmatch(dialTo)
	if match == nil {
		return &failure{status: http.StatusNotFound, message: "nobody is known for this call"}
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, dialTo)
	return nil
}

// push takes call data for a phone. The answer is 200 once the message is kept,
// whether or not a phone is there.
func (s *Server) push(w http.ResponseWriter, r *http.Request) error {
	var data wire.PushData
	if err := endpoint.ReadObject(w, r, &data); err != nil {
		return err
	}
	if data.SubscriberName == "" || data.Payload == "" || data.PayloadVersion == "" || len(data.Payload) > wire.MaxPayload || len(data.PayloadVersion) > 16 {
		return bad("subscriberName, payload and payloadVersion are required")
	}
	if _, err := s.users.find(r.Context(), data.SubscriberName); err != nil {
		if errors.Is(err, ErrUserUnknown) {
			return &failure{status: http.StatusNotFound, message: "there is no such subscriber"}
		}
		return err
	}
	_, err := s.inbox.Deliver(r.Context(), inbox.Owner{Account: s.cfg.AccountSID, Subscriber: data.SubscriberName}, data)
	if errors.Is(err, inbox.ErrFull) {
		return &failure{status: http.StatusServiceUnavailable, message: "the inbox is full"}
	}
	if err != nil {
		return err
	}
	reply(w, http.StatusOK, coded{HTTPCode: http.StatusOK})
	return nil
}

package platform

import (
	"context"
	"errors"
	"net/http"
	"time"

	"offhook/demo/endpoint"
	"offhook/demo/exophone"
	"offhook/voice/wire"
)

// callEndpoints are the addresses that a payload names. The payload itself is
// the Bearer token for them.
type callEndpoints struct {
	server *Server
	calls  exophone.Calls
}

// The bounds of how long a poll is held.
const (
	defaultLongPoll = 25 * time.Second
	maxLongPoll     = 60 * time.Second
	pollGrace       = 10 * time.Second
)

func (c callEndpoints) claims(r *http.Request) (wire.PayloadClaims, error) {
	token, ok := endpoint.Bearer(r)
	if !ok {
		return wire.PayloadClaims{}, errNoBearer
	}
	claims, err := c.server.Verify(token)
	if errors.Is(err, exophone.ErrPayloadExpired) {
		return wire.PayloadClaims{}, errTokenExpired
	}
	if err != nil || claims.SessionID != r.PathValue("session") {
		return wire.PayloadClaims{}, errTokenInvalid
	}
	return claims, nil
}

var errCallNotFound = &apiError{status: http.StatusNotFound, code: wire.CodeNotFound, description: "Call not found"}

// getState is the long poll: it answers at once, or, with ?after=STATE, when the
// state is another or the poll's time is over (wire decisions).
func (c callEndpoints) getState(w http.ResponseWriter, r *http.Request) error {
	claims, err := c.claims(r)
	if err != nil {
		return err
	}
	after := wire.CallState(r.URL.Query().Get("after"))
	var state wire.CallState
	var ok bool
	switch after {
	case "":
		state, ok = c.calls.State(claims.SessionID, claims.Subject)
	case wire.CallRinging, wire.CallAnswered, wire.CallCancelled, wire.CallTimeout:
		hold := min(time.Duration(claims.LongPollTimeout)*time.Second, maxLongPoll)
		if hold <= 0 {
			hold = defaultLongPoll
		}
		// The server's read timeout would end the request's context before.
		if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(hold + pollGrace)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
		ctx, cancel := context.WithTimeout(r.Context(), hold)
		defer cancel()
		state, ok = c.calls.Wait(ctx, claims.SessionID, claims.Subject, after)
	default:
		return badParameter("after must be ringing, answered, cancelled or timeout")
	}
	if !ok {
		return errCallNotFound
	}
	respond(w, r, http.StatusOK, nil, success(map[string]string{"state": string(state), "server_time": c.server.now().UTC().Format(time.RFC3339Nano)}))
	return nil
}

// postTransfer hands the far side of the subscriber's conversation to somebody else.
func (c callEndpoints) postTransfer(w http.ResponseWriter, r *http.Request) error {
	token, _ := endpoint.Bearer(r)
	name, err := c.server.Whose(r.Context(), token)
	if err != nil {
		return errTokenInvalid
	}
	var req wire.TransferRequest
	if err := endpoint.ReadObject(w, r, &req); err != nil {
		return err
	}
	if (req.Target == "") == (req.With == "") {
		return badParameter("either target or with")
	}
	hand := func() error { return c.calls.Transfer(r.PathValue("session"), name, req.Target) }
	if req.With != "" {
		hand = func() error { return c.calls.Join(r.PathValue("session"), name, req.With) }
	}
	switch err := hand(); {
	case errors.Is(err, exophone.ErrNoCall):
		return errCallNotFound
	case errors.Is(err, exophone.ErrTransfer):
		return badParameter("%s", err)
	case err != nil:
		return err
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}

func (c callEndpoints) postReject(w http.ResponseWriter, r *http.Request) error {
	claims, err := c.claims(r)
	if err != nil {
		return err
	}
	var req struct {
		Reason string `json:"reason"`
	}
	if err := endpoint.ReadObject(w, r, &req); err != nil {
		return err
	}
	if req.Reason != "declined" && req.Reason != "busy" {
		return badParameter("reason must be declined or busy")
	}
	if !c.calls.Reject(claims.SessionID, claims.Subject, req.Reason) {
		return errCallNotFound
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

package platform

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"offhook/demo/endpoint"
	"offhook/voice/wire"
)

const (
	statusSuccess   = "success"
	statusFailure   = "failure"
	requestIDBytes  = 16
	headerRequestID = "X-Request-Id"
)

// Item is one response of the envelope: the only one, or one of a list.
type Item struct {
	Code      int             `json:"code"`
	ErrorData *wire.ErrorData `json:"error_data"`
	Status    string          `json:"status"`
	Data      any             `json:"data"`
}

// Envelope is what every answer of the platform with a body looks like.
type Envelope struct {
	RequestID string `json:"request_id"`
	Method    string `json:"method"`
	HTTPCode  int    `json:"http_code"`
	Metadata  any    `json:"metadata,omitempty"`
	// Response is an Item, or a []Item for lists and bulk requests.
	Response any `json:"response"`
}

// apiError is a failure on its way to the envelope.
type apiError struct {
	status      int
	code        wire.ErrorCode
	description string
	retryAfter  int // seconds; 0 for none
	challenge   string
}

func (e *apiError) Error() string { return fmt.Sprintf("%d/%d: %s", e.status, e.code, e.description) }

func (e *apiError) item() Item {
	return Item{Code: e.status, Status: statusFailure, ErrorData: &wire.ErrorData{Code: e.code, Description: e.description, Message: http.StatusText(e.status)}}
}

func badParameter(format string, args ...any) *apiError {
	return &apiError{status: http.StatusBadRequest, code: wire.CodeBadParameter, description: fmt.Sprintf(format, args...)}
}

var (
	errSubscriberNotFound = &apiError{status: http.StatusNotFound, code: wire.CodeNotFound, description: "Subscriber not found"}
	errDuplicate          = &apiError{status: http.StatusConflict, code: wire.CodeDuplicate, description: "Subscriber already exists"}
	errInactive           = &apiError{status: http.StatusForbidden, code: wire.CodeInactive, description: "Subscriber is inactive"}
	errBadCredentials     = &apiError{status: http.StatusUnauthorized, code: wire.CodeUnauthorized, description: "API key or token is wrong", challenge: `Basic realm="platform", charset="UTF-8"`}
	errVoIPNotEnabled     = &apiError{status: http.StatusForbidden, code: wire.CodeNotEnabled, description: "VoIP is not enabled for this account"}
	errTooMany            = &apiError{status: http.StatusTooManyRequests, code: wire.CodeTooMany, description: "Too many requests", retryAfter: 1}
	errInternal           = &apiError{status: http.StatusInternalServerError, code: wire.CodeInternal, description: "The platform failed; try again later"}
)

// overBudget refuses what is too much for one subscriber and day.
func overBudget(description string, again time.Duration) *apiError {
	return &apiError{status: http.StatusTooManyRequests, code: wire.CodeTooMany, description: description, retryAfter: int(again.Seconds())}
}

// errDisk refuses what would fill the disk: what is left is for calls.
var errDisk = &apiError{status: http.StatusServiceUnavailable, code: wire.CodeInternal, description: "The platform's disk is nearly full", retryAfter: 3600}

func newRequestID() string {
	var b [requestIDBytes]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func success(data any) Item { return Item{Code: http.StatusOK, Status: statusSuccess, Data: data} }

// respond writes the envelope. The request id was set by the outermost handler.
func respond(w http.ResponseWriter, r *http.Request, code int, metadata, response any) {
	id := w.Header().Get(headerRequestID)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	// A peer that went away is no failure of the platform's.
	_ = json.NewEncoder(w).Encode(Envelope{RequestID: id, Method: r.Method, HTTPCode: code, Metadata: metadata, Response: response})
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var e *apiError
	var of *endpoint.Error
	switch {
	case errors.As(err, &e):
	case errors.As(err, &of):
		e = &apiError{status: of.Status, code: wire.CodeBadParameter, description: of.Text}
		if of.Status == http.StatusNotFound {
			e.code = wire.CodeNotFound
		}
	default:
		s.log.Error("request failed", "request_id", w.Header().Get(headerRequestID), "method", r.Method, "path", r.URL.Path, "error", err)
		e = errInternal
	}
	if e.challenge != "" {
		w.Header().Set("WWW-Authenticate", e.challenge)
	}
	if e.retryAfter > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(e.retryAfter))
	}
	respond(w, r, e.status, nil, e.item())
}

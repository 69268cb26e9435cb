package platform

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"syscall"
	"time"

	"offhook/internal/backoff"
	"offhook/voice/fault"
	"offhook/voice/wire"
)

var (
	errNotURL           = errors.New("not a URL")
	errForeignRedirect  = errors.New("redirected to another host")
	errTooManyRedirects = errors.New("redirected too often")
)

// StatusError is an answer that refuses: its HTTP status and what the
// envelope's error_data says.
type StatusError struct {
	Status int
	// Code is the platform's own code (reference, section 10.7), or 0.
	Code        wire.ErrorCode
	Description string
	RequestID   string
	// RetryAfter is how long the platform asks to wait, or 0.
	RetryAfter time.Duration
}

// Error describes the refusal for the log.
func (e *StatusError) Error() string {
	return fmt.Sprintf("HTTP %d (code %d, %s, request %s)", e.Status, e.Code, e.Description, e.RequestID)
}

// StatusOf returns the HTTP status behind err, or 0.
func StatusOf(err error) int {
	var s *StatusError
	if errors.As(err, &s) {
		return s.Status
	}
	return 0
}

// RetryAfter returns how long the platform asked to wait, or 0.
func RetryAfter(err error) time.Duration {
	var s *StatusError
	if errors.As(err, &s) {
		return s.RetryAfter
	}
	return 0
}

// Passing reports whether the same request may succeed later: the network
// failed, the platform is busy, or it failed itself.
func Passing(err error) bool {
	if s := StatusOf(err); s != 0 {
		return s >= 500 || s == http.StatusTooManyRequests || s == http.StatusRequestTimeout
	}
	return fault.TypeOf(err) == fault.NetworkError
}

// statusRow says how an HTTP status reads to a person.
type statusRow struct {
	kind fault.Type
	code string
}

var statusRows = map[int]statusRow{
	http.StatusBadRequest:      {fault.InvalidParameter, "platform.bad-request"},
	http.StatusUnauthorized:    {fault.AuthenticationInvalidToken, "platform.unauthorized"},
	http.StatusForbidden:       {fault.AuthenticationInvalidToken, "platform.forbidden"},
	http.StatusNotFound:        {fault.InvalidParameter, "platform.not-found"},
	http.StatusConflict:        {fault.InvalidParameter, "platform.conflict"},
	http.StatusTooManyRequests: {fault.ServerError, "platform.too-often"},
}

func statusFault(res *http.Response, requestID string, it item, host string) error {
	cause := &StatusError{Status: res.StatusCode, RequestID: requestID, RetryAfter: retryAfter(res.Header)}
	if it.ErrorData != nil {
		cause.Code, cause.Description = it.ErrorData.Code, it.ErrorData.Description
	}
	if cause.Status < 300 {
		// A failure in the envelope of a 2xx: its item has the code.
		cause.Status = it.Code
	}
	if cause.Code == wire.CodeInactive {
		return fault.Wrap(cause, fault.AuthenticationInvalidToken, "account.inactive")
	}
	if row, ok := statusRows[cause.Status]; ok {
		return fault.Wrap(cause, row.kind, row.code)
	}
	if cause.Status >= 500 {
		return fault.Wrap(cause, fault.ServerError, "platform.failed")
	}
	return fault.Wrap(cause, fault.ServerError,
		"platform.unknown-answer", host)
}

// retryAfter is how long the platform wants to be left alone. A date is compared with
// its own clock.
func retryAfter(h http.Header) time.Duration {
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return backoff.RetryAfter(h.Get("Retry-After"), now, time.Hour)
}

func portalFault(host string) error {
	return fault.New(fault.NetworkError,
		"platform.intercepted", host)
}

func formFault(host string, cause error) error {
	return fault.Wrap(cause, fault.ServerError,
		"platform.unreadable-answer", host)
}

// transportFault says what kept a request from being answered. The original
// error stays in the chain, and a *fault.Error is passed on as it is; *url.Error quotes the URL, which holds no secret.
func transportFault(err error, host string) error {
	var told *fault.Error
	if errors.As(err, &told) {
		return told // what dials, a proxy for instance, has said it better
	}
	code, args := "platform.unreachable", []any(nil)
	var dns *net.DNSError
	var netErr net.Error
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, errForeignRedirect), errors.Is(err, errTooManyRedirects):
		code, args = "platform.redirects", []any{host}
	case errors.As(err, &dns):
		code, args = "platform.unknown-name", []any{hostOnly(host)}
		if dns.IsTimeout || dns.IsTemporary {
			code, args = "platform.name-not-looked-up", []any{hostOnly(host)}
		}
	case refused(err):
		code, args = "platform.nothing-there", []any{host}
	case certificate(err):
		code, args = "platform.certificate", []any{host}
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		code, args = "platform.no-https", []any{host}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		code, args = "platform.no-answer", []any{host}
	}
	return fault.Wrap(err, fault.NetworkError, code, args...)
}

func hostOnly(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return host
}

// wsaeConnRefused is what Windows calls ECONNREFUSED.
const wsaeConnRefused = syscall.Errno(10061)

func refused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) ||
		runtime.GOOS == "windows" && errors.Is(err, wsaeConnRefused)
}

func certificate(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		name         x509.HostnameError
		invalid      x509.CertificateInvalidError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &name) || errors.As(err, &invalid)
}

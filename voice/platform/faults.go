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
	"strconv"
	"strings"
	"syscall"
	"time"

	"offhook/voice/fault"
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
	Code        int
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
	kind          fault.Type
	message, next string
}

var statusRows = map[int]statusRow{
	http.StatusBadRequest:      {fault.InvalidParameter, "The platform does not accept this request.", "Check what was entered."},
	http.StatusUnauthorized:    {fault.AuthenticationInvalidToken, "The platform does not accept your sign-in.", "Sign in again."},
	http.StatusForbidden:       {fault.AuthenticationInvalidToken, "The platform does not allow this for your account.", "Ask your administrator."},
	http.StatusNotFound:        {fault.InvalidParameter, "The platform does not know what was asked for.", "Check the server's address and the account."},
	http.StatusConflict:        {fault.InvalidParameter, "The platform has this already.", "Choose another name."},
	http.StatusTooManyRequests: {fault.ServerError, "The platform is asked too often.", "Wait a moment and try again."},
}

// code1003 is the platform's code for an inactive subscriber (reference,
// section 10.7).
const codeInactive = 1003

func statusFault(res *http.Response, requestID string, it item, host string) error {
	cause := &StatusError{Status: res.StatusCode, RequestID: requestID, RetryAfter: retryAfter(res.Header)}
	if it.ErrorData != nil {
		cause.Code, cause.Description = it.ErrorData.Code, it.ErrorData.Description
	}
	if cause.Status < 300 {
		// A failure in the envelope of a 2xx: its item has the code.
		cause.Status = it.Code
	}
	if cause.Code == codeInactive {
		return fault.Wrap(cause, fault.AuthenticationInvalidToken, "Your account is not active.", "Ask your administrator.")
	}
	if row, ok := statusRows[cause.Status]; ok {
		return fault.Wrap(cause, row.kind, row.message, row.next)
	}
	if cause.Status >= 500 {
		return fault.Wrap(cause, fault.ServerError, "The platform failed.", "Try again in a moment.")
	}
	return fault.Wrap(cause, fault.ServerError,
		fmt.Sprintf("%s gave an answer that the phone does not know.", host), "Check the server's address.")
}

// retryAfter reads the header in both forms of RFC 9110, section 10.2.3.
func retryAfter(h http.Header) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	d := time.Duration(0)
	if n, err := strconv.Atoi(v); err == nil {
		d = time.Duration(min(max(n, 0), 3600)) * time.Second
	} else if at, err := http.ParseTime(v); err == nil {
		base := time.Now()
		if now, err := http.ParseTime(h.Get("Date")); err == nil {
			base = now
		}
		d = min(max(at.Sub(base), 0), time.Hour)
	}
	return d
}

func portalFault(host string) error {
	return fault.New(fault.NetworkError,
		fmt.Sprintf("Something between the phone and %s answered in its place.", host),
		"Open a web page: the network may want you to sign in.")
}

func formFault(host string, cause error) error {
	return fault.Wrap(cause, fault.ServerError,
		fmt.Sprintf("%s gave an answer that the phone does not understand.", host), "Check the server's address.")
}

// transportFault says what kept a request from being answered. The original
// error stays in the chain, and a *fault.Error is passed on as it is; *url.Error quotes the URL, which holds no secret.
func transportFault(err error, host string) error {
	var told *fault.Error
	if errors.As(err, &told) {
		return told // whoever dials, a proxy for instance, has said it better
	}
	message, next := "The server could not be reached.", "Check the network and try again."
	var dns *net.DNSError
	var netErr net.Error
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, errForeignRedirect), errors.Is(err, errTooManyRedirects):
		message, next = fmt.Sprintf("%s sends the phone elsewhere.", host), "Check the server's address: the network may want you to sign in."
	case errors.As(err, &dns):
		message, next = fmt.Sprintf("There is no server named %s.", hostOnly(host)), "Check the server's address and the network."
		if dns.IsTimeout || dns.IsTemporary {
			message, next = fmt.Sprintf("The name %s could not be looked up.", hostOnly(host)), "Check the network."
		}
	case refused(err):
		message, next = fmt.Sprintf("Nothing answers at %s.", host), "Check the server's address, or ask whether the platform is up."
	case certificate(err):
		message, next = fmt.Sprintf("The certificate of %s is not trusted.", host), "Check the clock and the network, or ask your administrator."
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		message, next = fmt.Sprintf("%s does not speak https.", host), "Check the server's address."
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		message, next = fmt.Sprintf("%s does not answer.", host), "Check the network and try again."
	}
	return fault.Wrap(err, fault.NetworkError, message, next)
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

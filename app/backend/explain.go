package backend

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"

	"offhook/assets/lang"
	"offhook/voice/fault"
	"offhook/voice/wire"
)

// StatusError is the cause of a fault that came with an HTTP status.
type StatusError struct{ Status int }

// Error names the status.
func (e *StatusError) Error() string { return fmt.Sprintf("HTTP status %d", e.Status) }

// StatusOf returns the HTTP status behind err, or 0.
func StatusOf(err error) int {
	var s *StatusError
	if errors.As(err, &s) {
		return s.Status
	}
	return 0
}

// Explain turns the error of a request to u into a sentence for the user. A
// cancelled request stays what it is.
func Explain(err error, u *url.URL) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	// url.Error repeats the whole URL; its cause is what counts.
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	// What is said of the network's proxy says more than can be said here.
	var known *fault.Error
	if errors.As(err, &known) {
		return known
	}
	host := u.Host
	network := func(code string, args ...any) error { return fault.Wrap(err, fault.NetworkError, code, args...) }

	var dns *net.DNSError
	var unknownCA x509.UnknownAuthorityError
	var wrongHost x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var ne net.Error
	switch {
	case errors.As(err, &unknownCA):
		return network("server.certificate-untrusted", u.Hostname(), issuer(unknownCA.Cert))
	case errors.As(err, &wrongHost):
		return network("server.certificate-name", u.Hostname())
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return network("server.certificate-expired", u.Hostname())
	case errors.As(err, &invalid):
		return network("server.certificate-invalid", u.Hostname())
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return network("server.no-https", host)
	case errors.As(err, &dns) && dns.IsNotFound:
		return network("server.unknown-name", u.Hostname())
	case errors.As(err, &dns):
		return network("server.no-lookup")
	case errors.Is(err, syscall.ECONNREFUSED):
		return network("server.nothing-there", host)
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETDOWN):
		return network("server.no-network")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &ne) && ne.Timeout():
		return network("server.no-answer", host)
	default:
		return network("server.broke", host)
	}
}

// issuer names the authority of a certificate.
func issuer(c *x509.Certificate) lang.Text {
	if c == nil {
		return lang.Of("server.unknown-authority")
	}
	for _, s := range append(append([]string{}, c.Issuer.Organization...), c.Issuer.CommonName) {
		if s != "" {
			return lang.Literal(s)
		}
	}
	return lang.Of("server.unnamed-authority")
}

// IsInactive reports whether the account was deactivated, and so may be active
// again one day.
func IsInactive(err error) bool { return err != nil && fault.From(err).Code == "account.inactive" }

// codeOf returns the platform's code in a refusal, or 0.
func codeOf(data []byte) wire.ErrorCode {
	var body struct {
		Code wire.ErrorCode `json:"code"`
	}
	_ = json.Unmarshal(data, &body)
	return body.Code
}

// portal is the fault of a network that answers in the server's place.
func portal(u *url.URL) error {
	return fault.New(fault.NetworkError,
		"server.web-page", u.Host)
}

// refused explains an HTTP status that is no success.
func refused(resp *http.Response, data []byte, u *url.URL) error {
	cause := &StatusError{resp.StatusCode}
	switch s := resp.StatusCode; {
	case s == http.StatusUnauthorized:
		return fault.Wrap(cause, fault.AuthenticationExpiredToken, "sign-in.refused")
	case s == http.StatusForbidden && codeOf(data) == wire.CodeInactive:
		return fault.Wrap(cause, fault.AuthenticationInvalidToken, "account.inactive")
	case s == http.StatusForbidden:
		return fault.Wrap(cause, fault.AuthenticationInvalidToken, "server.refuses-account")
	case s == http.StatusProxyAuthRequired:
		return fault.Wrap(cause, fault.NetworkError, "proxy.wants-password")
	case s == http.StatusTooManyRequests:
		return fault.Wrap(cause, fault.ServerError, "server.too-many-attempts")
	case s >= 300 && s < 400:
		if looksLikeHTML(resp, data) || resp.Header.Get("Location") != "" {
			return portal(u)
		}
		return fault.Wrap(cause, fault.ServerError, "server.redirects")
	case s == http.StatusNotFound:
		return fault.Wrap(cause, fault.ServerError, "server.unknown-request", u.Host)
	case s >= 500:
		return fault.Wrap(cause, fault.ServerError, "server.failed", s)
	default:
		return fault.Wrap(cause, fault.InvalidParameter, "server.refuses-request", s)
	}
}

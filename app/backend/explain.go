package backend

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"

	"offhook/voice/fault"
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
	network := func(m, next string) error { return fault.Wrap(err, fault.NetworkError, m, next) }

	var dns *net.DNSError
	var unknownCA x509.UnknownAuthorityError
	var wrongHost x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var ne net.Error
	switch {
	case errors.As(err, &unknownCA):
		m := fmt.Sprintf("We can't trust %s: its certificate was issued by “%s”, which this computer doesn't know.", u.Hostname(), issuer(unknownCA.Cert))
		return network(m, "If your company inspects traffic, its certificate authority must be installed on this computer. Else don't sign in here.")
	case errors.As(err, &wrongHost):
		return network(fmt.Sprintf("The certificate shown is not that of %s.", u.Hostname()), "Check the server's address. This can also be a network that intercepts traffic.")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return network(fmt.Sprintf("The certificate of %s is out of date.", u.Hostname()), "Check this computer's clock; if it is right, tell your administrator.")
	case errors.As(err, &invalid):
		return network(fmt.Sprintf("The certificate of %s is not valid.", u.Hostname()), "Tell your administrator.")
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return network(fmt.Sprintf("%s doesn't speak HTTPS.", host), "Check whether its address begins with http://.")
	case errors.As(err, &dns) && dns.IsNotFound:
		return network(fmt.Sprintf("We can't reach this server: nobody knows the name %s.", u.Hostname()), "Check the server's address and the network.")
	case errors.As(err, &dns):
		return network("We can't reach this server: names can't be looked up.", "Check the network.")
	case errors.Is(err, syscall.ECONNREFUSED):
		return network(fmt.Sprintf("We can't reach this server: nothing answers at %s.", host), "Check the server's address, or try again later.")
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETDOWN):
		return network("We can't reach this server: there is no network.", "Check the network.")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &ne) && ne.Timeout():
		return network(fmt.Sprintf("We can't reach this server: %s doesn't answer.", host), "Check the network, or try again later.")
	default:
		return network(fmt.Sprintf("We can't reach this server: the connection to %s broke.", host), "Try again.")
	}
}

func issuer(c *x509.Certificate) string {
	if c == nil {
		return "an unknown authority"
	}
	for _, s := range append(append([]string{}, c.Issuer.Organization...), c.Issuer.CommonName) {
		if s != "" {
			return s
		}
	}
	return "an unnamed authority"
}

// portal is the fault of a network that answers in the server's place.
func portal(u *url.URL) error {
	return fault.New(fault.NetworkError,
		fmt.Sprintf("A web page came in place of the answer of %s: this network may want you to sign in first.", u.Host),
		"Open a web browser, sign in to the network, and check the server's address.")
}

// refused explains an HTTP status that is no success.
func refused(resp *http.Response, data []byte, u *url.URL) error {
	cause := &StatusError{resp.StatusCode}
	switch s := resp.StatusCode; {
	case s == http.StatusUnauthorized:
		return fault.Wrap(cause, fault.AuthenticationExpiredToken, "The server no longer accepts this sign-in.", "Please sign in again.")
	case s == http.StatusForbidden:
		return fault.Wrap(cause, fault.AuthenticationInvalidToken, "The server refuses this account.", "Please sign in again, or ask your administrator.")
	case s == http.StatusProxyAuthRequired:
		return fault.Wrap(cause, fault.NetworkError, "The network's proxy wants a user name and a password.", "Enter them in this computer's proxy settings.")
	case s == http.StatusTooManyRequests:
		return fault.Wrap(cause, fault.ServerError, "Too many attempts.", "Wait a minute and try again.")
	case s >= 300 && s < 400:
		if looksLikeHTML(resp, data) || resp.Header.Get("Location") != "" {
			return portal(u)
		}
		return fault.Wrap(cause, fault.ServerError, "The server sends us elsewhere.", "Check the server's address.")
	case s == http.StatusNotFound:
		return fault.Wrap(cause, fault.ServerError, fmt.Sprintf("%s answers, but it doesn't know this request.", u.Host), "Check the server's address.")
	case s >= 500:
		return fault.Wrap(cause, fault.ServerError, fmt.Sprintf("The server has a problem (%d).", s), "Try again later.")
	default:
		return fault.Wrap(cause, fault.InvalidParameter, fmt.Sprintf("The server refuses the request (%d).", s), "Check what you entered.")
	}
}

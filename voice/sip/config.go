package sip

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"offhook/voice/fault"
)

// Config is a line at a SIP server: where it is and who we are there.
type Config struct {
	// URL is the server's WebSocket, ws://HOST[:PORT][/PATH] or wss://…, whose
	// path is used as it stands; or a server of SIP over TCP or TLS,
	// tcp://HOST[:PORT] or tls://….
	URL string
	// Domain is the SIP domain of the line. User is the user part of its
	// address, and the user name of the digest unless AuthUser is set.
	Domain, User, AuthUser, Password string
	// DisplayName goes into From, if it is not empty.
	DisplayName string
	// UserAgent names the program; "Offhook" if it is empty.
	UserAgent string

	// TLS is used for wss and tls, with the server's name filled in if it has none.
	// nil verifies against the system's roots.
	TLS *tls.Config
	// Dial opens the TCP connection; nil is a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Header is added to the WebSocket handshake.
	Header http.Header
	// AllowClearText lets ws:// and tcp:// reach beyond this machine.
	AllowClearText bool

	// Incoming, if set, is given every INVITE that begins a dialog, from a
	// goroutine of its own; it must not block. Without it they get 480.
	Incoming func(Incoming)

	// PingInterval, PongTimeout and PongDelay are those of wsconn.Config.
	PingInterval, PongTimeout, PongDelay time.Duration

	// Logger may be nil. Neither messages nor credentials are logged.
	Logger *slog.Logger
}

// address is Config.URL, taken apart.
type address struct {
	secure   bool
	stream   bool   // no WebSocket
	host     string // without port
	hostPort string
	path     string // with query
}

// check validates the configuration and returns the server's address.
func (c *Config) check() (address, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" {
		return address{}, invalid("The address of the SIP server is not valid.", "Check the server's address.")
	}
	a := address{host: u.Hostname(), path: u.RequestURI()}
	port := u.Port()
	scheme := strings.ToLower(u.Scheme)
	switch scheme {
	case "ws", "tcp":
		if port == "" {
			port = map[string]string{"ws": "80", "tcp": "5060"}[scheme]
		}
		if !c.AllowClearText && !loopback(a.host) {
			return address{}, invalid("The SIP server's address is not encrypted.", "Use a wss:// address, or allow unencrypted connections in the settings.")
		}
	case "wss", "tls":
		a.secure = true
		if port == "" {
			port = map[string]string{"wss": "443", "tls": "5061"}[scheme]
		}
	default:
		return address{}, invalid(fmt.Sprintf("SIP over %q is not supported.", u.Scheme), "Use a wss:// address.")
	}
	a.stream = scheme == "tcp" || scheme == "tls"
	a.hostPort = net.JoinHostPort(a.host, port)
	for _, v := range []string{c.Domain, c.User} {
		if v == "" || !clean(v) {
			return address{}, invalid("The SIP domain or user name is missing or not valid.", "Check the account's settings.")
		}
	}
	if !clean(c.DisplayName) || !clean(c.AuthUser) || !clean(c.UserAgent) {
		return address{}, invalid("A name of the SIP account holds control characters.", "Check the account's settings.")
	}
	return a, nil
}

func invalid(message, next string) error {
	return fault.New(fault.ConfigurationInvalid, message, next)
}

// loopback says whether a host name means this machine for certain.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// clean says that a text can stand in a header: nothing in it ends a line.
func clean(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

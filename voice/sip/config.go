package sip

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"offhook/voice/cleartext"
	"offhook/voice/fault"
)

// Config is a line at a SIP server: where it is and who we are there.
type Config struct {
	// URL is the server's WebSocket, ws://HOST[:PORT][/PATH] or wss://…, whose
	// path is used as it stands; or a server of SIP over TCP, TLS or UDP,
	// tcp://HOST[:PORT], tls://… or udp://…. Without a port the SRV records of
	// HOST are asked for tcp, tls and udp (RFC 3263).
	URL string
	// OutboundProxy, of the form of URL, is where the connection is opened to
	// instead; what begins a dialog then carries a Route to it (RFC 3261, 8.1.2).
	OutboundProxy string
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
	// Dial opens the connection; nil is a net.Dialer.
	// For udp the network is "udp", and the connection must be a connected one.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Resolver looks the server's name up; nil is the system's, or leaves the
	// name to Dial if that is set.
	Resolver Resolver
	// Header is added to the WebSocket handshake.
	Header http.Header
	// AllowClearText lets ws://, tcp:// and udp:// reach beyond this machine.
	AllowClearText bool

	// Incoming, if set, is given every INVITE that begins a dialog, from a
	// goroutine of its own; it must not block. Without it they get 480.
	Incoming func(Incoming)

	// MessageSummary, if set, is told what messages wait for the line, when the server
	// says so (RFC 3842); it must not block.
	MessageSummary func(MessageSummary)

	// PingInterval, PongTimeout and PongDelay are those of transport.Config.
	PingInterval, PongTimeout, PongDelay time.Duration

	// Logger may be nil. Neither messages nor credentials are logged.
	Logger *slog.Logger

	// shunned says until when an address is to be tried after the others, because
	// it failed.
	shunned func(address string) time.Time
}

// address is Config.URL, taken apart.
type address struct {
	scheme   string
	secure   bool
	stream   bool   // no WebSocket
	host     string // without port
	port     bool   // the URL names one
	hostPort string
	path     string // with query
}

// schemes are the kinds of server, with the port of each.
var schemes = map[string]string{"ws": "80", "wss": "443", "tcp": "5060", "udp": "5060", "tls": "5061"}

// parseAddress takes the URL of a server apart.
func (c *Config) parseAddress(text string) (address, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Hostname() == "" || !clean(text) {
		return address{}, invalid("sip.bad-address")
	}
	a := address{scheme: strings.ToLower(u.Scheme), host: u.Hostname(), path: u.RequestURI()}
	port, known := schemes[a.scheme]
	if !known {
		return address{}, invalid("sip.unknown-transport", strconv.Quote(u.Scheme))
	}
	if a.port = u.Port() != ""; a.port {
		port = u.Port()
	}
	a.secure = a.scheme == "wss" || a.scheme == "tls"
	if err := cleartext.Check(a.scheme, a.host, c.AllowClearText); err != nil {
		return address{}, err
	}
	a.stream = a.scheme != "ws" && a.scheme != "wss"
	a.hostPort = net.JoinHostPort(a.host, port)
	return a, nil
}

// check validates the configuration and returns the address to connect to.
func (c *Config) check() (address, error) {
	a, err := c.parseAddress(c.URL)
	if err == nil && c.OutboundProxy != "" {
		a, err = c.parseAddress(c.OutboundProxy)
	}
	if err != nil {
		return address{}, err
	}
	for _, v := range []string{c.Domain, c.User} {
		if v == "" || !clean(v) {
			return address{}, invalid("sip.bad-user")
		}
	}
	if !clean(c.DisplayName) || !clean(c.AuthUser) || !clean(c.UserAgent) {
		return address{}, invalid("sip.bad-name")
	}
	return a, nil
}

func invalid(code string, args ...any) error {
	return fault.New(fault.ConfigurationInvalid, code, args...)
}

// clean says that a text can stand in a header: nothing in it ends a line.
func clean(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

package subscriber

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"offhook/voice/line"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// Credentials are what a flow needs to know of the subscriber.
type Credentials struct {
	Profile wire.Profile
	// URL is where the exophone is reached: where the profile says, or at another node.
	URL         string
	User        string
	DisplayName string
	// UserAgent names the program.
	UserAgent string
	HTTP      *http.Client
	Log       *slog.Logger
	// AllowClearText allows an unencrypted connection.
	AllowClearText bool
	// Token is the access token that opens the connection: the platform closes one
	// that does not say whose it is.
	Token func(ctx context.Context) (string, error)
}

// A platform that hangs is noticed 14 s later at the latest, so that "ready" is the
// truth of the last 20 s.
const (
	flowPing = 10 * time.Second
	flowPong = 4 * time.Second
)

// ServerURL is where a profile says that calls are signalled.
func ServerURL(p wire.Profile) string {
	u := url.URL{Scheme: "ws", Host: p.SIPServer, Path: p.SIPPath}
	if p.SIPTransport == "WSS" {
		u.Scheme = "wss"
	}
	if p.SIPPort > 0 {
		u.Host = net.JoinHostPort(p.SIPServer, strconv.Itoa(p.SIPPort))
	}
	return u.String()
}

// Connect opens the connection to the platform's exophone.
func Connect(ctx context.Context, who Credentials) (line.Flow, error) {
	p := who.Profile
	cfg := sip.Config{
		URL: who.URL, Domain: p.SIPDomain,
		User: who.User, Password: p.SIPPassword, DisplayName: who.DisplayName,
		UserAgent: who.UserAgent, Logger: who.Log,
		AllowClearText: who.AllowClearText,
		PingInterval:   flowPing, PongTimeout: flowPong,
	}
	if token, err := who.Token(ctx); err == nil {
		// Without one the digest of the first request says who calls.
		cfg.Header = http.Header{"Authorization": {"Bearer " + token}}
	}
	cfg.TLS, cfg.Dial = line.Transport(who.HTTP)
	f, err := sip.Connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return line.SIPFlow{Flow: f}, nil
}

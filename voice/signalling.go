package voice

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"offhook/voice/line"
	"offhook/voice/sip"
	"offhook/voice/wire"
)

// A platform that hangs is noticed 14 s later at the latest, so that "ready" is the
// truth of the last 20 s.
const (
	flowPing = 10 * time.Second
	flowPong = 4 * time.Second
)

// sipURL is where a profile says that calls are signalled.
func sipURL(p wire.Profile) string {
	u := url.URL{Scheme: "ws", Host: p.SIPServer, Path: p.SIPPath}
	if p.SIPTransport == "WSS" {
		u.Scheme = "wss"
	}
	if p.SIPPort > 0 {
		u.Host = net.JoinHostPort(p.SIPServer, strconv.Itoa(p.SIPPort))
	}
	return u.String()
}

// connectSIP opens the connection to the platform's exophone.
func (s *settings) connectSIP(ctx context.Context, who credentials) (line.Flow, error) {
	p := who.profile
	cfg := sip.Config{
		URL: sipURL(p), Domain: p.SIPDomain,
		User: who.user, Password: p.SIPPassword, DisplayName: who.display,
		UserAgent: "offhook/" + Version, Logger: s.log,
		AllowClearText: who.clearText,
		PingInterval:   flowPing, PongTimeout: flowPong,
	}
	if token, err := who.token(ctx); err == nil {
		// Without one the digest of the first request says who calls.
		cfg.Header = http.Header{"Authorization": {"Bearer " + token}}
	}
	cfg.TLS, cfg.Dial = line.Transport(s.http)
	f, err := sip.Connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return line.SIPFlow{Flow: f}, nil
}

// sipStatus returns the SIP status behind an error of a dialog, or 0.
func sipStatus(err error) int {
	var s *sip.StatusError
	if errors.As(err, &s) {
		return s.Status
	}
	return 0
}

package voice

import (
	"context"
	"crypto/tls"
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
	cfg.TLS, cfg.Dial = transportOf(s.http)
	f, err := sip.Connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return line.SIPFlow{Flow: f}, nil
}

// transportOf takes over what the HTTP client trusts and how it connects.
func transportOf(c *http.Client) (*tls.Config, func(ctx context.Context, network, address string) (net.Conn, error)) {
	if c == nil {
		return nil, nil
	}
	t, ok := c.Transport.(*http.Transport)
	if !ok {
		return nil, nil
	}
	return t.TLSClientConfig, t.DialContext
}

// sipStatus returns the SIP status behind an error of a dialog, or 0.
func sipStatus(err error) int {
	var s *sip.StatusError
	if errors.As(err, &s) {
		return s.Status
	}
	return 0
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// registerSIP makes the registration of a SIP account, which begins with run.
func (s *settings) registerSIP(spec registrationSpec) (registration, error) {
	a := spec.account
	cfg := sip.AccountConfig{
		Config: sip.Config{
			URL: a.Server, OutboundProxy: a.OutboundProxy, Domain: a.Domain, User: a.User, AuthUser: a.AuthUser, Password: a.Password,
			DisplayName: a.DisplayName, UserAgent: "offhook/" + Version, Logger: s.log,
			AllowClearText: a.AllowClearText, MessageSummary: spec.waiting,
			Incoming: func(in sip.Incoming) {
				spec.invited(inboundCall{Incoming: in, dialog: line.SIPDialog{Dialog: in.Dialog}})
			},
		},
		Expires: a.Expires, InstanceID: spec.instance, OnState: spec.changed,
	}
	cfg.TLS, cfg.Dial = transportOf(s.http)
	if scheme, _ := a.server(); scheme != "ws" && scheme != "wss" && !a.ThroughProxy {
		cfg.Dial = nil // few proxies of the web let SIP itself pass
	}
	account, err := sip.NewAccount(cfg)
	if err != nil {
		return nil, err
	}
	return realRegistration{account}, nil
}

// realRegistration is a registration with its server.
type realRegistration struct{ account *sip.Account }

func (r realRegistration) run(ctx context.Context) { r.account.Run(ctx) }
func (r realRegistration) retry()                  { r.account.Retry() }
func (r realRegistration) abandon()                { r.account.Abandon() }

func (r realRegistration) flow() line.Flow {
	f := r.account.Flow()
	if f == nil {
		return nil
	}
	return line.SIPFlow{Flow: f}
}

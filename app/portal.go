package app

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"offhook/app/backend"
	"offhook/app/readiness"
	"offhook/app/retry"
	"offhook/voice/cleartext"
	"offhook/voice/fault"
)

// portalEvery is how often a network is asked whether it wants a sign-in of its
// own while the phone is not ready; portalLimit bounds one question.
const (
	portalEvery = 10 * time.Second
	portalLimit = 5 * time.Second
)

// captivePortal asks whether the network answers in the server's place and
// returns the name of the portal, "" if there is none. It asks for the health
// of the server; where that can't be had by https it asks by http, which a
// portal redirects to its own page (RFC 8952, section 1).
func (p *Phone) captivePortal(ctx context.Context, server *url.URL) string {
	ctx, cancel := context.WithTimeout(ctx, portalLimit)
	defer cancel()
	health := &url.URL{Scheme: server.Scheme, Host: server.Host, Path: "/healthz"}
	if who, answered := p.askPortal(ctx, health, server.Scheme == "http"); answered || who != "" || server.Scheme != "https" {
		return who
	}
	who, _ := p.askPortal(ctx, &url.URL{Scheme: "http", Host: server.Hostname(), Path: "/healthz"}, false)
	return who
}

// askPortal sends one question. answered says that a server did. html says that
// a web page in answer is a portal's.
func (p *Phone) askPortal(ctx context.Context, u *url.URL, html bool) (who string, answered bool) {
	hc := *p.http
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", false
	}
	req.Header.Set("Cache-Control", "no-cache")
	resp, err := hc.Do(req)
	if err != nil {
		return "", false
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 4<<10))
	return portalOf(resp, u, html), true
}

// portalOf names the portal that an answer comes from, "" if it comes from the
// server itself.
func portalOf(resp *http.Response, asked *url.URL, html bool) string {
	switch {
	case resp.StatusCode == http.StatusNetworkAuthenticationRequired: // RFC 6585, section 6
		return asked.Hostname()
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		to, err := resp.Location()
		if err != nil || strings.EqualFold(to.Hostname(), asked.Hostname()) {
			return "" // to https, or to another page of the server
		}
		return to.Hostname()
	case html && resp.StatusCode == http.StatusOK && strings.Contains(resp.Header.Get("Content-Type"), "html"):
		return asked.Hostname()
	default:
		return ""
	}
}

// portalFault is the fault of a network that wants a sign-in of its own.
func portalFault(who string) *fault.Error {
	return fault.New(fault.NetworkError, "network.portal", who)
}

// watchPortal looks for a portal while the phone is signed in and not ready, so
// that the reason is named.
func (p *Phone) watchPortal(ctx context.Context) {
	for {
		now := p.retry.Next()
		if s := p.Snapshot(); s.Account.Server != "" && s.Account.State != SignedOut && !p.reached(s) {
			if server, err := backend.ParseServer(s.Account.Server); err == nil && !cleartext.Loopback(server.Hostname()) {
				who := p.captivePortal(ctx, server)
				p.loop.post(func() { p.portalSeen(who) })
			}
		}
		if retry.Wait(ctx, portalEvery, now) != nil {
			return
		}
	}
}

// reached says that the servers are there, as far as is known.
func (p *Phone) reached(s *Snapshot) bool {
	return s.condition(readiness.Push).OK && s.condition(readiness.Platform).OK
}

func (p *Phone) portalSeen(who string) {
	if p.m.portal == who {
		return
	}
	p.m.portal = who
	p.log.Info("captive portal", "host", who)
	p.touch()
}

// explainByPortal puts the portal in place of what the conditions of the network
// say, as long as they do not hold.
func explainByPortal(conditions []Condition, who string) {
	for i := range conditions {
		c := &conditions[i]
		if !c.OK && (c.Name == readiness.Push || c.Name == readiness.Platform) {
			c.Text, c.Action = portalFault(who).Text(), readiness.OpenBrowser
		}
	}
}

// namePortal puts a portal in place of an error of the network, if it is the
// reason.
func (p *Phone) namePortal(ctx context.Context, server string, err error) error {
	if fault.TypeOf(err) != fault.NetworkError || ctx.Err() != nil || wantsProxyPassword(err) {
		return err
	}
	u, perr := backend.ParseServer(server)
	if perr != nil || cleartext.Loopback(u.Hostname()) {
		return err
	}
	if who := p.captivePortal(ctx, u); who != "" {
		f := portalFault(who)
		f.Cause = errors.Unwrap(err)
		return f
	}
	return err
}

package diagnosis

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"offhook/app/backend"
	"offhook/app/proxy"
	"offhook/voice/cleartext"
	"offhook/voice/fault"
)

// portalLimit bounds the question whether the network wants a sign-in of its own.
const portalLimit = 5 * time.Second

// Portal asks whether the network answers in the server's place and
// returns the name of the portal, "" if there is none. It asks for the health
// of the server; where that can't be had by https it asks by http, which a
// portal redirects to its own page (RFC 8952, section 1).
func Portal(ctx context.Context, client *http.Client, server *url.URL) string {
	ctx, cancel := context.WithTimeout(ctx, portalLimit)
	defer cancel()
	health := &url.URL{Scheme: server.Scheme, Host: server.Host, Path: "/healthz"}
	if who, answered := askPortal(ctx, client, health, server.Scheme == "http"); answered || who != "" || server.Scheme != "https" {
		return who
	}
	who, _ := askPortal(ctx, client, &url.URL{Scheme: "http", Host: server.Hostname(), Path: "/healthz"}, false)
	return who
}

// askPortal sends one question. answered says that a server did. html says that
// a web page in answer is a portal's.
func askPortal(ctx context.Context, client *http.Client, u *url.URL, html bool) (who string, answered bool) {
	hc := *client
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

// PortalFault is the fault of a network that wants a sign-in of its own.
func PortalFault(who string) *fault.Error {
	return fault.New(fault.NetworkError, "network.portal", who)
}

// NamePortal puts a portal in place of an error of the network, if it is the
// reason.
func NamePortal(ctx context.Context, client *http.Client, server string, err error) error {
	if fault.TypeOf(err) != fault.NetworkError || ctx.Err() != nil || errors.Is(err, proxy.ErrCredentials) {
		return err
	}
	u, perr := backend.ParseServer(server)
	if perr != nil || cleartext.Loopback(u.Hostname()) {
		return err
	}
	if who := Portal(ctx, client, u); who != "" {
		f := PortalFault(who)
		f.Cause = errors.Unwrap(err)
		return f
	}
	return err
}

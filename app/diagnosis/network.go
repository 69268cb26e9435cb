package diagnosis

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"

	"offhook/app/backend"
	"offhook/app/readiness"
	"offhook/assets/lang"
	"offhook/internal/crash"
	"offhook/voice/cleartext"
	"offhook/voice/fault"
	"offhook/voice/wire"
)

func (p *Phone) network(context.Context) Check {
	list := strings.Fields(p.Addresses())
	if len(list) == 0 {
		if server, err := p.serverURL(); err == nil && cleartext.Loopback(server.Hostname()) {
			return passed("", lang.Of("check.local-server"))
		}
		return failed(fault.New(fault.NetworkError, "check.no-address"))
	}
	v4 := false
	for _, a := range list {
		_, ip, _ := strings.Cut(a, "=")
		v4 = v4 || strings.Contains(ip, ".")
	}
	if !v4 {
		return passed(fmt.Sprint(len(list)), lang.Of("check.only-ipv6"))
	}
	return passed(fmt.Sprint(len(list)), lang.Of("check.network", len(list)))
}

// serverURL is the application backend that the phone uses, or would use.
func (p *Phone) serverURL() (*url.URL, error) {
	state := p.State()
	server := state.Server
	if state.AccountsOnly {
		return nil, fault.New(fault.InvalidParameter, "check.sip-no-server")
	}
	if server == "" {
		return nil, fault.New(fault.InvalidParameter, "check.no-server")
	}
	return backend.ParseServer(server)
}

// sipServer is the server of the first SIP account that is on, nil without one.
func (p *Phone) sipServer() *url.URL {
	for _, a := range p.State().Accounts {
		if u, err := url.Parse(a.Server); err == nil && u.Hostname() != "" {
			return u
		}
	}
	return nil
}

func (p *Phone) proxy(ctx context.Context) Check {
	server, err := p.serverURL()
	if err != nil {
		return skipped(fault.From(err).Text())
	}
	via, err := p.proxyFor(ctx, server)
	switch {
	case err != nil:
		return Check{Status: Fail, Text: lang.Of("proxy.bad-address"), Remedy: lang.Of("check.correct-proxy")}
	case via == nil:
		return passed("", lang.Of("check.no-proxy"))
	}
	began := time.Now()
	conn, err := p.Proxy.DialContext(ctx, "tcp", hostPort(server))
	if err != nil {
		c := failed(err)
		c.Figure = via.Host
		return c
	}
	conn.Close()
	return passed(via.Host, lang.Of("check.proxy", millis(time.Since(began))))
}

// proxyFor is the proxy to the server, nil for none.
func (p *Phone) proxyFor(ctx context.Context, server *url.URL) (*url.URL, error) {
	if p.Proxy == nil {
		return nil, nil
	}
	return p.Proxy.For(ctx, server)
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func (p *Phone) dns(ctx context.Context) Check {
	server, err := p.serverURL()
	if line := p.sipServer(); err != nil && line != nil {
		server, err = line, nil
	}
	if err != nil {
		return skipped(fault.From(err).Text())
	}
	host := server.Hostname()
	if net.ParseIP(host) != nil {
		return skipped(lang.Of("check.no-name"))
	}
	began := time.Now()
	found, err := p.LookupIP(ctx, host)
	if err != nil {
		if via, perr := p.proxyFor(ctx, server); perr == nil && via != nil {
			return skipped(lang.Of("check.name-by-proxy"))
		}
		return failed(backend.Explain(err, server))
	}
	took := time.Since(began)
	if took > time.Second {
		return warned(millis(took), lang.Of("check.name-slow", host))
	}
	return passed(millis(took), lang.Of("check.name", host, len(found)))
}

func (p *Phone) https(ctx context.Context) Check {
	server, err := p.serverURL()
	if err != nil {
		return skipped(fault.From(err).Text())
	}
	resp, took, err := p.ask(ctx, server)
	if err != nil {
		return failed(NamePortal(ctx, p.HTTP, p.State().Server, backend.Explain(err, server)))
	}
	if who := portalOf(resp, server, true); who != "" {
		f := PortalFault(who)
		return Check{Status: Fail, Figure: millis(took), Text: f.Text(), Remedy: f.Text().Next()}
	}
	t := resp.TLS
	if t == nil || len(t.PeerCertificates) == 0 {
		text := lang.Of("check.clear-text")
		if cleartext.Loopback(server.Hostname()) {
			return passed(millis(took), text)
		}
		return warned(millis(took), text)
	}
	leaf, who := t.PeerCertificates[0], issuerOf(t.PeerCertificates[0])
	text := lang.Of("check.certificate", who)
	left := leaf.NotAfter.Sub(p.Now())
	switch {
	case left < 7*24*time.Hour:
		return warned(millis(took), lang.Of("check.certificate-ends", int(left.Hours()/24)))
	case !publiclyTrusted(t.PeerCertificates) && !cleartext.Loopback(server.Hostname()):
		return warned(millis(took), lang.Of("check.inspected", who))
	default:
		return passed(millis(took), text)
	}
}

// ask sends a request without credentials and returns the answer's head and the
// time from the request to its first byte.
func (p *Phone) ask(ctx context.Context, u *url.URL) (*http.Response, time.Duration, error) {
	var sent, first time.Time
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest:         func(httptrace.WroteRequestInfo) { sent = time.Now() },
		GotFirstResponseByte: func() { first = time.Now() },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, 0, err
	}
	hc := *p.HTTP
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := hc.Do(req)
	if err != nil {
		return nil, 0, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	resp.Body.Close()
	if sent.IsZero() || first.IsZero() {
		return resp, 0, nil
	}
	return resp, first.Sub(sent), nil
}

func (p *Phone) clock(ctx context.Context) Check {
	server, err := p.serverURL()
	if err != nil {
		return skipped(fault.From(err).Text())
	}
	resp, _, err := p.ask(ctx, server)
	if err != nil {
		return skipped(lang.Of("check.time-unasked"))
	}
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return skipped(lang.Of("check.time-unsaid"))
	}
	// The header has whole seconds.
	off := p.Now().Sub(date).Round(time.Second)
	if off > -ClockLimit && off < ClockLimit {
		figure := fmt.Sprintf("%d s", int(off.Seconds()))
		return passed(figure, lang.Of("check.clock", strings.TrimPrefix(figure, "-")))
	}
	return warned(fmt.Sprintf("%d s", int(off.Seconds())), lang.Of("check.clock-wrong"))
}

func ofCondition(c readiness.Condition, figure, good string) Check {
	if c.OK {
		return passed(figure, lang.Of(good))
	}
	remedy := lang.Of("check.keeps-trying")
	if c.Action == readiness.SignIn {
		remedy = lang.Of("check.sign-in-again")
	}
	return Check{Status: Fail, Figure: figure, Text: c.Text, Remedy: remedy}
}

func (p *Phone) signalling(ctx context.Context, public *publicConfig) Check {
	state := p.State()
	if state.Subscriber {
		return ofCondition(state.Signalling, "", "check.signalling")
	}
	if c, ok := ofAccounts(state.Accounts); ok {
		return c
	}
	u, err := public.platformURL(ctx)
	if err != nil || u.Host == "" {
		return skipped(lang.Of("check.no-platform"))
	}
	u.Path = "/sip"
	return p.upgrade(ctx, u, "sip")
}

// ofAccounts tells of the SIP accounts of a phone without a subscriber; ok is false
// when it has none that is on.
func ofAccounts(accounts []Account) (c Check, ok bool) {
	var registered []string
	for _, a := range accounts {
		if !a.Registered {
			why, next := a.Why.Or("check.unregistered"), a.Next.Or("check.check-account")
			if a.Why.Empty() {
				next = lang.Of("check.unregistered.next")
			}
			return Check{Status: Fail, Text: lang.Of("check.closed", a.Address, why), Remedy: next}, true
		}
		registered = append(registered, a.Address)
	}
	return passed("", lang.Of("check.registered", strings.Join(registered, ", "))), len(registered) > 0
}

func (p *Phone) push(ctx context.Context) Check {
	state := p.State()
	if state.Subscriber {
		figure := ""
		if state.PushRTT > 0 {
			figure = millis(state.PushRTT)
		}
		return ofCondition(state.Push, figure, "check.push")
	}
	if len(state.Accounts) > 0 {
		return skipped(lang.Of("check.sip-no-push"))
	}
	u, err := p.serverURL()
	if err != nil {
		return skipped(fault.From(err).Text())
	}
	return p.upgrade(ctx, u.JoinPath("push"), wire.Subprotocol)
}

// upgrade tries whether a WebSocket gets through to a server and back. Being
// refused for want of a token counts: the server itself has answered.
func (p *Phone) upgrade(ctx context.Context, u *url.URL, subprotocol string) Check {
	began := time.Now()
	conn, resp, err := websocket.Dial(ctx, u.String(), &websocket.DialOptions{
		HTTPClient: p.HTTP, Subprotocols: []string{subprotocol},
		// The inbox asks for it before it looks at the token.
		HTTPHeader: http.Header{wire.HeaderDeviceToken: {p.DeviceID}},
	})
	took := time.Since(began)
	if err == nil {
		defer func() { _ = conn.CloseNow() }()
		rtt, ok := echoes(ctx, conn)
		if !ok {
			return warned(millis(took), lang.Of("check.websocket-mute"))
		}
		return passed(millis(rtt), lang.Of("check.websocket"))
	}
	if resp != nil {
		switch resp.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden:
			return passed(millis(took), lang.Of("check.wants-sign-in"))
		default:
			return Check{Status: Fail, Figure: fmt.Sprint(resp.StatusCode), Text: lang.Of("check.websocket-blocked"), Remedy: lang.Of("check.websocket-blocked.next")}
		}
	}
	return failed(backend.Explain(err, u))
}

// echoLimit bounds the wait for a frame of a server.
const echoLimit = 3 * time.Second

// echoes reports whether a frame comes back by a WebSocket, and after what time:
// the pong, or the word of a server that wants a sign-in.
func echoes(ctx context.Context, conn *websocket.Conn) (time.Duration, bool) {
	ctx, cancel := context.WithTimeout(ctx, echoLimit)
	defer cancel()
	began := time.Now()
	heard := make(chan bool, 2)
	go func() {
		defer crash.Guard()
		_, _, err := conn.Read(ctx)
		heard <- err == nil || websocket.CloseStatus(err) != -1
	}()
	crash.Go(func() { heard <- conn.Ping(ctx) == nil })
	for range cap(heard) {
		if <-heard {
			return time.Since(began), true
		}
	}
	return 0, false
}

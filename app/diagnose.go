package app

import (
	"context"
	"errors"
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
	"offhook/app/secrets"
	"offhook/voice/audio"
	"offhook/voice/fault"
)

// checkLimit bounds one check.
const checkLimit = 8 * time.Second

// diagnosis is one check: how it is called and how it is made. run fills in
// everything but name and title.
type diagnosis struct {
	name, title string
	run         func(ctx context.Context) Check
}

// Diagnose runs all checks and gives them out as they go; each name comes
// first as running and then with its outcome. The channel is closed at the
// end. It works signed out.
func (p *Phone) Diagnose(ctx context.Context) <-chan Check {
	out := make(chan Check)
	ctx, cancel := p.withLife(ctx)
	go func() {
		defer cancel()
		defer close(out)
		give := func(c Check) bool {
			select {
			case out <- c:
				return true
			case <-ctx.Done():
				return false
			}
		}
		for _, d := range p.diagnoses() {
			if !give(Check{Name: d.name, Title: d.title, Status: CheckRunning}) {
				return
			}
			began := time.Now()
			limit, stop := context.WithTimeout(ctx, checkLimit)
			c := d.run(limit)
			stop()
			c.Name, c.Title, c.TookMs = d.name, d.title, time.Since(began).Milliseconds()
			p.log.Info("diagnosis", "check", c.Name, "status", c.Status, "figure", c.Figure, "text", c.Text)
			if !give(c) {
				return
			}
		}
	}()
	return out
}

func (p *Phone) diagnoses() []diagnosis {
	return []diagnosis{
		{"microphone", "Microphone", p.diagnoseMicrophone},
		{"speaker", "Speaker", func(ctx context.Context) Check { return p.diagnoseSpeaker(ctx, false) }},
		{"ring", "Ring device", func(ctx context.Context) Check { return p.diagnoseSpeaker(ctx, true) }},
		{"network", "Network", p.diagnoseNetwork},
		{"proxy", "Proxy", p.diagnoseProxy},
		{"dns", "Name lookup", p.diagnoseDNS},
		{"https", "Server", p.diagnoseHTTPS},
		{"clock", "Clock", p.diagnoseClock},
		{"sip_socket", "Signalling", p.diagnoseSignalling},
		{"push_socket", "Incoming calls", p.diagnosePush},
		{"media", "Sound path", p.diagnoseMedia},
		{"keyring", "Keyring", p.diagnoseKeyring},
		{"version", "Version", func(context.Context) Check { return passed(p.cfg.Version, "This is Offhook "+p.cfg.Version+".") }},
	}
}

func passed(figure, text string) Check { return Check{Status: CheckPass, Figure: figure, Text: text} }

func warned(figure, text, remedy string) Check {
	return Check{Status: CheckWarn, Figure: figure, Text: text, Remedy: remedy}
}

func skipped(text string) Check { return Check{Status: CheckSkipped, Text: text} }

func failed(err error) Check {
	f := fault.From(err)
	if errors.Is(err, context.DeadlineExceeded) {
		f = fault.New(fault.NetworkError, "It took too long.", "Try again.")
	}
	return Check{Status: CheckFail, Text: f.Message, Remedy: f.Next}
}

func millis(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

// listenFor is how long the microphone is listened to.
const listenFor = 800 * time.Millisecond

func (p *Phone) diagnoseMicrophone(ctx context.Context) Check {
	switch {
	case p.Snapshot().Call != nil:
		return skipped("It is in use by the call.")
	case p.cfg.Audio == nil:
		return failed(fault.New(fault.AudioDeviceError, "There is no sound system.", "Install PulseAudio or PipeWire."))
	}
	var l level
	src, err := p.openMicrophone(p.audioConfig(p.store.Get()).Source, l.add)
	p.audioFailed(err)
	if err != nil {
		return failed(err)
	}
	defer src.Close()
	loudest := 0.0
	for end := time.Now().Add(listenFor); time.Now().Before(end); {
		if pause(ctx, 50*time.Millisecond, nil) != nil {
			return failed(ctx.Err())
		}
		loudest = max(loudest, l.get())
	}
	figure := fmt.Sprintf("%.0f %%", 100*loudest)
	if loudest == 0 {
		return warned(figure, "It works, but it delivers nothing but silence.", "Check that it is not muted, or choose another microphone.")
	}
	return passed(figure, "Works")
}

func (p *Phone) diagnoseSpeaker(ctx context.Context, ring bool) Check {
	if p.cfg.Audio == nil {
		return failed(fault.New(fault.AudioDeviceError, "There is no sound system.", "Install PulseAudio or PipeWire."))
	}
	a := p.audioConfig(p.store.Get())
	spec := a.Sink
	if ring {
		if spec = a.Ring; spec == (audio.Spec{}) {
			spec = a.Sink
		}
	} else if p.Snapshot().Call != nil {
		return skipped("It is in use by the call.")
	}
	if err := p.playOnce(ctx, spec, nil); err != nil {
		return failed(err)
	}
	return passed("", "Works")
}

func (p *Phone) diagnoseNetwork(context.Context) Check {
	list := strings.Fields(p.cfg.Addresses())
	if len(list) == 0 {
		if server, err := p.serverURL(); err == nil && isLoopback(server.Hostname()) {
			return passed("", "The server is on this computer.")
		}
		return failed(fault.New(fault.NetworkError, "This computer has no network address.", "Plug in the cable or join a wireless network."))
	}
	v4 := false
	for _, a := range list {
		_, ip, _ := strings.Cut(a, "=")
		v4 = v4 || strings.Contains(ip, ".")
	}
	if !v4 {
		return passed(fmt.Sprint(len(list)), "There are only IPv6 addresses.")
	}
	return passed(fmt.Sprint(len(list)), "There is a network.")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// serverURL is the application backend that the phone uses, or would use.
func (p *Phone) serverURL() (*url.URL, error) {
	server := p.Snapshot().Account.Server
	if server == "" {
		return nil, fault.New(fault.InvalidParameter, "No server is known yet.", "Enter the server's address and sign in.")
	}
	return backend.ParseServer(server)
}

func (p *Phone) diagnoseProxy(context.Context) Check {
	server, err := p.serverURL()
	if err != nil {
		return skipped(fault.From(err).Message)
	}
	proxy := http.ProxyFromEnvironment
	if t, ok := p.http.Transport.(*http.Transport); ok && t.Proxy != nil {
		proxy = t.Proxy
	}
	u, err := proxy(&http.Request{URL: server})
	switch {
	case err != nil:
		return Check{Status: CheckFail, Text: "The proxy's address can't be understood.", Remedy: "Correct it in this computer's proxy settings."}
	case u == nil:
		return passed("", "No proxy is used.")
	default:
		return passed(u.Host, "A proxy is used.")
	}
}

func (p *Phone) diagnoseDNS(ctx context.Context) Check {
	server, err := p.serverURL()
	if err != nil {
		return skipped(fault.From(err).Message)
	}
	host := server.Hostname()
	if net.ParseIP(host) != nil {
		return skipped("The server has no name to look up.")
	}
	began := time.Now()
	found, err := p.cfg.LookupIP(ctx, host)
	if err != nil {
		return failed(backend.Explain(err, server))
	}
	took := time.Since(began)
	if took > time.Second {
		return warned(millis(took), fmt.Sprintf("%s was found, but slowly.", host), "Tell your administrator that the name server is slow.")
	}
	return passed(millis(took), fmt.Sprintf("%s has %d addresses.", host, len(found)))
}

func (p *Phone) diagnoseHTTPS(ctx context.Context) Check {
	server, err := p.serverURL()
	if err != nil {
		return skipped(fault.From(err).Message)
	}
	resp, took, err := p.ask(ctx, server)
	if err != nil {
		return failed(backend.Explain(err, server))
	}
	if strings.Contains(resp.Header.Get("Content-Type"), "html") && resp.StatusCode < 400 {
		return warned(millis(took), "A web page came in place of the server's answer: this network may want you to sign in first.",
			"Open a web browser and sign in to the network.")
	}
	text := "It answers. The connection is not encrypted."
	if t := resp.TLS; t != nil && len(t.PeerCertificates) > 0 {
		leaf := t.PeerCertificates[0]
		who := leaf.Issuer.CommonName
		if len(leaf.Issuer.Organization) > 0 {
			who = leaf.Issuer.Organization[0]
		}
		text = fmt.Sprintf("It answers. Its certificate was issued by %s.", who)
		if left := leaf.NotAfter.Sub(p.cfg.Now()); left < 7*24*time.Hour {
			return warned(millis(took), fmt.Sprintf("Its certificate ends in %d days.", int(left.Hours()/24)), "Tell your administrator.")
		}
	} else if !isLoopback(server.Hostname()) {
		return warned(millis(took), text, "Use an address that begins with https://.")
	}
	return passed(millis(took), text)
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
	resp, err := p.http.Do(req)
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

func (p *Phone) diagnoseClock(ctx context.Context) Check {
	server, err := p.serverURL()
	if err != nil {
		return skipped(fault.From(err).Message)
	}
	resp, _, err := p.ask(ctx, server)
	if err != nil {
		return skipped("The server can't be asked for the time.")
	}
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return skipped("The server doesn't say what time it is.")
	}
	// The header has whole seconds.
	off := p.cfg.Now().Sub(date).Round(time.Second)
	if off > -clockLimit && off < clockLimit {
		return passed(fmt.Sprintf("%d s", int(off.Seconds())), "It agrees with the server's.")
	}
	return warned(fmt.Sprintf("%d s", int(off.Seconds())), "This computer's clock is wrong.", "Have it set by the network in the system's settings.")
}

// condition returns one of the present conditions.
func (s *Snapshot) condition(name string) Condition {
	for _, c := range s.Conditions {
		if c.Name == name {
			return c
		}
	}
	return Condition{Name: name}
}

func ofCondition(c Condition, figure, good string) Check {
	if c.OK {
		return passed(figure, good)
	}
	remedy := "Offhook keeps trying; if it stays, tell your administrator."
	if c.Action == ActionSignIn {
		remedy = "Sign in again."
	}
	return Check{Status: CheckFail, Figure: figure, Text: c.Text, Remedy: remedy}
}

func (p *Phone) diagnoseSignalling(ctx context.Context) Check {
	s := p.Snapshot()
	if s.Account.State == SignedIn {
		return ofCondition(s.condition(ConditionPlatform), "", "The signalling connection is up.")
	}
	platform := p.store.Get().Account.PlatformURL
	if platform == "" {
		platform = s.Account.Server
	}
	u, err := url.Parse(platform)
	if err != nil || u.Host == "" {
		return skipped("No platform is known yet.")
	}
	u.Path = "/sip"
	return p.upgrade(ctx, u, "sip")
}

func (p *Phone) diagnosePush(ctx context.Context) Check {
	s := p.Snapshot()
	if s.Account.State == SignedIn {
		figure := ""
		_ = p.loop.ask(ctx, func() error {
			if rtt := p.m.inbox.RTT; rtt > 0 {
				figure = millis(rtt)
			}
			return nil
		})
		return ofCondition(s.condition(ConditionPush), figure, "Calls can reach you.")
	}
	u, err := p.serverURL()
	if err != nil {
		return skipped(fault.From(err).Message)
	}
	return p.upgrade(ctx, u.JoinPath("push"), "offhook.push.v1")
}

// upgrade tries whether a WebSocket gets through to a server. Being refused for
// want of a token counts: the server itself has answered.
func (p *Phone) upgrade(ctx context.Context, u *url.URL, subprotocol string) Check {
	began := time.Now()
	conn, resp, err := websocket.Dial(ctx, u.String(), &websocket.DialOptions{HTTPClient: p.http, Subprotocols: []string{subprotocol}})
	took := time.Since(began)
	if err == nil {
		_ = conn.CloseNow()
		return passed(millis(took), "A WebSocket gets through.")
	}
	if resp != nil {
		switch resp.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden:
			return passed(millis(took), "The server answers; it takes a sign-in to go on.")
		default:
			return Check{Status: CheckFail, Figure: fmt.Sprint(resp.StatusCode), Text: "WebSockets don't get through to the server.",
				Remedy: "Ask your administrator whether the proxy or the firewall lets WebSockets pass."}
		}
	}
	return failed(backend.Explain(err, u))
}

// prober is what an engine that can try the sound path without a call has.
type prober interface {
	ProbeMedia(ctx context.Context) (Stats, error)
}

// diagnoseMedia tries the path of the sound, or tells how it was in the last
// call.
func (p *Phone) diagnoseMedia(ctx context.Context) Check {
	var st Stats
	how := "As the last call had it"
	if e, ok := p.engine.(prober); ok && p.Snapshot().Call == nil && p.Snapshot().Account.State == SignedIn {
		probed, err := e.ProbeMedia(ctx)
		if err != nil {
			return failed(err)
		}
		st, how = probed, "Measured now"
	} else {
		last, ok := p.engine.Statistics()
		if !ok {
			return skipped("There was no call yet to tell how the sound travels. Call the echo service, then look again.")
		}
		st = last
	}
	figure := fmt.Sprintf("MOS %.1f", st.MOS)
	text := fmt.Sprintf("%s: round trip %.0f ms, jitter %.0f ms, lost %.1f %%, by %s.", how, st.RTTMs, st.AverageJitterMs, st.FractionLost,
		or(st.LocalCandidate, "an unknown path"))
	switch {
	case st.MOS == 0:
		return skipped("The last call was too short to tell how the sound travels.")
	case st.MOS < fairMOS:
		return Check{Status: CheckFail, Figure: figure, Text: text, Remedy: "Use a cable in place of wireless, and close what uses the network."}
	case st.MOS < goodMOS:
		return warned(figure, text, "Close what else uses the network.")
	default:
		return passed(figure, text)
	}
}

func (p *Phone) diagnoseKeyring(context.Context) Check {
	const name, value = "diagnosis", "works"
	err := p.cfg.Secrets.Set(name, value)
	got := ""
	if err == nil {
		got, err = p.cfg.Secrets.Get(name)
	}
	_ = p.cfg.Secrets.Delete(name)
	switch {
	case errors.Is(err, secrets.ErrBusy):
		return warned("", "The keyring does not answer; it may be waiting to be unlocked.", "Unlock it with your password.")
	case err != nil || got != value:
		return warned("", "No keyring here: you sign in again after a restart.", "Install or start a keyring such as gnome-keyring.")
	default:
		return passed("", "Your password is kept safely.")
	}
}

// Package diagnosis checks whether a phone could make a call here: devices, network,
// servers and the path of the sound. A check is a row of checks in this file and the
// method that makes it.
package diagnosis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"offhook/app/proxy"
	"offhook/app/readiness"
	"offhook/app/secrets"
	"offhook/assets/lang"
	"offhook/internal/crash"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/fault"
	"offhook/voice/media"
)

// Status is the outcome of one check.
type Status string

// The outcomes. Running is sent once before each check's outcome.
const (
	Running Status = "running"
	Pass    Status = "pass"
	Warn    Status = "warn"
	Fail    Status = "fail"
	Skipped Status = "skipped"
)

// Check is one row of the diagnosis.
type Check struct {
	// Name is the stable key: microphone, speaker, ring, https, sip_socket,
	// push_socket, udp, tcp, turn, media, clock, dns, proxy, keyring, version.
	Name string `json:"name"`
	// Title is the row's title for a person.
	Title  string `json:"title"`
	Status Status `json:"status"`
	// Figure is the measured value with its unit, such as "23 ms", or "".
	Figure string `json:"figure"`
	// Text says in one sentence what was found; Remedy says what to do, empty when
	// there is nothing to do.
	Text   lang.Text `json:"text"`
	Remedy lang.Text `json:"remedy"`
	// TookMs is how long the check took, in milliseconds.
	TookMs int64 `json:"took_ms"`
}

// Phone is what the checks look at. Its functions may be called from any goroutine.
type Phone struct {
	Log     *slog.Logger
	Now     func() time.Time
	Version string
	// DeviceID names this installation.
	DeviceID string
	HTTP     *http.Client
	// Proxy is what HTTP connects by, nil if it knows no proxies.
	Proxy    *proxy.Dialer
	LookupIP func(ctx context.Context, host string) ([]net.IPAddr, error)
	// Addresses names the machine's network addresses.
	Addresses func() string
	Secrets   secrets.Store
	// Audio has the sound devices, nil where there are none; the others are those
	// that are chosen.
	Audio                     audio.System
	Microphone, Speaker, Ring audio.Spec
	// Opened is told how the microphone could be opened.
	Opened func(err error)
	State  func() State
	// Servers are the STUN and TURN servers of the SIP accounts that are on.
	Servers func() []media.ICEServer
	// Probe measures the path of the sound over the subscriber's line.
	Probe func(ctx context.Context) (voice.MediaProbe, error)
	// LastCall returns the statistics of the last call; ok is false without one.
	LastCall func() (s voice.Statistics, ok bool)
}

// State is how a phone stands at one moment.
type State struct {
	InCall bool
	// Subscriber says that a subscriber is signed in, AccountsOnly that there are SIP
	// accounts and no subscriber.
	Subscriber, AccountsOnly bool
	// Server is the application backend that the phone uses or would use, Platform
	// the platform's address of the last sign-in; "" for none.
	Server, Platform string
	// Signalling and Push are the conditions of a subscriber's connections.
	Signalling, Push readiness.Condition
	// PushRTT is the last round trip of the inbox, 0 if it was not measured.
	PushRTT time.Duration
	// Accounts are the SIP accounts that are on.
	Accounts []Account
}

// Account is how a SIP account stands.
type Account struct {
	// Address is its sip: address, Server the URL of its server.
	Address, Server string
	Registered      bool
	// Why says why it is not registered, and Next what to do; both may be empty.
	Why, Next lang.Text
}

// The bounds of one check, of those of the path of the sound, for which a sound
// travels for 5 s, and of how far the clock may be off.
const (
	checkLimit = 8 * time.Second
	probeLimit = 20 * time.Second
	// ClockLimit is how far this machine's clock may be off before it is said.
	ClockLimit = 30 * time.Second
)

// check is how one check is called and how it is made. run fills in everything but
// name and title.
type check struct {
	name, title string
	run         func(ctx context.Context) Check
}

// checks are all checks in the order in which they are shown. Those of one group wait
// for each other, and last comes when nothing else disturbs it.
func (p *Phone) checks() (groups [][]check, last []check) {
	public := &publicConfig{p: p}
	path := &soundPath{p: p, public: public, pace: callPace}
	return [][]check{
			{
				{"microphone", "Microphone", p.microphone},
				{"speaker", "Speaker", func(ctx context.Context) Check { return p.speaker(ctx, p.Speaker, true) }},
				{"ring", "Ring", func(ctx context.Context) Check { return p.speaker(ctx, p.Ring, false) }},
			},
			{{"network", "Network", p.network}},
			{{"proxy", "Proxy", p.proxy}},
			{{"dns", "Name lookup", p.dns}},
			{{"https", "Server", p.https}, {"clock", "Clock", p.clock}},
			{{"sip_socket", "Outgoing calls", func(ctx context.Context) Check { return p.signalling(ctx, public) }}},
			{{"push_socket", "Incoming calls", p.push}},
			{{"keyring", "Keyring", p.keyring}},
			{{"version", "Version", func(context.Context) Check { return passed(p.Version, lang.Of("check.version", p.Version)) }}},
		}, []check{
			{"udp", "Sound over UDP", path.udp},
			{"tcp", "Sound over TCP", path.tcp},
			{"turn", "Sound by a relay server", path.turn},
			{"media", "Sound path", path.media},
		}
}

// Run makes all checks and gives them out as they go; each name comes first as
// running and then with its outcome. The groups go side by side. It returns at the end
// or when ctx ends. It works signed out.
func (p *Phone) Run(ctx context.Context, out chan<- Check) {
	groups, last := p.checks()
	for _, g := range append(groups, last) {
		for _, c := range g {
			if !give(ctx, out, Check{Name: c.name, Title: c.title, Status: Running}) {
				return
			}
		}
	}
	var wg sync.WaitGroup
	for _, g := range groups {
		wg.Go(crash.Guarded(func() { p.examine(ctx, out, g, checkLimit) }))
	}
	wg.Wait()
	p.examine(ctx, out, last, probeLimit)
}

func give(ctx context.Context, out chan<- Check, c Check) bool {
	select {
	case out <- c:
		return true
	case <-ctx.Done():
		return false
	}
}

// examine makes the checks of a group one after the other.
func (p *Phone) examine(ctx context.Context, out chan<- Check, group []check, limit time.Duration) {
	for _, d := range group {
		began := time.Now()
		limited, stop := context.WithTimeout(ctx, limit)
		c := d.run(limited)
		stop()
		c.Name, c.Title, c.TookMs = d.name, d.title, time.Since(began).Milliseconds()
		if ctx.Err() != nil {
			return
		}
		p.Log.Info("diagnosis", "check", c.Name, "status", c.Status, "figure", c.Figure, "text", c.Text)
		if !give(ctx, out, c) {
			return
		}
	}
}

func passed(figure string, text lang.Text) Check {
	return Check{Status: Pass, Figure: figure, Text: text}
}

func warned(figure string, text lang.Text) Check {
	return Check{Status: Warn, Figure: figure, Text: text, Remedy: text.Next()}
}

func skipped(text lang.Text) Check { return Check{Status: Skipped, Text: text} }

func failed(err error) Check {
	f := fault.From(err)
	if errors.Is(err, context.DeadlineExceeded) {
		f = fault.New(fault.NetworkError, "check.too-long")
	}
	return Check{Status: Fail, Text: f.Text(), Remedy: f.Text().Next().Or("check.try-again")}
}

func millis(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

func millisOf(ms float64) string { return millis(time.Duration(ms * float64(time.Millisecond))) }

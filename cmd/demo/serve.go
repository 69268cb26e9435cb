package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"

	"offhook/demo"
	"offhook/demo/platform"
	"offhook/demo/upload"
	"offhook/internal/help"
)

// settings are the flags of serve.
type settings struct {
	demo.Config
	command   string // serve or doctor
	about     string
	config    string
	account   platform.Account
	publicIPs string
	proxies   string
	breaks    string
	outcomes  string
	logLevel  slog.Level
	json      bool
	drain     time.Duration
}

func (s *settings) flags() *flag.FlagSet {
	f := flag.NewFlagSet("offhook-demo "+s.command, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&s.config, "config", "", "`file` of flags, one a line as name = value; the command line goes before it")
	f.StringVar(&s.Listen, "listen", "127.0.0.1:8080", "TCP `address` of HTTP, WebSockets and ICE-TCP")
	f.StringVar(&s.MediaListen, "media-listen", "127.0.0.1:8080", "UDP `address` of media")
	f.StringVar(&s.DataDir, "data", "", "`folder` of the databases and uploads; memory only if empty")
	f.StringVar(&s.PublicURL, "public-url", "", "`URL` at which phones reach the platform, if not the address listened on")
	f.StringVar(&s.publicIPs, "public-ip", "", "comma-separated `addresses` of media as phones reach them, behind one-to-one NAT")
	f.StringVar(&s.breaks, "break-reasons", "", "comma-separated `reasons` of a break that agents may choose from; any if empty")
	f.StringVar(&s.outcomes, "outcomes", "", "comma-separated `codes` of what may become of a call; any if empty")
	f.StringVar(&s.proxies, "trusted-proxy", "", "comma-separated `addresses` or networks of proxies whose X-Forwarded-For is believed")
	f.StringVar(&s.TLSCertFile, "tls-cert", "", "PEM `file` of the certificate chain; read again when it changes")
	f.StringVar(&s.TLSKeyFile, "tls-key", "", "PEM `file` of the certificate's key")
	f.StringVar(&s.account.SID, "account", demo.DemoAccount, "account `SID` that phones use")
	f.StringVar(&s.account.Exophone, "exophone", demo.DemoExophone, "`number` that phones dial")
	f.StringVar(&s.account.APIKey, "api-key", "", "API `key` of the account; random if empty")
	f.StringVar(&s.account.APIToken, "api-token", "", "API `token` of the account")
	f.BoolVar(&s.account.Preprovisioned, "preprovisioned", false, "refuse subscribers that were not created beforehand")
	f.StringVar(&s.SIPDomain, "sip-domain", "", "SIP `domain`; <account>.voip.offhook if empty")
	f.StringVar(&s.DialWhomURL, "dial-whom-url", "", "Dial-Whom `URL` of the application backend, with credentials; the embedded one if empty")
	f.StringVar(&s.DialWhomFallbackURL, "dial-whom-fallback-url", "", "`URL` that is asked when Dial-Whom fails")
	f.StringVar(&s.PushURL, "push-url", "", "push `URL` of the application backend, with credentials; the embedded one if empty")
	f.StringVar(&s.CallbackKey, "callback-key", "", "`key` that the embedded backend's Dial-Whom and push endpoints take; random if empty")
	f.StringVar(&s.CallbackToken, "callback-token", "", "`token` that goes with it")
	f.BoolVar(&s.NoBots, "no-bots", false, "turn the bots off")
	f.BoolVar(&s.NoHoldMusic, "no-hold-music", false, "leave a phone that is on hold in silence")
	f.DurationVar(&s.RingLimit, "ring-limit", 30*time.Second, "how long one callee rings")
	f.DurationVar(&s.ConversationLimit, "conversation-limit", time.Hour, "how long a conversation may be")
	f.DurationVar(&s.LongPollTimeout, "long-poll-timeout", 25*time.Second, "how long a poll is held")
	f.DurationVar(&s.LegTimeout, "leg-timeout", time.Minute, "when a leg that is silent altogether ends its call")
	f.DurationVar(&s.Timers.Connection, "connection-timeout", platform.DefaultTimers.Connection, "the phones' limit from dial to ringing and from answer to media")
	f.DurationVar(&s.Timers.MediaDisrupted, "media-disrupted-timeout", platform.DefaultTimers.MediaDisrupted, "when phones call their media disrupted")
	f.DurationVar(&s.Timers.Media, "media-timeout", platform.DefaultTimers.Media, "when phones give up without media")
	f.DurationVar(&s.RefreshLife, "refresh-token-life", platform.DefaultRefreshLife, "life of a refresh token")
	f.DurationVar(&s.AccessLife, "access-token-life", platform.DefaultAccessLife, "life of an access token")
	f.Float64Var(&s.CallRate, "call-rate", 1, "`calls` a second that one subscriber may place")
	f.IntVar(&s.CallBurst, "call-burst", 20, "`calls` that one subscriber may place at once")
	f.DurationVar(&s.Inbox.Life, "message-life", 24*time.Hour, "how long a push message waits for its phone")
	f.DurationVar(&s.Inbox.PingEvery, "push-ping", 15*time.Second, "time between pings of a push socket")
	f.DurationVar(&s.Inbox.PongWait, "push-pong-wait", 5*time.Second, "time for a push socket's pong")
	f.DurationVar(&s.Inbox.RecheckEvery, "push-recheck", 2*time.Minute, "time between checks of an open push socket's subscriber")
	f.DurationVar(&s.Keep, "keep", demo.DefaultKeep, "how long calls, feedback, events and uploaded logs are kept")
	f.Int64Var(&s.LogBytes, "log-bytes", upload.DefaultPerDay, "the most `bytes` of logs that one subscriber may upload a day")
	f.Int64Var(&s.EventBytes, "event-bytes", 5<<20, "the most `bytes` of events of one subscriber a day")
	f.Uint64Var(&s.DiskReserve, "disk-reserve", upload.DefaultReserve, "`bytes` of the disk that are left to calls: with less, neither logs nor events are taken")
	f.DurationVar(&s.drain, "drain", 10*time.Second, "how long calls in progress may go on after SIGTERM")
	f.TextVar(&s.logLevel, "log-level", slog.LevelInfo, "DEBUG, INFO, WARN or ERROR; logs go to standard error")
	f.BoolVar(&s.json, "json", false, "print the ready line and errors as JSON")
	f.Usage = func() {
		fmt.Fprintf(f.Output(), "Usage: offhook-demo %s [flags]\n\n%s\n\nFlags:\n", s.command, s.about)
		help.Flags(f.Output(), f)
	}
	return f
}

// parse reads the flags; the error is a usageError or flag.ErrHelp.
func (s *settings) parse(args []string, stdout, stderr io.Writer) error {
	f := s.flags()
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			f.SetOutput(stdout)
			f.Usage()
			return err
		}
		return usageError{err}
	}
	if f.NArg() > 0 {
		return usageError{fmt.Errorf("%s takes no argument %q", s.command, f.Arg(0))}
	}
	if s.config != "" {
		if err := readConfig(f, s.config); err != nil {
			return usageError{err}
		}
	}
	list := func(text string) []string {
		return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
	}
	words := func(text string) (list []string) {
		for word := range strings.SplitSeq(text, ",") {
			if word = strings.TrimSpace(word); word != "" {
				list = append(list, word)
			}
		}
		return list
	}
	s.BreakReasons, s.Outcomes = words(s.breaks), words(s.outcomes)
	for _, text := range list(s.proxies) {
		network, err := netip.ParsePrefix(text)
		if ip, ipErr := netip.ParseAddr(text); ipErr == nil {
			network, err = ip.Prefix(ip.BitLen())
		}
		if err != nil {
			return usageError{fmt.Errorf("trusted-proxy: %q is neither an address nor a network such as 10.0.0.0/8", text)}
		}
		s.TrustedProxies = append(s.TrustedProxies, network)
	}
	for _, text := range list(s.publicIPs) {
		ip := net.ParseIP(text)
		if ip == nil {
			return usageError{fmt.Errorf("public-ip: %q is not an IP address", text)}
		}
		s.PublicIPs = append(s.PublicIPs, ip)
	}
	s.account.VoIP = true
	s.Accounts = []platform.Account{s.account}
	s.Logger = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: s.logLevel}))
	return nil
}

// closeWithin bounds the end of the platform after calls had their time.
const closeWithin = 4 * time.Second

func serve(ctx context.Context, args []string, stdout, stderr io.Writer) (asJSON bool, err error) {
	s := settings{command: "serve", about: "Runs the platform, prints one line when it is ready, and ends on SIGTERM or Ctrl-C."}
	if err := s.parse(args, stdout, stderr); err != nil {
		return s.json, err
	}
	p, err := demo.New(s.Config)
	if err != nil {
		return s.json, usageError{err}
	}
	if err := p.Start(ctx); err != nil {
		return s.json, err
	}
	s.announce(p, stdout)
	<-ctx.Done()
	s.Logger.Info("closing: calls in progress may end by themselves", "calls", len(p.Calls()), "within", s.drain)
	draining, cancel := context.WithTimeout(context.Background(), s.drain)
	defer cancel()
	if err := p.Drain(draining); err != nil {
		s.Logger.Warn("calls in progress are hung up", "calls", len(p.Calls()))
	}
	closing, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	return s.json, p.Close(closing)
}

// announce prints the line that says the platform is ready, and where credentials
// are that were made at random. They stand in it only where no folder keeps them.
func (s *settings) announce(p *demo.Platform, stdout io.Writer) {
	ready := struct {
		URL             string `json:"url"`
		Account         string `json:"account"`
		Exophone        string `json:"exophone"`
		CredentialsFile string `json:"credentials_file,omitempty"`
		APIKey          string `json:"api_key,omitempty"`
		APIToken        string `json:"api_token,omitempty"`
	}{URL: p.URL(), Account: p.Account().SID, Exophone: p.Account().Exophone, CredentialsFile: p.CredentialsFile()}
	if s.account.APIKey == "" && ready.CredentialsFile == "" {
		ready.APIKey, ready.APIToken = p.Account().APIKey, p.Account().APIToken
	}
	if s.json {
		_ = json.NewEncoder(stdout).Encode(ready)
		return
	}
	fmt.Fprintf(stdout, "offhook-demo is ready at %s\n", ready.URL)
	switch {
	case ready.CredentialsFile != "":
		fmt.Fprintf(stdout, "The API key and token are in %s\n", ready.CredentialsFile)
	case ready.APIKey != "":
		fmt.Fprintf(stdout, "The API key is %s, the token %s, until the end of this run\n", ready.APIKey, ready.APIToken)
	}
}

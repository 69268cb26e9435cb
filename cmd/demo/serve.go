package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"offhook/demo"
	"offhook/demo/cluster"
	"offhook/demo/exophone"
	"offhook/demo/platform"
	"offhook/internal/cmdline"
)

const serveAbout = "Runs the platform, prints one line when it is ready, and ends on SIGTERM or Ctrl-C."

// serveFlags is the declaration of the flags of serve.
type serveFlags struct {
	Config                string        `name:"config" placeholder:"FILE" help:"file of flags, one a line as name = value; the command line goes before it"`
	Listen                string        `name:"listen" placeholder:"ADDRESS" default:"127.0.0.1:8080" help:"TCP address of HTTP, WebSockets and ICE-TCP"`
	MediaListen           string        `name:"media-listen" placeholder:"ADDRESS" default:"127.0.0.1:8080" help:"UDP address of media"`
	Data                  string        `name:"data" placeholder:"FOLDER" help:"folder of the databases and uploads; memory only if empty"`
	PublicURL             string        `name:"public-url" placeholder:"URL" help:"URL at which phones reach the platform, if not the address listened on"`
	Advertise             string        `name:"advertise" placeholder:"URLS" help:"comma-separated URLs of the servers that stand for each other, this one too, which phones are told"`
	PublicIP              string        `name:"public-ip" placeholder:"ADDRESSES" help:"comma-separated addresses of media as phones reach them, behind one-to-one NAT"`
	BreakReasons          string        `name:"break-reasons" placeholder:"REASONS" help:"comma-separated reasons of a break that agents may choose from, each with its longest time if there is one, such as Lunch=30m,Training; any if empty"`
	Outcomes              string        `name:"outcomes" placeholder:"CODES" help:"comma-separated codes of what may become of a call; any if empty"`
	WrapUp                time.Duration `name:"wrap-up" placeholder:"TIME" default:"0s" help:"how long agents have for the work after each call; 0s for none"`
	WrapUpLimit           time.Duration `name:"wrap-up-limit" placeholder:"TIME" default:"0s" help:"the longest such work of an agent who asks for more time; 0s for no limit"`
	OutcomeRequired       bool          `name:"outcome-required" help:"have agents choose an outcome after each call"`
	TrustedProxy          string        `name:"trusted-proxy" placeholder:"ADDRESSES" help:"comma-separated addresses or networks of proxies whose X-Forwarded-For is believed"`
	TLSCert               string        `name:"tls-cert" placeholder:"FILE" help:"PEM file of the certificate chain; read again when it changes"`
	TLSKey                string        `name:"tls-key" placeholder:"FILE" help:"PEM file of the certificate's key"`
	Account               string        `name:"account" placeholder:"SID" default:"demo" help:"account SID that phones use"`
	Exophone              string        `name:"exophone" placeholder:"NUMBER" default:"08040408080" help:"number that phones dial"`
	APIKey                string        `name:"api-key" placeholder:"KEY" help:"API key of the account; random if empty"`
	APIToken              string        `name:"api-token" placeholder:"TOKEN" help:"API token of the account"`
	Preprovisioned        bool          `name:"preprovisioned" help:"refuse subscribers that were not created beforehand"`
	SIPDomain             string        `name:"sip-domain" placeholder:"DOMAIN" help:"SIP domain; <account>.voip.offhook if empty"`
	DialWhomURL           string        `name:"dial-whom-url" placeholder:"URL" help:"Dial-Whom URL of the application backend, with credentials; the embedded one if empty"`
	DialWhomFallbackURL   string        `name:"dial-whom-fallback-url" placeholder:"URL" help:"URL that is asked when Dial-Whom fails"`
	PushURL               string        `name:"push-url" placeholder:"URL" help:"push URL of the application backend, with credentials; the embedded one if empty"`
	CallbackKey           string        `name:"callback-key" placeholder:"KEY" help:"key that the embedded backend's Dial-Whom and push endpoints take; random if empty"`
	CallbackToken         string        `name:"callback-token" placeholder:"TOKEN" help:"token that goes with it"`
	NoBots                bool          `name:"no-bots" help:"turn the bots off"`
	NoHoldMusic           bool          `name:"no-hold-music" help:"leave a phone that is on hold in silence"`
	HoldMusic             string        `name:"hold-music" placeholder:"FILE" help:"what a phone on hold hears: a WAV file of PCM or an Ogg file of Opus, of at most 10 minutes; soft tones if empty"`
	RingLimit             time.Duration `name:"ring-limit" placeholder:"TIME" default:"30s" help:"how long one callee rings"`
	ConversationLimit     time.Duration `name:"conversation-limit" placeholder:"TIME" default:"1h" help:"how long a conversation may be"`
	LongPollTimeout       time.Duration `name:"long-poll-timeout" placeholder:"TIME" default:"25s" help:"how long a poll is held"`
	LegTimeout            time.Duration `name:"leg-timeout" placeholder:"TIME" default:"1m" help:"when a leg that is silent altogether ends its call"`
	ConnectionTimeout     time.Duration `name:"connection-timeout" placeholder:"TIME" default:"30s" help:"the phones' limit from dial to ringing and from answer to media"`
	MediaDisruptedTimeout time.Duration `name:"media-disrupted-timeout" placeholder:"TIME" default:"5s" help:"when phones call their media disrupted"`
	MediaTimeout          time.Duration `name:"media-timeout" placeholder:"TIME" default:"30s" help:"when phones give up without media"`
	RefreshTokenLife      time.Duration `name:"refresh-token-life" placeholder:"TIME" default:"24h" help:"life of a refresh token"`
	AccessTokenLife       time.Duration `name:"access-token-life" placeholder:"TIME" default:"30m" help:"life of an access token"`
	CallRate              float64       `name:"call-rate" placeholder:"CALLS" default:"1" help:"calls a second that one subscriber may place"`
	CallBurst             int           `name:"call-burst" placeholder:"CALLS" default:"20" help:"calls that one subscriber may place at once"`
	MessageLife           time.Duration `name:"message-life" placeholder:"TIME" default:"24h" help:"how long a push message waits for its phone"`
	PushPing              time.Duration `name:"push-ping" placeholder:"TIME" default:"15s" help:"time between pings of a push socket"`
	PushPongWait          time.Duration `name:"push-pong-wait" placeholder:"TIME" default:"5s" help:"time for a push socket's pong"`
	PushRecheck           time.Duration `name:"push-recheck" placeholder:"TIME" default:"2m" help:"time between checks of an open push socket's subscriber"`
	Keep                  time.Duration `name:"keep" placeholder:"TIME" default:"2160h" help:"how long calls, feedback, events and uploaded logs are kept"`
	LogBytes              int64         `name:"log-bytes" placeholder:"BYTES" default:"209715200" help:"the most bytes of logs that one subscriber may upload a day"`
	EventBytes            int64         `name:"event-bytes" placeholder:"BYTES" default:"5242880" help:"the most bytes of events of one subscriber a day"`
	DiskReserve           uint64        `name:"disk-reserve" placeholder:"BYTES" default:"268435456" help:"bytes of the disk that are left to calls: with less, neither logs nor events are taken"`
	RecordingKey          string        `name:"recording-key" placeholder:"FILE" help:"file of the key that encrypts recordings, as offhook-demo recording-key or age-keygen make it; without it no call is recorded"`
	Record                string        `name:"record" placeholder:"WHICH" enum:"never,asked,by-hand,all" default:"asked" help:"which calls are recorded: never, asked (those for which Dial-Whom asks), by-hand (those too that a party records) or all"`
	RecordingChannels     string        `name:"recording-channels" placeholder:"HOW" enum:"dual,single" default:"dual" help:"dual: each side in a channel of its own; single: both mixed; unless Dial-Whom says otherwise"`
	RecordingTold         string        `name:"recording-told" placeholder:"WHO" enum:"both,caller,none" default:"both" help:"who hears before the conversation that it is recorded: both, caller or none"`
	RecordingAnnouncement string        `name:"recording-announcement" placeholder:"FILE" help:"what they hear: a WAV file of PCM or an Ogg file of Opus; two tones if empty"`
	RecordingPause        time.Duration `name:"recording-pause" placeholder:"TIME" default:"2m" help:"after how long a pause of a recording ends by itself"`
	RecordingAsk          bool          `name:"recording-ask" help:"record a call only once a party of it has agreed in the phone"`
	RecordingPlay         bool          `name:"recording-play" help:"let agents play the recordings of calls in which they spoke"`
	KeepRecordings        time.Duration `name:"keep-recordings" placeholder:"TIME" default:"720h" help:"how long recordings are kept"`
	Cluster               string        `name:"cluster" placeholder:"NAME" help:"name of the cluster of which this platform is a node, the same on all nodes; a platform alone if empty"`
	Node                  string        `name:"node" placeholder:"ID" help:"name of this node, differently from every other one"`
	ClusterListen         string        `name:"cluster-listen" placeholder:"ADDRESS" help:"TCP address to which the other nodes connect"`
	Peers                 string        `name:"peers" placeholder:"ADDRESSES" help:"comma-separated addresses of all nodes, this one included, as they reach each other: three or more"`
	NATS                  string        `name:"nats" placeholder:"URL" help:"a NATS server with JetStream that is used instead of the embedded one: nats://HOST:PORT or tls://HOST:PORT"`
	ClusterTLS            string        `name:"cluster-tls" placeholder:"FILE" help:"PEM file of this node's certificate, its key and the certificates that may have signed another node's"`
	ClusterSecret         string        `name:"cluster-secret" placeholder:"FILE" help:"file of what a node must know to be let in, the same on all"`
	ClusterClearText      bool          `name:"cluster-clear-text" help:"let nodes on different computers do without --cluster-tls, on a network that is yours alone"`
	Drain                 time.Duration `name:"drain" placeholder:"TIME" default:"10s" help:"how long calls in progress may go on after SIGTERM"`
	LogLevel              slog.Level    `name:"log-level" placeholder:"LEVEL" default:"INFO" help:"DEBUG, INFO, WARN or ERROR; logs go to standard error"`
	JSON                  bool          `name:"json" help:"print the ready line and errors as JSON"`
}

// settings are what serve and doctor run with.
type settings struct {
	demo.Config
	command string // serve or doctor
	about   string
	flags   serveFlags
	account platform.Account
}

func (s *settings) declare() *cmdline.Program {
	return cmdline.New("offhook-demo "+s.command, s.about, &s.flags)
}

// parse reads the flags; the error is a usageError or cmdline.ErrHelp.
func (s *settings) parse(args []string, stdout, stderr io.Writer) error {
	line := s.declare()
	if _, _, err := line.Parse(args, stdout); err != nil {
		s.flags.JSON = s.flags.JSON || slices.Contains(args, "--json")
		return wrongUse(err)
	}
	f := &s.flags
	if f.Config != "" {
		given, err := readConfig(line, f.Config, args)
		if err != nil {
			return usageError{err}
		}
		// The flags of the file stand before those of the command line, which hold.
		if _, _, err := line.Parse(append(given, args...), stdout); err != nil {
			return usageError{err}
		}
	}
	s.Listen = f.Listen
	s.MediaListen = f.MediaListen
	s.DataDir = f.Data
	s.PublicURL = f.PublicURL
	if f.Advertise != "" {
		s.Nodes = strings.Split(f.Advertise, ",")
	}
	s.TLSCertFile = f.TLSCert
	s.TLSKeyFile = f.TLSKey
	s.account.SID = f.Account
	s.account.Exophone = f.Exophone
	s.account.APIKey = f.APIKey
	s.account.APIToken = f.APIToken
	s.account.Preprovisioned = f.Preprovisioned
	s.SIPDomain = f.SIPDomain
	s.DialWhomURL = f.DialWhomURL
	s.DialWhomFallbackURL = f.DialWhomFallbackURL
	s.PushURL = f.PushURL
	s.CallbackKey = f.CallbackKey
	s.CallbackToken = f.CallbackToken
	s.NoBots = f.NoBots
	s.NoHoldMusic = f.NoHoldMusic
	s.HoldMusicFile = f.HoldMusic
	s.RecordingKeyFile = f.RecordingKey
	s.Record = exophone.RecordRule(f.Record)
	s.RecordingMono = f.RecordingChannels == "single"
	s.RecordingTold = f.RecordingTold
	s.AgentsPlay = f.RecordingPlay
	s.RecordingAsk = f.RecordingAsk
	s.RecordingAnnouncementFile = f.RecordingAnnouncement
	s.RecordingPause = f.RecordingPause
	s.KeepRecordings = f.KeepRecordings
	s.RingLimit = f.RingLimit
	s.ConversationLimit = f.ConversationLimit
	s.LongPollTimeout = f.LongPollTimeout
	s.LegTimeout = f.LegTimeout
	s.Timers.Connection = f.ConnectionTimeout
	s.Timers.MediaDisrupted = f.MediaDisruptedTimeout
	s.Timers.Media = f.MediaTimeout
	s.RefreshLife = f.RefreshTokenLife
	s.AccessLife = f.AccessTokenLife
	s.CallRate = f.CallRate
	s.CallBurst = f.CallBurst
	s.Inbox.Life = f.MessageLife
	s.Inbox.PingEvery = f.PushPing
	s.Inbox.PongWait = f.PushPongWait
	s.Inbox.RecheckEvery = f.PushRecheck
	s.Keep = f.Keep
	s.LogBytes = f.LogBytes
	s.EventBytes = f.EventBytes
	s.DiskReserve = f.DiskReserve
	s.Cluster = cluster.Config{Name: f.Cluster, ID: f.Node, Listen: f.ClusterListen, URL: f.NATS, TLSFile: f.ClusterTLS, SecretFile: f.ClusterSecret, AllowClearText: f.ClusterClearText}
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
	if err := s.agentRules(words(f.BreakReasons), words(f.Outcomes)); err != nil {
		return usageError{err}
	}
	s.Cluster.Peers = list(f.Peers)
	for _, text := range list(f.TrustedProxy) {
		network, err := netip.ParsePrefix(text)
		if ip, ipErr := netip.ParseAddr(text); ipErr == nil {
			network, err = ip.Prefix(ip.BitLen())
		}
		if err != nil {
			return usageError{fmt.Errorf("trusted-proxy: %q is neither an address nor a network such as 10.0.0.0/8", text)}
		}
		s.TrustedProxies = append(s.TrustedProxies, network)
	}
	for _, text := range list(f.PublicIP) {
		ip := net.ParseIP(text)
		if ip == nil {
			return usageError{fmt.Errorf("public-ip: %q is not an IP address", text)}
		}
		s.PublicIPs = append(s.PublicIPs, ip)
	}
	s.account.VoIP = true
	s.Accounts = []platform.Account{s.account}
	s.Logger = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: f.LogLevel}))
	return nil
}

// closeWithin bounds the end of the platform after calls had their time.
const closeWithin = 4 * time.Second

func serve(ctx context.Context, args []string, stdout, stderr io.Writer) (asJSON bool, err error) {
	s := settings{command: "serve", about: serveAbout}
	if err := s.parse(args, stdout, stderr); err != nil {
		return s.flags.JSON, err
	}
	p, err := demo.New(s.Config)
	if err != nil {
		return s.flags.JSON, usageError{err}
	}
	if err := p.Start(ctx); err != nil {
		return s.flags.JSON, err
	}
	s.announce(p, stdout)
	<-ctx.Done()
	s.Logger.Info("closing: calls in progress may end by themselves", "calls", len(p.Calls()), "within", s.flags.Drain)
	draining, cancel := context.WithTimeout(context.Background(), s.flags.Drain)
	defer cancel()
	if err := p.Drain(draining); err != nil {
		s.Logger.Warn("calls in progress are hung up", "calls", len(p.Calls()))
	}
	closing, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	return s.flags.JSON, p.Close(closing)
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
	if s.flags.JSON {
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

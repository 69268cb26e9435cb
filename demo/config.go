package demo

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"offhook/demo/backend"
	"offhook/demo/cluster"
	"offhook/demo/exophone"
	"offhook/demo/inbox"
	"offhook/demo/platform"
	"offhook/voice/recording"
	"offhook/voice/wire"
)

// The demo account.
const (
	DemoAccount  = "demo"
	DemoExophone = "08040408080"
	DemoPassword = "demo"
)

// DefaultKeep is how long what happened is kept.
const DefaultKeep = 90 * 24 * time.Hour

// DemoUsers are the users of the demo account.
func DemoUsers() []backend.User {
	return []backend.User{
		{Name: "alice", DisplayName: "Alice", Password: DemoPassword},
		{Name: "bob", DisplayName: "Bob", Password: DemoPassword},
		{Name: "carol", DisplayName: "Carol", Password: DemoPassword},
	}
}

// bots are the contacts that the exchange plays itself.
var bots = []backend.Contact{
	{Name: "Echo: hear yourself", Number: "echo"},
	{Name: "Announcer: speaks to you", Number: "announcer"},
	{Name: "Callback: hangs up and calls you", Number: "callback"},
	{Name: "Busy", Number: "busy"},
	{Name: "No answer", Number: "noanswer"},
	{Name: "Unreachable", Number: "unreachable"},
	{Name: "Throttled", Number: "throttled"},
	{Name: "Fails", Number: "fails"},
	{Name: "Silent: answers without sound", Number: "silent"},
}

// Config says what to run. The zero value is a demo platform in memory on ports
// of the system's choice on 127.0.0.1.
type Config struct {
	// Listen is the TCP address of everything but UDP media; "" means
	// 127.0.0.1:0.
	Listen string
	// MediaListen is the UDP address of media; "" means 127.0.0.1:0.
	MediaListen string
	// DataDir keeps what must outlive the process; "" means memory.
	DataDir string
	// PublicURL is scheme, host and port as phones reach the platform, "" means
	// the address listened on.
	PublicURL string
	// PublicIPs are the addresses of media as phones reach them, for a host
	// behind one-to-one NAT.
	PublicIPs []net.IP
	// Nodes are the URLs of the servers that stand for each other, which phones are told:
	// scheme, host and port of each.
	Nodes []string
	// TLSCertFile and TLSKeyFile make the port speak TLS.
	TLSCertFile, TLSKeyFile string

	// Agents are what agents may choose from and what follows a call.
	Agents wire.AgentRules
	// TrustedProxies are the proxies whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix

	// Accounts are the tenants of the platform; the first is the one that
	// phones and the embedded backend use. None means the demo account.
	// Empty credentials are made at random; those of the first account are kept
	// in the data folder, in the file api-credentials.
	Accounts []platform.Account
	// Users are added to the backend at the first start of its database. nil
	// means the demo users for the demo account and none otherwise.
	Users []backend.User
	// SIPDomain is the SIP domain; "" means <account>.voip.offhook.
	SIPDomain string
	// NoBots turns the bots off.
	NoBots bool
	// HoldMusicFile is what a phone on hold hears, a WAV file of PCM or an Ogg file of
	// Opus; "" means tones.
	HoldMusicFile string
	// RecordingKeyFile is the file of the key that encrypts recordings; "" means that no
	// call is recorded. They are kept in the data folder, which there must be then.
	RecordingKeyFile string
	// Record says which calls are recorded; "" means those for which Dial-Whom asks.
	Record exophone.RecordRule
	// RecordingMono mixes both sides unless Dial-Whom says otherwise.
	RecordingMono bool
	// RecordingTold says who hears the announcement: "both", "caller" or "none"; ""
	// means both.
	RecordingTold string
	// RecordingAsk records calls only to whose recording a party has agreed.
	RecordingAsk bool
	// AgentsPlay lets agents play the recordings of calls in which they spoke.
	AgentsPlay bool
	// RecordingAnnouncementFile is that announcement, a WAV file of PCM or an Ogg file
	// of Opus; "" means tones.
	RecordingAnnouncementFile string
	// RecordingPause is after how long a pause ends by itself, KeepRecordings how long
	// recordings are kept; 0 means 2 minutes and 30 days.
	RecordingPause, KeepRecordings time.Duration
	// NoHoldMusic leaves a phone that is on hold in silence.
	NoHoldMusic bool

	// DialWhomURL, DialWhomFallbackURL and PushURL point at an application
	// backend, with credentials in the URL; "" means the embedded one, and no
	// fallback.
	DialWhomURL, DialWhomFallbackURL, PushURL string

	// CallbackKey and CallbackToken are the credentials that the embedded
	// backend's Dial-Whom and push endpoints take; random if empty.
	CallbackKey, CallbackToken string

	// Timers are told to the phones. A zero IncomingCall is the RingLimit.
	Timers platform.Timers
	// RingLimit and ConversationLimit hold unless Dial-Whom says otherwise;
	// 0 means 30 s and 1 h.
	RingLimit, ConversationLimit time.Duration
	// LongPollTimeout is how long a poll is held; 0 means 25 s.
	LongPollTimeout time.Duration
	// LegTimeout ends a call whose leg has gone silent altogether; 0 means 60 s.
	LegTimeout time.Duration
	// RefreshLife and AccessLife are the token lives; 0 means 24 h and 30 min.
	RefreshLife, AccessLife time.Duration
	// CallRate and CallBurst limit one subscriber's calls; 0 means 1 a second
	// after a burst of 20.
	CallRate  float64
	CallBurst int
	// Cluster makes this platform a node of several. Its Dir and Logger are not used.
	Cluster cluster.Config
	// Inbox tunes the push inbox. Its Node, Gate, Secret, Now and Logger are not used.
	Inbox inbox.Config
	// Keep is how long calls, feedback, events and uploaded logs are kept; 0
	// means 90 days.
	Keep time.Duration
	// LogBytes and EventBytes are the most bytes that one subscriber may upload a
	// day; 0 means 200 MB and 5 MB. DiskReserve is how many bytes of the disk are
	// left to calls: with less, neither is taken; 0 means 256 MB.
	LogBytes, EventBytes int64
	DiskReserve          uint64
	// ICEServers are told to the phones.
	ICEServers []wire.ICEServer

	holdMusic       []int16
	announcement    []int16
	recordingKey    recording.Key
	publicPasswords bool // Users are the demo users
	timeouts        timeouts
	proveWithin     time.Duration // of a SIP connection; 0 means the usual time

	// Clock is the real one if nil.
	Clock exophone.Clock
	// Logger may be nil.
	Logger *slog.Logger
}

// check fills in the defaults and returns an error that names what is wrong.
func (c *Config) check() error {
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if c.MediaListen == "" {
		c.MediaListen = "127.0.0.1:0"
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Timers.IncomingCall == 0 {
		c.Timers.IncomingCall = c.RingLimit
	}
	if c.Keep <= 0 {
		c.Keep = DefaultKeep
	}
	if c.timeouts == (timeouts{}) {
		c.timeouts = usualTimeouts
	}
	if c.Clock == nil {
		c.Clock = systemClock{}
	}
	if err := c.Cluster.Check(); err != nil {
		return err
	}
	if c.Cluster.Name != "" && c.Cluster.URL == "" && c.DataDir == "" {
		return errors.New("--cluster needs --data: a node that forgets what it has agreed to makes the others lose it")
	}
	if len(c.Accounts) == 0 {
		c.Accounts = []platform.Account{{SID: DemoAccount, Exophone: DemoExophone, VoIP: true}}
	}
	if c.Users == nil && c.Accounts[0].SID == DemoAccount {
		c.Users, c.publicPasswords = DemoUsers(), true
	}
	c.Accounts = append([]platform.Account(nil), c.Accounts...)
	for i := range c.Accounts {
		account := &c.Accounts[i]
		if account.SID == "" || url.PathEscape(account.SID) != account.SID {
			return fmt.Errorf("account %q is not fit for a URL", account.SID)
		}
		if account.APIKey == "" && (c.Cluster.Name != "" || c.Cluster.URL != "") {
			return fmt.Errorf("account %s needs an API key and token that are the same on all nodes", account.SID)
		}
		if account.APIKey == "" && (i > 0 || c.DataDir == "") {
			account.APIKey, account.APIToken = randomText(), randomText()
		}
		if account.APIKey != "" && account.APIToken == "" {
			return fmt.Errorf("account %s has an API key but no API token", account.SID)
		}
	}
	if c.Accounts[0].Exophone == "" {
		return fmt.Errorf("account %s has no exophone", c.Accounts[0].SID)
	}
	if c.HoldMusicFile != "" {
		if c.NoHoldMusic {
			return errors.New("there is a file of hold music, and no hold music is wanted")
		}
		var err error
		if c.holdMusic, err = recording.ReadSoundFile(c.HoldMusicFile); err != nil {
			return fmt.Errorf("hold music: %w", err)
		}
	}
	if err := c.checkRecording(); err != nil {
		return err
	}
	if c.CallbackKey == "" {
		c.CallbackKey, c.CallbackToken = randomText(), randomText()
	}
	if c.CallbackToken == "" {
		return errors.New("there is a callback key but no callback token")
	}
	if c.SIPDomain == "" {
		c.SIPDomain = strings.ToLower(c.Accounts[0].SID) + ".voip.offhook"
	}
	if (c.TLSCertFile == "") != (c.TLSKeyFile == "") {
		return errors.New("TLS needs both a certificate and a key")
	}
	var err error
	if c.PublicURL != "" {
		if c.PublicURL, err = originOf(c.PublicURL); err != nil {
			return fmt.Errorf("the public URL %w", err)
		}
	}
	for i, node := range c.Nodes {
		if c.Nodes[i], err = originOf(node); err != nil {
			return fmt.Errorf("the URL of a node %w", err)
		}
	}
	return nil
}

// originOf returns scheme, host and port of the URL of a server.
func originOf(text string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return "", errors.New("must be http:// or https://, a host and perhaps a port, and nothing more")
	}
	return u.Scheme + "://" + u.Host, nil
}

func randomText() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// backendURL parses the URL of an application backend's endpoint. The error never
// quotes it, since it holds credentials.
func backendURL(what, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("the %s URL must be http:// or https:// and a host", what)
	}
	return u, nil
}

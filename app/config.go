package app

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"offhook/app/autostart"
	"offhook/app/desktop"
	"offhook/app/provision"
	"offhook/app/proxy"
	"offhook/app/secrets"
	"offhook/app/signin"
	"offhook/app/systemwatch"
	"offhook/assets/lang"
	"offhook/push"
	"offhook/voice/audio"
	"offhook/voice/nodes"
)

// Config is what a Phone is made of. Dir and Engine are needed, the
// rest has defaults.
type Config struct {
	// Dir is the profile's folder; it is made if it is missing.
	Dir string
	// Profile is the profile's name, shown in the snapshots.
	Profile string
	// Version is the program's.
	Version string

	// Engine makes the engine for this installation's device id. The phone owns
	// it: Close closes it.
	Engine func(deviceID string, keepToken func(subscriberToken string)) (Engine, error)
	// Ringer makes the ringtone; nil is silence. The phone closes it.
	Ringer Ringer
	// Desktop keeps the rest of the computer out of a call's way; nil does nothing.
	// The phone closes it.
	Desktop Desktop
	// OpenInbox makes the receiver of pushed calls of one session; nil is push.New.
	OpenInbox func(push.Config) (Inbox, error)
	// Secrets is the keyring; nil means memory only, which is then said.
	Secrets secrets.Store
	// Audio opens the sound devices for the audio check and lists them; the
	// engine has its own hold on it. nil means that nothing is known of them.
	// The phone does not close it.
	Audio audio.System
	// HTTP is used for all requests of the phone's own. nil means one that
	// honours the system's proxy and certificate authorities.
	HTTP *http.Client
	// Nodes is what HTTP goes through; nil has the phone put one before it.
	Nodes *nodes.Set
	// Proxy is what HTTP connects by, so that the phone can tell of it and give
	// it the proxy's password; nil if HTTP knows no proxies.
	Proxy *proxy.Dialer
	Log   *slog.Logger
	// Now is the wall clock.
	Now func() time.Time

	// LookupIP finds the addresses of a name.
	LookupIP func(ctx context.Context, host string) ([]net.IPAddr, error)
	// Addresses names the machine's network addresses in a stable form, so that
	// a change of network shows.
	Addresses func() string

	// Sleep tells when the machine goes to sleep (true) and has woken (false); it
	// closes the channel when ctx ends or nobody tells. nil is a phone that sees it
	// by its clock alone.
	Sleep func(ctx context.Context) <-chan bool

	// StartAtLogin is the system's entry that starts the phone at login; nil leaves the
	// system alone.
	StartAtLogin *autostart.Entry
	// Unattended says that nobody looks at the phone: what it would ask a user is
	// done without.
	Unattended bool
	// AudioIn, AudioOut and RingOut override the devices of the settings, as the command line gives
	// them: "" leaves the settings' choice.
	AudioIn, AudioOut, RingOut string
	// Country is the ISO 3166 code of the system's region, whose tones are played
	// unless the settings name another; "" for ITU-T E.180's.
	Country string
	// Defaults fill the sign-in page of a profile that never signed in.
	Defaults signin.Credentials
	// DiscoveryURL is where the server of a company is found by its code, unless the
	// settings name another address; "" for nowhere.
	DiscoveryURL string
	// Policy is what an administrator decided, nil for nothing.
	Policy *provision.Policy
	// Remark is something to tell the user at the start, or empty.
	Remark lang.Text
	// ReadLogs collects the phone's log files of a time range into a zip file
	// for Report and returns its path; the phone deletes it afterwards.
	ReadLogs func(from, to time.Time) (path string, err error)
	// Protect is called with each secret as it becomes known, so that the log
	// can never hold it.
	Protect func(secret string)
}

func (c *Config) fill() {
	if c.Profile == "" {
		c.Profile = "default"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.LookupIP == nil {
		c.LookupIP = net.DefaultResolver.LookupIPAddr
	}
	if c.Addresses == nil {
		c.Addresses = systemwatch.Addresses
	}
	if c.HTTP == nil {
		c.Proxy = proxy.New(proxy.Config{Log: c.Log})
		c.HTTP = proxy.NewClient(c.Proxy)
	}
	if c.Nodes == nil {
		c.Nodes = nodes.New(c.HTTP.Transport, c.Log)
		through := *c.HTTP
		through.Transport = c.Nodes
		c.HTTP = &through
	}
	if c.OpenInbox == nil {
		c.OpenInbox = func(cfg push.Config) (Inbox, error) { return push.New(cfg) }
	}
	if c.Secrets == nil {
		c.Secrets = secrets.None{}
	}
	if c.Ringer == nil {
		c.Ringer = silence{}
	}
	if c.Desktop == nil {
		c.Desktop = noDesktop{}
	}
	if c.Protect == nil {
		c.Protect = func(string) {}
	}
}

// silence is the Ringer of a phone without one.
type silence struct{}

func (silence) SetDevices(audio.Spec, audio.Spec) {}
func (silence) SetCountry(string)                 {}
func (silence) Ring(int)                          {}
func (silence) Stop()                             {}
func (silence) Play(audio.Tone, int)              {}
func (silence) Close()                            {}

// Desktop is what desktop.Desktop does. Its methods return at once, but for Close.
type Desktop interface {
	CallBegan(desktop.Wish)
	CallEnded()
	Close()
}

// noDesktop is the Desktop of a phone without one.
type noDesktop struct{}

func (noDesktop) CallBegan(desktop.Wish) {}
func (noDesktop) CallEnded()             {}
func (noDesktop) Close()                 {}

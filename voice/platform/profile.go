package platform

import (
	"context"
	"net/http"
	"strings"
	"time"

	"offhook/voice/fault"
)

// Profile is the subscriber's profile (reference, section 9).
type Profile struct {
	SIPURI       string `json:"sip_uri"`
	SIPPassword  string `json:"sip_password"`
	SIPServer    string `json:"sip_server"`
	SIPPort      int    `json:"sip_port"`
	SIPTransport string `json:"sip_transport"`
	SIPPath      string `json:"sip_path"`
	SIPDomain    string `json:"sip_domain"`
	// The timers are whole seconds (reference, section 10.13).
	IncomingCallTimeout   int `json:"incoming_call_timeout"`
	CallConnectionTimeout int `json:"call_connection_timeout"`
	MediaDisruptedTimeout int `json:"media_disrupted_timeout"`
	MediaTimeout          int `json:"media_timeout"`

	LogLevel              string      `json:"log_level"`
	LogRotateDays         int         `json:"log_rotate_days"`
	LogDestinationBaseURL string      `json:"log_destination_base_url"`
	ClientEventBaseURL    string      `json:"client_event_base_url"`
	EventThreadInterval   int         `json:"event_thread_interval"`
	ICEServers            []ICEServer `json:"ice_servers"`
	// Codecs are offered in this order; all that the phone speaks if there are none.
	Codecs   []string `json:"codecs"`
	Exophone string   `json:"exophone"`
}

// ICEServer is a STUN or TURN server.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username"`
	Credential string   `json:"credential"`
}

// String hides the passwords.
func (p Profile) String() string { return "profile of " + p.SIPURI }

// GoString hides the passwords from %#v.
func (p Profile) GoString() string { return "platform.Profile{" + p.SIPURI + "}" }

// Profile fetches the subscriber's profile; what it leaves out gets its
// default.
func (c *Client) Profile(ctx context.Context) (Profile, error) {
	var p Profile
	if err := c.call(ctx, http.MethodGet, c.path("profile"), nil, &p); err != nil {
		return Profile{}, err
	}
	if p.SIPPassword == "" || p.SIPDomain == "" {
		return Profile{}, fault.New(fault.ServerError, "platform.incomplete-profile")
	}
	p.complete(c.cfg.Base.Scheme == "https", c.cfg.Base.Hostname())
	return p, nil
}

// complete fills in the defaults of the reference, section 10.13.
func (p *Profile) complete(secure bool, host string) {
	if p.SIPServer == "" {
		p.SIPServer = host
	}
	p.SIPTransport = strings.ToUpper(p.SIPTransport)
	if p.SIPTransport == "" {
		p.SIPTransport = "WS"
		if secure {
			p.SIPTransport = "WSS"
		}
	}
	if p.SIPPath == "" {
		p.SIPPath = "/sip"
	}
	for _, d := range []struct {
		value    *int
		fallback int
	}{
		{&p.IncomingCallTimeout, 30}, {&p.CallConnectionTimeout, 30},
		{&p.MediaDisruptedTimeout, 5}, {&p.MediaTimeout, 30},
		{&p.LogRotateDays, 7}, {&p.EventThreadInterval, 60},
	} {
		if *d.value <= 0 {
			*d.value = d.fallback
		}
	}
}

// Seconds turns one of the profile's timers into a duration.
func Seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// RenewAccessToken exchanges a refresh token for a new access token (reference,
// section 10.5). It tries once; auth.Keeper tries again.
func (c *Client) RenewAccessToken(ctx context.Context, refreshToken string) (string, error) {
	var out struct {
		AccessToken string `json:"access_token"`
		Pair        struct {
			AccessToken string `json:"access_token"`
		} `json:"subscriber_token"`
	}
	r := request{method: http.MethodPost, url: c.path("access-token"), bearer: refreshToken, timeout: requestTimeout}
	if err := c.do(ctx, r, &out); err != nil {
		return "", err
	}
	if out.AccessToken == "" {
		out.AccessToken = out.Pair.AccessToken
	}
	if out.AccessToken == "" {
		return "", formFault(c.cfg.Base.Host, nil)
	}
	return out.AccessToken, nil
}

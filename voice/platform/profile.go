package platform

import (
	"context"
	"net/http"
	"strings"
	"time"

	"offhook/voice/fault"
	"offhook/voice/wire"
)

// Profile fetches the subscriber's profile; what it leaves out gets its
// default.
func (c *Client) Profile(ctx context.Context) (wire.Profile, error) {
	var p wire.Profile
	if err := c.call(ctx, http.MethodGet, c.path("profile"), nil, &p); err != nil {
		return wire.Profile{}, err
	}
	if p.SIPPassword == "" || p.SIPDomain == "" {
		return wire.Profile{}, fault.New(fault.ServerError, "platform.incomplete-profile")
	}
	complete(&p, c.cfg.Base.Scheme == "https", c.cfg.Base.Hostname())
	return p, nil
}

// complete fills in the defaults of the reference, section 10.13.
func complete(p *wire.Profile, secure bool, host string) {
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
		p.SIPPath = wire.SIPPath
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

// Renew exchanges a refresh token for a new access token (reference, section
// 10.5), and a new refresh token where the platform rotates it. It tries once;
// auth.Keeper tries again.
func (c *Client) Renew(ctx context.Context, refreshToken string) (wire.TokenPair, error) {
	var out struct {
		wire.TokenPair
		Pair wire.TokenPair `json:"subscriber_token"`
	}
	r := request{method: http.MethodPost, url: c.path("access-token"), bearer: refreshToken, timeout: requestTimeout}
	if err := c.do(ctx, r, &out); err != nil {
		return wire.TokenPair{}, err
	}
	if out.AccessToken == "" {
		out.TokenPair = out.Pair
	}
	if out.AccessToken == "" {
		return wire.TokenPair{}, formFault(c.cfg.Base.Host, nil)
	}
	return out.TokenPair, nil
}

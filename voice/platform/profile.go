package platform

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/pion/stun/v4"

	"offhook/voice/codec"
	"offhook/voice/fault"
	"offhook/voice/wire"
)

// Profile fetches the subscriber's profile; what it leaves out gets its default.
// What the phone can't use of it is left out likewise and named in Dropped.
func (c *Client) Profile(ctx context.Context) (wire.Profile, error) {
	var fields map[string]json.RawMessage
	if err := c.call(ctx, http.MethodGet, c.path("profile"), nil, &fields); err != nil {
		return wire.Profile{}, err
	}
	p := readProfile(fields)
	if p.SIPPassword == "" || p.SIPDomain == "" {
		return wire.Profile{}, fault.New(fault.ServerError, "platform.incomplete-profile")
	}
	complete(&p, c.cfg.Base.Scheme == "https", c.cfg.Base.Hostname())
	return p, nil
}

// maxICEServers bounds the servers that are asked for a path.
const maxICEServers = 16

// readProfile reads each field for itself: one of a wrong kind costs no other.
func readProfile(fields map[string]json.RawMessage) (p wire.Profile) {
	drop := func(name string) {
		if !slices.Contains(p.Dropped, name) {
			p.Dropped = append(p.Dropped, name)
		}
	}
	readFields(reflect.ValueOf(&p).Elem(), fields, drop)
	for _, t := range limits(&p) {
		if *t.value < 0 || *t.value > t.most {
			drop(t.name)
			*t.value = min(max(*t.value, 0), t.most)
		}
	}
	p.Codecs = slices.DeleteFunc(p.Codecs, func(name string) bool {
		if _, ok := codec.Lookup(name); ok {
			return false
		}
		drop("codecs")
		return true
	})
	var usable []wire.ICEServer
	for _, s := range p.ICEServers {
		urls := len(s.URLs)
		s.URLs = slices.DeleteFunc(s.URLs, func(u string) bool { _, err := stun.ParseURI(u); return err != nil })
		if len(s.URLs) < urls || urls == 0 {
			drop("ice_servers")
		}
		if len(s.URLs) > 0 && len(usable) < maxICEServers {
			usable = append(usable, s)
		}
	}
	p.ICEServers = usable
	return p
}

// readFields sets the fields of v, and of what is embedded in it, each for itself.
func readFields(v reflect.Value, fields map[string]json.RawMessage, drop func(name string)) {
	for i := range v.NumField() {
		if v.Type().Field(i).Anonymous {
			readFields(v.Field(i), fields, drop)
			continue
		}
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		raw, ok := fields[name]
		if !ok || name == "-" {
			continue
		}
		fresh := reflect.New(v.Field(i).Type())
		if json.Unmarshal(raw, fresh.Interface()) != nil {
			drop(name)
			continue
		}
		v.Field(i).Set(fresh.Elem())
	}
}

// limit is a number of the profile: its value when it is left out, and the most
// that a phone believes.
type limit struct {
	name           string
	value          *int
	fallback, most int
}

// limits are all numbers of the profile (reference, section 10.13).
func limits(p *wire.Profile) []limit {
	return []limit{
		{"incoming_call_timeout", &p.IncomingCallTimeout, 30, 600}, {"call_connection_timeout", &p.CallConnectionTimeout, 30, 600},
		{"media_disrupted_timeout", &p.MediaDisruptedTimeout, 5, 600}, {"media_timeout", &p.MediaTimeout, 30, 3600},
		{"log_rotate_days", &p.LogRotateDays, 7, 365}, {"event_thread_interval", &p.EventThreadInterval, 60, 24 * 3600},
		{"sip_port", &p.SIPPort, 0, 65535},
		{"wrap_up_seconds", &p.WrapUpSeconds, 0, 3600}, {"wrap_up_limit", &p.WrapUpLimit, 0, 8 * 3600},
	}
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
	for _, t := range limits(p) {
		if *t.value <= 0 {
			*t.value = t.fallback
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

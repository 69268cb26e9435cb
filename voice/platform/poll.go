package platform

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"offhook/voice/wire"
	"time"
)

// Polled is one answer of the long poll. ServerTime is zero if the platform
// did not tell it.
type Polled struct {
	State      wire.CallState
	ServerTime time.Time
}

// PollState asks for the state of an incoming call, with the call's payload as
// Bearer. With after set the platform holds the answer until the state differs
// or hold has passed. u must be a URL of the platform: see OwnURL.
func (c *Client) PollState(ctx context.Context, u *url.URL, payload string, after wire.CallState, hold time.Duration) (Polled, error) {
	if !c.owns(u) {
		return Polled{}, formFault(u.Host, errForeignRedirect)
	}
	asked := *u
	timeout := requestTimeout
	if after != "" {
		q := asked.Query()
		q.Set("after", string(after))
		asked.RawQuery = q.Encode()
		timeout += hold
	}
	var out struct {
		State      wire.CallState `json:"state"`
		ServerTime wireTime       `json:"server_time"`
	}
	if err := c.do(ctx, request{method: http.MethodGet, url: &asked, bearer: payload, timeout: timeout}, &out); err != nil {
		return Polled{}, err
	}
	switch out.State {
	case wire.CallRinging, wire.CallAnswered, wire.CallCancelled, wire.CallTimeout:
		return Polled{State: out.State, ServerTime: time.Time(out.ServerTime)}, nil
	}
	return Polled{}, formFault(u.Host, nil)
}

// Reject declines an incoming call with a reason, "declined" or "busy". u must
// be a URL of the platform.
func (c *Client) Reject(ctx context.Context, u *url.URL, payload, reason string) error {
	if !c.owns(u) {
		return formFault(u.Host, errForeignRedirect)
	}
	return c.do(ctx, request{method: http.MethodPost, url: u, bearer: payload, in: wire.Rejection{Reason: reason}, timeout: requestTimeout}, nil)
}

// wireTime reads RFC 3339 text or Unix seconds.
type wireTime time.Time

// UnmarshalJSON leaves the zero time for what it does not understand.
func (t *wireTime) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			*t = wireTime(at)
		}
		return nil
	}
	var seconds float64
	if json.Unmarshal(b, &seconds) == nil && seconds > 0 && seconds < 1e12 {
		*t = wireTime(time.UnixMilli(int64(seconds * 1000)))
	}
	return nil
}

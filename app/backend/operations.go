package backend

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"offhook/voice/fault"
	"offhook/voice/wire"
)

// Public is what the backend tells those who are not signed in.
type Public struct {
	// HostName is the base URL of the platform.
	HostName string `json:"host_name"`
	// Media are the addresses at which the platform takes sound, each as
	// udp:host:port or tcp:host:port.
	Media []string `json:"media"`
	// ICEServers are the addresses of its STUN and TURN servers.
	ICEServers []string `json:"ice_servers"`
	// Nodes are the URLs of the backend's servers, any of which stands for every other.
	Nodes []string `json:"nodes"`
}

// Public asks for what needs no sign-in. A backend that tells nothing is a
// StatusError of 401, 403 or 404.
func (c *Client) Public(ctx context.Context) (Public, error) {
	var p Public
	err := c.call(ctx, http.MethodGet, []string{"config"}, nil, &p, false)
	return p, err
}

// LoginRequest is the body of POST /login.
type LoginRequest struct {
	UserName   string `json:"user_name"`
	Password   string `json:"password"`
	AccountSID string `json:"account_sid"`
	DeviceID   string `json:"device_id"`
	// Platform tells the backend which kind of device this is.
	Platform string `json:"platform"`
}

// Login is the answer of POST /login.
type Login struct {
	Token          wire.TokenPair `json:"subscriber_token"`
	SubscriberName string         `json:"subscriber_name"`
	// HostName is the base URL of the platform.
	HostName    string `json:"host_name"`
	AccountSID  string `json:"account_sid"`
	Exophone    string `json:"exophone"`
	ContactName string `json:"contact_display_name"`
}

// Login signs a user in. Wrong credentials are INVALID_CREDENTIALS.
func (c *Client) Login(ctx context.Context, r LoginRequest) (Login, error) {
	if r.Platform == "" {
		r.Platform = "desktop"
	}
	var l Login
	err := c.call(ctx, http.MethodPost, []string{"login"}, r, &l, false)
	if IsInactive(err) {
		return Login{}, err
	}
	if s := StatusOf(err); s == http.StatusUnauthorized || s == http.StatusForbidden {
		return Login{}, fault.Wrap(&StatusError{s}, fault.InvalidCredentials,
			"sign-in.wrong-password")
	}
	if err != nil {
		return Login{}, err
	}
	if l.Token.AccessToken == "" || l.Token.RefreshToken == "" || l.SubscriberName == "" || l.HostName == "" || l.Exophone == "" {
		return Login{}, fault.New(fault.ServerError, "server.incomplete-sign-in")
	}
	if l.AccountSID == "" {
		l.AccountSID = r.AccountSID
	}
	return l, nil
}

// SendDeviceToken tells the backend under which token the inbox of this device
// is reached.
func (c *Client) SendDeviceToken(ctx context.Context, sid, name, deviceToken string) error {
	return c.call(ctx, http.MethodPost, subscriber(sid, name, "devicetoken"), map[string]string{"deviceToken": deviceToken}, nil, true)
}

// PostContext says whom the subscriber is about to call, and why. It must
// have returned before the call is placed (reference, section 10.25).
func (c *Client) PostContext(ctx context.Context, sid, name, dialTo, message string) error {
	return c.call(ctx, http.MethodPost, subscriber(sid, name, "context"),
		map[string]string{"dialToNumber": "sip:" + dialTo, "message": message}, nil, true)
}

// maxMessage bounds a context message in runes; the screen shows a few lines.
const maxMessage = 1000

// Context returns the message that a caller left for the call, or "".
func (c *Client) Context(ctx context.Context, sid, caller string) (string, error) {
	var out struct {
		Message *string `json:"message"`
	}
	err := c.call(ctx, http.MethodGet, subscriber(sid, caller, "context"), nil, &out, true)
	if StatusOf(err) == http.StatusNotFound {
		return "", nil
	}
	if err != nil || out.Message == nil || *out.Message == "null" {
		return "", err
	}
	if r := []rune(*out.Message); len(r) > maxMessage {
		return string(r[:maxMessage]) + "…", nil
	}
	return strings.TrimSpace(*out.Message), nil
}

// DeleteContext removes the subscriber's own context; there being none is no
// error.
func (c *Client) DeleteContext(ctx context.Context, sid, name string) error {
	err := c.call(ctx, http.MethodDelete, subscriber(sid, name, "context"), nil, nil, true)
	if StatusOf(err) == http.StatusNotFound {
		return nil
	}
	return err
}

// Group is one group of the directory.
type Group struct {
	Name     string    `json:"group"`
	Special  bool      `json:"is_special"`
	Contacts []Contact `json:"contacts"`
}

// Contact is one entry of a group.
type Contact struct {
	Name   string `json:"contact_name"`
	Number string `json:"contact_number"`
}

// Contacts returns the directory. Groups that the backend could not give are
// left out; skipped counts them.
func (c *Client) Contacts(ctx context.Context, sid, name string) (groups []Group, skipped int, err error) {
	var out struct {
		Response []struct {
			Code int    `json:"code"`
			Data *Group `json:"data"`
		} `json:"response"`
	}
	if err := c.call(ctx, http.MethodGet, subscriber(sid, name, "contacts"), nil, &out, true); err != nil {
		return nil, 0, err
	}
	for _, item := range out.Response {
		if item.Code != http.StatusOK || item.Data == nil {
			skipped++
			continue
		}
		groups = append(groups, *item.Data)
	}
	return groups, skipped, nil
}

// IsAuthentication reports whether err says that the token is no longer good.
func IsAuthentication(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && (f.Type == fault.AuthenticationExpiredToken || f.Type == fault.AuthenticationInvalidToken)
}

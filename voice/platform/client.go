package platform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"offhook/voice/fault"
	"offhook/voice/nodes"
	"offhook/voice/wire"
)

const (
	// requestTimeout bounds every request but the long poll.
	requestTimeout = 15 * time.Second
	// maxBody bounds every response that is read.
	maxBody = 1 << 20
)

// Tokens gives out the subscriber's access token; auth.Keeper is one.
type Tokens interface {
	AccessToken(ctx context.Context) (string, error)
	// Rejected says that the platform answered 401 to token.
	Rejected(token string)
}

// Config makes a Client.
type Config struct {
	// Base is the platform's address with its version path, as ParseBase
	// returns it.
	Base *url.URL
	// Nodes are the servers that stand for Base, through which HTTP goes; nil for none.
	Nodes *nodes.Set
	// AccountSID and Subscriber say whose interfaces are used.
	AccountSID string
	Subscriber string
	// DeviceID is told at renewal: a token is bound to its device.
	DeviceID string
	// AllowClearText lets logs be put where they are not encrypted on their way
	// beyond this machine. Base was checked where it was parsed.
	AllowClearText bool
	// HTTP is http.DefaultClient if nil; its transport is used, its redirect
	// policy and cookies are not.
	HTTP *http.Client
	// Now is time.Now if nil.
	Now func() time.Time
	// UserAgent may be empty.
	UserAgent string
	// Logger may be nil.
	Logger *slog.Logger
}

// Client talks to one platform for one subscriber. All methods may be called
// from any goroutine, and block until the answer or the end of ctx.
type Client struct {
	cfg    Config
	http   *http.Client
	tokens atomic.Pointer[Tokens]
	offset atomic.Int64 // time.Duration
}

// New makes a Client. Only Renew, PollState and Reject work before
// UseTokens.
func New(cfg Config) *Client {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Client{cfg: cfg}
	transport := http.DefaultTransport
	if cfg.HTTP != nil && cfg.HTTP.Transport != nil {
		transport = cfg.HTTP.Transport
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: sameOriginOnly}
	return c
}

// UseTokens sets where the access token comes from.
func (c *Client) UseTokens(t Tokens) { c.tokens.Store(&t) }

// ServerOffset is how far the platform's clock is ahead of the phone's, by the
// Date header of the latest answer; within a second or so.
func (c *Client) ServerOffset() time.Duration { return time.Duration(c.offset.Load()) }

// sameOriginOnly refuses a redirect that would carry a token elsewhere.
func sameOriginOnly(req *http.Request, via []*http.Request) error {
	if len(via) >= 5 {
		return errTooManyRedirects
	}
	if !SameOrigin(req.URL, via[0].URL) {
		return errForeignRedirect
	}
	return nil
}

// owns reports whether a URL is one of the platform.
func (c *Client) owns(u *url.URL) bool { return owns(c.cfg.Base, c.cfg.Nodes, u) }

// path returns the URL of one of the subscriber's interfaces.
func (c *Client) path(name string) *url.URL {
	return c.cfg.Base.JoinPath("accounts", c.cfg.AccountSID, "subscribers", c.cfg.Subscriber, name)
}

// call makes a request with the access token and decodes the envelope's data
// into out, if that is not nil. After a 401 it tries once more with a renewed
// token.
func (c *Client) call(ctx context.Context, method string, u *url.URL, in, out any) error {
	return c.send(ctx, request{method: method, url: u, in: in, timeout: requestTimeout}, out)
}

// send is call for any request.
func (c *Client) send(ctx context.Context, r request, out any) error {
	tokens := c.tokens.Load()
	if tokens == nil {
		return fault.New(fault.Uninitialized, "sign-in.first")
	}
	for attempt := 0; ; attempt++ {
		token, err := (*tokens).AccessToken(ctx)
		if err != nil {
			return err
		}
		r.bearer = token
		err = c.do(ctx, r, out)
		if attempt == 0 && StatusOf(err) == http.StatusUnauthorized {
			(*tokens).Rejected(token)
			continue
		}
		return err
	}
}

// request is one HTTP request.
type request struct {
	method  string
	url     *url.URL
	bearer  string
	in      any
	timeout time.Duration
	// bytes asks for a part of a file from an offset on; 0 for an envelope.
	from, bytes int64
}

func (c *Client) do(ctx context.Context, r request, out any) error {
	caller := ctx
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()

	var body io.Reader
	if r.in != nil {
		b, err := json.Marshal(r.in)
		if err != nil {
			return fault.From(err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), body)
	if err != nil {
		return fault.From(err)
	}
	req.Header.Set("Accept", "application/json")
	if r.in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+r.bearer)
	}
	if r.bytes > 0 {
		req.Header.Set("Accept", "audio/*")
		req.Header.Set("Range", asRange(r.from, r.bytes))
	}
	if c.cfg.DeviceID != "" {
		req.Header.Set(wire.HeaderDeviceID, c.cfg.DeviceID)
	}
	if c.cfg.UserAgent != "" {
		req.Header.Set("User-Agent", c.cfg.UserAgent)
	}

	res, err := c.http.Do(req)
	if err != nil {
		// A caller that gave up is told so, not that the network failed.
		if caller.Err() != nil && !errors.Is(caller.Err(), context.DeadlineExceeded) {
			return caller.Err()
		}
		return transportFault(err, r.url.Host)
	}
	defer res.Body.Close()
	c.noteDate(res.Header.Get("Date"))
	text, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err != nil {
		return transportFault(err, r.url.Host)
	}
	if len(text) > maxBody {
		return fault.New(fault.ServerError, "server.long-answer")
	}
	c.cfg.Logger.Debug("platform request", "method", r.method, "path", r.url.Path, "status", res.StatusCode)
	if part, ok := out.(*ranged); ok && res.StatusCode == http.StatusPartialContent {
		if *part, err = readRange(res, text); err != nil {
			return formFault(r.url.Host, err)
		}
		return nil
	}
	return readEnvelope(res, text, r.url.Host, out)
}

func (c *Client) noteDate(header string) {
	if t, err := http.ParseTime(header); err == nil {
		// The header has whole seconds: half a second is its mean error.
		c.offset.Store(int64(t.Add(500 * time.Millisecond).Sub(c.cfg.Now())))
	}
}

package backend

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	"offhook/voice/cleartext"
	"offhook/voice/fault"
)

// Timeout is how long one request may take (reference, section 2.5).
const Timeout = 15 * time.Second

// maxBody bounds an answer: a directory of 20,000 contacts has 2 MB.
const maxBody = 16 << 20

// Tokens gives the access token for the next request. rejected is the token
// that the backend has just refused, or "": the source then fetches another.
type Tokens func(ctx context.Context, rejected string) (string, error)

// Client talks to one application backend. It is safe for concurrent use.
type Client struct {
	base   *url.URL
	http   *http.Client
	tokens Tokens
}

// New makes a client for the backend at server, such as https://host or
// https://host/v1. tokens may be nil for a client that only logs in. clearText
// lets http:// reach beyond this machine. The errors are INVALID_PARAMETER and
// CONFIGURATION_INVALID.
func New(server string, hc *http.Client, tokens Tokens, clearText bool) (*Client, error) {
	base, err := ParseServer(server)
	if err != nil {
		return nil, err
	}
	if err := cleartext.CheckURL(base, clearText); err != nil {
		return nil, err
	}
	// A token never follows a redirect to another host.
	own := *hc
	own.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) >= 5 || req.URL.Host != base.Host || req.URL.Scheme != base.Scheme {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return &Client{base: base, http: &own, tokens: tokens}, nil
}

var versionSegment = regexp.MustCompile(`^v[0-9]+$`)

// Servers splits what names one or several servers, separated by commas, into the first
// and those that stand for it. A bare name is reached by https.
func Servers(text string) (first string, others []string) {
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		switch {
		case part == "":
			continue
		case !strings.Contains(part, "://"):
			part = "https://" + part // people type a name, and a bare name is no reason to speak in the clear
		}
		if first == "" {
			first = part
		} else {
			others = append(others, part)
		}
	}
	return first, others
}

// ParseServer checks what a person typed as the server and returns the base URL
// of the backend's interface, whose path ends in /v1 unless another version was
// named.
func ParseServer(server string) (*url.URL, error) {
	server = strings.TrimSpace(server)
	bad := func(code string) error { return fault.New(fault.InvalidParameter, code) }
	if server == "" {
		return nil, bad("server.address-missing")
	}
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.Hostname() == "" {
		return nil, bad("server.bad-address")
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, bad("server.bad-scheme")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, bad("server.address-too-much")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	if !versionSegment.MatchString(path.Base(u.Path)) {
		u.Path += "/v1"
	}
	u.RawPath = ""
	return u, nil
}

// URL returns the address of a path below the backend's base, such as
// "/push".
func (c *Client) URL(elem ...string) *url.URL { return c.base.JoinPath(elem...) }

// subscriber returns the path elements of a subscriber's resource. Each is
// escaped, so that a name can't climb out of it.
func subscriber(sid, name, what string) []string {
	return []string{"accounts", url.PathEscape(sid), "subscribers", url.PathEscape(name), what}
}

// call sends a request and decodes the answer into out, which may be nil. A
// refused token is renewed once.
func (c *Client) call(ctx context.Context, method string, elem []string, in, out any, auth bool) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	rejected := ""
	for {
		token := ""
		if auth && c.tokens != nil {
			var err error
			if token, err = c.tokens(ctx, rejected); err != nil {
				return err
			}
		}
		status, err := c.once(ctx, method, elem, body, out, token)
		if status == http.StatusUnauthorized && token != "" && rejected == "" {
			rejected = token
			continue
		}
		return err
	}
}

func (c *Client) once(ctx context.Context, method string, elem []string, body []byte, out any, token string) (int, error) {
	u := c.URL(elem...)
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return 0, fault.Wrap(err, fault.InvalidParameter, "server.not-an-address")
	}
	req.Header.Set("Accept", "application/json")
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, Explain(err, u)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return resp.StatusCode, Explain(err, u)
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated && resp.StatusCode != http.StatusNoContent {
		return resp.StatusCode, refused(resp, data, u)
	}
	if out == nil {
		return resp.StatusCode, nil
	}
	if len(data) > maxBody {
		return resp.StatusCode, fault.New(fault.ServerError, "server.long-answer")
	}
	if err := json.Unmarshal(data, out); err != nil {
		if looksLikeHTML(resp, data) {
			return resp.StatusCode, portal(u)
		}
		return resp.StatusCode, fault.Wrap(scrub(err), fault.ServerError,
			"server.unreadable-answer")
	}
	return resp.StatusCode, nil
}

// scrub keeps a JSON error from quoting the answer, which may hold a token.
func scrub(err error) error {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("bad JSON at byte %d", syntax.Offset)
	case errors.As(err, &wrong):
		return fmt.Errorf("bad JSON: %s in place of %s at byte %d", wrong.Value, wrong.Type, wrong.Offset)
	default:
		return errors.New("bad JSON")
	}
}

func looksLikeHTML(resp *http.Response, data []byte) bool {
	return strings.Contains(resp.Header.Get("Content-Type"), "html") || bytes.HasPrefix(bytes.TrimSpace(data), []byte("<"))
}

package diagnosis

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// network answers requests as a network with a sign-in page does.
type network func(r *http.Request) (status int, header http.Header, body string, err error)

func (n network) RoundTrip(r *http.Request) (*http.Response, error) {
	status, header, body, err := n(r)
	if err != nil {
		return nil, err
	}
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Request: r, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func TestACaptivePortalIsRecognised(t *testing.T) {
	t.Parallel()
	html := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	to := func(where string) http.Header { return http.Header{"Location": {where}} }
	cut := errors.New("tls: bad certificate")
	for name, row := range map[string]struct {
		server string
		net    network
		want   string
	}{
		"a healthy server":        {"https://pbx.example", func(*http.Request) (int, http.Header, string, error) { return 200, nil, "ok", nil }, ""},
		"a server without health": {"https://pbx.example", func(*http.Request) (int, http.Header, string, error) { return 404, html, "<html>", nil }, ""},
		"a redirect elsewhere": {"http://pbx.example", func(*http.Request) (int, http.Header, string, error) {
			return 302, to("http://login.hotel/?x"), "", nil
		}, "login.hotel"},
		"a redirect to https": {"http://pbx.example", func(*http.Request) (int, http.Header, string, error) { return 301, to("https://pbx.example/"), "", nil }, ""},
		"a redirect within":   {"http://pbx.example", func(*http.Request) (int, http.Header, string, error) { return 302, to("/login"), "", nil }, ""},
		"a page in its place": {"http://pbx.example", func(*http.Request) (int, http.Header, string, error) { return 200, html, "<html>Welcome", nil }, "pbx.example"},
		"511":                 {"http://pbx.example", func(*http.Request) (int, http.Header, string, error) { return 511, nil, "", nil }, "pbx.example"},
		"no network":          {"https://pbx.example", func(*http.Request) (int, http.Header, string, error) { return 0, nil, "", cut }, ""},
		"https cut, http redirects": {"https://pbx.example:8443", func(r *http.Request) (int, http.Header, string, error) {
			if r.URL.Scheme == "https" || r.URL.Host != "pbx.example" {
				return 0, nil, "", cut
			}
			return 302, to("http://login.hotel/"), "", nil
		}, "login.hotel"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, err := url.Parse(row.server)
			if err != nil {
				t.Fatal(err)
			}
			if got := Portal(context.Background(), &http.Client{Transport: row.net}, u); got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

package nodes

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// server answers with its name and the body, or with a status.
func server(t *testing.T, name string, status int) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, name+" "+r.Host+" "+string(body))
	}))
	t.Cleanup(s.Close)
	return s
}

func newSet(t *testing.T, server string, others ...string) (*Set, *http.Client) {
	t.Helper()
	transport := &http.Transport{}
	s := New(transport, slog.New(slog.DiscardHandler))
	s.Use(server, others, false)
	t.Cleanup(transport.CloseIdleConnections)
	return s, &http.Client{Transport: s}
}

func host(u string) string { return strings.TrimPrefix(u, "http://") }

func post(t *testing.T, c *http.Client, to string) (int, string) {
	t.Helper()
	res, err := c.Post(to, "text/plain", strings.NewReader("hello"))
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(body)
}

// A request goes to the next server when the first is gone or refuses for now, with its
// body and the host's own name; the one that serves then is kept to, and a request that
// names it goes there too.
func TestTheNextOne(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]int{"is gone": 0, "is drained": http.StatusServiceUnavailable} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := server(t, "a", max(first, 200)), server(t, "b", 200)
			if first == 0 {
				a.Close()
			}
			s, c := newSet(t, a.URL, b.URL)
			changed := 0
			s.OnChange(func() { changed++ })
			want := "b " + host(b.URL) + " hello"
			for range 2 {
				if status, body := post(t, c, a.URL+"/v1/x"); status != 200 || body != want {
					t.Errorf("%d %q", status, body)
				}
			}
			if _, body := post(t, c, b.URL); body != want || s.Serving(a.URL) != b.URL || changed != 1 {
				t.Errorf("%q, %q serves after %d changes", body, s.Serving(a.URL), changed)
			}
			b.Close()
			if status, body := post(t, c, a.URL); status == 200 {
				t.Errorf("nobody is there, but %q", body)
			}
		})
	}
}

// A request that a server may have had is not sent to another, unless it only reads.
func TestNothingTwice(t *testing.T) {
	t.Parallel()
	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		conn, _, _ := http.NewResponseController(w).Hijack()
		_ = conn.Close()
	}))
	t.Cleanup(cut.Close)
	b := server(t, "b", 200)
	_, c := newSet(t, cut.URL, b.URL)
	if status, body := post(t, c, cut.URL); status != 0 {
		t.Errorf("sent twice: %q", body)
	}
	s, c := newSet(t, cut.URL, b.URL)
	res, err := c.Get(cut.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if s.Serving(cut.URL) != b.URL {
		t.Error("a request that only reads was not sent again")
	}
}

// What a service tells of replaces what was known, but for the first and the one that
// serves. Only https stands for https; another service is none of it.
func TestLearn(t *testing.T) {
	t.Parallel()
	s := New(nil, slog.New(slog.DiscardHandler))
	s.Use("https://a.example", []string{"https://B.example/", "http://clear.example", "https://user@c.example", "://"}, false)
	s.Use("https://other.example", nil, false)
	if got := s.Nodes("https://a.example:443/v1"); !slices.Equal(got, []string{"https://a.example", "https://b.example"}) {
		t.Errorf("%q", got)
	}
	s.Learn("https://a.example", []string{"https://d.example:8443", "http://clear.example", "https://other.example", "https://a.example"})
	if got := s.Nodes("https://a.example"); !slices.Equal(got, []string{"https://a.example", "https://d.example:8443"}) {
		t.Errorf("%q", got)
	}
	s.Learn("https://a.example", nil)
	s.Learn("https://unknown.example", []string{"https://x.example"})
	if s.Nodes("https://unknown.example") != nil || len(s.Nodes("https://a.example")) != 2 {
		t.Error("a list that tells nothing changed something")
	}
	u := func(text string) *url.URL { u, _ := url.Parse(text); return u }
	for text, want := range map[string]bool{"wss://d.example:8443/sip": true, "https://a.example/x": true, "https://other.example": false, "http://a.example": false} {
		if s.Same(u("https://a.example"), u(text)) != want {
			t.Errorf("%s is the same: %v", text, !want)
		}
	}
	s.Use("http://10.0.0.1", []string{"http://10.0.0.2"}, false)
	if got := s.Nodes("http://10.0.0.1"); len(got) != 1 {
		t.Errorf("clear text that nobody allowed: %q", got)
	}
}

// A phone whose node is gone goes to another within half a second, at a moment of its
// own; one that has failed is asked again only after the others, and first in its order
// when that is over.
func TestSpread(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sip, _ := url.Parse("wss://a/sip")
		waits := map[time.Duration]bool{}
		for range 20 {
			s := New(nil, slog.New(slog.DiscardHandler))
			s.Use("https://a", []string{"https://b", "https://c"}, false)
			at, _ := s.Locate(context.Background(), sip)
			if at.Host != "a" {
				t.Fatal(at)
			}
			s.Served(at)
			s.Failed(at)
			began := time.Now()
			at, limit := s.Locate(context.Background(), sip)
			took := time.Since(began)
			if at.String() != "wss://b/sip" || limit == 0 || took > spread {
				t.Fatal(at, limit, took)
			}
			waits[took] = true
			s.Failed(at)
			if at, _ = s.Locate(context.Background(), sip); at.Host != "c" {
				t.Fatal(at)
			}
			time.Sleep(failedFor)
			s.Failed(at)
			if at, _ = s.Locate(context.Background(), sip); at.Host != "a" {
				t.Fatal(at)
			}
		}
		if len(waits) < 10 {
			t.Errorf("all come at once: %v", waits)
		}
	})
}

// A set that nobody made knows nothing, and a service of one server is left alone.
func TestOneServer(t *testing.T) {
	t.Parallel()
	u, _ := url.Parse("https://a/x")
	var none *Set
	none.Failed(u)
	none.Served(u)
	none.Learn("https://a", []string{"https://b"})
	one := New(nil, slog.New(slog.DiscardHandler))
	one.Use("https://a", nil, false)
	one.Failed(u)
	for _, s := range []*Set{none, one} {
		if at, limit := s.Locate(context.Background(), u); at != u || limit != 0 {
			t.Errorf("%v within %v", at, limit)
		}
	}
	if one.Serving("https://a") != "" {
		t.Error("one server is named as a node")
	}
}

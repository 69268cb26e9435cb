package update

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, in string
		want     Release
		bad      bool
	}{
		{name: "all of it", in: `{"version":"v1.2.3","url":"https://example.com/offhook","notes":"Quieter.\nFaster."}`,
			want: Release{"1.2.3", "https://example.com/offhook", "Quieter.\nFaster."}},
		{name: "the version alone", in: `{"version":"1.2.3"}`, want: Release{Version: "1.2.3"}},
		{name: "unknown fields are for later phones", in: `{"version":"1.2.3","size":7}`, want: Release{Version: "1.2.3"}},
		{name: "an address that could run something", in: `{"version":"1.2.3","url":"file:///bin/sh"}`, want: Release{Version: "1.2.3"}},
		{name: "clear text", in: `{"version":"1.2.3","url":"http://example.com"}`, want: Release{Version: "1.2.3"}},
		{name: "control characters", in: `{"version":"1.2.3","notes":"a\u001b[31mb\u0000\u202ec"}`, want: Release{Version: "1.2.3", Notes: "a[31mbc"}},
		{name: "no version", in: `{"version":"newest"}`, bad: true},
		{name: "an empty object", in: `{}`, bad: true},
		{name: "a captive portal", in: `<html>`, bad: true},
		{name: "nothing", in: ``, bad: true},
		{name: "too long", in: `{"version":"1.2.3","notes":"` + strings.Repeat("a", maxAnswer) + `"}`, bad: true},
	} {
		got, err := Parse([]byte(test.in))
		if (err != nil) != test.bad || got != test.want {
			t.Errorf("%s: %+v, %v", test.name, got, err)
		}
	}
	long, err := Parse([]byte(`{"version":"1.2.3","notes":"` + strings.Repeat("é", 2000) + `"}`))
	if err != nil || len([]rune(long.Notes)) != maxNotes {
		t.Errorf("long notes: %d runes, %v", len([]rune(long.Notes)), err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"version":"1.2.3","url":"https://example.com","notes":"x"}`))
	f.Add([]byte(`{"version":"1.2.3-dev.4+g0abc"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data)
		if err != nil {
			return
		}
		if r.URL != "" && !strings.HasPrefix(strings.ToLower(r.URL), "https:") || len([]rune(r.Notes)) > maxNotes {
			t.Errorf("%+v", r)
		}
		r.NewerThan("1.0.0")
	})
}

func TestNewerThan(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		release, running string
		want             bool
	}{
		{"1.2.3", "1.2.2", true},
		{"1.2.3", "1.2.3", false},
		{"1.2.3", "1.10.0", false},
		{"1.2.3", "1.2.3-dev.5+g0abcdef0", true},
		{"1.2.3-dev.6", "1.2.3-dev.5+g0abcdef0", true},
		{"1.2.3", "", false},
		{"1.2.3", "unknown", false},
	} {
		if got := (Release{Version: test.release}).NewerThan(test.running); got != test.want {
			t.Errorf("%s newer than %q: %v", test.release, test.running, got)
		}
	}
}

// story is a server of versions and a phone that asks it.
type story struct {
	*Checker
	now    time.Time
	asked  atomic.Int32
	agent  atomic.Value
	answer atomic.Value // of string
	url    string
}

func newStory(t *testing.T) *story {
	s := &story{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	s.answer.Store(`{"version":"1.1.0","url":"https://example.com/get","notes":"New."}`)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		s.agent.Store(r.UserAgent())
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://192.0.2.1/forged", http.StatusFound)
			return
		}
		if s.answer.Load() == "" {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte(s.answer.Load().(string)))
	}))
	t.Cleanup(server.Close)
	s.url = server.URL + "/newest.json"
	client := server.Client()
	client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Scheme != "https" {
			return http.ErrUseLastResponse // the test has no way to 192.0.2.1
		}
		return nil
	}
	s.Checker = &Checker{Dir: t.TempDir(), Version: "1.0.0", HTTP: client, Now: func() time.Time { return s.now }}
	return s
}

func (s *story) expect(t *testing.T, what, version string, asked int32) {
	t.Helper()
	r, err := s.Newer(context.Background(), s.url)
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	got := ""
	if r != nil {
		got = r.Version
	}
	if got != version || s.asked.Load() != asked {
		t.Errorf("%s: version %q after %d questions, want %q after %d", what, got, s.asked.Load(), version, asked)
	}
}

func TestAsksOnceADay(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.expect(t, "the first start", "1.1.0", 1)
	if agent := s.agent.Load(); !strings.HasPrefix(agent.(string), "offhook/1.0.0 (") {
		t.Errorf("User-Agent %q", agent)
	}
	s.now = s.now.Add(Interval - time.Second)
	s.answer.Store(`{"version":"1.2.0"}`)
	s.expect(t, "a later start on the same day", "1.1.0", 1)
	s.now = s.now.Add(time.Second)
	s.expect(t, "the next day", "1.2.0", 2)
	s.Version = "1.2.0"
	s.expect(t, "after the user has installed it", "", 2)
	s.now = s.now.Add(-48 * time.Hour)
	s.expect(t, "a clock that was set back", "", 3)
}

func TestFailureIsNotRepeatedSooner(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.answer.Store("")
	if r, err := s.Newer(context.Background(), s.url); err == nil || r != nil {
		t.Errorf("%v, %v", r, err)
	}
	s.answer.Store(`{"version":"1.1.0"}`)
	s.expect(t, "an hour later", "", 1)
	s.now = s.now.Add(Interval)
	s.expect(t, "a day later", "1.1.0", 2)
	s.answer.Store("")
	s.now = s.now.Add(Interval)
	if r, err := s.Newer(context.Background(), s.url); err == nil || r == nil || r.Version != "1.1.0" {
		t.Errorf("what is known stays known: %v, %v", r, err)
	}
}

func TestWhereItAsks(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	for _, address := range []string{"", "newest.json", "http://example.com/v.json", "https://user:word@example.com/", "ftp://example.com"} {
		if _, err := s.Newer(context.Background(), address); err == nil {
			t.Errorf("it asked %q", address)
		}
	}
	if r, err := s.Newer(context.Background(), strings.Replace(s.url, "/newest.json", "/away", 1)); err == nil || r != nil {
		t.Errorf("a redirect to clear text: %v, %v", r, err)
	}
}

// plainHop answers what goes over plain HTTP with a redirect, like one on the way that forges.
type plainHop struct {
	http.RoundTripper
	to string
}

func (h plainHop) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "https" {
		return h.RoundTripper.RoundTrip(r)
	}
	return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {h.to}}, Body: http.NoBody, Request: r}, nil
}

func TestNoHopInClearText(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	s.HTTP.CheckRedirect = nil
	s.HTTP.Transport = plainHop{s.HTTP.Transport, s.url}
	if r, err := s.Newer(context.Background(), strings.Replace(s.url, "/newest.json", "/away", 1)); err == nil || r != nil || s.asked.Load() != 2 {
		t.Errorf("an answer by way of clear text, after %d questions: %v, %v", s.asked.Load(), r, err)
	}
}

func TestDamagedMemory(t *testing.T) {
	t.Parallel()
	for _, damage := range []string{"{", `{"newest":{"version":"junk"}}`, "\x00"} {
		s := newStory(t)
		if err := os.WriteFile(filepath.Join(s.Dir, FileName), []byte(damage), 0o600); err != nil {
			t.Fatal(err)
		}
		s.expect(t, damage, "1.1.0", 1)
	}
}

package app

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"offhook/app/diagnosis"
	"offhook/app/readiness"
	"offhook/voice/fault"
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

// hotel breaks https and redirects http to its own page.
func hotel(cut error) network {
	return func(r *http.Request) (int, http.Header, string, error) {
		if r.URL.Scheme == "https" {
			return 0, nil, "", cut
		}
		if r.URL.Host != "pbx.example" && r.URL.Host != "backend" {
			return 0, nil, "", errors.New("asked " + r.URL.Host)
		}
		return 302, http.Header{"Location": {"http://login.hotel/"}}, "", nil
	}
}

// A phone in a hotel's network says what is the matter, at the sign-in, in its
// conditions and in the diagnosis, and comes up by itself when the user has
// signed in there.
func TestAPhoneBehindAPortalSaysSo(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t)
		gate := hotel(errors.New("connection reset"))
		open := false
		d.http = &http.Client{Transport: network(func(r *http.Request) (int, http.Header, string, error) {
			d.backend.mu.Lock()
			free := open
			d.backend.mu.Unlock()
			if !free {
				return gate(r)
			}
			resp, err := d.backend.RoundTrip(r)
			if err != nil {
				return 0, nil, "", err
			}
			text, _ := io.ReadAll(resp.Body)
			return resp.StatusCode, resp.Header, string(text), nil
		})}
		set := func(free bool) { d.backend.mu.Lock(); open = free; d.backend.mu.Unlock() }
		d.start()
		defer d.close()
		wantFault(t, d.SignIn(context.Background(), alice), fault.NetworkError, "sign in first, at login.hotel")
		set(true)
		d.signIn()
		set(false)
		d.inbox().changed(waiting(fault.New(fault.NetworkError, "The connection broke.")))
		s := d.until("naming the portal", func(s *Snapshot) bool {
			return strings.Contains(s.condition(readiness.Push).Text.String(), "login.hotel")
		})
		if c := s.condition(readiness.Push); c.Action != readiness.OpenBrowser || s.Ready {
			t.Fatalf("%+v", c)
		}
		if c := diagnose(t, d.Phone)["https"]; c.Status != diagnosis.Fail || !strings.Contains(c.Text.String(), "login.hotel") {
			t.Fatalf("%+v", c)
		}
		set(true)
		d.inbox().changed(waiting(fault.New(fault.NetworkError, "The connection broke.")))
		d.until("no portal any more", func(s *Snapshot) bool { return s.condition(readiness.Push).Text.String() == "The connection broke." })
	})
}

package app

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"offhook/app/diagnosis"
	"offhook/app/readiness"
	"offhook/voice/fault"
)

// hotel is a network that breaks https and redirects http to its own page, until its
// guest has signed in there.
type hotel struct {
	free    atomic.Bool
	outside http.RoundTripper
}

func (h *hotel) RoundTrip(r *http.Request) (*http.Response, error) {
	switch {
	case h.free.Load():
		return h.outside.RoundTrip(r)
	case r.URL.Scheme == "https":
		return nil, errors.New("connection reset")
	case r.URL.Host != "pbx.example" && r.URL.Host != "backend":
		return nil, errors.New("asked " + r.URL.Host)
	}
	page := httptest.NewRecorder()
	http.Redirect(page, r, "http://login.hotel/", http.StatusFound)
	answer := page.Result()
	answer.Request = r
	return answer, nil
}

// A phone in a hotel's network says what is the matter, at the sign-in, in its
// conditions and in the diagnosis, and comes up by itself when the user has
// signed in there.
func TestAPhoneBehindAPortalSaysSo(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t)
		net := &hotel{outside: d.backend}
		d.http = &http.Client{Transport: net}
		d.start()
		defer d.close()
		wantFault(t, d.SignIn(context.Background(), alice), fault.NetworkError, "sign in first, at login.hotel")
		net.free.Store(true)
		d.signIn()
		net.free.Store(false)
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
		net.free.Store(true)
		d.inbox().changed(waiting(fault.New(fault.NetworkError, "The connection broke.")))
		d.until("no portal any more", func(s *Snapshot) bool { return s.condition(readiness.Push).Text.String() == "The connection broke." })
	})
}

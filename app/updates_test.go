package app

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"offhook/app/provision"
	"offhook/app/readiness"
)

// versions answers at updates.example, and counts; the rest is the backend's.
type versions struct {
	backend http.RoundTripper
	asked   atomic.Int32
}

func (v *versions) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != "updates.example" {
		return v.backend.RoundTrip(r)
	}
	v.asked.Add(1)
	return &http.Response{StatusCode: 200, Header: http.Header{}, Request: r,
		Body: io.NopCloser(strings.NewReader(`{"version":"99.0.0","url":"https://example.com/get","notes":"Louder."}`))}, nil
}

func updatePolicy(check string) *provision.Policy {
	return &provision.Policy{Version: 1, Locked: []string{"updates"}, Settings: map[string]json.RawMessage{
		"updates.url": json.RawMessage(`"https://updates.example/newest.json"`), "updates.check": json.RawMessage(check),
	}}
}

func TestANewerVersionIsTold(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t)
		v := &versions{backend: d.backend}
		d.http, d.policy = &http.Client{Transport: v}, updatePolicy("true")
		d.start()
		s := d.until("told", func(s *Snapshot) bool { return s.Update != nil && s.Notice != nil })
		if *s.Update != (Update{"99.0.0", "https://example.com/get", "Louder."}) || !strings.Contains(s.Notice.Text.String(), "99.0.0") {
			t.Errorf("%+v %+v", s.Update, s.Notice)
		}
		for _, c := range s.Conditions {
			if c.Name == readiness.Version && (c.OK || !c.Remark || !strings.Contains(c.Text.String(), "99.0.0")) {
				t.Errorf("%+v", c)
			}
		}
		d.DismissNotice()
		time.Sleep(3*24*time.Hour + time.Minute)
		synctest.Wait()
		if s := d.Snapshot(); s.Notice != nil || s.Update == nil {
			t.Errorf("days later: %+v %+v", s.Update, s.Notice)
		}
		if n := v.asked.Load(); n != 4 {
			t.Errorf("asked %d times in three days and a minute", n)
		}
		d.close()

		// Another start on the same day knows it from memory.
		d.start()
		defer d.close()
		d.until("told again", func(s *Snapshot) bool { return s.Update != nil })
		if n := v.asked.Load(); n != 4 {
			t.Errorf("asked %d times", n)
		}
	})
}

func TestAnAdministratorForbidsToAsk(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t)
		v := &versions{backend: d.backend}
		d.http, d.policy = &http.Client{Transport: v}, updatePolicy("false")
		d.start()
		defer d.close()
		if err := d.UpdateSettings(func(s *Settings) { s.Updates.Check = true }); err == nil {
			t.Error("a user can let the phone ask")
		}
		time.Sleep(48 * time.Hour)
		if s := d.Snapshot(); v.asked.Load() != 0 || s.Update != nil {
			t.Errorf("asked %d times: %+v", v.asked.Load(), s.Update)
		}
	})
}

package platform

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"offhook/demo/store"
	"offhook/demo/upload"
	"offhook/voice/wire"

	"github.com/golang-jwt/jwt/v5"
)

// Whatever body comes to whatever endpoint, the answer is an envelope and never
// the platform's own failure.
func FuzzBodies(f *testing.F) {
	db, err := store.Open(context.Background(), "", "platform", Migrations)
	if err != nil {
		f.Fatal(err)
	}
	// The clock runs ahead so that no limit on requests is met.
	clock := &fakeClock{at: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
	s, err := New(context.Background(), Config{
		Accounts: []Account{{SID: "a", APIKey: "k", APIToken: "t", VoIP: true}}, PublicURL: "http://127.0.0.1", DB: db, Now: clock.Now,
		RefreshLife: 1e6 * time.Hour, AccessLife: 1e6 * time.Hour,
		Uploads: upload.New(upload.Config{Dir: f.TempDir(), Key: []byte("k"), DB: db}),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close(context.Background()); db.Close() })
	calls := newFakeCalls()
	calls.set("s1", "Archit", wire.CallRinging)
	handler := s.Handler(calls)
	pair, err := s.subscriberToken(context.Background(), &s.cfg.Accounts[0], "Archit", "d")
	if err != nil {
		f.Fatal(err)
	}
	payload, err := s.Sign(wire.PayloadClaims{RegisteredClaims: jwt.RegisteredClaims{Subject: "Archit", ExpiresAt: jwt.NewNumericDate(clock.at.Add(1e6 * time.Hour))}, SessionID: "s1"})
	if err != nil {
		f.Fatal(err)
	}
	const own = "/v2/accounts/a/subscribers/Archit"
	endpoints := []struct{ method, path, bearer string }{
		{"POST", "/v2/accounts/a/subscriber-token", ""}, {"POST", "/v2/accounts/a/subscribers", ""}, {"PUT", "/v2/accounts/a/subscribers/Other", ""},
		{"POST", own + "/access-token", pair.RefreshToken}, {"POST", own + "/feedback", pair.AccessToken}, {"POST", own + "/events", pair.AccessToken},
		{"POST", own + "/logdestination", pair.AccessToken}, {"POST", "/v2/calls/s1/reject", payload},
	}
	for i, body := range []string{`{"platform":"ios","device_id":"d","subscriber_name":"Archit"}`, `{"subscribers":[{"subscriber_name":"B","custom_field":null}]}`, `{"status":"active","custom_field":"x"}`,
		`{"device_id":"d"}`, `{"session_id":"s","rating":5,"issue":"ECHO","note":"n"}`, `{"events":[{"session_id":"s"}]}`, `{"size":1,"description":"d","session_id":"s"}`, `{"reason":"busy"}`} {
		f.Add(uint8(i), []byte(body))
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		clock.Add(time.Second)
		e := endpoints[int(which)%len(endpoints)]
		r := httptest.NewRequest(e.method, e.path, bytes.NewReader(body))
		if e.bearer != "" {
			r.Header.Set("Authorization", "Bearer "+e.bearer)
		} else {
			r.SetBasicAuth("k", "t")
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		var envelope Envelope
		if w.Code >= 500 || w.Code != http.StatusNoContent && (json.Unmarshal(w.Body.Bytes(), &envelope) != nil || envelope.HTTPCode != w.Code) {
			t.Errorf("%s %s with %q: %d %s", e.method, e.path, body, w.Code, w.Body)
		}
	})
}

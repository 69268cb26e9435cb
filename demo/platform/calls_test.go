package platform

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"offhook/demo/exophone"
	"offhook/voice/wire"

	"github.com/golang-jwt/jwt/v5"
)

// payload signs call data for Bob's session s1 on this world.
func (w *world) payload(change func(*wire.PayloadClaims)) string {
	w.t.Helper()
	c := wire.PayloadClaims{
		RegisteredClaims: jwt.RegisteredClaims{Subject: "Bob"}, CallerID: "Alice", CallerName: "Alice A.", SessionID: "s1", LongPollURL: w.http.URL + "/v2/calls/s1/state",
		LongPollTimeout: 25, RejectCallURL: w.http.URL + "/v2/calls/s1/reject", NotificationTime: w.clock.Now().UTC().Format(time.RFC3339Nano),
	}
	if change != nil {
		change(&c)
	}
	text, err := w.server.Sign(c)
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

func TestPayloadRoundTrip(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text := w.payload(nil)
	_, claims := claimsOf(t, text)
	for _, name := range []string{"iss", "iat", "exp", "sub", "callerId", "callerName", "sessionId", "longPollUrl", "longPollTimeout", "rejectCallUrl", "notificationTime"} {
		if claims[name] == nil {
			t.Errorf("claim %s is missing", name)
		}
	}
	if len(claims) != 11 {
		t.Errorf("%d claims: %v", len(claims), claims)
	}
	got, err := w.server.Verify(text)
	now := w.clock.Now().Truncate(time.Second)
	if err != nil || got.Subject != "Bob" || got.CallerID != "Alice" || got.CallerName != "Alice A." || got.SessionID != "s1" || got.LongPollTimeout != 25 ||
		!strings.HasSuffix(got.RejectCallURL, "/reject") || got.NotificationTime != w.clock.Now().UTC().Format(time.RFC3339Nano) || !got.IssuedAt.Equal(now) || !got.ExpiresAt.Equal(now.Add(payloadLife)) {
		t.Errorf("Verify = %+v, %v", got, err)
	}
	if _, err := w.server.Sign(wire.PayloadClaims{}); err == nil {
		t.Error("an empty payload was signed")
	}
	w.clock.Add(payloadLife + clockSkew + time.Second)
	if _, err := w.server.Verify(text); !errors.Is(err, exophone.ErrPayloadExpired) {
		t.Errorf("expired: %v", err)
	}
	if _, err := w.server.Verify(text[:len(text)-4]); err == nil || errors.Is(err, exophone.ErrPayloadExpired) {
		t.Errorf("forged and expired: %v", err)
	}
}

func TestPollAndReject(t *testing.T) {
	t.Parallel()
	const state, reject = "/v2/calls/s1/state", "/v2/calls/s1/reject"
	for _, row := range []struct {
		name, method, path, body string
		payload                  func(w *world) string
		status                   int
		text                     string
	}{
		{"poll", "GET", state, "", nil, 200, `"state":"ringing"`},
		{"poll tells the time", "GET", state, "", nil, 200, `"server_time":"2019-11-23T16:30:37Z"`},
		{"poll after another state", "GET", state + "?after=answered", "", nil, 200, `"state":"ringing"`},
		{"poll after nonsense", "GET", state + "?after=sleeping", "", nil, 400, "after"},
		{"poll without payload", "GET", state, "", func(*world) string { return "" }, 401, ""},
		{"poll with an access token", "GET", state, "", func(w *world) string { return w.token("Bob", "d").AccessToken }, 401, "Token invalid"},
		{"poll another call", "GET", "/v2/calls/s2/state", "", nil, 401, "Token invalid"},
		{"poll with a foreign payload", "GET", state, "", func(w *world) string { return w.payload(func(c *wire.PayloadClaims) { c.Subject = "Carol" }) }, 404, "Call not found"},
		{"poll with an expired payload", "GET", state, "", func(w *world) string { p := w.payload(nil); w.clock.Add(time.Hour); return p }, 401, "Token expired"},
		{"poll by POST", "POST", state, "{}", nil, 405, ""},
		{"decline", "POST", reject, `{"reason":"declined"}`, nil, 204, ""},
		{"busy", "POST", reject, `{"reason":"busy"}`, nil, 204, ""},
		{"reject without reason", "POST", reject, `{}`, nil, 400, "reason"},
		{"reject for fun", "POST", reject, `{"reason":"fun"}`, nil, 400, "reason"},
		{"reject without body", "POST", reject, ``, nil, 400, "JSON"},
		{"reject with a foreign payload", "POST", reject, `{"reason":"busy"}`, func(w *world) string { return w.payload(func(c *wire.PayloadClaims) { c.Subject = "Carol" }) }, 404, "Call not found"},
		{"reject another call", "POST", "/v2/calls/s2/reject", `{"reason":"busy"}`, nil, 401, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.calls.set("s1", "Bob", wire.CallRinging)
			w.calls.set("s2", "Bob", wire.CallRinging)
			bearer := w.payload(nil)
			if row.payload != nil {
				bearer = row.payload(w)
			}
			a := w.do(request{row.method, row.path, row.body, "Bearer " + bearer, nil})
			if a.status != row.status || !strings.Contains(string(a.body), row.text) {
				t.Errorf("%d %s, want %d with %q", a.status, a.body, row.status, row.text)
			}
			if want := row.status == http.StatusNoContent; (len(w.calls.rejected) == 1) != want {
				t.Errorf("rejected %v", w.calls.rejected)
			}
		})
	}
}

// A poll is held until the state differs, or until its time is over.
func TestPollIsHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.calls.set("s1", "Bob", wire.CallRinging)
	answers := make(chan reply)
	poll := request{"GET", "/v2/calls/s1/state?after=ringing", "", "Bearer " + w.payload(nil), nil}
	go func() { answers <- w.do(poll) }()
	go func() { w.calls.set("s1", "Bob", wire.CallCancelled) }()
	if a := <-answers; !strings.Contains(string(a.body), `"state":"cancelled"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	w.calls.set("s1", "Bob", wire.CallRinging)
	poll.auth = "Bearer " + w.payload(func(c *wire.PayloadClaims) { c.LongPollTimeout = 1 })
	started := time.Now()
	if a := w.do(poll); !strings.Contains(string(a.body), `"state":"ringing"`) || time.Since(started) < 900*time.Millisecond {
		t.Errorf("after %v: %d %s", time.Since(started), a.status, a.body)
	}
}

func FuzzPayload(f *testing.F) {
	w := newWorldForFuzz(f)
	good, err := w.Sign(wire.PayloadClaims{RegisteredClaims: jwt.RegisteredClaims{Subject: "Bob"}, SessionID: "s1", CallerID: "Alice"})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{good, "", "..", "a.b.c", strings.Repeat("a.", 1000), good + "x", strings.ToUpper(good)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		claims, err := w.Verify(text)
		if err == nil && (claims.Subject != "Bob" || claims.SessionID != "s1") {
			t.Errorf("a payload that was never signed is taken: %q", text)
		}
	})
}

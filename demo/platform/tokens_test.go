package platform

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"offhook/voice/wire"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func claimsOf(t *testing.T, token string) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%d segments", len(parts))
	}
	for i, into := range []*map[string]any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

func TestTokenClaims(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pair := w.token("Archit", "device-1")
	now := float64(w.clock.Now().Unix())
	for _, row := range []struct {
		name, token string
		life        time.Duration
		scope       any
	}{{"refresh", pair.RefreshToken, 24 * time.Hour, nil}, {"access", pair.AccessToken, 30 * time.Minute, "voice"}} {
		header, c := claimsOf(t, row.token)
		if header["alg"] != "HS256" || header["typ"] != "JWT" {
			t.Errorf("%s: header %v", row.name, header)
		}
		id, _ := c["client_id"].(string)
		if c["iss"] != "offhook" || c["sub"] != "Archit" || c["iat"] != now || c["exp"] != now+row.life.Seconds() || len(id) != 8 || c["scope"] != row.scope || c["device_id"] != "device-1" || c["account_sid"] != "exotel675" {
			t.Errorf("%s: claims %v", row.name, c)
		}
	}
	_, first := claimsOf(t, pair.AccessToken)
	_, again := claimsOf(t, w.token("Archit", "device-1").AccessToken)
	_, other := claimsOf(t, w.token("Archit", "device-2").AccessToken)
	if first["client_id"] != again["client_id"] || first["client_id"] == other["client_id"] {
		t.Error("client_id is not the device's")
	}
}

const renewPath = subscribersPath + "/Archit/access-token"

func TestTokenLife(t *testing.T) {
	t.Parallel()
	profile := subscribersPath + "/Archit/profile"
	for _, row := range []struct {
		name   string
		change func(w *world)
		use    string // "access" or "refresh" token
		path   string
		method string
		status int
		code   wire.ErrorCode
		text   string
	}{
		{"access token", func(*world) {}, "access", profile, "GET", 200, 0, "sip_password"},
		{"access token in its last minute", func(w *world) { w.clock.Add(30*time.Minute - time.Second) }, "access", profile, "GET", 200, 0, ""},
		{"access token within the skew", func(w *world) { w.clock.Add(30*time.Minute + 59*time.Second) }, "access", profile, "GET", 200, 0, ""},
		{"access token after the skew", func(w *world) { w.clock.Add(31*time.Minute + time.Second) }, "access", profile, "GET", 401, wire.CodeUnauthorized, "Token expired"},
		{"issued within the skew of the future", func(w *world) { w.clock.Add(-59 * time.Second) }, "access", profile, "GET", 200, 0, ""},
		{"issued in the future", func(w *world) { w.clock.Add(-2 * time.Minute) }, "access", profile, "GET", 401, wire.CodeUnauthorized, "Token invalid"},
		{"refresh token is no access token", func(*world) {}, "refresh", profile, "GET", 401, wire.CodeUnauthorized, "Token invalid"},
		{"access token is no refresh token", func(*world) {}, "access", renewPath, "POST", 401, wire.CodeUnauthorized, "Token invalid"},
		{"renewal", func(w *world) { w.clock.Add(12 * time.Hour) }, "refresh", renewPath, "POST", 200, 0, "access_token"},
		{"renewal after a day", func(w *world) { w.clock.Add(24*time.Hour + 61*time.Second) }, "refresh", renewPath, "POST", 401, wire.CodeUnauthorized, "Token expired"},
		{"renewal by GET", func(*world) {}, "refresh", renewPath, "GET", 405, wire.CodeBadParameter, ""},
		{"inactive", func(w *world) { w.set(StatusInactive) }, "access", profile, "GET", 403, wire.CodeInactive, ""},
		{"renewal, inactive", func(w *world) { w.set(StatusInactive) }, "refresh", renewPath, "POST", 403, wire.CodeInactive, ""},
		{"active again", func(w *world) { w.set(StatusInactive); w.set(StatusActive) }, "access", profile, "GET", 200, 0, ""},
		{"deleted", func(w *world) { w.delete() }, "access", profile, "GET", 401, wire.CodeUnauthorized, "Token invalid"},
		{"renewal, deleted", func(w *world) { w.delete() }, "refresh", renewPath, "POST", 401, wire.CodeUnauthorized, "Token invalid"},
		{"deleted and created anew", func(w *world) { w.delete(); w.token("Archit", "device-1") }, "refresh", renewPath, "POST", 401, wire.CodeUnauthorized, "Token invalid"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			pair := w.token("Archit", "device-1")
			row.change(w)
			token := pair.AccessToken
			if row.use == "refresh" {
				token = pair.RefreshToken
			}
			a := w.do(request{row.method, row.path, "", "Bearer " + token, nil})
			if a.status != row.status || !strings.Contains(string(a.body), row.text) {
				t.Fatalf("%d %s, want %d with %q", a.status, a.body, row.status, row.text)
			}
			if row.code != 0 && w.item(a).ErrorData.Code != row.code {
				t.Errorf("code %d, want %d", w.item(a).ErrorData.Code, row.code)
			}
			if row.status == http.StatusUnauthorized && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), `Bearer realm="platform", error="invalid_token"`) {
				t.Errorf("WWW-Authenticate = %q", a.header.Get("WWW-Authenticate"))
			}
		})
	}
}

func (w *world) set(status string) {
	w.t.Helper()
	if a := w.do(request{"PUT", subscribersPath + "/Archit", `{"status":"` + status + `"}`, "key:token", nil}); a.status != http.StatusOK {
		w.t.Fatal(a.status)
	}
}

func (w *world) delete() {
	w.t.Helper()
	if a := w.do(request{"DELETE", subscribersPath + "/Archit", "", "key:token", nil}); a.status != http.StatusNoContent {
		w.t.Fatal(a.status)
	}
}

func TestRenewedTokenWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pair := w.token("Archit", "device-1")
	w.clock.Add(time.Hour)
	var data struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(w.item(w.do(request{"POST", renewPath, "", "Bearer " + pair.RefreshToken, nil})).Data, &data); err != nil {
		t.Fatal(err)
	}
	if a := w.do(request{"GET", subscribersPath + "/Archit/profile", "", "Bearer " + data.AccessToken, nil}); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// A refresh token is good until a token of its renewal was seen; then its use ends
// the whole sign-in, and no other.
func TestRefreshTokenIsRotated(t *testing.T) {
	t.Parallel()
	profile := subscribersPath + "/Archit/profile"
	for _, row := range []struct {
		name string
		seen string // which token of the renewal the platform sees before the old one comes again
		lost bool   // the sign-in is ended
	}{
		{"the answer was lost", "", false},
		{"its access token was used", "access", true},
		{"its refresh token was used", "refresh", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var ended []string
			w.server.cfg.Revoked = func(_, name string, _ bool) { ended = append(ended, name) }
			status := func(method, path, token string) int {
				return w.do(request{method, path, "", "Bearer " + token, nil}).status
			}
			renew := func(token string) (pair wire.TokenPair) {
				t.Helper()
				a := w.do(request{"POST", renewPath, "", "Bearer " + token, nil})
				if a.status != http.StatusOK {
					t.Fatalf("renewal: %d %s", a.status, a.body)
				}
				if err := json.Unmarshal(w.item(a).Data, &pair); err != nil {
					t.Fatal(err)
				}
				return pair
			}
			first, other := w.token("Archit", "device-1"), w.token("Archit", "device-2")
			second := renew(first.RefreshToken)
			if second.RefreshToken == "" || second.RefreshToken == first.RefreshToken {
				t.Fatalf("the renewal brings %+v", second)
			}
			newest := second
			switch row.seen {
			case "access":
				if s := status("GET", profile, second.AccessToken); s != 200 {
					t.Fatalf("the new access token: %d", s)
				}
			case "refresh":
				newest = renew(second.RefreshToken)
			}
			want := 200
			if row.lost {
				want = 401
			}
			if s := status("POST", renewPath, first.RefreshToken); s != want {
				t.Errorf("the old refresh token: %d, want %d", s, want)
			}
			for what, token := range map[string]string{"newest": newest.AccessToken, "first": first.AccessToken} {
				if s := status("GET", profile, token); s != want {
					t.Errorf("the %s access token: %d, want %d", what, s, want)
				}
			}
			if s := status("POST", renewPath, newest.RefreshToken); s != want {
				t.Errorf("the newest refresh token: %d, want %d", s, want)
			}
			if s := status("GET", profile, other.AccessToken); s != 200 {
				t.Errorf("the other device: %d", s)
			}
			if row.lost != (len(ended) == 1) {
				t.Errorf("told of the end of %v", ended)
			}
		})
	}
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	profile := subscribersPath + "/Archit/profile"
	pair := w.token("Archit", "device-1")
	var before, after wire.Profile
	if err := json.Unmarshal(w.item(w.do(request{"GET", profile, "", "Bearer " + pair.AccessToken, nil})).Data, &before); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		path, auth string
		status     int
	}{{"/Archit/revoke", "", 401}, {"/Archit/revoke", "Bearer " + pair.AccessToken, 401}, {"/Nobody/revoke", "key:token", 404}, {"/Archit/revoke", "key:token", 204}} {
		if a := w.do(request{"POST", subscribersPath + row.path, "", row.auth, nil}); a.status != row.status {
			t.Errorf("%s with %q: %d, want %d", row.path, row.auth, a.status, row.status)
		}
	}
	for path, token := range map[string]string{"GET " + profile: pair.AccessToken, "POST " + renewPath: pair.RefreshToken} {
		method, path, _ := strings.Cut(path, " ")
		if a := w.do(request{method, path, "", "Bearer " + token, nil}); a.status != 401 {
			t.Errorf("%s after the revocation: %d", path, a.status)
		}
	}
	if err := json.Unmarshal(w.item(w.do(request{"GET", profile, "", "Bearer " + w.token("Archit", "device-1").AccessToken, nil})).Data, &after); err != nil {
		t.Fatal(err)
	}
	if after.SIPPassword == before.SIPPassword {
		t.Error("the SIP password is the same")
	}
}

func TestDeviceBinding(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bearer := "Bearer " + w.token("Archit", "device-1").RefreshToken
	for _, row := range []struct {
		name, body string
		header     map[string]string
		status     int
	}{
		{"same device in the body", `{"device_id":"device-1"}`, nil, 200},
		{"same device in the header", "", map[string]string{wire.HeaderDeviceID: "device-1"}, 200},
		{"other device in the body", `{"device_id":"device-2"}`, nil, 401},
		{"other device in the header", "", map[string]string{wire.HeaderDeviceID: "device-2"}, 401},
		{"not told", "", nil, 200},
	} {
		a := w.do(request{"POST", renewPath, row.body, bearer, row.header})
		if a.status != row.status || row.status == 401 && !strings.Contains(string(a.body), "Invalid refresh token") {
			t.Errorf("%s: %d %s", row.name, a.status, a.body)
		}
	}
}

// Tokens that this platform did not sign, or not so.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.token("Archit", "device-1").AccessToken
	var claims tokenClaims
	if _, _, err := jwt.NewParser().ParseUnverified(good, &claims); err != nil {
		t.Fatal(err)
	}
	sign := func(method jwt.SigningMethod, key any, c tokenClaims) string {
		text, err := jwt.NewWithClaims(method, c).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	with := func(change func(*tokenClaims)) tokenClaims { c := claims; change(&c); return c }
	parts := strings.Split(good, ".")
	for name, token := range map[string]string{
		"empty":               "",
		"not a JWT":           "abc",
		"alg none":            sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims),
		"another key":         sign(jwt.SigningMethodHS256, []byte("guess"), claims),
		"another HMAC":        sign(jwt.SigningMethodHS512, w.server.access.key, claims),
		"another issuer":      sign(jwt.SigningMethodHS256, w.server.access.key, with(func(c *tokenClaims) { c.Issuer = "evil" })),
		"without expiry":      sign(jwt.SigningMethodHS256, w.server.access.key, with(func(c *tokenClaims) { c.ExpiresAt = nil })),
		"without scope":       sign(jwt.SigningMethodHS256, w.server.access.key, with(func(c *tokenClaims) { c.Scope = "" })),
		"another client":      sign(jwt.SigningMethodHS256, w.server.access.key, with(func(c *tokenClaims) { c.ClientID = "00000000" })),
		"another device":      sign(jwt.SigningMethodHS256, w.server.access.key, with(func(c *tokenClaims) { c.DeviceID = "device-2" })),
		"cut":                 good[:len(good)-2],
		"claims exchanged":    parts[0] + "." + parts[0] + "." + parts[2],
		"refresh token's key": sign(jwt.SigningMethodHS256, w.server.refresh.key, claims),
		"payload's key":       sign(jwt.SigningMethodHS256, w.server.payload.key, claims),
	} {
		if a := w.do(request{"GET", subscribersPath + "/Archit/profile", "", "Bearer " + token, nil}); a.status != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

// The signing secret outlives the process.
func TestTokensOutliveARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := newWorldIn(t, dir)
	pair := first.token("Archit", "device-1")
	second := newWorldIn(t, dir)
	if a := second.do(request{"GET", subscribersPath + "/Archit/profile", "", "Bearer " + pair.AccessToken, nil}); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
}

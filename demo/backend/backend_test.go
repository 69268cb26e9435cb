package backend

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"offhook/demo/endpoint"
	"offhook/demo/inbox"
	"offhook/voice/wire"
)

func loginBody(user, password, account, device string) string {
	text, _ := json.Marshal(map[string]string{"user_name": user, "password": password, "account_sid": account, "device_id": device})
	return string(text)
}

func TestLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.do(request{"POST", "/v1/login", loginBody("alice", "pw a", "acme", "device-1"), ""})
	var got map[string]any
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"http_code": 200.0, "subscriber_name": "alice", "host_name": "https://voice.example.com/v2", "account_sid": "acme", "exophone": "0800", "contact_display_name": "Alice",
		"subscriber_token": map[string]any{"refresh_token": "refresh-alice", "access_token": tokenFor("alice")},
	}
	if a.status != http.StatusOK || !reflect.DeepEqual(got, want) {
		t.Errorf("login: %d %s", a.status, a.body)
	}
	if len(w.platform.requests) != 1 || w.platform.requests[0] != "POST /v2/accounts/acme/subscriber-token" || w.platform.basic[0] != "key:token" ||
		w.platform.bodies[0] != `{"device_id":"device-1","platform":"desktop","subscriber_name":"alice"}` {
		t.Errorf("the platform was asked %v with %v as %v", w.platform.requests, w.platform.bodies, w.platform.basic)
	}
	if strings.Contains(strings.Join(w.platform.bodies, ""), "pw a") {
		t.Error("the password reached the platform")
	}
}

func TestLoginRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, body string
		change     func(p *stubPlatform)
		status     int
		text       string
	}{
		{"wrong password", loginBody("alice", "pw b", "acme", "d"), nil, 403, "wrong"},
		{"unknown user", loginBody("zed", "pw a", "acme", "d"), nil, 403, "wrong"},
		{"wrong account", loginBody("alice", "pw a", "evil", "d"), nil, 403, "wrong"},
		{"no device", loginBody("alice", "pw a", "acme", ""), nil, 400, "device_id"},
		{"no password", loginBody("alice", "", "acme", "d"), nil, 403, ""},
		{"password of 100 bytes", loginBody("alice", strings.Repeat("x", 100), "acme", "d"), nil, 403, ""},
		{"not JSON", "user_name=alice", nil, 400, "JSON"},
		{"body over limit", `{"user_name":"` + strings.Repeat("x", endpoint.MaxBody) + `"}`, nil, 413, ""},
		{"inactive", loginBody("alice", "pw a", "acme", "d"), func(p *stubPlatform) { p.status["alice"] = "inactive" }, 403, "inactive"},
		{"platform refuses", loginBody("alice", "pw a", "acme", "d"), func(p *stubPlatform) { p.fail = 401 }, 403, "refuses"},
		{"platform fails", loginBody("alice", "pw a", "acme", "d"), func(p *stubPlatform) { p.fail = 500 }, 503, "platform"},
		{"platform is a captive portal", loginBody("alice", "pw a", "acme", "d"), func(p *stubPlatform) { p.raw = "<html>" }, 503, ""},
		{"platform answers nonsense", loginBody("alice", "pw a", "acme", "d"), func(p *stubPlatform) { p.raw = `{"response":[]}` }, 500, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if row.change != nil {
				w.platform.set(func() { row.change(w.platform) })
			}
			if a := w.do(request{"POST", "/v1/login", row.body, ""}); a.status != row.status || !strings.Contains(a.body, row.text) || a.status == 503 && a.header.Get("Retry-After") == "" {
				t.Errorf("%d %s, want %d with %q", a.status, a.body, row.status, row.text)
			}
		})
	}
}

// Who guesses passwords is slowed down; others are not.
func TestGuessing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wrong, right := request{"POST", "/v1/login", loginBody("alice", "guess", "acme", "d"), ""}, request{"POST", "/v1/login", loginBody("alice", "pw a", "acme", "d"), ""}
	for i := range 5 {
		if a := w.do(wrong); a.status != http.StatusForbidden {
			t.Fatalf("guess %d: %d", i+1, a.status)
		}
	}
	if a := w.do(right); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "1" {
		t.Errorf("after five guesses: %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
	if a := w.do(request{"POST", "/v1/login", loginBody("bob", "pw b", "acme", "d"), ""}); a.status != http.StatusOK {
		t.Errorf("bob: %d", a.status)
	}
	w.clock.Add(time.Second)
	if a := w.do(right); a.status != http.StatusOK {
		t.Errorf("a second later: %d", a.status)
	}
	if a := w.do(wrong); a.status != http.StatusForbidden {
		t.Errorf("a success forgives: %d", a.status)
	}
}

const desk = "/v1/accounts/acme/subscribers/alice"

func TestDesk(t *testing.T) {
	t.Parallel()
	alice, bob := "Bearer "+tokenFor("alice"), "Bearer "+tokenFor("bob")
	for _, row := range []struct {
		name string
		request
		change func(p *stubPlatform)
		status int
		text   string
	}{
		{"device token", request{"POST", desk + "/devicetoken", `{"deviceToken":"t"}`, alice}, nil, 200, ""},
		{"device token, empty", request{"POST", desk + "/devicetoken", `{}`, alice}, nil, 400, "deviceToken"},
		{"device token, too long", request{"POST", desk + "/devicetoken", `{"deviceToken":"` + strings.Repeat("t", 4097) + `"}`, alice}, nil, 400, "deviceToken"},
		{"device token of another", request{"POST", desk + "/devicetoken", `{"deviceToken":"t"}`, bob}, nil, 401, ""},
		{"device token, nobody", request{"POST", desk + "/devicetoken", `{"deviceToken":"t"}`, ""}, nil, 401, "Bearer"},
		{"context", request{"POST", desk + "/context", `{"dialToNumber":"sip:bob","message":"hi"}`, alice}, nil, 200, ""},
		{"context without number", request{"POST", desk + "/context", `{"message":"hi"}`, alice}, nil, 400, "dialToNumber"},
		{"context, message too long", request{"POST", desk + "/context", `{"dialToNumber":"sip:bob","message":"` + strings.Repeat("m", 4097) + `"}`, alice}, nil, 400, ""},
		{"context of another", request{"POST", desk + "/context", `{"dialToNumber":"sip:bob"}`, bob}, nil, 401, ""},
		{"no context yet", request{"GET", desk + "/context", "", bob}, nil, 200, `"message":""`},
		{"delete context", request{"DELETE", desk + "/context", "", alice}, nil, 200, ""},
		{"delete the context of another", request{"DELETE", desk + "/context", "", bob}, nil, 401, ""},
		{"contacts", request{"GET", desk + "/contacts", "", alice}, nil, 200, `"group":"Team","is_special":false,"contacts":[{"contact_name":"Bob","contact_number":"bob"}]`},
		{"contacts, special", request{"GET", desk + "/contacts", "", alice}, nil, 200, `"is_special":true,"contacts":[{"contact_name":"Echo","contact_number":"echo"}]`},
		{"contacts of another", request{"GET", desk + "/contacts", "", bob}, nil, 401, ""},
		{"log destination", request{"GET", desk + "/logdestination?platform=ios", "", alice}, nil, 200, `"logDestinationURL":"https://voice.example.com/v1/logs/`},
		{"another account", request{"GET", "/v1/accounts/evil/subscribers/alice/contacts", "", alice}, nil, 401, ""},
		{"no token at all", request{"GET", desk + "/contacts", "", "Bearer x"}, nil, 401, ""},
		{"token over limit", request{"GET", desk + "/contacts", "", "Bearer " + strings.Repeat("x", 5000)}, nil, 401, ""},
		{"Basic for Bearer", request{"GET", desk + "/contacts", "", "cu:cp"}, nil, 401, "Bearer"},
		{"platform refuses the token", request{"GET", desk + "/contacts", "", alice}, func(p *stubPlatform) { p.fail = 401 }, 401, ""},
		{"inactive", request{"GET", desk + "/contacts", "", alice}, func(p *stubPlatform) { p.status["alice"] = "inactive" }, 401, ""},
		{"platform down", request{"GET", desk + "/contacts", "", alice}, func(p *stubPlatform) { p.fail = 503 }, 503, ""},
		{"nothing there", request{"GET", "/v1/nothing", "", alice}, nil, 404, ""},
		{"wrong method", request{"PUT", desk + "/context", "{}", alice}, nil, 405, "GET, POST, DELETE"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if row.change != nil {
				w.platform.set(func() { row.change(w.platform) })
			}
			if a := w.do(row.request); a.status != row.status || !strings.Contains(a.body, row.text) {
				t.Errorf("%d %s, want %d with %q", a.status, a.body, row.status, row.text)
			}
		})
	}
}

// The message of a call is for the caller and the callee only.
func TestContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(request{"POST", desk + "/context", `{"dialToNumber":"sip:bob","message":"gr\u00fc\u00df dich"}`, "Bearer " + tokenFor("alice")})
	message := func(reader string) string {
		var got struct{ Message string }
		if err := json.Unmarshal([]byte(w.do(request{"GET", desk + "/context", "", "Bearer " + tokenFor(reader)}).body), &got); err != nil {
			t.Fatal(err)
		}
		return got.Message
	}
	if message("bob") != "grüß dich" || message("alice") != "grüß dich" || message("carol") != "" {
		t.Errorf("bob reads %q, alice %q, carol %q", message("bob"), message("alice"), message("carol"))
	}
	for range 2 { // idempotent
		if a := w.do(request{"DELETE", desk + "/context", "", "Bearer " + tokenFor("alice")}); a.status != http.StatusOK {
			t.Errorf("DELETE: %d", a.status)
		}
	}
	if message("bob") != "" {
		t.Error("a deleted context is read")
	}
}

// The platform's word on a token is believed for a while, not for ever.
func TestTokensAreJudgedByThePlatform(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	contacts := request{"GET", desk + "/contacts", "", "Bearer " + tokenFor("alice")}
	for range 3 {
		if a := w.do(contacts); a.status != http.StatusOK {
			t.Fatal(a.status)
		}
	}
	if n := len(w.platform.requests); n != 1 || w.platform.requests[0] != "GET /v2/accounts/acme/subscribers/alice/profile" {
		t.Errorf("the platform was asked %v", w.platform.requests)
	}
	w.platform.set(func() { w.platform.status["alice"] = "inactive" })
	w.clock.Add(trustFor)
	if a := w.do(contacts); a.status != http.StatusUnauthorized {
		t.Errorf("after the platform refuses: %d", a.status)
	}
}

func TestTooManyRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	contacts := request{"GET", desk + "/contacts", "", "Bearer " + tokenFor("alice")}
	for range subscriberBurst {
		w.do(contacts)
	}
	if a := w.do(contacts); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "1" {
		t.Errorf("%d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
}

func TestDialWhom(t *testing.T) {
	t.Parallel()
	const path = "/v1/accounts/acme/dialtonumber?CallSid=c&CallFrom=sip:alice&CallTo=sip:"
	for _, row := range []struct {
		name, context, path, auth string
		status                    int
		body                      string
	}{
		{"the context names bob", "sip:bob", path + "0800", "cu:cp", 200, "sip:bob"},
		{"the context names a bot", "sip:echo", path + "0800", "cu:cp", 200, "sip:echo"},
		{"the context goes before the number", "sip:bob", path + "echo", "cu:cp", 200, "sip:bob"},
		{"without context, a direct line", "", path + "echo", "cu:cp", 200, "sip:echo"},
		{"without context, the exophone", "", path + "0800", "cu:cp", 404, ""},
		{"a WhatsApp number", "wa:123", path + "0800", "cu:cp", 404, ""},
		{"a header in the context", "sip:bob\r\nX: y", path + "0800", "cu:cp", 404, ""},
		{"without credentials", "sip:bob", path + "0800", "", 401, ""},
		{"wrong credentials", "sip:bob", path + "0800", "cu:cq", 401, ""},
		{"a subscriber's token", "sip:bob", path + "0800", "Bearer " + tokenFor("alice"), 401, ""},
		{"another account", "sip:bob", strings.Replace(path, "acme", "evil", 1) + "0800", "cu:cp", 401, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if row.context != "" {
				text, _ := json.Marshal(map[string]string{"dialToNumber": row.context})
				if a := w.do(request{"POST", desk + "/context", string(text), "Bearer " + tokenFor("alice")}); a.status != http.StatusOK {
					t.Fatal(a.status)
				}
			}
			if a := w.do(request{"GET", row.path, "", row.auth}); a.status != row.status || row.status == 200 && a.body != row.body {
				t.Errorf("%d %q, want %d %q", a.status, a.body, row.status, row.body)
			}
		})
	}
}

func TestPush(t *testing.T) {
	t.Parallel()
	const path = "/v1/accounts/acme/pushtoclient"
	good := `{"subscriberName":"bob","payload":"a.b.c","payloadVersion":"1"}`
	for _, row := range []struct {
		name, body, auth string
		status           int
	}{
		{"taken in", good, "cu:cp", 200},
		{"unknown subscriber", strings.Replace(good, "bob", "zed", 1), "cu:cp", 404},
		{"without payload", `{"subscriberName":"bob","payloadVersion":"1"}`, "cu:cp", 400},
		{"without version", `{"subscriberName":"bob","payload":"a.b.c"}`, "cu:cp", 400},
		{"version is a number", `{"subscriberName":"bob","payload":"a.b.c","payloadVersion":1}`, "cu:cp", 400},
		{"payload over limit", strings.Replace(good, "a.b.c", strings.Repeat("x", wire.MaxPayload+1), 1), "cu:cp", 400},
		{"body over limit", strings.Replace(good, "a.b.c", strings.Repeat("x", endpoint.MaxBody), 1), "cu:cp", 413},
		{"not JSON", "x", "cu:cp", 400},
		{"without credentials", good, "", 401},
		{"a subscriber's token", good, "Bearer " + tokenFor("alice"), 401},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.do(request{"POST", path, row.body, row.auth})
			if a.status != row.status {
				t.Errorf("%d %s, want %d", a.status, a.body, row.status)
			}
			if kept := w.server.Inbox().Stats().Delivered == 1; kept != (row.status == 200) {
				t.Errorf("kept: %v", kept)
			}
		})
	}
}

func TestProvision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 11 {
		if err := w.server.Users().Add(t.Context(), User{Name: fmt.Sprintf("user%d", i), Password: "p"}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time there is nothing to tell
		if err := w.server.Provision(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.platform.requests); n != 13 || w.platform.requests[0] != "POST /v2/accounts/acme/subscribers" || !strings.Contains(w.platform.bodies[12], `"user10"`) {
		t.Errorf("the platform was asked %v with %v", w.platform.requests, w.platform.bodies)
	}
	w.platform.set(func() { w.platform.fail = 500 })
	if err := w.server.Users().Add(t.Context(), User{Name: "late", Password: "p"}); err != nil {
		t.Fatal(err)
	}
	if err := w.server.Provision(t.Context()); err == nil {
		t.Error("a failing platform was told")
	}
}

func TestRecheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := inbox.Owner{Account: "acme", Subscriber: "alice"}
	for _, row := range []struct {
		status string
		fail   int
		want   error
		any    bool
	}{{"active", 0, nil, false}, {"inactive", 0, inbox.ErrRefused, false}, {"gone", 0, inbox.ErrGone, false}, {"active", 503, nil, true}} {
		w.platform.set(func() { w.platform.status["alice"], w.platform.fail = row.status, row.fail })
		if err := w.server.gate.Recheck(t.Context(), owner); row.any && (err == nil || err == inbox.ErrRefused || err == inbox.ErrGone) || !row.any && err != row.want {
			t.Errorf("%+v: %v", row, err)
		}
	}
}

func TestRemovedUsersStayAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.server.Users().Remove(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if err := w.server.users.seed(t.Context(), w.server.cfg.Users); err != nil {
		t.Fatal(err)
	}
	list, err := w.server.Users().List(t.Context())
	if err != nil || len(list) != 1 || list[0].Name != "bob" || list[0].Password != "" {
		t.Errorf("%+v, %v", list, err)
	}
}

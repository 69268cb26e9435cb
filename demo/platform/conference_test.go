package platform

import (
	"strings"
	"testing"

	"offhook/voice/wire"
)

// The interface of conferences: who may, and what each mistake is answered with.
func TestConference(t *testing.T) {
	t.Parallel()
	const conference = "/v2/accounts/exotel675/calls/s1/conference"
	for _, row := range []struct {
		name, method, path, body, who string
		status                        int
		text                          string
	}{
		{"join", "POST", conference, `{"with":"s2"}`, "Bob", 200, `"host":"Bob"`},
		{"join a bot's call", "POST", conference, `{"with":"bot"}`, "Bob", 400, "can't be joined"},
		{"join without a body", "POST", conference, ``, "Bob", 400, "JSON"},
		{"join without a token", "POST", conference, `{"with":"s2"}`, "", 401, ""},
		{"join another's call", "POST", "/v2/accounts/exotel675/calls/s3/conference", `{"with":"s2"}`, "Bob", 404, "Call not found"},
		{"join in another account", "POST", "/v2/accounts/closed/calls/s1/conference", `{"with":"s2"}`, "Bob", 404, "Call not found"},
		{"who is there", "GET", conference, "", "Bob", 200, `"session_id":"s1"`},
		{"mute", "PUT", conference + "/parties/Carol", `{"muted":true}`, "Bob", 200, `"muted":true`},
		{"mute somebody unknown", "PUT", conference + "/parties/dave", `{"muted":true}`, "Bob", 404, "Nobody"},
		{"mute as a guest", "PUT", conference + "/parties/Bob", `{"muted":true}`, "Carol", 403, "began"},
		{"drop", "DELETE", conference + "/parties/Carol", "", "Bob", 204, ""},
		{"drop somebody unknown", "DELETE", conference + "/parties/dave", "", "Bob", 404, "Nobody"},
		{"end", "DELETE", conference, "", "Bob", 204, ""},
		{"end as a guest", "DELETE", conference, "", "Carol", 403, "began"},
		{"another method", "PATCH", conference, "{}", "Bob", 405, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.calls.set("s1", "Bob", wire.CallAnswered)
			w.calls.set("s1", "Carol", wire.CallAnswered)
			auth := ""
			if row.who != "" {
				auth = "Bearer " + w.token(row.who, "d").AccessToken
			}
			a := w.do(request{row.method, row.path, row.body, auth, nil})
			if a.status != row.status || !strings.Contains(string(a.body), row.text) {
				t.Errorf("%d %s, want %d with %q", a.status, a.body, row.status, row.text)
			}
		})
	}
}

// The interface of recordings of a call in progress: a party by token, the account by
// key.
func TestRecordingActions(t *testing.T) {
	t.Parallel()
	const path = "/v2/accounts/exotel675/calls/s1/recording"
	for _, row := range []struct {
		name, method, path, body, auth string
		status                         int
		text                           string
	}{
		{"a party pauses", "POST", path, `{"action":"pause"}`, "Bob", 200, `"by":"Bob"`},
		{"a payment page pauses", "POST", path, `{"action":"pause"}`, "key:token", 200, `"state":"paused"`},
		{"start where that is not allowed", "POST", path, `{"action":"start"}`, "Bob", 403, "by hand"},
		{"nonsense", "POST", path, `{"action":"erase"}`, "Bob", 400, "action"},
		{"no body", "POST", path, ``, "key:token", 400, "JSON"},
		{"no such call", "POST", "/v2/accounts/exotel675/calls/s9/recording", `{"action":"pause"}`, "key:token", 404, "Call not found"},
		{"wrong key", "POST", path, `{"action":"pause"}`, "key:nonsense", 401, ""},
		{"another account", "POST", "/v2/accounts/other/calls/s1/recording", `{"action":"pause"}`, "okey:otoken", 404, ""},
		{"nobody", "POST", path, `{"action":"pause"}`, "", 401, ""},
		{"no recording", "GET", path, "", "key:token", 404, "no recording"},
		{"not by token, unless the operator allows it", "GET", path, "", "Bob", 403, "play"},
		{"no link to nothing", "POST", path + "/link", `{}`, "key:token", 404, "no recording"},
		{"a forged link", "GET", "/v2/recordings/s1?expires=99999999999&signature=x", "", "", 403, "link"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.calls.set("s1", "Bob", wire.CallAnswered)
			if row.auth == "Bob" {
				row.auth = "Bearer " + w.token("Bob", "d").AccessToken
			}
			a := w.do(request{row.method, row.path, row.body, row.auth, nil})
			if a.status != row.status || !strings.Contains(string(a.body), row.text) {
				t.Errorf("%d %s, want %d with %q", a.status, a.body, row.status, row.text)
			}
		})
	}
}

package platform

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"offhook/demo/endpoint"
	"offhook/voice/wire"
)

const subscribersPath = "/v2/accounts/exotel675/subscribers"

// Every row of section 4, and every way in which it fails.
func TestSubscriberManagement(t *testing.T) {
	t.Parallel()
	tokenPath := "/v2/accounts/exotel675/subscriber-token"
	good := `{"platform":"android","device_id":"d1","subscriber_name":"Archit"}`
	for _, row := range []struct {
		name string
		request
		status int
		code   wire.ErrorCode // 0 for success
		text   string         // part of the body
	}{
		{"token for an unknown name creates it", request{"POST", tokenPath, good, "key:token", nil}, 200, 0, `"subscriber_name":"Archit"`},
		{"token for ios", request{"POST", tokenPath, strings.Replace(good, "android", "iOS", 1), "key:token", nil}, 200, 0, `access_token`},
		{"token for desktop", request{"POST", tokenPath, strings.Replace(good, "android", "desktop", 1), "key:token", nil}, 200, 0, `refresh_token`},
		{"token, unknown platform", request{"POST", tokenPath, strings.Replace(good, "android", "symbian", 1), "key:token", nil}, 400, wire.CodeBadParameter, "platform"},
		{"token without device", request{"POST", tokenPath, `{"platform":"ios","subscriber_name":"A"}`, "key:token", nil}, 400, wire.CodeBadParameter, "device_id"},
		{"token, name with space", request{"POST", tokenPath, strings.Replace(good, "Archit", "Ar chit", 1), "key:token", nil}, 400, wire.CodeBadParameter, "subscriber_name"},
		{"token, name of 17", request{"POST", tokenPath, strings.Replace(good, "Archit", strings.Repeat("a", 17), 1), "key:token", nil}, 400, wire.CodeBadParameter, "subscriber_name"},
		{"token, malformed", request{"POST", tokenPath, `{`, "key:token", nil}, 400, wire.CodeBadParameter, "JSON"},
		{"token, wrong type", request{"POST", tokenPath, `{"platform":1}`, "key:token", nil}, 400, wire.CodeBadParameter, "platform must not be a JSON number"},
		{"token, array", request{"POST", tokenPath, `[]`, "key:token", nil}, 400, wire.CodeBadParameter, "JSON"},
		{"token, null", request{"POST", tokenPath, `null`, "key:token", nil}, 400, wire.CodeBadParameter, "JSON"},
		{"token without credentials", request{"POST", tokenPath, good, "", nil}, 401, wire.CodeUnauthorized, "Unauthorized"},
		{"token, wrong key", request{"POST", tokenPath, good, "kez:token", nil}, 401, wire.CodeUnauthorized, ""},
		{"token, wrong token", request{"POST", tokenPath, good, "key:tokens", nil}, 401, wire.CodeUnauthorized, ""},
		{"token, other tenant's credentials", request{"POST", tokenPath, good, "okey:otoken", nil}, 401, wire.CodeUnauthorized, ""},
		{"token, unknown account", request{"POST", "/v2/accounts/nobody/subscriber-token", good, ":", nil}, 401, wire.CodeUnauthorized, ""},
		{"token, VoIP not enabled", request{"POST", "/v2/accounts/other/subscriber-token", good, "okey:otoken", nil}, 403, wire.CodeNotEnabled, "VoIP"},
		{"token, no dynamic provisioning", request{"POST", "/v2/accounts/closed/subscriber-token", good, "ckey:ctoken", nil}, 403, wire.CodeNotFound, ""},
		{"token, inactive", request{"POST", tokenPath, strings.Replace(good, "Archit", "Idle", 1), "key:token", nil}, 403, wire.CodeInactive, "inactive"},
		{"token, body over limit", request{"POST", tokenPath, `{"platform":"` + strings.Repeat("x", endpoint.MaxBody) + `"}`, "key:token", nil}, 413, wire.CodeBadParameter, "larger"},

		{"create one", request{"POST", subscribersPath, `{"subscribers":[{"subscriber_name":"New1"}]}`, "key:token", nil}, 207, 0, `"success":1`},
		{"create, unauthorised", request{"POST", subscribersPath, `{"subscribers":[{"subscriber_name":"New2"}]}`, "", nil}, 401, wire.CodeUnauthorized, ""},
		{"create none", request{"POST", subscribersPath, `{"subscribers":[]}`, "key:token", nil}, 400, wire.CodeBadParameter, "1 to 10"},
		{"create without list", request{"POST", subscribersPath, `{}`, "key:token", nil}, 400, wire.CodeBadParameter, "1 to 10"},
		{"create eleven", request{"POST", subscribersPath, bulk(11), "key:token", nil}, 400, wire.CodeBadParameter, "1 to 10"},
		{"create, list of strings", request{"POST", subscribersPath, `{"subscribers":["a"]}`, "key:token", nil}, 400, wire.CodeBadParameter, "subscribers"},

		{"get", request{"GET", subscribersPath + "/Known", "", "key:token", nil}, 200, 0, `"subscriber_name":"Known"`},
		{"get, names keep their case", request{"GET", subscribersPath + "/known", "", "key:token", nil}, 404, wire.CodeNotFound, "Subscriber not found"},
		{"get, unauthorised", request{"GET", subscribersPath + "/Known", "", "key:wrong", nil}, 401, wire.CodeUnauthorized, ""},
		{"get, path trick", request{"GET", subscribersPath + "/..%2f..%2fother", "", "key:token", nil}, 404, wire.CodeNotFound, ""},
		{"get, SQL trick", request{"GET", subscribersPath + "/'%20OR%201=1--", "", "key:token", nil}, 404, wire.CodeNotFound, ""},

		{"update", request{"PUT", subscribersPath + "/Known", `{"status":"active","custom_field":"vip"}`, "key:token", nil}, 200, 0, `"custom_field":"vip"`},
		{"update without status", request{"PUT", subscribersPath + "/Known", `{"custom_field":"vip"}`, "key:token", nil}, 400, wire.CodeBadParameter, "status"},
		{"update, unknown status", request{"PUT", subscribersPath + "/Known", `{"status":"ACTIVE"}`, "key:token", nil}, 400, wire.CodeBadParameter, "status"},
		{"update, field of a wrong type", request{"PUT", subscribersPath + "/Known", `{"status":"active","custom_field":7}`, "key:token", nil}, 400, wire.CodeBadParameter, "custom_field"},
		{"update, field too long", request{"PUT", subscribersPath + "/Known", `{"status":"active","custom_field":"` + strings.Repeat("x", 1025) + `"}`, "key:token", nil}, 400, wire.CodeBadParameter, "custom_field"},
		{"update unknown", request{"PUT", subscribersPath + "/Nobody", `{"status":"active"}`, "key:token", nil}, 404, wire.CodeNotFound, ""},
		{"update, unauthorised", request{"PUT", subscribersPath + "/Known", `{"status":"inactive"}`, "", nil}, 401, wire.CodeUnauthorized, ""},

		{"list", request{"GET", subscribersPath, "", "key:token", nil}, 200, 0, `first_page_uri`},
		{"list inactive", request{"GET", subscribersPath + "?status=inactive", "", "key:token", nil}, 200, 0, `"subscriber_name":"Idle"`},
		{"list, unknown status", request{"GET", subscribersPath + "?status=gone", "", "key:token", nil}, 400, wire.CodeBadParameter, "status"},
		{"list, page of 0", request{"GET", subscribersPath + "?page_size=0", "", "key:token", nil}, 400, wire.CodeBadParameter, "page_size"},
		{"list, page of 101", request{"GET", subscribersPath + "?page_size=101", "", "key:token", nil}, 400, wire.CodeBadParameter, "page_size"},
		{"list, offset below 0", request{"GET", subscribersPath + "?offset=-1", "", "key:token", nil}, 400, wire.CodeBadParameter, "offset"},
		{"list, offset is no number", request{"GET", subscribersPath + "?offset=1e3", "", "key:token", nil}, 400, wire.CodeBadParameter, "offset"},
		{"list, offset over all bounds", request{"GET", subscribersPath + "?offset=99999999999999999999", "", "key:token", nil}, 400, wire.CodeBadParameter, "offset"},
		{"list, unauthorised", request{"GET", subscribersPath, "", "okey:otoken", nil}, 401, wire.CodeUnauthorized, ""},

		{"delete unknown", request{"DELETE", subscribersPath + "/Nobody", "", "key:token", nil}, 404, wire.CodeNotFound, "Subscriber not found"},
		{"delete, unauthorised", request{"DELETE", subscribersPath + "/Known", "", "", nil}, 401, wire.CodeUnauthorized, ""},

		{"no such path", request{"GET", "/v2/nothing", "", "", nil}, 404, wire.CodeNotFound, ""},
		{"no such version", request{"GET", "/v3/accounts", "", "", nil}, 404, wire.CodeNotFound, ""},
		{"wrong method", request{"PATCH", subscribersPath, "", "key:token", nil}, 405, wire.CodeBadParameter, "GET, POST"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for name, status := range map[string]string{"Known": StatusActive, "Idle": StatusInactive} {
				if _, err := w.server.create(t.Context(), "exotel675", name, nil); err != nil {
					t.Fatal(err)
				}
				if err := w.server.update(t.Context(), "exotel675", name, status, false, nil); err != nil {
					t.Fatal(err)
				}
			}
			a := w.do(row.request)
			if a.status != row.status || !strings.Contains(string(a.body), row.text) {
				t.Fatalf("%d %s, want %d with %q", a.status, a.body, row.status, row.text)
			}
			if row.code == 0 {
				return
			}
			i := w.item(a)
			if i.Status != "failure" || i.Code != row.status || i.ErrorData == nil || i.ErrorData.Code != row.code || i.ErrorData.Description == "" || i.ErrorData.Message != http.StatusText(row.status) || string(i.Data) != "null" {
				t.Errorf("failure = %s, want code %d", a.body, row.code)
			}
			if row.status == http.StatusUnauthorized && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Basic ") {
				t.Errorf("WWW-Authenticate = %q", a.header.Get("WWW-Authenticate"))
			}
		})
	}
}

func bulk(n int) string {
	entries := make([]string, n)
	for i := range entries {
		entries[i] = fmt.Sprintf(`{"subscriber_name":"bulk%d"}`, i)
	}
	return `{"subscribers":[` + strings.Join(entries, ",") + `]}`
}

// The samples of the documents, with what the platform makes up taken out.
func TestDocumentedSamples(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const at = `"2019-11-23T22:00:37+05:30"`
	object := func(name, status, field string) string {
		return fmt.Sprintf(`{"subscriber_name":%q,"status":%q,"custom_field":%s,"date_created":%s,"date_updated":%s}`, name, status, field, at, at)
	}
	item := func(data string) string {
		return `{"code":200,"error_data":null,"status":"success","data":` + data + `}`
	}
	failure := func(status int, code wire.ErrorCode, description string) string {
		return fmt.Sprintf(`{"code":%d,"error_data":{"code":%d,"description":%q,"message":%q},"status":"failure","data":null}`, status, code, description, http.StatusText(status))
	}
	whole := func(method string, status int, metadata, response string) string {
		if metadata != "" {
			metadata = `"metadata":` + metadata + `,`
		}
		return fmt.Sprintf(`{"request_id":"ID","method":%q,"http_code":%d,%s"response":%s}`, method, status, metadata, response)
	}
	none := `"prev_page_uri":null,"next_page_uri":null,`
	for _, row := range []struct {
		name, method, path, body string
		status                   int
		want                     string // "" for no body
	}{
		{"create one", "POST", subscribersPath, `{"subscribers":[{"subscriber_name":"Archit","custom_field":"first"}]}`, 207,
			whole("POST", 207, `{"failed":0,"success":1}`, `[`+item(object("Archit", "active", `"first"`))+`]`)},
		{"create in bulk", "POST", subscribersPath, `{"subscribers":[{"subscriber_name":"Alice"},{"subscriber_name":"Archit"},{"subscriber_name":"no good"},{"subscriber_name":"Bob","custom_field":null}]}`, 207,
			whole("POST", 207, `{"failed":2,"success":2}`, `[`+strings.Join([]string{item(object("Alice", "active", "null")), failure(409, wire.CodeDuplicate, "Subscriber already exists"),
				failure(400, wire.CodeBadParameter, "subscriber_name must be 1 to 16 letters and digits"), item(object("Bob", "active", "null"))}, ",")+`]`)},
		{"get", "GET", subscribersPath + "/Archit", "", 200, whole("GET", 200, "", item(object("Archit", "active", `"first"`)))},
		{"update", "PUT", subscribersPath + "/Archit", `{"status":"inactive"}`, 200, whole("PUT", 200, "", item(object("Archit", "inactive", `"first"`)))},
		{"update the field", "PUT", subscribersPath + "/Archit", `{"status":"active","custom_field":null}`, 200, whole("PUT", 200, "", item(object("Archit", "active", `null`)))},
		{"list, newest first", "GET", subscribersPath, "", 200, whole("GET", 200, `{`+none+`"first_page_uri":"/v2/accounts/exotel675/subscribers?offset=0&page_size=100"}`,
			`[`+strings.Join([]string{item(object("Bob", "active", "null")), item(object("Alice", "active", "null")), item(object("Archit", "active", "null"))}, ",")+`]`)},
		{"second page", "GET", subscribersPath + "?offset=1&page_size=1&status=active", "", 200,
			whole("GET", 200, `{"prev_page_uri":"/v2/accounts/exotel675/subscribers?offset=0&page_size=1&status=active","next_page_uri":"/v2/accounts/exotel675/subscribers?offset=2&page_size=1&status=active","first_page_uri":"/v2/accounts/exotel675/subscribers?offset=0&page_size=1&status=active"}`,
				`[`+item(object("Alice", "active", "null"))+`]`)},
		{"delete", "DELETE", subscribersPath + "/Archit", "", 204, ""},
		{"delete again", "DELETE", subscribersPath + "/Archit", "", 404, whole("DELETE", 404, "", failure(404, 1000, "Subscriber not found"))},
		{"get the deleted", "GET", subscribersPath + "/Archit", "", 404, whole("GET", 404, "", failure(404, 1000, "Subscriber not found"))},
	} {
		a := w.do(request{row.method, row.path, row.body, "key:token", nil})
		got := strings.Replace(string(a.body), a.envelope.RequestID, "ID", 1)
		if a.status != row.status || row.want == "" && len(a.body) > 0 || row.want != "" && !sameJSON(t, []byte(got), row.want) {
			t.Errorf("%s: %d\n got %s\nwant %s", row.name, a.status, got, row.want)
		}
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const n = 25
	for i := range n {
		if _, err := w.server.create(t.Context(), "exotel675", fmt.Sprintf("s%02d", i), nil); err != nil {
			t.Fatal(err)
		}
	}
	var seen []string
	next := subscribersPath + "?page_size=10"
	for next != "" {
		a := w.do(request{"GET", next, "", "key:token", nil})
		var items []struct{ Data Subscriber }
		var meta pages
		if json.Unmarshal(a.envelope.Response, &items) != nil || json.Unmarshal(a.envelope.Metadata, &meta) != nil {
			t.Fatalf("%s", a.body)
		}
		for _, i := range items {
			seen = append(seen, i.Data.Name)
		}
		next = ""
		if meta.Next != nil {
			next = *meta.Next
		}
	}
	if len(seen) != n || seen[0] != "s24" || seen[n-1] != "s00" {
		t.Errorf("pages hold %v", seen)
	}
	if a := w.do(request{"GET", subscribersPath + "?offset=100", "", "key:token", nil}); string(a.envelope.Response) != "[]" {
		t.Errorf("beyond the end: %s", a.body)
	}
}

func TestTenantsAreApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.server.create(t.Context(), "other", "Secret", nil); err != nil {
		t.Fatal(err)
	}
	if a := w.do(request{"GET", subscribersPath + "/Secret", "", "key:token", nil}); a.status != http.StatusNotFound {
		t.Errorf("another tenant's subscriber: %d", a.status)
	}
	if a := w.do(request{"GET", subscribersPath, "", "key:token", nil}); strings.Contains(string(a.body), "Secret") {
		t.Errorf("list shows another tenant's subscriber")
	}
	if a := w.do(request{"POST", subscribersPath, `{"subscribers":[{"subscriber_name":"Secret"}]}`, "key:token", nil}); !strings.Contains(string(a.body), `"success":1`) {
		t.Errorf("a name of another tenant is taken: %s", a.body)
	}
	bearer := "Bearer " + w.token("Alice", "d").AccessToken
	for _, path := range []string{"/v2/accounts/other/subscribers/Alice/profile", "/v2/accounts/closed/subscribers/Alice/profile", subscribersPath + "/Bob/profile"} {
		if a := w.do(request{"GET", path, "", bearer, nil}); a.status != http.StatusUnauthorized {
			t.Errorf("%s with a foreign token: %d", path, a.status)
		}
	}
}

func TestTooManyRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bearer := "Bearer " + w.token("Alice", "d").AccessToken
	profile := request{"GET", subscribersPath + "/Alice/profile", "", bearer, nil}
	for i := range phoneBurst {
		if a := w.do(profile); a.status != http.StatusOK {
			t.Fatalf("request %d: %d", i, a.status)
		}
	}
	a := w.do(profile)
	if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" || w.item(a).ErrorData.Code != wire.CodeTooMany {
		t.Errorf("over the limit: %d %s", a.status, a.body)
	}
	w.clock.Add(time.Second)
	if a := w.do(profile); a.status != http.StatusOK {
		t.Errorf("a second later: %d", a.status)
	}
}

// First sign-ins of one name at once make one subscriber, and all get a token.
func TestFirstSignInsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	statuses := make(chan int, 20)
	for i := range cap(statuses) {
		go func() {
			a := w.do(request{"POST", "/v2/accounts/exotel675/subscriber-token", fmt.Sprintf(`{"platform":"ios","device_id":"d%d","subscriber_name":"New"}`, i%3), "key:token", nil})
			statuses <- a.status
		}()
	}
	for range cap(statuses) {
		if status := <-statuses; status != http.StatusOK {
			t.Errorf("status %d", status)
		}
	}
	if _, total, err := w.server.Subscribers(t.Context(), "exotel675", "", 10, 0); total != 1 || err != nil {
		t.Errorf("%d subscribers, %v", total, err)
	}
}

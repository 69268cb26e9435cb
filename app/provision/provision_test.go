package provision

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"offhook/app/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const good = `{"$schema":"x","version":1,"server":"https://phone.example","account":"acme",
 "settings":{"calls.link_mode":"dial","audio.ring_volume":55,"calls.recording_consent":"Calls may be recorded.","appearance.theme":"dark"},
 "locked":["calls","account.server"]}`

func TestAPolicySetsAndLocks(t *testing.T) {
	t.Parallel()
	p, err := Parse([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	s := settings.Default()
	s.Appearance.Theme = "light" // the user's own choice
	s.Calls.LinkMode = settings.Prefill
	s.Account.Server, s.SignedIn = "https://old.example", true
	p.Apply(&s)
	if s.Calls.LinkMode != settings.DialAtOnce || s.Audio.RingVolume != 55 || s.Appearance.Theme != "light" || s.Account.Server != "https://phone.example" ||
		s.Account.AccountSID != "acme" || s.SignedIn || strings.Join(s.Locked, " ") != "account.server calls" || s.Calls.RecordingConsent == "" {
		t.Fatalf("%+v", s)
	}
	s.Audio.RingVolume = 10
	p.Apply(&s)
	if s.Audio.RingVolume != 10 {
		t.Fatal("a setting that is not locked was taken from the user")
	}
	before := s.Clone()
	s.Calls.AutoAnswer, s.Account.UserName = true, "alice"
	if got := settings.Restore(&s, before); strings.Join(got, "") != "calls" || s.Calls.AutoAnswer || s.Account.UserName != "alice" {
		t.Fatalf("%v %+v", got, s)
	}
}

func TestAWrongPolicyIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, `{}`, `[]`, `{"version":2}`, `{"version":1} x`, `{"version":1,"odd":1}`, `{"version":1,"server":"ftp://x"}`, `{"version":1,"url":"http://far.example/p"}`,
		`{"version":1,"url":"https://u:p@far.example/p"}`, `{"version":1,"settings":{"nonsense":1}}`, `{"version":1,"settings":{"audio.ring_volume":"loud"}}`,
		`{"version":1,"settings":{"audio.ring_volume":900}}`,
		`{"version":1,"settings":{"audio.country":"India"}}`, `{"version":1,"settings":{"appearance.theme":"purple"}}`, `{"version":1,"settings":{"device_id":"x"}}`,
		`{"version":1,"locked":["nonsense"]}`, `{"version":1,"locked":["device_id"]}`, `{"version":1,"settings":{"calls":{"odd":1}}}`, strings.Repeat(" ", maxPolicy+1),
	} {
		if p, err := Parse([]byte(text)); err == nil {
			t.Errorf("%.60s is taken: %+v", text, p)
		}
	}
}

func schemaOf(t *testing.T) []byte {
	t.Helper()
	data, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestTheSchemaKnowsEveryField(t *testing.T) {
	t.Parallel()
	var schema struct {
		Properties map[string]any `json:"properties"`
	}
	if err := json.Unmarshal(schemaOf(t), &schema); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(Policy{Schema: "x", WebhookSecret: "x", URL: "x", Server: "x", Account: "x", Settings: map[string]json.RawMessage{"x": []byte("1")}, Locked: []string{"x"}})
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		t.Fatal(err)
	}
	for f := range fields {
		if schema.Properties[f] == nil {
			t.Errorf("the schema lacks %s", f)
		}
	}
	if len(schema.Properties) != len(fields) {
		t.Errorf("%d properties, %d fields", len(schema.Properties), len(fields))
	}
}

// What the schema allows for a setting the phone takes, and what it forbids the
// phone refuses.
func TestTheSchemaAndTheSettingsAgree(t *testing.T) {
	t.Parallel()
	var schema struct {
		Properties struct {
			Settings struct {
				Properties map[string]struct {
					Type             string   `json:"type"`
					Enum             []string `json:"enum"`
					Pattern          string   `json:"pattern"`
					Minimum, Maximum int
					Description      string

					Items                struct{ Type string }
					AdditionalProperties struct{ Type string }
				}
			}
		}
	}
	if err := json.Unmarshal(schemaOf(t), &schema); err != nil {
		t.Fatal(err)
	}
	known := 0
	for path, p := range schema.Properties.Settings.Properties {
		if !settings.Known(path) {
			continue
		}
		known++
		var good, bad []any
		switch {
		case p.Type == "boolean":
			good, bad = []any{true, false}, []any{"yes", 1}
		case p.Type == "integer":
			good, bad = []any{p.Minimum, p.Maximum}, []any{p.Minimum - 1, p.Maximum + 1, "5", 1.5}
		case p.Type == "array" && p.Items.Type == "string":
			good, bad = []any{[]any{}, []any{"https://crm.example.com"}}, []any{"text", 1, []any{1}, []any{map[string]any{}}}
		case p.Type == "object" && p.AdditionalProperties.Type == "integer":
			good, bad = []any{map[string]any{}, map[string]any{"Lunch": 1800}}, []any{"text", 1, map[string]any{"Lunch": "long"}}
		case strings.HasPrefix(path, "integrations."):
			good = []any{[]any{}, map[string]any{
				"integrations.pops":     []any{map[string]any{"when": "ring", "url": "https://crm.example.com/find?q={number}"}},
				"integrations.commands": []any{map[string]any{"when": "end", "argv": []any{"/usr/bin/logger", "{number}"}, "direction": "both"}},
				"integrations.webhooks": []any{map[string]any{"url": "https://crm.example.com/calls", "events": []any{"ring", "wrap_up"}}},
			}[path]}
			bad = []any{"text", 1, []any{1}, []any{map[string]any{"when": "lunch", "url": "https://x", "argv": []any{"x"}}}, []any{map[string]any{"when": "ring", "url": "ftp://x"}},
				[]any{map[string]any{"when": "ring", "url": "https://{name}.example/"}}, []any{map[string]any{"when": "ring", "url": "javascript:alert({name})", "argv": []any{}}},
				[]any{map[string]any{"when": "ring", "argv": []any{"{name}"}}}}
		case p.Type == "array":
			good, bad = []any{[]any{}, []any{map[string]any{"id": "a", "server": "tls://pbx"}}}, []any{"text", 1, []any{1}}
		case p.Type == "object":
			good, bad = []any{map[string]any{}, map[string]any{"hangup": "Ctrl+Shift+X"}}, []any{"text", 1, map[string]any{"hangup": 1}}
		case p.Enum != nil:
			for _, v := range p.Enum {
				good = append(good, v)
			}
			bad = []any{"else", 1}
		case p.Pattern != "":
			form := regexp.MustCompile(p.Pattern)
			for _, v := range []string{"", "IN", "ITU", "India", "1N", "text"} {
				if form.MatchString(v) {
					good = append(good, v)
				} else {
					bad = append(bad, v)
				}
			}
		default:
			good, bad = []any{"", "text"}, []any{1, true}
		}
		if p.Description == "" {
			t.Errorf("%s is not described", path)
		}
		for wants, values := range map[bool][]any{true: good, false: bad} {
			for _, v := range values {
				data, err := json.Marshal(map[string]any{"version": 1, "settings": map[string]any{path: v}})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := Parse(data); (err == nil) != wants {
					t.Errorf("%s: %v", data, err)
				}
			}
		}
	}
	if known < 25 {
		t.Errorf("the schema knows %d settings", known)
	}
}

func TestAPolicyFromAFileAndFromAServer(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	body := good
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			w.WriteHeader(503)
			return
		}
		io.WriteString(w, body)
	}))
	defer srv.Close()
	hc := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	dir := t.TempDir()
	file := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(file, []byte(`{"version":1,"account":"local","url":"`+srv.URL+`"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	load := func(from string) (*Policy, string) {
		t.Helper()
		p, remark, err := Load(ctx, hc, dir, from)
		if err != nil {
			t.Fatal(err)
		}
		return p, remark.String()
	}
	down.Store(true)
	if p, remark := load(file); p.Account != "local" || remark == "" {
		t.Fatalf("%+v %q", p, remark)
	}
	if _, _, err := Load(ctx, hc, dir, srv.URL); err == nil {
		t.Fatal("a phone that was never provisioned starts without its policy")
	}
	down.Store(false)
	if p, remark := load(file); p.Account != "acme" || remark != "" {
		t.Fatalf("%+v %q", p, remark)
	}
	down.Store(true)
	if p, remark := load(file); p.Account != "acme" || remark == "" {
		t.Fatalf("%+v %q", p, remark)
	}
	if p, _ := load(srv.URL); p.Account != "acme" {
		t.Fatalf("%+v", p)
	}
	down.Store(false)
	body = `{"version":1,"odd":true}`
	if _, _, err := Load(ctx, hc, dir, file); err == nil {
		t.Fatal("a wrong policy is not refused")
	}
	if _, _, err := Load(ctx, hc, dir, filepath.Join(dir, "nowhere")); err == nil {
		t.Fatal("a missing file is no error")
	}
	if _, _, err := Load(ctx, hc, dir, "http://far.example/policy"); err == nil {
		t.Fatal("fetched in the clear")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data)
		if err != nil {
			return
		}
		s := settings.Default()
		p.Apply(&s)
	})
}

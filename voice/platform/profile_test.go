package platform

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"offhook/voice/wire"
)

// What a platform says wrongly costs that field and no other: no timer overflows,
// none is zero, and nobody asks a server that is none.
func TestAProfileWithMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"media_timeout":9e30}`:                    "media_timeout",
		`{"media_timeout":1000000000}`:              "media_timeout",
		`{"media_disrupted_timeout":-5}`:            "media_disrupted_timeout",
		`{"event_thread_interval":"often"}`:         "event_thread_interval",
		`{"incoming_call_timeout":[30]}`:            "incoming_call_timeout",
		`{"sip_port":70000}`:                        "sip_port",
		`{"ice_servers":"stun:x"}`:                  "ice_servers",
		`{"ice_servers":[{"urls":["http://x"]}]}`:   "ice_servers",
		`{"codecs":{}}`:                             "codecs",
		`{"log_level":7,"exophone":{},"codecs":[]}`: "log_level exophone",
		`{"media_timeout":20,"ice_servers":[{"urls":["stun:ok.example","nonsense"]},{"urls":["turn:ok.example?transport=tcp"]}]}`: "ice_servers",
		`{"codecs":["opus","AMR-WB","pcmu",""]}`:       "codecs",
		`{"media_timeout":45,"something_new":{"a":1}}`: "",
	} {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &fields); err != nil {
			t.Fatal(err)
		}
		p := readProfile(fields)
		complete(&p, true, "host")
		if got := strings.Join(p.Dropped, " "); got != want {
			t.Errorf("%s: dropped %q, not %q", text, got, want)
		}
		if strings.Contains(text, "AMR") && strings.Join(p.Codecs, " ") != "opus pcmu" {
			t.Errorf("%s: %v", text, p.Codecs)
		}
		for _, l := range limits(&p) {
			if d := Seconds(*l.value); l.fallback > 0 && (d < time.Second || d > 366*24*time.Hour) {
				t.Errorf("%s: %s is %v", text, l.name, d)
			}
		}
		for _, s := range p.ICEServers {
			for _, u := range s.URLs {
				if !strings.Contains(u, "ok.example") {
					t.Errorf("%s: %s is asked", text, u)
				}
			}
		}
	}
}

func FuzzReadProfile(f *testing.F) {
	f.Add([]byte(`{"media_timeout":30,"ice_servers":[{"urls":["stun:a"]}],"codecs":["opus"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var fields map[string]json.RawMessage
		if json.Unmarshal(data, &fields) != nil {
			return
		}
		p := readProfile(fields)
		complete(&p, false, "host")
		var again wire.Profile = p
		for _, l := range limits(&again) {
			if *l.value < 0 || *l.value > l.most {
				t.Errorf("%s is %d", l.name, *l.value)
			}
		}
	})
}

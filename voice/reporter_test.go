package voice

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/voice/sip"
)

func TestReportsOfACall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t)
		r.start()
		call, d, _ := talkTo(r)
		time.Sleep(35 * time.Second)
		call.queue.Post(call.renewNow)
		expect[RenewingMedia](r)
		expect[CallEstablished](r)
		d.says(sip.Ended{ByRemote: true})
		expect[CallEnded](r)
		expect[MediaSessionDestroyed](r)
		r.stop()
		kinds := map[string]int{}
		for _, report := range r.platform.reports {
			kinds[report["type"].(string)]++
			text, _ := json.Marshal(report)
			if s := string(text); strings.Contains(s, "bob") || strings.Contains(s, "0804") || strings.Contains(s, "alice") {
				t.Errorf("a report names somebody: %s", s)
			}
			if report["type"] != "call" {
				continue
			}
			for key, want := range map[string]any{
				"session_id": "sid-1", "direction": "OUTGOING", "ended_in": "ESTABLISHED", "ended_by": "remote",
				"end_reason": "REMOTE_HANGUP", "renewals": 1.0, "duration_s": 35.05,
			} {
				if key == "duration_s" {
					if got := report[key].(float64); got < 35 || got > 36 {
						t.Errorf("%s: %v", key, got)
					}
				} else if report[key] != want {
					t.Errorf("%s: %v, want %v", key, report[key], want)
				}
			}
			if report["quality"].(map[string]any)["codec"] != "opus" {
				t.Errorf("quality %v", report["quality"])
			}
		}
		if kinds["call"] != 1 || kinds["quality"] != 3 || kinds["flow"] < 1 {
			t.Errorf("reports %v", kinds)
		}
	})
}

package subscriber

import (
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"offhook/voice/fault"
)

func TestPayload(t *testing.T) {
	t.Parallel()
	base, _ := url.Parse(testHost + "/v2")
	cases := []struct {
		name   string
		claims func(c map[string]any)
		data   func(d map[string]string)
		ok     bool
	}{
		{name: "as documented", ok: true},
		{name: "without the subscriber beside it", data: func(d map[string]string) { delete(d, "subscriberName") }, ok: true},
		{name: "more claims", claims: func(c map[string]any) { c["x"] = []int{1} }, ok: true},
		{name: "no name", claims: func(c map[string]any) { delete(c, "callerName") }, ok: true},
		{name: "a strange time", claims: func(c map[string]any) { c["notificationTime"] = "yesterday" }, ok: true},
		{name: "a poll that is never held", claims: func(c map[string]any) { c["longPollTimeout"] = -5 }, ok: true},
		{name: "nothing", data: func(d map[string]string) { clear(d) }},
		{name: "the text null", data: func(d map[string]string) { d["payload"], d["payloadVersion"] = "null", "null" }},
		{name: "another version", data: func(d map[string]string) { d["payloadVersion"] = "2" }},
		{name: "no version", data: func(d map[string]string) { delete(d, "payloadVersion") }},
		{name: "somebody else's push", data: func(d map[string]string) { d["subscriberName"] = "bob" }},
		{name: "not a JWT", data: func(d map[string]string) { d["payload"] = "a.b.c" }},
		{name: "endless", data: func(d map[string]string) { d["payload"] = strings.Repeat("a", 1<<20) }},
		{name: "somebody else's payload", claims: func(c map[string]any) { c["sub"] = "bob" }},
		{name: "another case", claims: func(c map[string]any) { c["sub"] = "Alice" }},
		{name: "no subject", claims: func(c map[string]any) { delete(c, "sub") }},
		{name: "no session", claims: func(c map[string]any) { delete(c, "sessionId") }},
		{name: "a session with a line break", claims: func(c map[string]any) { c["sessionId"] = "s1\r\nX-Answer: now" }},
		{name: "no caller", claims: func(c map[string]any) { c["callerId"] = "" }},
		{name: "a caller of bells", claims: func(c map[string]any) { c["callerId"] = "\a\a" }},
		{name: "a name of bells and overrides", ok: true, claims: func(c map[string]any) { c["callerName"] = "\a\u202ebob" }},
		{name: "a name in Hindi of 90 letters", ok: true, claims: func(c map[string]any) { c["callerName"] = strings.Repeat("ह", 90) }},
		{name: "a name without end", ok: true, claims: func(c map[string]any) { c["callerName"] = strings.Repeat("x", 9000) }},
		{name: "no expiry", claims: func(c map[string]any) { delete(c, "exp") }},
		{name: "a poll elsewhere", claims: func(c map[string]any) { c["longPollUrl"] = "https://evil.test/v2/calls/s1/state" }},
		{name: "a rejection elsewhere", claims: func(c map[string]any) { c["rejectCallUrl"] = "https://voice.test.evil.test/" }},
		{name: "a poll in clear text", claims: func(c map[string]any) { c["longPollUrl"] = "http://voice.test/v2/calls/s1/state" }},
		{name: "wrong types", claims: func(c map[string]any) { c["longPollTimeout"] = "long" }},
		{name: "no claims at all", claims: func(c map[string]any) { maps.DeleteFunc(c, func(string, any) bool { return true }) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			data := push("s1", c.claims)
			if c.data != nil {
				c.data(data)
			}
			p, err := parsePush(data, "alice", base, nil)
			if c.ok != (err == nil) {
				t.Fatalf("error %v", err)
			}
			if err != nil {
				if fault.TypeOf(err) != fault.PayloadError || len(err.Error()) > 200 {
					t.Errorf("error %v", err)
				}
				return
			}
			if p.SessionID != "s1" || p.CallerID != "bob" || p.pollHold < time.Second || p.pollHold > maxLongPoll {
				t.Errorf("payload %+v", p)
			}
			if strings.ContainsAny(p.CallerName, "\a\u202e") || utf8.RuneCountInString(p.CallerName) > 257 {
				t.Errorf("the caller is shown as %.300q", p.CallerName)
			}
		})
	}
}

func FuzzPayload(f *testing.F) {
	base, _ := url.Parse(testHost + "/v2")
	f.Add(push("s1", nil)["payload"])
	f.Add("e30.e30.")
	f.Add("..")
	f.Add(push("s", func(c map[string]any) { c["longPollUrl"] = "https://voice.test:443@evil.test/" })["payload"])
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePush(map[string]string{"payload": text, "payloadVersion": "1"}, "alice", base, nil)
		if err != nil {
			if fault.TypeOf(err) != fault.PayloadError {
				t.Errorf("error %v", err)
			}
			return
		}
		if p.pollURL.Hostname() != "voice.test" || p.rejectURL.Hostname() != "voice.test" || p.CallerID == "" {
			t.Errorf("accepted %+v", p)
		}
	})
}

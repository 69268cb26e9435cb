package push

import (
	"strings"
	"testing"
)

func TestParseFrame(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		err        error
		known      bool
	}{
		{"hello", `{"type":"hello","inbox":"a","now":"2026-11-22T10:00:00Z"}`, nil, true},
		{"hello without a clock", `{"type":"hello","inbox":"a","now":"yesterday"}`, nil, true},
		{"hello without an inbox", `{"type":"hello"}`, errNoInbox, false},
		{"message", frameOf(7, "p"), nil, true},
		{"an id in quotes", `{"type":"message","id":"7","data":{}}`, nil, true},
		{"a broken date", `{"type":"message","id":7,"sent_at":{"a":1},"data":{}}`, nil, true},
		{"a type of tomorrow", `{"type":"news"}`, nil, false},
		{"no id", `{"type":"message","data":{}}`, errBadID, false},
		{"id 0", `{"type":"message","id":0,"data":{}}`, errBadID, false},
		{"a fraction", `{"type":"message","id":1.5,"data":{}}`, errBadID, false},
		{"too large an id", `{"type":"message","id":9007199254740992,"data":{}}`, errBadID, false},
		{"beyond int64", `{"type":"message","id":99999999999999999999,"data":{}}`, errBadID, false},
		{"no data", `{"type":"message","id":7}`, errNoData, true},
		{"data of null", `{"type":"message","id":7,"data":null}`, errNoData, true},
		{"data of the wrong kind", `{"type":"message","id":7,"data":["x"]}`, errNoData, true},
		{"truncated", frameOf(7, "p")[:40], errNotJSON, false},
		{"empty", "", errNotJSON, false},
		{"no object", `[1]`, errNotJSON, false},
		{"no type", `{}`, errNotJSON, false},
		{"deeply nested", strings.Repeat("[", 100_000), errNotJSON, false},
	} {
		f, err := parseFrame([]byte(tc.text))
		if err != tc.err || (f != nil) != tc.known {
			t.Errorf("%s: %v, %v", tc.name, f, err)
		}
	}
	f, _ := parseFrame([]byte(`{"type":"message","id":7,"sent_at":1763800000.5,"data":{"subscriberName":"bob","payload":"p","payloadVersion":"1"}}`))
	if m := f.(*Message); m.SentAt.Unix() != 1763800000 || m.Data.Map()["payload"] != "p" || len(m.Data.Map()) != 3 {
		t.Errorf("%+v", m)
	}
}

func FuzzParseFrame(f *testing.F) {
	f.Add([]byte(`{"type":"hello","inbox":"a","now":"2026-11-22T10:00:00Z"}`))
	f.Add([]byte(frameOf(7, "p")))
	f.Add([]byte(`{"type":"message","id":7,"sent_at":1e308,"data":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		frame, err := parseFrame(text)
		if err != nil {
			return
		}
		switch m := frame.(type) {
		case *Message:
			if m.ID < 1 || m.ID > maxID {
				t.Fatalf("id %d", m.ID)
			}
		case hello:
			if m.Inbox == "" {
				t.Fatal("a hello without an inbox")
			}
		}
	})
}

package push

import (
	"strings"
	"testing"
	"time"
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

func TestLedger(t *testing.T) {
	t.Parallel()
	now := time.Now()
	none := func(int64) bool { return false }
	l := newLedger(State{Inbox: "a", Since: 3, Done: []int64{2, 5, 5, -1}})
	for id, want := range map[int64]bool{1: true, 3: true, 4: false, 5: true, 6: false} {
		if l.seen(id) != want {
			t.Errorf("seen(%d) = %t", id, !want)
		}
	}
	l.mark(4, now, none)
	if s := l.state(); s.Since != 5 || len(s.Done) != 0 {
		t.Errorf("%+v", s)
	}
	// A gap is kept open for a while, and then given up.
	l.mark(9, now, none)
	l.mark(10, now.Add(gapPatience-1), none)
	if s := l.state(); s.Since != 5 || len(s.Done) != 2 {
		t.Errorf("%+v", s)
	}
	l.mark(12, now.Add(gapPatience), none)
	if s := l.state(); s.Since != 10 || len(s.Done) != 1 {
		t.Errorf("%+v", s)
	}
	// But not while what is missing was received and is not done.
	l.mark(13, now.Add(3*gapPatience), func(id int64) bool { return id == 11 })
	if s := l.state(); s.Since != 10 {
		t.Errorf("%+v", s)
	}
	// Nor does it grow without end.
	for id := int64(100); id < 100+maxDone; id++ {
		l.mark(id, now.Add(3*gapPatience), none)
	}
	if s := l.state(); len(s.Done) >= maxDone {
		t.Errorf("%d numbers kept", len(s.Done))
	}
	if !l.enter("b") || l.enter("b") || l.seen(1) {
		t.Error("another inbox does not start anew")
	}
}

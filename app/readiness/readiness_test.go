package readiness

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"offhook/assets/lang"
)

// A new condition is a row: it counts, says what it says first, and is drawn.
func TestANewConditionIsARow(t *testing.T) {
	old := Table
	defer func() { Table = old }()
	Table = append(slices.Clone(Table), Entry{Name: "dummy", First: lang.Literal("Not yet."), Action: Retry, Rank: 1})
	now := time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC)
	r := New(slog.New(slog.DiscardHandler), func() time.Time { return now })
	for _, e := range Table {
		if e.Name != "dummy" {
			r.Set(e.Name, Good())
		}
	}
	if r.Ready() || r.OK("dummy") || Rank("dummy") != 1 {
		t.Error("a row does not count")
	}
	list := r.Snapshot()
	if c := list[len(list)-1]; c.Name != "dummy" || c.Text.String() != "Not yet." || c.Action != Retry {
		t.Errorf("%+v", c)
	}
	now = now.Add(time.Minute)
	r.Set("dummy", Good())
	if c := r.Snapshot()[len(list)-1]; !r.Ready() || !c.Since.Equal(now) || c.Action != "" {
		t.Errorf("%+v", c)
	}
}

func TestOfAPhoneWithoutASubscriber(t *testing.T) {
	t.Parallel()
	r := New(slog.New(slog.DiscardHandler), time.Now)
	r.Put("sip:a", Good())
	for _, c := range r.ForAccounts() {
		if c.Name == Token || c.Name == Push {
			t.Errorf("%+v", c)
		}
	}
	r.Set(Devices, Good())
	if list := r.ForAccounts(); !All(list) || list[0].Name != "sip:a" {
		t.Errorf("%+v", list)
	}
	r.Drop("sip:a")
	if len(r.ForAccounts()) != len(Table)-4 {
		t.Errorf("%+v", r.ForAccounts())
	}
	r.Set(Token, Good())
	if r.Forget(); r.OK(Token) {
		t.Error("what was proven of a subscriber stays")
	}
}

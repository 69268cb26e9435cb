package voice

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Who asks for the log's lines gets them among the events, from the level on that
// was asked for, and the logger gets its own as ever.
func TestLogEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var text lockedBuilder
		r := newHarness(t, WithLogEvents(slog.LevelInfo), WithLogger(text.logger()))
		lines := r.client.Subscribe()
		r.start()
		call, _, _ := talkTo(r)
		r.stop()
		var about, all int
		for ev := range lines.Events() {
			l, ok := ev.(Log)
			if !ok {
				continue
			}
			all++
			if l.Level < slog.LevelInfo || l.Message == "" || l.Time.IsZero() {
				t.Errorf("%+v", l)
			}
			if l.Tag == call.ID() && strings.HasPrefix(l.Message, "call state from=RINGING to=ESTABLISHED") {
				about++
			}
		}
		if about != 1 || all < 3 {
			t.Errorf("%d lines of the call's establishment among %d", about, all)
		}
		if !strings.Contains(text.String(), "to=ESTABLISHED") {
			t.Error("the logger was forgotten")
		}
	})
}

// A platform that takes its time is told of after five seconds.
func TestInitializationDelayed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newHarness(t)
		defer r.stop()
		r.platform.refuse = func(*http.Request) int {
			time.Sleep(7 * time.Second)
			return 0
		}
		at := time.Now()
		go func() { _ = r.client.Initialize(t.Context(), testAccount()) }()
		expect[InitializationDelayed](r)
		if took := time.Since(at); took != 5*time.Second {
			t.Errorf("told after %v", took)
		}
		expect[InitializationSucceeded](r)
	})
}

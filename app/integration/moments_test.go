package integration

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/app"
	"offhook/app/settings"
	"offhook/voice"
	"offhook/voice/wire"
)

// engine is one with a call that the test moves.
type engine struct {
	app.Engine   // what the test doesn't use is missing on purpose
	app.Controls // the same

	mu     sync.Mutex
	events chan voice.Event
	call   voice.CallDetails
}

func (e *engine) Events(context.Context) <-chan voice.Event { return e.events }
func (e *engine) SetOnAnotherPhone(bool)                    {}
func (e *engine) SetDeclining(bool)                         {}
func (e *engine) SetMaxCalls(int, int)                      {}
func (e *engine) SetRecording(voice.RecordingRules)         {}
func (e *engine) SetSound(voice.Sound) error                { return nil }
func (e *engine) AgentRules() (wire.AgentRules, bool, bool) { return wire.AgentRules{}, false, false }
func (e *engine) Close(context.Context) error               { close(e.events); return nil }
func (e *engine) Call(string) (app.Controls, bool)          { return e, true }
func (e *engine) Statistics() (voice.Statistics, error)     { return voice.Statistics{}, nil }
func (e *engine) Details() voice.CallDetails {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.call
}

// becomes has the call be in a state, and tells of it.
func (e *engine) becomes(id string, state voice.State, reason voice.EndReason) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if state == voice.StateIncoming {
		e.call = voice.CallDetails{CallID: id, SessionID: "session " + id, RemoteID: "bob", Direction: voice.Incoming, Started: time.Now()}
	}
	e.call.State, e.call.EndReason = state, reason
	var event voice.Event = voice.CallChanged{Call: e.call}
	switch state {
	case voice.StateIncoming:
		event = voice.IncomingCall{Call: e.call}
	case voice.StateEstablished:
		e.call.Established = time.Now()
		event = voice.CallChanged{Call: e.call}
	case voice.StateEnded:
		e.call.Ended = time.Now()
		event = voice.CallEnded{Call: e.call}
	}
	e.events <- event
}

// phoneWith is a phone and what tells of its calls; each page that is opened comes
// out of pages.
func phoneWith(t testing.TB, pops ...settings.Pop) (phone *app.Phone, e *engine, pages chan string) {
	t.Helper()
	e = &engine{events: make(chan voice.Event, 100)}
	phone, err := app.New(app.Config{Dir: t.TempDir(), AudioIn: "null", AudioOut: "null", Engine: func(string, func(string)) (app.Engine, error) { return e, nil }})
	if err != nil {
		t.Fatal(err)
	}
	if err := phone.UpdateSettings(func(s *settings.Settings) { s.Integrations.Pops, s.Agent.WrapUpS = pops, 60 }); err != nil {
		t.Fatal(err)
	}
	pages = make(chan string, 100)
	tl := New(Config{Phone: phone, HTTP: http.DefaultClient, Log: slog.New(slog.DiscardHandler), Secret: func() string { return "" },
		Open: func(url string) error { pages <- url; return nil }})
	t.Cleanup(func() {
		_ = phone.Close(context.Background())
		tl.Close()
	})
	return phone, e, pages
}

func next(t testing.TB, pages <-chan string) string {
	t.Helper()
	select {
	case page := <-pages:
		return page
	case <-time.After(30 * time.Second):
		t.Fatal("no page opens")
		return ""
	}
}

// Each moment of a call opens its page once, in order, call after call; and the page of
// the work's end has what was entered, also when it was entered at the last moment.
func TestEachMomentOpensItsPage(t *testing.T) {
	t.Parallel()
	var pops []settings.Pop
	for _, when := range settings.Moments {
		pops = append(pops, settings.Pop{When: when, URL: "https://crm.example/" + when + "?id={call_id}&outcome={outcome}&note={note}&reason={end_reason}"})
	}
	phone, e, pages := phoneWith(t, pops...)
	for _, id := range []string{"1", "2", "3"} {
		e.becomes(id, voice.StateIncoming, "")
		got := []string{next(t, pages)}
		e.becomes(id, voice.StateEstablished, "")
		got = append(got, next(t, pages))
		e.becomes(id, voice.StateEnded, voice.EndRemoteHangup)
		got = append(got, next(t, pages))
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		for s := range phone.WatchLatest(ctx) {
			if s.WrapUp != nil {
				break
			}
		}
		cancel()
		for _, err := range []error{phone.SetOutcome("Sold"), phone.SetOutcomeNote("a & b"), phone.FinishWrapUp()} {
			if err != nil {
				t.Fatal(err)
			}
		}
		got = append(got, next(t, pages))
		want := []string{"ring?id=" + id + "&outcome=&note=&reason=", "answer?id=" + id + "&outcome=&note=&reason=",
			"end?id=" + id + "&outcome=&note=&reason=REMOTE_HANGUP", "wrap_up?id=" + id + "&outcome=Sold&note=a+%26+b&reason=REMOTE_HANGUP"}
		for i := range got {
			got[i] = strings.TrimPrefix(got[i], "https://crm.example/")
		}
		if !slices.Equal(got, want) {
			t.Errorf("the pages are\n%s", strings.Join(got, "\n"))
		}
	}
	if len(pages) > 0 {
		t.Errorf("%s opens once more", <-pages)
	}
}

// BenchmarkRingToPop measures how long after the ring the customer's page is asked for.
func BenchmarkRingToPop(b *testing.B) {
	_, e, pages := phoneWith(b, settings.Pop{When: settings.MomentRing, URL: "https://crm.example/?number={e164}&name={name}"}, settings.Pop{When: settings.MomentEnd, URL: "https://crm.example/end"})
	var took []time.Duration
	for range b.N {
		began := time.Now()
		e.becomes("c"+began.String(), voice.StateIncoming, "")
		next(b, pages)
		took = append(took, time.Since(began))
		e.becomes("", voice.StateEnded, voice.EndRemoteHangup)
		next(b, pages)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-median")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "ms-p95")
}

package console

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"sync"

	"offhook/demo/platform"
	"offhook/docs/crm"
	"offhook/voice/wire"
)

// Source is what the console shows.
type Source interface {
	// Subscribers returns the newest subscribers and how many there are.
	Subscribers(ctx context.Context, limit int) ([]platform.Subscriber, int, error)
	// Connected tells whether a subscriber's phone has its push socket open.
	Connected(subscriber string) bool
	// Calls returns the newest calls, or only those in progress.
	Calls(ctx context.Context, live bool, limit int) ([]platform.Call, error)
	// Report returns all that is known of a call, or platform.ErrCallNotFound.
	Report(ctx context.Context, session string) (platform.CallReport, error)
	// Feedback returns what was said of a call.
	Feedback(ctx context.Context, session string) ([]platform.Feedback, error)
	// Outcomes returns what became of a call, as its agents said.
	Outcomes(ctx context.Context, session string) ([]platform.Outcome, error)
	// Agent returns how a subscriber stands.
	Agent(subscriber string) wire.Agent
	// Logs returns the newest uploads.
	Logs(ctx context.Context, limit int) ([]platform.Log, error)
	// SendLog sends the upload that the path's {reference} names.
	SendLog(w http.ResponseWriter, r *http.Request) error
	// SendRecording sends the recording of the call that the path's {session} names.
	SendRecording(w http.ResponseWriter, r *http.Request) error
	// Figures are short facts for the top of the page.
	Figures() []Figure
}

// Figure is a number with its name.
type Figure struct {
	Name  string
	Value string
}

// How much one page shows.
const (
	maxSubscribers = 100
	maxCalls       = 50
	maxLogs        = 50
)

//go:embed pages/*.html
var pages embed.FS

//go:embed static
var static embed.FS

// templates are read when the first page is asked for.
var templates = sync.OnceValue(func() *template.Template { return template.Must(template.ParseFS(pages, "pages/*.html")) })

// Console serves the pages.
type Console struct {
	source Source
	log    *slog.Logger
}

// New makes a Console. Who may see it is for the caller to decide.
func New(source Source, log *slog.Logger) *Console { return &Console{source: source, log: log} }

// Handler serves everything under /console.
func (c *Console) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /console", c.overview)
	mux.HandleFunc("GET /console/calls/{session}", c.call)
	mux.HandleFunc("GET /console/logs/{reference}", c.logFile)
	mux.HandleFunc("GET /console/recordings/{session}", c.recording)
	mux.Handle("GET /console/static/", http.StripPrefix("/console/", http.FileServerFS(static)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
}

// Example serves the example of a customer page that works the phone, under
// /console/crm/. It shows nothing of the platform, so that everybody may see it.
func Example() http.Handler {
	files := http.StripPrefix("/console/crm/", http.FileServerFS(crm.Files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src http://127.0.0.1:* ws://127.0.0.1:*; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		files.ServeHTTP(w, r)
	})
}

type subscriberRow struct {
	platform.Subscriber
	Connected bool
	Agent     wire.Agent
}

type callRow struct {
	platform.Call
	Feedback []platform.Feedback
	Outcomes []platform.Outcome
}

func (c *Console) overview(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	live, errLive := c.source.Calls(ctx, true, maxCalls)
	recent, errRecent := c.source.Calls(ctx, false, maxCalls)
	subscribers, total, errSubscribers := c.source.Subscribers(ctx, maxSubscribers)
	logs, errLogs := c.source.Logs(ctx, maxLogs)
	err := errors.Join(errLive, errRecent, errSubscribers, errLogs)
	var ended []callRow
	for _, call := range recent {
		if call.Ended == "" {
			continue
		}
		feedback, errFeedback := c.source.Feedback(ctx, call.SessionID)
		outcomes, errOutcomes := c.source.Outcomes(ctx, call.SessionID)
		err = errors.Join(err, errFeedback, errOutcomes)
		ended = append(ended, callRow{call, feedback, outcomes})
	}
	rows := make([]subscriberRow, len(subscribers))
	for i, s := range subscribers {
		rows[i] = subscriberRow{s, c.source.Connected(s.Name), c.source.Agent(s.Name)}
	}
	c.render(w, err, "overview.html", struct {
		Figures     []Figure
		Live        []platform.Call
		Recent      []callRow
		Subscribers []subscriberRow
		Total       int
		Logs        []platform.Log
	}{c.source.Figures(), live, ended, rows, total, logs})
}

func (c *Console) call(w http.ResponseWriter, r *http.Request) {
	report, err := c.source.Report(r.Context(), r.PathValue("session"))
	if errors.Is(err, platform.ErrCallNotFound) {
		http.Error(w, "There is no such call.", http.StatusNotFound)
		return
	}
	c.render(w, err, "call.html", report)
}

func (c *Console) logFile(w http.ResponseWriter, r *http.Request) {
	if err := c.source.SendLog(w, r); err != nil {
		http.Error(w, "There is no such log.", http.StatusNotFound)
	}
}

func (c *Console) recording(w http.ResponseWriter, r *http.Request) {
	if err := c.source.SendRecording(w, r); err != nil {
		http.Error(w, "There is no such recording, or it was deleted when its time was over.", http.StatusNotFound)
	}
}

// render writes a whole page or none.
func (c *Console) render(w http.ResponseWriter, err error, page string, data any) {
	var b bytes.Buffer
	if err == nil {
		err = templates().ExecuteTemplate(&b, page, data)
	}
	if err != nil {
		c.log.Error("console page failed", "page", page, "error", err)
		http.Error(w, "The page could not be made; the log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes())
}

package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"offhook/app"
	"offhook/app/secrets"
	"offhook/app/settings"
	"offhook/internal/crash"
	"offhook/voice/fault"
)

// The bounds of the Desk API. A page that is paired may send webRate commands a
// second after a burst of webBurst; everybody else together strangerRate requests.
const (
	webRate       = 20
	webBurst      = 40
	strangerRate  = 10
	strangerBurst = 30
	webHeader     = 16 << 10
	webTimeout    = 5 * time.Second
	webConns      = 64
)

// web is the Desk API: the commands and snapshots of the socket over HTTP and a
// WebSocket on 127.0.0.1, for web pages that the user has paired. It has one
// goroutine while it is on, and none while it is off.
type web struct {
	server *Server
	log    *slog.Logger
	pairs  *pairings
	routes http.Handler
	// strangers bounds those who show no token.
	strangers *rate.Limiter

	mu   sync.Mutex
	wish settings.DeskAPI
	open *http.Server
	// life ends when the port is closed: with it the WebSockets.
	life context.Context
	end  context.CancelFunc
	// busy counts requests that go on; idle is told when one ends.
	busy int
	idle *sync.Cond
	// address is where it listens, and err why it does not though it shall.
	address string
	err     error
	done    bool
}

func newWeb(s *Server, store secrets.Store) *web {
	w := &web{server: s, log: s.cfg.Log, strangers: rate.NewLimiter(strangerRate, strangerBurst),
		life: s.ctx, end: func() {}, pairs: newPairings(store, s.cfg.Phone.ShowPairing, s.cfg.now)}
	w.idle = sync.NewCond(&w.mu)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/openapi.json", w.describe)
	mux.HandleFunc("POST /v1/pairings", w.pair)
	mux.HandleFunc("POST /v1/pairings/{id}", w.prove)
	mux.HandleFunc("DELETE /v1/pairings/current", w.paired(w.unpair))
	mux.HandleFunc("GET /v1/status", w.paired(w.status))
	mux.HandleFunc("POST /v1/commands/{command}", w.paired(w.command))
	mux.HandleFunc("GET /v1/events", w.events)
	w.routes = w.guard(mux)
	return w
}

// follow opens and closes the port as the settings say. It returns at once.
func (w *web) follow(set settings.DeskAPI) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return
	}
	was := w.wish
	w.wish = set
	if w.open != nil && (!set.On || set.Port != was.Port || !slices.Equal(set.Origins, was.Origins)) {
		w.shut() // with other origins too: a page's WebSocket was let in by the old ones
	}
	if w.open != nil || !set.On {
		if !set.On {
			w.err = nil
		}
		return
	}
	l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(set.Port)))
	if w.err = err; err != nil {
		w.log.Error("the Desk API can't listen", "port", set.Port, "err", err)
		return
	}
	w.address = l.Addr().String()
	w.life, w.end = context.WithCancel(w.server.ctx)
	life := w.life
	w.open = &http.Server{Handler: w.routes, ReadHeaderTimeout: webTimeout, ReadTimeout: 2 * webTimeout, IdleTimeout: time.Minute,
		MaxHeaderBytes: webHeader, ErrorLog: slog.NewLogLogger(w.log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return life }}
	w.log.Info("the Desk API listens", "address", w.address)
	open := w.open
	w.server.wg.Go(crash.Guarded(func() { _ = open.Serve(&fewConns{Listener: l, slots: make(chan struct{}, webConns)}) }))
}

// shut closes the port and every connection. The caller holds mu.
func (w *web) shut() {
	if w.open != nil {
		w.end()
		_ = w.open.Close()
		w.open, w.address = nil, ""
		w.pairs.drop()
	}
}

// lifetime ends when the port is closed.
func (w *web) lifetime() context.Context {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.life
}

// enter counts a request, unless the port is being closed.
func (w *web) enter() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil {
		return false
	}
	w.busy++
	return true
}

func (w *web) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy--
	w.idle.Broadcast()
}

func (w *web) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = true
	w.shut()
	for w.busy > 0 {
		w.idle.Wait()
	}
}

// fewConns closes the connections beyond so many at once that they are accepted.
type fewConns struct {
	net.Listener
	slots chan struct{}
}

func (l *fewConns) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.slots <- struct{}{}:
			return &slotConn{Conn: conn, give: sync.OnceFunc(func() { <-l.slots })}, nil
		default:
			_ = conn.Close()
		}
	}
}

type slotConn struct {
	net.Conn
	give func()
}

func (c *slotConn) Close() error {
	c.give()
	return c.Conn.Close()
}

// guard lets in requests that name this computer, which those of a page whose name
// was made to point here (DNS rebinding) do not, and whose origin is none or one of
// the settings. It answers preflights, those of Private Network Access too.
func (w *web) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !w.enter() {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		defer w.leave()
		h := rw.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Vary", "Origin")
		if !w.names(r.Host) {
			refuse(rw, http.StatusMisdirectedRequest, failure(string(fault.InvalidParameter), "desk.wrong-host"))
			return
		}
		origin := r.Header.Get("Origin")
		if origin != "" && !w.allows(origin) {
			refuse(rw, http.StatusForbidden, failure(string(fault.MissingPermission), "desk.other-origin", origin))
			return
		}
		if origin != "" {
			h.Set("Access-Control-Allow-Origin", origin)
		}
		if r.Method == http.MethodOptions {
			h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
			h.Set("Access-Control-Max-Age", "600")
			if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
				h.Set("Access-Control-Allow-Private-Network", "true")
			}
			rw.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(rw, r)
	})
}

// names reports whether host is how this computer is called from itself, with the
// port that is open.
func (w *web) names(host string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, port, err := net.SplitHostPort(w.address)
	if err != nil {
		return false
	}
	name, given, err := net.SplitHostPort(host)
	return err == nil && given == port && (name == "127.0.0.1" || strings.EqualFold(name, "localhost"))
}

func (w *web) allows(origin string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, o := range w.wish.Origins {
		if allowed, ok := settings.Origin(o); ok && allowed == strings.ToLower(origin) {
			return true
		}
	}
	return false
}

// paired lets in requests with the token of a pairing with their origin.
func (w *web) paired(next func(http.ResponseWriter, *http.Request, *pairing)) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		p := w.known(rw, r, token)
		if p != nil {
			next(rw, r, p)
		}
	}
}

// known finds the pairing of a token, or refuses the request and returns nil.
func (w *web) known(rw http.ResponseWriter, r *http.Request, token string) *pairing {
	p, err := w.pairs.of(token, r.Header.Get("Origin"))
	limit := w.strangers
	if p != nil {
		limit = p.limit
	}
	if !w.within(rw, limit) {
		return nil
	}
	switch {
	case err != nil:
		refuse(rw, http.StatusServiceUnavailable, failureOf(err))
	case p == nil:
		rw.Header().Set("WWW-Authenticate", `Bearer realm="offhook"`)
		refuse(rw, http.StatusUnauthorized, failure(string(fault.AuthenticationInvalidToken), "desk.not-paired"))
	}
	return p
}

// within counts a request against a rate, and refuses it if there are too many.
func (w *web) within(rw http.ResponseWriter, limit *rate.Limiter) bool {
	if limit.AllowN(w.server.cfg.now(), 1) {
		return true
	}
	rw.Header().Set("Retry-After", "1")
	refuse(rw, http.StatusTooManyRequests, failure(string(fault.SystemBusy), "desk.too-fast"))
	return false
}

func (w *web) describe(rw http.ResponseWriter, _ *http.Request) {
	if !w.within(rw, w.strangers) {
		return
	}
	data, err := OpenAPI()
	if err != nil {
		refuse(rw, http.StatusInternalServerError, failureOf(err))
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	_, _ = rw.Write(data)
}

func (w *web) status(rw http.ResponseWriter, _ *http.Request, _ *pairing) {
	reply(rw, http.StatusOK, forWeb(w.server.cfg.Phone.Snapshot()))
}

// command runs one of the table's commands: the body holds args and the options.
func (w *web) command(rw http.ResponseWriter, r *http.Request, p *pairing) {
	body, ok := readBody(rw, r)
	if !ok {
		return
	}
	result, err := w.run(r.Context(), p, r.PathValue("command"), body)
	if err != nil {
		f := failureOf(err)
		refuse(rw, statusOf(f), f)
		return
	}
	reply(rw, http.StatusOK, result)
}

// run runs a command of the table for a page, with the options that its row names.
func (w *web) run(ctx context.Context, p *pairing, name string, body json.RawMessage) (any, error) {
	c, ok := commands[name]
	if !ok || c.local {
		return nil, usage("There is no command “" + name + "” here.")
	}
	req, err := webRequest(name, c, body)
	if err != nil {
		return nil, err
	}
	w.log.Info("desk", "page", p.Name, "command", name)
	result, err := w.server.run(ctx, req, func(any) error { return nil })
	if snap, ok := result.(*app.Snapshot); ok && err == nil {
		return forWeb(snap), nil
	}
	return result, err
}

// webRequest reads a command's body: an object with args, wait, timeout (in Go's
// form, such as "10s") and the options that belong to the command.
func webRequest(name string, c command, body json.RawMessage) (request, error) {
	req := request{Command: name}
	if len(body) == 0 {
		return req, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return req, usage("The body is no JSON object.")
	}
	known := map[string]bool{"args": true, "wait": true, "timeout": true}
	for _, f := range strings.Fields(c.flags) {
		known[optionField(f)] = true
	}
	for f := range fields {
		if !known[f] {
			return req, usage("“" + f + "” does not belong to " + name + ".")
		}
	}
	if text, ok := fields["timeout"]; ok {
		var s string
		d, err := time.Duration(0), json.Unmarshal(text, &s)
		if err == nil {
			d, err = time.ParseDuration(s)
		}
		if err != nil || d <= 0 || d > time.Hour {
			return req, usage("“timeout” is a time such as \"10s\".")
		}
		req.Timeout = d
		delete(fields, "timeout")
	}
	data, err := json.Marshal(fields)
	if err == nil {
		err = json.Unmarshal(data, &req)
	}
	if err != nil {
		return req, usage("An option is not of its kind.")
	}
	req.Command = name
	if req.Wait != "" && !validWait(strings.ToUpper(req.Wait)) {
		return req, usage("“wait” is a state of a call, READY or IDLE.")
	}
	return req, nil
}

// optionField is the JSON name of a flag.
func optionField(flag string) string { return strings.ReplaceAll(flag, "-", "_") }

// forWeb is a snapshot without what a page has no business with: the code of
// another page that is being paired.
func forWeb(s *app.Snapshot) *app.Snapshot {
	if s.Pairing == nil {
		return s
	}
	c := *s
	c.Pairing = nil
	return &c
}

// readBody reads a JSON body, or refuses the request.
func readBody(rw http.ResponseWriter, r *http.Request) (json.RawMessage, bool) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.ContentLength != 0 && (err != nil || kind != "application/json") {
		refuse(rw, http.StatusUnsupportedMediaType, usage("The body is application/json."))
		return nil, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxLine))
	if err != nil {
		var long *http.MaxBytesError
		if errors.As(err, &long) {
			refuse(rw, http.StatusRequestEntityTooLarge, usage("That is too long for one command."))
		}
		return nil, false
	}
	return body, true
}

func reply(rw http.ResponseWriter, status int, v any) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(v)
}

func refuse(rw http.ResponseWriter, status int, f *Failure) {
	reply(rw, status, map[string]*Failure{"error": f})
}

// statusOf is the HTTP status of a failure.
func statusOf(f *Failure) int {
	switch f.Code {
	case CodeUsage, string(fault.InvalidParameter), string(fault.InvalidDialInfo):
		return http.StatusBadRequest
	case CodeTimeout:
		return http.StatusGatewayTimeout
	case CodeNotRunning:
		return http.StatusServiceUnavailable
	case string(fault.InternalError):
		return http.StatusInternalServerError
	}
	return http.StatusConflict
}

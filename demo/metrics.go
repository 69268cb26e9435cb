package demo

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"runtime"
	"slices"
	"sync"

	"offhook/demo/exophone"
)

// metrics counts what /metrics tells and no room counts itself.
type metrics struct {
	mu       sync.Mutex
	requests map[requestKey]uint64
	ended    map[string]uint64 // calls by end reason
}

type requestKey struct {
	hat  string
	code int
}

func newMetrics() *metrics {
	return &metrics{requests: make(map[requestKey]uint64), ended: make(map[string]uint64)}
}

// countingRecorder counts ended calls on their way to the records.
type countingRecorder struct {
	exophone.Recorder
	metrics *metrics
}

func (c countingRecorder) Record(r exophone.Record) {
	if !r.Ended.IsZero() {
		c.metrics.mu.Lock()
		c.metrics.ended[cmp.Or(r.EndReason, "unknown")]++
		c.metrics.mu.Unlock()
	}
	c.Recorder.Record(r)
}

func (m *metrics) calls() (n uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, count := range m.ended {
		n += count
	}
	return n
}

// counted counts the answers of a hat by status.
func (m *metrics) counted(hat string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &codeWriter{ResponseWriter: w, code: http.StatusOK}
		defer func() {
			m.mu.Lock()
			m.requests[requestKey{hat, c.code}]++
			m.mu.Unlock()
		}()
		next.ServeHTTP(c, r)
	})
}

// codeWriter notes the status of an answer.
type codeWriter struct {
	http.ResponseWriter
	code int
}

func (c *codeWriter) WriteHeader(code int) {
	c.code = code
	c.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController through.
func (c *codeWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// Hijack lets WebSockets through.
func (c *codeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c.code = http.StatusSwitchingProtocols
	return http.NewResponseController(c.ResponseWriter).Hijack()
}

// writeMetrics answers in the text format of Prometheus.
func (p *Platform) writeMetrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	push := p.backend.Inbox().Stats()
	single(w, "offhook_calls_live", "gauge", "Calls in progress.", len(p.exchange.Live()))
	single(w, "offhook_sip_connections", "gauge", "Open SIP connections.", p.exchange.Connections())
	single(w, "offhook_push_sockets", "gauge", "Open push sockets.", push.Sockets)
	single(w, "offhook_push_messages_total", "counter", "Messages taken in.", push.Delivered)
	single(w, "offhook_push_acks_total", "counter", "Messages that a phone acknowledged.", push.Acked)
	single(w, "offhook_push_expired_total", "counter", "Messages that expired unacknowledged.", push.Expired)
	single(w, "go_goroutines", "gauge", "Goroutines.", runtime.NumGoroutine())
	p.metrics.write(w)
}

func single[N int | uint64](w io.Writer, name, kind, help string, value N) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n%s %d\n", name, help, name, kind, name, value)
}

func (m *metrics) write(w io.Writer) {
	m.mu.Lock()
	ended, requests := maps.Clone(m.ended), maps.Clone(m.requests)
	m.mu.Unlock()
	fmt.Fprint(w, "# HELP offhook_calls_total Calls that have ended.\n# TYPE offhook_calls_total counter\n")
	for _, reason := range slices.Sorted(maps.Keys(ended)) {
		fmt.Fprintf(w, "offhook_calls_total{end_reason=%q} %d\n", reason, ended[reason])
	}
	fmt.Fprint(w, "# HELP offhook_http_requests_total HTTP requests answered.\n# TYPE offhook_http_requests_total counter\n")
	for _, key := range slices.SortedFunc(maps.Keys(requests), func(a, b requestKey) int { return cmp.Or(cmp.Compare(a.hat, b.hat), cmp.Compare(a.code, b.code)) }) {
		fmt.Fprintf(w, "offhook_http_requests_total{hat=%q,code=\"%d\"} %d\n", key.hat, key.code, requests[key])
	}
}

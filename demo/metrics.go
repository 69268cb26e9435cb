package demo

import (
	"bufio"
	"cmp"
	"context"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"offhook/demo/exophone"
)

// metrics are what /metrics tells.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec // by hat and code
	ended    *prometheus.CounterVec // calls by end reason
	calls    atomic.Uint64          // that have ended
	setup    prometheus.Histogram
	ring     prometheus.Histogram
	push     prometheus.Histogram
	handOver prometheus.Histogram

	mu sync.Mutex
	// leaving are the calls that are being handed over, by session.
	leaving map[string]leaving
	rang    map[string]bool // calls whose ringing was counted, by session
}

// leaving is a handing-over that nobody has taken yet.
type leaving struct {
	count int // of those of the call
	since time.Time
}

// machineTimes are the bounds of what machines do, personTimes of what people do, in
// seconds.
var (
	machineTimes = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
	personTimes  = []float64{0.5, 1, 2, 3, 5, 8, 12, 20, 30, 45, 60}
)

func newMetrics() *metrics {
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	}
	m := &metrics{
		registry: prometheus.NewRegistry(), leaving: make(map[string]leaving), rang: make(map[string]bool),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "offhook_http_requests_total", Help: "HTTP requests answered."}, []string{"hat", "code"}),
		ended:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "offhook_calls_total", Help: "Calls that have ended."}, []string{"end_reason"}),
		setup:    histogram("offhook_call_setup_seconds", "From the INVITE to the ringing of a callee.", machineTimes),
		ring:     histogram("offhook_call_ring_seconds", "From the ringing to the answer.", personTimes),
		push:     histogram("offhook_push_seconds", "How long the application backend took to take a push.", machineTimes),
		handOver: histogram("offhook_hand_over_seconds", "From the request to hand a call over until its target talks.", personTimes),
	}
	m.registry.MustRegister(m.requests, m.ended, m.setup, m.ring, m.push, m.handOver,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// watch adds the figures that others count.
func (m *metrics) watch(p *Platform) {
	gauge := func(name, help string, value func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	counter := func(name, help string, value func() float64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value))
	}
	gauge("offhook_calls_live", "Calls in progress.", func() float64 { return float64(len(p.exchange.Live())) })
	gauge("offhook_sip_connections", "Open SIP connections.", func() float64 { return float64(p.exchange.Connections()) })
	gauge("offhook_push_sockets", "Open push sockets.", func() float64 { return float64(p.backend.Inbox().Stats().Sockets) })
	counter("offhook_push_messages_total", "Messages taken in.", func() float64 { return float64(p.backend.Inbox().Stats().Delivered) })
	counter("offhook_push_acks_total", "Messages that a phone acknowledged.", func() float64 { return float64(p.backend.Inbox().Stats().Acked) })
}

// handler answers in the formats of Prometheus.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// countingRecorder counts calls on their way to the records.
type countingRecorder struct {
	exophone.Recorder
	metrics *metrics
	now     func() time.Time
}

// Record is for exophone.Recorder.
func (c countingRecorder) Record(r exophone.Record) {
	c.metrics.record(r, c.now())
	c.Recorder.Record(r)
}

func (m *metrics) record(r exophone.Record, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := r.SessionID
	if !r.Ringing.IsZero() && !m.rang[id] {
		m.rang[id] = true
		m.setup.Observe(r.Ringing.Sub(r.Created).Seconds())
	}
	if n := len(r.Transfers); n > m.leaving[id].count {
		m.leaving[id] = leaving{count: n, since: now}
	}
	if l := m.leaving[id]; !l.since.IsZero() {
		_, target, _ := strings.Cut(r.Transfers[l.count-1], " to ")
		if slices.Contains(r.Parties, target) {
			m.handOver.Observe(now.Sub(l.since).Seconds())
			m.leaving[id] = leaving{count: l.count}
		}
	}
	if r.Ended.IsZero() {
		return
	}
	if !r.Ringing.IsZero() && !r.Answered.IsZero() {
		m.ring.Observe(r.Answered.Sub(r.Ringing).Seconds())
	}
	delete(m.rang, id)
	delete(m.leaving, id)
	m.calls.Add(1)
	m.ended.WithLabelValues(cmp.Or(r.EndReason, "unknown")).Inc()
}

// timedPusher measures how long a push takes.
type timedPusher struct {
	exophone.Pusher
	metrics *metrics
}

// Push is for exophone.Pusher.
func (t timedPusher) Push(ctx context.Context, name, payload, version string) error {
	began := time.Now()
	err := t.Pusher.Push(ctx, name, payload, version)
	if err == nil {
		t.metrics.push.Observe(time.Since(began).Seconds())
	}
	return err
}

// counted counts the answers of a hat by status.
func (m *metrics) counted(hat string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &codeWriter{ResponseWriter: w, code: http.StatusOK}
		defer func() { m.requests.WithLabelValues(hat, strconv.Itoa(c.code)).Inc() }()
		next.ServeHTTP(c, r)
	})
}

// codeWriter notes the status of an answer.
type codeWriter struct {
	http.ResponseWriter
	code int
}

// WriteHeader notes the status.
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

package exophone

import (
	"math"
	"sync"
	"time"
)

// limiter is a token bucket for each subscriber.
type limiter struct {
	rate  float64
	burst float64
	mu    sync.Mutex
	m     map[string]*bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

func newLimiter(rate float64, burst int) *limiter {
	return &limiter{rate: rate, burst: float64(burst), m: make(map[string]*bucket)}
}

// take reports whether name may place a call now, or after how long it may.
func (l *limiter) take(name string, now time.Time) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.m[name]
	if b == nil {
		if len(l.m) >= 10_000 {
			l.purge(now)
		}
		b = &bucket{tokens: l.burst, at: now}
		l.m[name] = b
	}
	b.tokens = min(l.burst, b.tokens+now.Sub(b.at).Seconds()*l.rate)
	b.at = now
	if b.tokens < 1 {
		return time.Duration(math.Ceil((1-b.tokens)/l.rate)) * time.Second, false
	}
	b.tokens--
	return 0, true
}

// purge forgets buckets that are full again.
func (l *limiter) purge(now time.Time) {
	for n, b := range l.m {
		if b.tokens+now.Sub(b.at).Seconds()*l.rate >= l.burst {
			delete(l.m, n)
		}
	}
}

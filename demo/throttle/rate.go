package throttle

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate limits how often each key may ask: a bucket of burst that fills up at
// perSecond. Its methods are safe for concurrent use.
type Rate struct {
	perSecond rate.Limit
	burst     int
	now       func() time.Time

	mu   sync.Mutex
	keys map[string]*rate.Limiter
}

// NewRate makes a Rate that reads the given clock.
func NewRate(perSecond float64, burst int, now func() time.Time) *Rate {
	return &Rate{perSecond: rate.Limit(perSecond), burst: burst, now: now, keys: make(map[string]*rate.Limiter)}
}

// GiveBack puts back into key's bucket what Allow has taken.
func (r *Rate) GiveBack(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if limiter := r.keys[key]; limiter != nil {
		limiter.AllowN(r.now(), -1)
	}
}

// Taken returns how many are missing from key's bucket, 0 for a key that is not known.
func (r *Rate) Taken(key string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	limiter := r.keys[key]
	if limiter == nil {
		return 0
	}
	return r.burst - int(limiter.TokensAt(r.now()))
}

// Allow takes one from key's bucket and reports whether there was one.
func (r *Rate) Allow(key string) bool {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	limiter := r.keys[key]
	if limiter == nil {
		makeRoom(r.keys)
		limiter = rate.NewLimiter(r.perSecond, r.burst)
		r.keys[key] = limiter
	}
	return limiter.AllowN(now, 1)
}

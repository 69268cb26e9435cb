package backend

import (
	"sync"
	"time"
)

const (
	// freeFailures may follow each other without a pause; then each failure
	// doubles it, from firstPause to longestPause.
	freeFailures = 5
	firstPause   = time.Second
	longestPause = 5 * time.Minute
	// maxSlowed bounds the keys remembered.
	maxSlowed = 10000
)

// slowdown makes guessing passwords slow: it remembers failures by key and says
// how long the next try must wait.
type slowdown struct {
	now func() time.Time

	mu   sync.Mutex
	keys map[string]failures
}

type failures struct {
	count int
	until time.Time
}

func newSlowdown(now func() time.Time) *slowdown {
	return &slowdown{now: now, keys: make(map[string]failures)}
}

// wait is how long key must still wait, 0 if it may try now.
func (s *slowdown) wait(key string) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(0, s.keys[key].until.Sub(s.now()))
}

// failed counts a failure and returns how many there were in a row.
func (s *slowdown) failed(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, f := s.now(), s.keys[key]
	if len(s.keys) >= maxSlowed {
		for k, old := range s.keys {
			if now.Sub(old.until) > longestPause {
				delete(s.keys, k)
			}
		}
	}
	f.count++
	f.until = now
	if over := f.count - freeFailures; over >= 0 {
		f.until = now.Add(min(firstPause<<min(over, 20), longestPause))
	}
	if len(s.keys) < maxSlowed || f.count > 1 {
		s.keys[key] = f
	}
	return f.count
}

func (s *slowdown) succeeded(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, key)
}

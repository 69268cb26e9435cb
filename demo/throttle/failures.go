package throttle

import (
	"sync"
	"time"
)

const (
	// freeFailures may follow each other without a pause; then each failure
	// doubles it, from firstDelay to longestDelay.
	freeFailures = 5
	firstDelay   = time.Second
	longestDelay = 5 * time.Minute
	// forgetAfter is how long after its last pause a key begins anew.
	forgetAfter = 30 * time.Minute
	// maxKeys bounds the keys remembered, by Failures and by Rate.
	maxKeys = 20000
)

// Failures makes guessing slow: it remembers failures in a row by key and says
// how long the next try must wait. Its methods are safe for concurrent use.
type Failures struct {
	now func() time.Time

	mu   sync.Mutex
	keys map[string]failures
}

type failures struct {
	count int
	until time.Time
}

// NewFailures makes a Failures that reads the given clock.
func NewFailures(now func() time.Time) *Failures {
	return &Failures{now: now, keys: make(map[string]failures)}
}

// Wait is how long key must still wait, 0 if it may try now.
func (s *Failures) Wait(key string) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(0, s.keys[key].until.Sub(s.now()))
}

// Try counts a try of key as a failure before anybody knows what comes of it, and
// returns how many there were in a row; Succeeded takes it back. While key must
// wait, the try is not counted, and wait says for how long.
func (s *Failures) Try(key string) (count int, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if wait := s.keys[key].until.Sub(s.now()); wait > 0 {
		return 0, wait
	}
	return s.failed(key), 0
}

// Failed counts a failure and returns how many there were in a row.
func (s *Failures) Failed(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed(key)
}

func (s *Failures) failed(key string) int {
	now, f := s.now(), s.keys[key]
	if now.Sub(f.until) > forgetAfter {
		f.count = 0
	}
	if f.count == 0 {
		makeRoom(s.keys)
	}
	f.count++
	f.until = now
	if over := f.count - freeFailures; over >= 0 {
		f.until = now.Add(min(firstDelay<<min(over, 20), longestDelay))
	}
	s.keys[key] = f
	return f.count
}

// Succeeded forgets the failures of key.
func (s *Failures) Succeeded(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, key)
}

// makeRoom drops one key, whichever comes, if there are too many: one who makes
// up many keys mostly drops made-up ones.
func makeRoom[V any](keys map[string]V) {
	if len(keys) < maxKeys {
		return
	}
	for key := range keys {
		delete(keys, key)
		return
	}
}

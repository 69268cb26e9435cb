package exophone

import (
	"sync"
	"time"
)

const (
	// freeMisses may come at full speed.
	freeMisses = 3
	firstDelay = 250 * time.Millisecond
	longest    = 8 * time.Second
	// missMemory is how long after the last miss all is forgiven.
	missMemory = 10 * time.Minute
	maxMisses  = 10_000
)

// missKey is who guesses: a name from an address, so that a stranger's guesses
// do not lock the subscriber out.
type missKey struct{ remote, name string }

type miss struct {
	count int
	last  time.Time
	until time.Time
}

// misses slows wrong passwords down: after a few, the next try is looked at
// only when a delay has passed, which doubles with each.
type misses struct {
	mu     sync.Mutex
	m      map[missKey]*miss
	report func(key missKey, count int)
}

// begin reports whether a try may be looked at now. release takes back what it
// noted, for a try that came to nothing.
func (s *misses) begin(key missKey, now time.Time) (release func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.m[key]
	if m == nil || now.Sub(m.last) > missMemory {
		return func() {}, true
	}
	if now.Before(m.until) {
		return nil, false
	}
	// Tries side by side count as one.
	before := m.until
	m.until = now.Add(delayAfter(m.count))
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		m.until = before
	}, true
}

func (s *misses) missed(key missKey, clock Clock) {
	now := clock.Now()
	s.mu.Lock()
	m := s.m[key]
	if m == nil || now.Sub(m.last) > missMemory {
		if len(s.m) >= maxMisses {
			s.purge(now)
		}
		m = &miss{}
		s.m[key] = m
	}
	m.count++
	m.last = now
	m.until = now.Add(delayAfter(m.count))
	count := m.count
	s.mu.Unlock()
	if s.report != nil {
		s.report(key, count)
	}
}

func (s *misses) hit(key missKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.m, key)
}

func (s *misses) purge(now time.Time) {
	for k, m := range s.m {
		if now.Sub(m.last) > missMemory {
			delete(s.m, k)
		}
	}
	if len(s.m) >= maxMisses {
		clear(s.m)
	}
}

func delayAfter(count int) time.Duration {
	if count < freeMisses {
		return 0
	}
	return min(firstDelay<<min(count-freeMisses, 10), longest)
}

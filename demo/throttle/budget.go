package throttle

import (
	"sync"
	"time"
)

// Budget limits how much each key may spend a day, by UTC. Its methods are safe for
// concurrent use.
type Budget struct {
	perDay int64
	now    func() time.Time

	mu   sync.Mutex
	day  int64
	keys map[string]int64
}

// NewBudget makes a Budget of perDay for each key that reads the given clock.
func NewBudget(perDay int64, now func() time.Time) *Budget {
	return &Budget{perDay: perDay, now: now, keys: make(map[string]int64)}
}

// Spend takes n from what key has left of the day and reports whether there was as
// much; if not, nothing is taken.
func (b *Budget) Spend(key string, n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if day := b.now().Unix() / 86400; day != b.day {
		b.day = day
		clear(b.keys)
	}
	spent, known := b.keys[key]
	if spent+n > b.perDay {
		return false
	}
	if !known {
		makeRoom(b.keys)
	}
	b.keys[key] = spent + n
	return true
}

// Left is how long until the next day begins.
func (b *Budget) Left() time.Duration {
	now := b.now().Unix()
	return time.Duration(86400-now%86400) * time.Second
}

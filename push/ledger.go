package push

import (
	"maps"
	"slices"
	"time"
)

// State is what must be kept of an inbox to deliver nothing twice: everything
// up to and with Since is done, and so is Done above it.
type State struct {
	Inbox string  `json:"inbox"`
	Since int64   `json:"since"`
	Done  []int64 `json:"done,omitempty"`
}

const (
	// gapPatience is how long a number that was jumped over may still come. The
	// server leaves out what has expired, so most never do.
	gapPatience = 10 * time.Minute
	// maxDone bounds the numbers kept above a gap.
	maxDone = 4096
)

// ledger knows which messages of the inbox are done. It is not safe for
// concurrent use.
type ledger struct {
	inbox    string
	since    int64
	done     map[int64]bool
	gapSince time.Time // when done first lay above a gap; zero without one
}

func newLedger(s State) *ledger {
	l := &ledger{inbox: s.Inbox, since: max(0, s.Since), done: make(map[int64]bool)}
	for _, id := range s.Done {
		if id > l.since && id <= maxID && len(l.done) < maxDone {
			l.done[id] = true
		}
	}
	return l
}

func (l *ledger) state() State {
	return State{Inbox: l.inbox, Since: l.since, Done: slices.Sorted(maps.Keys(l.done))}
}

// enter turns to an inbox; true if it is another than before, of which nothing
// is known.
func (l *ledger) enter(inbox string) bool {
	if inbox == l.inbox {
		return false
	}
	*l = ledger{inbox: inbox, done: make(map[int64]bool)}
	return true
}

func (l *ledger) seen(id int64) bool { return id <= l.since || l.done[id] }

// mark notes that a message is done. open are the numbers that were received
// and are not: Since never passes the lowest of them.
func (l *ledger) mark(id int64, now time.Time, open func(id int64) bool) {
	if !l.seen(id) {
		l.done[id] = true
	}
	l.advance()
	for len(l.done) > 0 {
		if l.gapSince.IsZero() {
			l.gapSince = now
		}
		if now.Sub(l.gapSince) < gapPatience && len(l.done) < maxDone {
			return
		}
		next := slices.Min(slices.Collect(maps.Keys(l.done)))
		for gap := l.since + 1; gap < next && gap < l.since+maxDone; gap++ {
			if open(gap) {
				return
			}
		}
		l.since = next - 1
		l.advance()
	}
	l.gapSince = time.Time{}
}

func (l *ledger) advance() {
	before := l.since
	for l.done[l.since+1] {
		l.since++
		delete(l.done, l.since)
	}
	if l.since != before {
		l.gapSince = time.Time{}
	}
}

package push

import (
	"slices"
	"time"
)

// State is what must be kept of an inbox to deliver nothing twice: everything
// up to and with Since is done, and so are the spans above it.
type State struct {
	Inbox string `json:"inbox"`
	Since int64  `json:"since"`
	Spans []Span `json:"spans,omitempty"`
}

// Span is a run of message numbers, both ends included.
type Span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

const (
	// gapTimeout is how long a number that was jumped over may still come. The
	// server leaves numbers out, so most never do.
	gapTimeout = 10 * time.Minute
	// maxSpans bounds the gaps that are kept open.
	maxSpans = 4096
)

// ledger knows which messages of the inbox are done. It is not safe for
// concurrent use.
type ledger struct {
	inbox string
	since int64
	// spans are done and lie above since, with a gap before each; in order.
	spans []Span
	// gapSince is when the gaps below gapTop were first seen, at the latest.
	gapSince time.Time
	gapTop   int64
}

func newLedger(s State) *ledger {
	l := &ledger{inbox: s.Inbox, since: max(0, s.Since)}
	for _, span := range s.Spans {
		if span.From > l.since && span.From <= span.To && span.To <= maxID && len(l.spans) < maxSpans {
			l.add(span)
		}
	}
	l.advance()
	return l
}

func (l *ledger) state() State {
	return State{Inbox: l.inbox, Since: l.since, Spans: slices.Clone(l.spans)}
}

// enter turns to an inbox; true if it is another than before, of which nothing
// is known.
func (l *ledger) enter(inbox string) bool {
	if inbox == l.inbox {
		return false
	}
	*l = ledger{inbox: inbox}
	return true
}

func (l *ledger) seen(id int64) bool {
	if id <= l.since {
		return true
	}
	i := l.search(id)
	return i < len(l.spans) && l.spans[i].From <= id
}

// search returns the first span that ends at or after id.
func (l *ledger) search(id int64) int {
	i, _ := slices.BinarySearchFunc(l.spans, id, func(s Span, id int64) int {
		switch {
		case s.To < id:
			return -1
		case s.To > id:
			return 1
		}
		return 0
	})
	return i
}

// add puts a span in, joined with those that it touches.
func (l *ledger) add(s Span) {
	i := l.search(s.From - 1)
	j := i
	for j < len(l.spans) && l.spans[j].From <= s.To+1 {
		s.From, s.To = min(s.From, l.spans[j].From), max(s.To, l.spans[j].To)
		j++
	}
	l.spans = slices.Replace(l.spans, i, j, s)
}

// mark notes that a message is done. open says whether a message of a span was
// received and is not done: Since never passes one.
func (l *ledger) mark(id int64, now time.Time, open func(Span) bool) {
	if !l.seen(id) {
		l.add(Span{id, id})
	}
	l.advance()
	for len(l.spans) > 0 {
		if l.spans[0].From > l.gapTop {
			l.gapSince, l.gapTop = now, l.spans[len(l.spans)-1].To
		}
		if now.Sub(l.gapSince) < gapTimeout && len(l.spans) < maxSpans {
			return
		}
		if open(Span{l.since + 1, l.spans[0].From - 1}) {
			return
		}
		l.since = l.spans[0].From - 1
		l.advance()
	}
}

func (l *ledger) advance() {
	if len(l.spans) > 0 && l.spans[0].From <= l.since+1 {
		l.since = l.spans[0].To
		l.spans = slices.Delete(l.spans, 0, 1)
	}
}

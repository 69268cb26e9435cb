package push

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func none(Span) bool { return false }

func TestLedger(t *testing.T) {
	t.Parallel()
	now := time.Now()
	l := newLedger(State{Inbox: "a", Since: 3, Spans: []Span{{2, 2}, {5, 5}, {5, 5}, {-1, 9}, {8, 7}}})
	for id, want := range map[int64]bool{1: true, 3: true, 4: false, 5: true, 6: false} {
		if l.seen(id) != want {
			t.Errorf("seen(%d) = %t", id, !want)
		}
	}
	l.mark(4, now, none)
	if s := l.state(); s.Since != 5 || len(s.Spans) != 0 {
		t.Errorf("%+v", s)
	}
	// A gap is kept open for a while, and then given up.
	l.mark(9, now, none)
	l.mark(10, now.Add(gapTimeout-1), none)
	if s := l.state(); s.Since != 5 || !slices.Equal(s.Spans, []Span{{9, 10}}) {
		t.Errorf("%+v", s)
	}
	l.mark(12, now.Add(gapTimeout), none)
	if s := l.state(); s.Since != 10 || !slices.Equal(s.Spans, []Span{{12, 12}}) {
		t.Errorf("%+v", s)
	}
	// But not while what is missing was received and is not done.
	l.mark(13, now.Add(3*gapTimeout), func(s Span) bool { return s == Span{11, 11} })
	if s := l.state(); s.Since != 10 {
		t.Errorf("%+v", s)
	}
	// However many come after one that is late, it is not given up.
	for id := int64(14); id < 100_000; id++ {
		l.mark(id, now.Add(3*gapTimeout), func(Span) bool { return true })
	}
	if s := l.state(); s.Since != 10 || len(s.Spans) != 1 || l.seen(11) {
		t.Errorf("%+v", s)
	}
	// Nor does it grow without end.
	for id := int64(200_000); id < 200_000+4*maxSpans; id += 2 {
		l.mark(id, now.Add(3*gapTimeout), none)
	}
	if s := l.state(); len(s.Spans) >= maxSpans {
		t.Errorf("%d spans kept", len(s.Spans))
	}
	// All gaps that were there when one is given up are given up together after that.
	many := newLedger(State{Inbox: "a"})
	for _, id := range []int64{1000, 2000, 3000} {
		many.mark(id, now, none)
	}
	many.mark(4000, now.Add(gapTimeout), none)
	many.mark(5000, now.Add(2*gapTimeout), none)
	if s := many.state(); s.Since != 4000 || !slices.Equal(s.Spans, []Span{{5000, 5000}}) {
		t.Errorf("%+v", s)
	}
	if !l.enter("b") || l.enter("b") || l.seen(1) {
		t.Error("another inbox does not start anew")
	}
}

// The ledger agrees with a plain set, in whatever order messages are done.
func TestLedgerAgainstASet(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for round := range uint64(200) {
		r := rand.New(rand.NewPCG(round, 3))
		l, set := newLedger(State{Inbox: "a"}), map[int64]bool{}
		for range 300 {
			id := 1 + r.Int64N(200)
			l.mark(id, now, none)
			set[id] = true
			if r.IntN(20) == 0 {
				l = newLedger(l.state()) // a restart
			}
			for id := int64(1); id <= 205; id++ {
				if l.seen(id) != set[id] {
					t.Fatalf("round %d: seen(%d) is %t: %+v", round, id, l.seen(id), l.state())
				}
			}
		}
	}
}

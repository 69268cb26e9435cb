package actor

import (
	"sync"
	"testing"

	"offhook/internal/crash"
)

// What many goroutines post runs on one, each one's in its order, and nothing
// runs after the end.
func TestQueueKeepsTheOrderOfEachPoster(t *testing.T) {
	t.Parallel()
	const posters, pieces = 8, 500
	q := New()
	last := make([]int, posters)
	left := posters * pieces
	done := make(chan struct{})
	go func() {
		defer close(done)
		q.Run(func() bool { return left == 0 })
	}()
	var posting sync.WaitGroup
	for p := range posters {
		posting.Go(func() {
			for i := 1; i <= pieces; i++ {
				q.Post(func() {
					if last[p] != i-1 {
						t.Errorf("poster %d: %d after %d", p, i, last[p])
					}
					last[p] = i
					left--
				})
			}
		})
	}
	posting.Wait()
	<-done
	if q.Post(func() { t.Error("ran after the end") }) {
		t.Error("taken after the end")
	}
}

// What was taken runs, also if the end comes first: nobody waits in vain.
func TestWhatWasTakenRuns(t *testing.T) {
	t.Parallel()
	q := New()
	ran, over := 0, false
	q.Post(func() {
		over = true
		q.Post(func() { ran++ })
	})
	q.Run(func() bool { return over })
	if ran != 1 {
		t.Errorf("ran %d times", ran)
	}
}

// Work that panics is told of, and what was posted behind it still runs.
func TestAPanicLeavesTheRest(t *testing.T) {
	told := 0
	defer crash.Handle(func(any, []byte) { told++ })()
	q, over, ran := New(), false, 0
	q.Post(func() { panic("broken") })
	q.Post(func() { ran++ })
	q.Post(func() { over = true })
	q.Run(func() bool { return over })
	if told != 1 || ran != 1 {
		t.Errorf("told %d times, ran %d", told, ran)
	}
}

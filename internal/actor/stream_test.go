package actor

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
)

// Each reader gets all that is published after it came, in order, also what was
// queued when the stream closed; one who wants the newest gets the last at least.
func TestAStreamServesEachReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s Stream[int]
		s.Publish(1)
		all := s.Read(t.Context(), 0)
		last := s.Read(t.Context(), FromLast)
		newest := s.Read(t.Context(), FromLast|NewestOnly)
		given, giveUp := context.WithCancel(t.Context())
		gone := s.Read(given, 0)
		synctest.Wait() // newest waits with 1 in its hand
		for v := 2; v <= 50; v++ {
			s.Publish(v)
		}
		giveUp()
		synctest.Wait()
		if _, open := <-gone; open || s.Last() != 50 {
			t.Error("a reader that gave up is served", s.Last())
		}
		s.Close()
		s.Close()
		s.Publish(51)
		read := func(c <-chan int) (got []int) {
			for v := range c {
				got = append(got, v)
			}
			return got
		}
		if got := read(all); len(got) != 49 || got[0] != 2 || !slices.IsSorted(got) {
			t.Error(got)
		}
		if got := read(last); len(got) != 50 || got[0] != 1 {
			t.Error(got)
		}
		if got := read(newest); !slices.Equal(got, []int{1, 50}) {
			t.Error(got)
		}
		if got := read(s.Read(t.Context(), FromLast)); !slices.Equal(got, []int{51}) {
			t.Error("of a closed stream", got)
		}
	})
}

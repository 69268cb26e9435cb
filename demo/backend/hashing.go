package backend

import (
	"context"
	"runtime"
)

// hashing bounds how many passwords are hashed at once, one a core: the hash is
// slow on purpose, and a guesser would else take the machine away from the
// calls. Suspect tries take at most half of the places.
type hashing struct {
	all, suspect chan struct{}
}

func newHashing() *hashing {
	n := max(2, runtime.GOMAXPROCS(0))
	return &hashing{all: make(chan struct{}, n), suspect: make(chan struct{}, n/2)}
}

// run calls f when it has a place, or returns the error of ctx.
func (h *hashing) run(ctx context.Context, suspect bool, f func()) error {
	places := []chan struct{}{h.all}
	if suspect {
		places = []chan struct{}{h.suspect, h.all}
	}
	for _, place := range places {
		select {
		case place <- struct{}{}:
			defer func() { <-place }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	f()
	return nil
}

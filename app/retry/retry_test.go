package retry

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// What fails is tried again after delays that grow, and at once when the signal
// fires; an attempt that hangs is given up then.
func TestAnAttemptIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSignal()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		attempts, fired, failed := 0, 0, 0
		began := time.Now()
		err := s.Until(ctx, func(ctx context.Context) error {
			switch attempts++; attempts {
			case 1:
				return errors.New("no network")
			case 2:
				time.AfterFunc(time.Second, s.Fire)
				<-ctx.Done() // hangs on a network that is gone
				return ctx.Err()
			default:
				return nil
			}
		}, Hooks{
			Failed: func(_ error, delay time.Duration) {
				if failed++; delay < 0 || delay > 400*time.Millisecond {
					t.Error("the first delay is", delay)
				}
			},
			Fired: func() { fired++ }, Grace: 100 * time.Millisecond,
		})
		if err != nil || attempts != 3 || fired != 1 || failed != 1 || time.Since(began) > 2*time.Second {
			t.Fatal(err, attempts, fired, failed, time.Since(began))
		}
		s.Close()
		s.Fire()
		if Wait(ctx, time.Hour, s.Next()) != nil || time.Since(began) > time.Minute {
			t.Fatal("a closed signal lets nobody wait")
		}
		cancel()
		if !errors.Is(s.Until(ctx, func(context.Context) error { return errors.New("no") }, Hooks{}), context.Canceled) {
			t.Fatal("it goes on")
		}
	})
}

package calllog

import (
	"errors"
	"log/slog"
	"offhook/voice"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A full disk holds nobody up, loses nothing, and is told of once.
func TestAFullDiskLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls, _, err := Open(t.TempDir(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer calls.Close()
		full := errors.New("database or disk is full")
		var mu sync.Mutex
		broken, complaints, recents := true, 0, 0
		w := NewWriter(calls, slog.New(slog.DiscardHandler), func(r []Record, _ int, err error) {
			mu.Lock()
			defer mu.Unlock()
			recents = len(r)
			if err != nil {
				complaints++
			}
		})
		told := make(chan error, 3)
		for _, id := range []string{"1", "2", "3"} {
			w.Add(Job{Keep: true, Then: func(err error) { told <- err }, Do: func(l *Log) error {
				mu.Lock()
				defer mu.Unlock()
				if broken {
					return full
				}
				return l.End(Record{ID: id, Direction: voice.Outgoing, Started: time.Now()})
			}})
		}
		for range 3 {
			if err := <-told; !errors.Is(err, full) {
				t.Fatalf("told %v", err)
			}
		}
		time.Sleep(time.Minute)
		mu.Lock()
		if complaints != 1 {
			t.Errorf("%d complaints", complaints)
		}
		broken = false
		mu.Unlock()
		time.Sleep(retryWrite)
		synctest.Wait()
		mu.Lock()
		if recents != 3 {
			t.Errorf("%d calls in the log after the disk had room again", recents)
		}
		mu.Unlock()
		w.Close()
		w.Add(Job{Do: func(*Log) error { return nil }, Then: func(err error) { told <- err }})
		if err := <-told; !errors.Is(err, ErrClosed) {
			t.Errorf("after closing: %v", err)
		}
	})
}

package line

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"offhook/voice/clock"
	"offhook/voice/sip"
	"offhook/voice/sip/transport"
)

// fakeFlow is a flow that the test cuts.
type fakeFlow struct {
	done chan struct{}
	once sync.Once
	// dead gives no sign of life.
	dead bool
}

func (f *fakeFlow) Invite(context.Context, sip.Invitation) (Dialog, error) {
	return nil, errors.ErrUnsupported
}
func (f *fakeFlow) Done() <-chan struct{} { return f.done }
func (f *fakeFlow) Err() error            { return errors.New("cut") }
func (f *fakeFlow) Close() error          { f.once.Do(func() { close(f.done) }); return nil }
func (f *fakeFlow) Prove(context.Context) error {
	if f.dead {
		return errors.New("no sign of life")
	}
	return nil
}

// lineStory is a line whose server is the test.
type lineStory struct {
	*Connection
	mu    sync.Mutex
	err   error
	hang  bool
	tries []time.Time
	flows []*fakeFlow
	up    []bool
}

func startLine(t *testing.T, err error) *lineStory {
	t.Helper()
	s := &lineStory{err: err}
	s.Connection = NewConnection(func(ctx context.Context) (Flow, error) {
		s.mu.Lock()
		s.tries = append(s.tries, time.Now())
		err, hang := s.err, s.hang
		s.mu.Unlock()
		if hang {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		f := &fakeFlow{done: make(chan struct{})}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.flows = append(s.flows, f)
		return f, nil
	}, clock.System{}, slog.New(slog.DiscardHandler), func(up bool, err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.up = append(s.up, up)
	})
	t.Cleanup(s.Close)
	return s
}

// drop closes the open flow and has the line connect again at once.
func (s *lineStory) drop() {
	s.mu.Lock()
	f := s.flows[len(s.flows)-1]
	s.mu.Unlock()
	_ = f.Close()
	s.Retry()
}

func (s *lineStory) set(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *lineStory) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tries)
}

func TestLineIsKeptOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startLine(t, nil)
		first, err := OpenFlow(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		_ = first.Close() // the cable is pulled
		at := time.Now()
		second, err := OpenFlow(t.Context(), s)
		if err != nil || second == first {
			t.Fatalf("%v %v", second == first, err)
		}
		if d := time.Since(at); d > reconnectFloor+time.Millisecond {
			t.Errorf("connected again after %v", d)
		}
	})
}

func TestLineBacksOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startLine(t, errors.New("refused"))
		time.Sleep(10 * time.Minute)
		// With full jitter the pauses are 10 s in the mean once the ceiling is
		// reached, and never above 20 s.
		if n := s.count(); n < 35 || n > 150 {
			t.Errorf("%d attempts in ten minutes", n)
		}
		s.mu.Lock()
		for i := 1; i < len(s.tries); i++ {
			if d := s.tries[i].Sub(s.tries[i-1]); d > reconnectCeil+time.Millisecond {
				t.Errorf("attempt %d after %v", i, d)
			}
		}
		s.mu.Unlock()
		// Somebody who needs it does not wait, and learns at once if it fails.
		at := time.Now()
		if _, err := OpenFlow(t.Context(), s); err == nil || time.Since(at) > time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(at))
		}
		s.set(nil)
		if _, err := OpenFlow(t.Context(), s); err != nil || time.Since(at) > time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(at))
		}
	})
}

func TestLineObeysRetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startLine(t, &transport.HandshakeError{Status: 503, RetryAfter: 30 * time.Second})
		time.Sleep(29 * time.Second)
		if n := s.count(); n != 1 {
			t.Errorf("%d attempts", n)
		}
		time.Sleep(3 * time.Second)
		if n := s.count(); n != 2 {
			t.Errorf("%d attempts", n)
		}
	})
}

func TestLineThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startLine(t, nil)
		synctest.Wait()
		s.mu.Lock()
		s.hang = true
		s.mu.Unlock()
		s.drop()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := OpenFlow(ctx, s); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if _, err := OpenFlow(t.Context(), s); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after the attempt: %v", err)
		}
	})
}

func TestLineRenewsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startLine(t, nil)
		first, _ := OpenFlow(t.Context(), s)
		time.Sleep(time.Second)
		at := time.Now()
		s.drop()
		second, err := OpenFlow(t.Context(), s)
		if err != nil || first == second || time.Since(at) > reconnectFloor {
			t.Errorf("%v after %v", err, time.Since(at))
		}
	})
}

func TestClosedLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startLine(t, errors.New("refused"))
		synctest.Wait()
		s.Close()
		if _, err := OpenFlow(t.Context(), s); err == nil {
			t.Error("a flow from a closed line")
		}
	})
}

package calllog

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"offhook/internal/crash"
)

// Recent is how many calls a Writer tells of.
const Recent = 200

// ErrClosed is what the jobs of a closed Writer end with.
var ErrClosed = errors.New("calllog: closed")

// Writer writes the call log on a goroutine of its own, in order, so that the
// disk never delays a call. Its methods return at once, but for Close.
type Writer struct {
	calls *Log
	log   *slog.Logger
	// changed is told what the log holds after each write; err is why the
	// latest write failed.
	changed func(recents []Record, unseen int, err error)

	mu      sync.Mutex // guards what follows
	jobs    []Job
	failing error
	closed  bool

	wake chan struct{}
	done chan struct{}
}

// Job is one change of the log.
type Job struct {
	Do func(*Log) error
	// Then is called once with the outcome, from another goroutine; it may be nil.
	// While the disk is full that is at once, although the job is kept and tried
	// again.
	Then func(error)
	// Quiet says that nothing visible changes.
	Quiet bool
	// Keep says that the job is worth trying again.
	Keep bool
}

// retryWrite is the delay after a write that failed; maxKept bounds what waits
// for a disk that stays full.
const (
	retryWrite = 5 * time.Second
	maxKept    = 2000
)

// NewWriter begins to write into calls. changed is called from the writer's
// goroutine, first with what the log holds already.
func NewWriter(calls *Log, log *slog.Logger, changed func(recents []Record, unseen int, err error)) *Writer {
	w := &Writer{calls: calls, log: log, changed: changed, wake: make(chan struct{}, 1), done: make(chan struct{})}
	crash.Go(w.run)
	return w
}

// Add queues a job.
func (w *Writer) Add(j Job) {
	w.mu.Lock()
	err := w.failing
	if w.closed {
		err = ErrClosed
	} else if len(w.jobs) < maxKept {
		kept := j
		if err != nil {
			kept.Then = nil
		}
		w.jobs = append(w.jobs, kept)
	}
	w.mu.Unlock()
	w.signal()
	if err != nil && j.Then != nil {
		j.Then(err)
	}
}

// Wait is Add, and waits for the outcome or for ctx.
func (w *Writer) Wait(ctx context.Context, do func(*Log) error) error {
	done := make(chan error, 1)
	w.Add(Job{Do: do, Then: func(err error) { done <- err }})
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *Writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *Writer) run() {
	defer close(w.done)
	w.tell()
	for {
		w.mu.Lock()
		if len(w.jobs) == 0 {
			closed := w.closed
			w.mu.Unlock()
			if closed {
				return
			}
			<-w.wake
			continue
		}
		j := w.jobs[0]
		w.mu.Unlock()

		err := j.Do(w.calls)
		if err == nil || !j.Keep {
			w.mu.Lock()
			then := w.jobs[0].Then
			w.jobs = w.jobs[1:]
			recovered := w.failing != nil
			w.failing = nil
			w.mu.Unlock()
			if !j.Quiet || recovered {
				w.tell()
			}
			if then != nil {
				then(err)
			}
			continue
		}
		if !w.fail(err) {
			return
		}
	}
}

// fail tells everybody who waits, and waits before the next attempt. It returns
// false when the writer is closed: the disk had its chance.
func (w *Writer) fail(err error) bool {
	w.log.Error("the call log can't be written", "err", err)
	w.mu.Lock()
	first := w.failing == nil
	w.failing = err
	var told []func(error)
	for i := range w.jobs {
		if w.jobs[i].Then != nil {
			told = append(told, w.jobs[i].Then)
			w.jobs[i].Then = nil
		}
	}
	closed := w.closed
	w.mu.Unlock()
	if first {
		w.changed(nil, 0, err)
	}
	for _, then := range told {
		then(err)
	}
	if closed {
		return false
	}
	t := time.NewTimer(retryWrite)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			return true
		case <-w.wake:
			w.mu.Lock()
			closed := w.closed
			w.mu.Unlock()
			if closed {
				return true // one last attempt
			}
		}
	}
}

// tell gives out what the log holds.
func (w *Writer) tell() {
	recents, err := w.calls.Search(context.Background(), Query{Limit: Recent})
	if err != nil {
		w.changed(nil, 0, err)
		return
	}
	unseen, err := w.calls.Unseen()
	w.changed(recents, unseen, err)
}

// Close writes what is queued and waits for it.
func (w *Writer) Close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.signal()
	<-w.done
}

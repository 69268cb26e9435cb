package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"offhook/app/history"
)

// recentsShown is how many calls the window's list holds.
const recentsShown = 200

// scribe writes the call log on a goroutine of its own, in order, so that the
// disk never delays a call.
type scribe struct {
	calls *history.Log
	log   *slog.Logger
	// changed is told what the log holds after each write; err is why the
	// latest write failed.
	changed func(recents []CallRecord, unseen int, err error)

	mu      sync.Mutex // guards what follows
	jobs    []job
	failing error
	closed  bool

	wake chan struct{}
	done chan struct{}
}

type job struct {
	do func(*history.Log) error
	// then is called once with the outcome. While the disk is full that is at
	// once, although the job is kept and tried again.
	then func(error)
	// quiet says that nothing visible changes.
	quiet bool
	// keep says that the job is worth trying again.
	keep bool
}

// retryWrite is the pause after a write that failed; maxKept bounds what waits
// for a disk that stays full.
const (
	retryWrite = 5 * time.Second
	maxKept    = 2000
)

func newScribe(calls *history.Log, log *slog.Logger, changed func([]CallRecord, int, error)) *scribe {
	s := &scribe{calls: calls, log: log, changed: changed, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go s.run()
	return s
}

func (s *scribe) add(j job) {
	s.mu.Lock()
	err := s.failing
	if s.closed {
		err = errClosed
	} else if len(s.jobs) < maxKept {
		kept := j
		if err != nil {
			kept.then = nil
		}
		s.jobs = append(s.jobs, kept)
	}
	s.mu.Unlock()
	s.signal()
	if err != nil && j.then != nil {
		j.then(err)
	}
}

func (s *scribe) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *scribe) run() {
	defer close(s.done)
	s.tell()
	for {
		s.mu.Lock()
		if len(s.jobs) == 0 {
			closed := s.closed
			s.mu.Unlock()
			if closed {
				return
			}
			<-s.wake
			continue
		}
		j := s.jobs[0]
		s.mu.Unlock()

		err := j.do(s.calls)
		if err == nil || !j.keep {
			s.mu.Lock()
			then := s.jobs[0].then
			s.jobs = s.jobs[1:]
			recovered := s.failing != nil
			s.failing = nil
			s.mu.Unlock()
			if !j.quiet || recovered {
				s.tell()
			}
			if then != nil {
				then(err)
			}
			continue
		}
		if !s.fail(err) {
			return
		}
	}
}

// fail tells all that wait, and pauses. It returns false when the scribe is
// closed: the disk had its chance.
func (s *scribe) fail(err error) bool {
	s.log.Error("the call log can't be written", "err", err)
	s.mu.Lock()
	first := s.failing == nil
	s.failing = err
	var told []func(error)
	for i := range s.jobs {
		if s.jobs[i].then != nil {
			told = append(told, s.jobs[i].then)
			s.jobs[i].then = nil
		}
	}
	closed := s.closed
	s.mu.Unlock()
	if first {
		s.changed(nil, 0, err)
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
		case <-s.wake:
			s.mu.Lock()
			closed := s.closed
			s.mu.Unlock()
			if closed {
				return true // one last attempt
			}
		}
	}
}

// tell gives out what the log holds.
func (s *scribe) tell() {
	recents, err := s.calls.Search(context.Background(), history.Query{Limit: recentsShown})
	if err != nil {
		s.changed(nil, 0, err)
		return
	}
	unseen, err := s.calls.Unseen()
	s.changed(recents, unseen, err)
}

// close writes what is queued and waits for it.
func (s *scribe) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.signal()
	<-s.done
}

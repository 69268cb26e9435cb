package voice

import (
	"time"

	"offhook/internal/crash"
	"offhook/voice/clock"
)

// timers are the timers of one call, by what they are for. They belong to the
// call's goroutine and call back on it.
type timers struct {
	clock clock.Clock
	post  func(func())
	armed map[timerKind]*armedTimer
}

type armedTimer struct{ stop func() bool }

// timerKind says what a timer is for.
type timerKind int

const (
	// timerConnection guards the time from dial to the first provisional
	// answer, and from the answer to media.
	timerConnection timerKind = iota
	// timerRing guards the ring limit, which is the platform's.
	timerRing
	// timerWatch looks after the media.
	timerWatch
	// timerRenew starts the next attempt to renew the media.
	timerRenew
	// timerQuality reports the quality of the call.
	timerQuality
	// timerClosing ends the wait for the far side's BYE.
	timerClosing
	// timerOffer ends the wait for the answer to an offer that the far side asked
	// for.
	timerOffer
	// timerTransfer declines the far side's transfer for which nobody decides.
	timerTransfer
	// timerJoin ends the wait for what becomes of joining two calls of which one rings.
	timerJoin
	// timerDoubt looks whether anything is heard after the network has changed.
	timerDoubt
	// timerRecording ends a pause of the recording, timerBeep tells of it again.
	timerRecording
	timerBeep
)

// set arms a timer, in place of the one of its kind that may be armed.
func (t *timers) set(kind timerKind, d time.Duration, f func()) {
	t.clear(kind)
	a := &armedTimer{}
	t.armed[kind] = a
	a.stop = t.clock.AfterFunc(d, func() {
		defer crash.Guard()
		t.post(func() {
			// It may have been cleared or replaced while it was on its way.
			if t.armed[kind] == a {
				delete(t.armed, kind)
				f()
			}
		})
	})
}

// pending reports whether a timer is armed.
func (t *timers) pending(kind timerKind) bool { return t.armed[kind] != nil }

func (t *timers) clear(kind timerKind) {
	if a := t.armed[kind]; a != nil {
		a.stop()
		delete(t.armed, kind)
	}
}

func (t *timers) clearAll() {
	for kind := range t.armed {
		t.clear(kind)
	}
}

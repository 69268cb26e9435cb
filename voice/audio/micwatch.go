package audio

import (
	"sync/atomic"
	"time"

	"offhook/voice/fault"
)

const (
	// deadFrames is how long a microphone may deliver digital silence before it
	// counts as dead: 5 s. A real one always hisses a little.
	deadFrames = 500
	// speechFrames of loud sound within speechSpan frames count as speaking.
	speechFrames = 20
	speechSpan   = 60
	// speechLevel is the least loudness of speech into a microphone, in dB, and
	// how far it stands over the noise.
	speechLevel, speechOver = -45.0, 12.0
	// remindEvery is how long a speaker who is muted is left alone.
	remindEvery = 15 * time.Second
)

// micWatch listens to the raw microphone for what its owner should know.
type micWatch struct {
	// The first group belongs to the microphone's thread.
	dead  int
	noise float64
	loud  int
	span  int

	isDead atomic.Bool
	spoke  atomic.Bool

	// The last belongs to the path's goroutine.
	toldDead bool
	reminded time.Time
}

// add listens to one frame.
func (w *micWatch) add(frame []int16, muted bool) {
	quietest, loudest := frame[0], frame[0]
	for _, v := range frame {
		quietest, loudest = min(quietest, v), max(loudest, v)
	}
	if loudest-quietest <= 1 && loudest <= 1 && quietest >= -1 {
		if w.dead++; w.dead >= deadFrames {
			w.isDead.Store(true)
		}
	} else {
		w.dead = 0
		w.isDead.Store(false)
	}
	level := loudness(frame)
	switch { // the noise floor sinks at once and rises slowly
	case w.noise == 0 || level < w.noise:
		w.noise = max(level, -80)
	default:
		w.noise = min(w.noise+0.03, level)
	}
	if level > speechLevel && level > w.noise+speechOver {
		w.loud++
	}
	if w.span++; w.span >= speechSpan {
		if muted && w.loud >= speechFrames {
			w.spoke.Store(true)
		}
		w.span, w.loud = 0, 0
	}
}

// report tells what was heard.
func (w *micWatch) report(now time.Time, e *endpoint, muted bool) {
	if w.spoke.Swap(false) && muted && now.Sub(w.reminded) > remindEvery {
		w.reminded = now
		e.notice(Notice{Code: MutedSpeech, Kind: Capture, Device: e.name()})
	}
	if !muted {
		w.reminded = time.Time{}
	}
	dead := w.isDead.Load() && e.cur.spec.Real()
	switch {
	case dead && !w.toldDead:
		e.notice(Notice{Code: DeadMicrophone, Kind: Capture, Device: e.name(), Instead: e.another(), Err: fault.New(fault.AudioDeviceError,
			"audio.silent-microphone", e.name())})
	case !dead && w.toldDead:
		e.notice(Notice{Code: AliveMicrophone, Kind: Capture, Device: e.name()})
	}
	w.toldDead = dead
}

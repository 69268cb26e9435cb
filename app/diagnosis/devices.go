package diagnosis

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"offhook/assets/lang"
	"offhook/voice/audio"
	"offhook/voice/fault"
)

// Level is the loudness of a stream of frames, written by a real-time thread
// and read by anybody.
type Level struct{ bits atomic.Uint64 }

// Add takes one frame: it rises at once and falls slowly, as meters do. It
// neither allocates nor waits.
func (l *Level) Add(frame []int16) {
	var sum float64
	for _, s := range frame {
		sum += float64(s) * float64(s)
	}
	rms := 0.0
	if len(frame) > 0 {
		rms = math.Sqrt(sum/float64(len(frame))) / math.MaxInt16
	}
	if old := l.Get() * 0.85; rms < old {
		rms = old
	}
	l.bits.Store(math.Float64bits(min(1, rms)))
}

// Get is the present loudness, 0 (silence) to 1 (full scale).
func (l *Level) Get() float64 { return math.Float64frombits(l.bits.Load()) }

// Opened is the check of a device that was opened, or not.
func Opened(name, title string, err error) Check {
	if err != nil {
		f := fault.From(err)
		return Check{Name: name, Title: title, Status: Fail, Text: f.Text(), Remedy: f.Text().Next()}
	}
	return Check{Name: name, Title: title, Status: Pass, Text: lang.Of("check.works")}
}

// OpenMicrophone opens and starts a microphone. The error is one for a person.
func OpenMicrophone(system audio.System, spec audio.Spec, frame func([]int16)) (audio.Source, error) {
	src, err := system.OpenSource(spec)
	if err != nil {
		return nil, audioFault(err, audio.Capture)
	}
	if err := src.Start(frame); err != nil {
		src.Close()
		return nil, audioFault(err, audio.Capture)
	}
	return src, nil
}

func audioFault(err error, kind audio.Kind) error {
	if f := fault.From(err); f.Type != fault.InternalError {
		return f
	}
	return fault.Wrap(err, fault.AudioDeviceError, "audio.unusable", kind.Word())
}

// TestTone is a rising triad of 0.9 s at -18 dB.
func TestTone() []int16 {
	out := make([]int16, 0, 9*audio.SampleRate/10)
	for _, hz := range []float64{523.25, 659.25, 783.99} {
		n := 3 * audio.SampleRate / 10
		for i := range n {
			// Soft edges, so that nothing clicks.
			edge := math.Min(1, math.Min(float64(i), float64(n-i))/480)
			out = append(out, int16(4000*edge*math.Sin(2*math.Pi*hz*float64(i)/audio.SampleRate)))
		}
	}
	return out
}

// Play plays sound to its end, or some silence when it is nil, which shows
// that the device takes sound at all.
func Play(ctx context.Context, system audio.System, spec audio.Spec, sound []int16) error {
	sink, err := system.OpenSink(spec)
	if err != nil {
		return audioFault(err, audio.Playback)
	}
	defer sink.Close()
	if sound == nil {
		sound = make([]int16, 5*audio.FrameSamples)
	}
	done := make(chan struct{})
	at := 0
	finished := false
	if err := sink.Start(func(frame []int16) {
		n := copy(frame, sound[at:])
		clear(frame[n:])
		if at += n; at == len(sound) && !finished {
			finished = true
			close(done)
		}
	}); err != nil {
		return audioFault(err, audio.Playback)
	}
	// A device that is lost calls no more.
	limit := time.NewTimer(time.Duration(len(sound))*time.Second/audio.SampleRate + 3*time.Second)
	defer limit.Stop()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-limit.C:
		return fault.New(fault.AudioDeviceError, "audio.speaker-stuck")
	}
}

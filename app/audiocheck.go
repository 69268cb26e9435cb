package app

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"offhook/assets/lang"
	"offhook/voice/audio"
	"offhook/voice/fault"
)

// level is the loudness of a stream of frames, written by a real-time thread
// and read by anybody.
type level struct{ bits atomic.Uint64 }

// add takes one frame: it rises at once and falls slowly, as meters do. It
// neither allocates nor waits.
func (l *level) add(frame []int16) {
	var sum float64
	for _, s := range frame {
		sum += float64(s) * float64(s)
	}
	rms := 0.0
	if len(frame) > 0 {
		rms = math.Sqrt(sum/float64(len(frame))) / math.MaxInt16
	}
	if old := l.get() * 0.85; rms < old {
		rms = old
	}
	l.bits.Store(math.Float64bits(min(1, rms)))
}

func (l *level) get() float64 { return math.Float64frombits(l.bits.Load()) }

// audioCheck is a microphone and a loudspeaker that are open without a call.
type audioCheck struct{ mic level }

// Levels returns the loudness of the microphone and of the far side, each 0
// (silence) to 1 (full scale). Both are 0 without a call or an audio check.
func (p *Phone) Levels() (mic, far float64) {
	if c := p.check.Load(); c != nil {
		return c.mic.get(), 0
	}
	c, ok := p.engine.Latest()
	if !ok || !c.Details().State.Active() {
		return 0, 0
	}
	return c.Levels()
}

// CheckAudio opens the chosen microphone and loudspeaker for the audio check,
// until ctx ends or a call begins; Levels works meanwhile. It is refused during
// a call. The channel gives the outcome of each opening and is closed at the
// end.
func (p *Phone) CheckAudio(ctx context.Context) (<-chan Check, error) {
	if p.Snapshot().Call != nil {
		return nil, fault.New(fault.SystemBusy, "audio.check-in-call")
	}
	if p.cfg.Audio == nil {
		return nil, fault.New(fault.AudioDeviceError, "audio.no-system")
	}
	ctx, cancel := p.withLife(ctx)
	check := &audioCheck{}
	if !p.check.CompareAndSwap(nil, check) {
		cancel()
		return nil, fault.New(fault.SystemBusy, "audio.checking")
	}
	out := make(chan Check, 4)
	p.background(func(context.Context) {
		defer cancel()
		defer close(out)
		defer p.check.Store(nil)
		sound := p.soundOf(p.store.Get())
		mic, err := p.openMicrophone(sound.Capture, check.mic.add)
		out <- openedCheck("microphone", "Microphone", err)
		p.audioFailed(err)
		if err == nil {
			defer mic.Close()
		}
		err = p.playOnce(ctx, sound.Playout, nil)
		out <- openedCheck("speaker", "Speaker", err)
		for s := range p.WatchLatest(ctx) {
			if s.Call != nil {
				return
			}
		}
	})
	return out, nil
}

func openedCheck(name, title string, err error) Check {
	if err != nil {
		f := fault.From(err)
		return Check{Name: name, Title: title, Status: CheckFail, Text: f.Text(), Remedy: f.Text().Next()}
	}
	return Check{Name: name, Title: title, Status: CheckPass, Text: lang.Of("check.works")}
}

func (p *Phone) openMicrophone(spec audio.Spec, frame func([]int16)) (audio.Source, error) {
	src, err := p.cfg.Audio.OpenSource(spec)
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

// PlayTest plays the test tone on the chosen loudspeaker ("speaker") or ring
// device ("ring"). It returns when the tone has been played.
func (p *Phone) PlayTest(ctx context.Context, device string) error {
	if p.cfg.Audio == nil {
		return fault.New(fault.AudioDeviceError, "audio.no-system")
	}
	ctx, cancel := p.withLife(ctx)
	defer cancel()
	return p.playOnce(ctx, p.speakerSpec(device == "ring"), testTone())
}

// testTone is a rising triad of 0.9 s at -18 dB.
func testTone() []int16 {
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

// playOnce plays sound to its end, or some silence when it is nil, which shows
// that the device takes sound at all.
func (p *Phone) playOnce(ctx context.Context, spec audio.Spec, sound []int16) error {
	sink, err := p.cfg.Audio.OpenSink(spec)
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

package app

import (
	"context"

	"offhook/app/diagnosis"
	"offhook/voice/fault"
)

// audioCheck is a microphone and a loudspeaker that are open without a call.
type audioCheck struct {
	mic diagnosis.Level
	// stop ends it, and done is closed when the devices are free again.
	stop context.CancelFunc
	done chan struct{}
}

// Levels returns the loudness of the microphone and of the far side, each 0
// (silence) to 1 (full scale). Both are 0 without a call or an audio check.
func (p *Phone) Levels() (mic, far float64) {
	if c := p.check.Load(); c != nil {
		return c.mic.Get(), 0
	}
	if s := p.Snapshot(); s.Call != nil {
		if c, ok := p.engine.Call(s.Call.ID); ok {
			return c.Levels()
		}
	}
	return 0, 0
}

// CheckAudio opens the chosen microphone and loudspeaker for the audio check,
// until ctx ends, a call begins, or the check is begun anew; Levels works meanwhile. It
// is refused during a call, and waits for the end of the check before it. The channel
// gives the outcome of each opening and is closed at the end.
func (p *Phone) CheckAudio(ctx context.Context) (<-chan diagnosis.Check, error) {
	if p.Snapshot().Call != nil {
		return nil, fault.New(fault.SystemBusy, "audio.check-in-call")
	}
	if p.cfg.Audio == nil {
		return nil, fault.New(fault.AudioDeviceError, "audio.no-system")
	}
	ctx, cancel := p.withLife(ctx)
	check := &audioCheck{stop: cancel, done: make(chan struct{})}
	for !p.check.CompareAndSwap(nil, check) {
		before := p.check.Load()
		if before == nil {
			continue
		}
		before.stop()
		select {
		case <-before.done:
		case <-ctx.Done():
			cancel()
			return nil, ctx.Err()
		}
	}
	out := make(chan diagnosis.Check, 4)
	p.background(func(context.Context) {
		defer cancel()
		defer close(out)
		defer close(check.done)
		defer p.check.Store(nil)
		sound := p.soundOf(p.store.Get())
		mic, err := diagnosis.OpenMicrophone(p.cfg.Audio, sound.Capture, check.mic.Add)
		out <- diagnosis.Opened("microphone", "Microphone", err)
		p.audioFailed(err)
		if err == nil {
			defer mic.Close()
		}
		err = diagnosis.Play(ctx, p.cfg.Audio, sound.Playout, nil)
		out <- diagnosis.Opened("speaker", "Speaker", err)
		for s := range p.WatchLatest(ctx) {
			if s.Call != nil {
				return
			}
		}
	})
	return out, nil
}

// PlayTest plays the test tone on the chosen loudspeaker ("speaker") or ring
// device ("ring"). It returns when the tone has been played.
func (p *Phone) PlayTest(ctx context.Context, device string) error {
	if p.cfg.Audio == nil {
		return fault.New(fault.AudioDeviceError, "audio.no-system")
	}
	ctx, cancel := p.withLife(ctx)
	defer cancel()
	return diagnosis.Play(ctx, p.cfg.Audio, p.speakerSpec(device == "ring"), diagnosis.TestTone())
}

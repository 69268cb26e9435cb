package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"offhook/app/retry"
	"offhook/app/secrets"
	"offhook/assets/lang"
	"offhook/voice/fault"
)

var errNoSound = fault.New(fault.AudioDeviceError, "audio.no-system")

// listenFor is how long the microphone is listened to.
const listenFor = 800 * time.Millisecond

func (p *Phone) diagnoseMicrophone(ctx context.Context) Check {
	switch {
	case p.Snapshot().Call != nil:
		return skipped(lang.Of("check.in-use"))
	case p.cfg.Audio == nil:
		return failed(errNoSound)
	}
	var l level
	src, err := p.openMicrophone(p.soundOf(p.store.Get()).Capture, l.add)
	p.audioFailed(err)
	if err != nil {
		return failed(err)
	}
	defer src.Close()
	loudest := 0.0
	for end := time.Now().Add(listenFor); time.Now().Before(end); {
		if retry.Wait(ctx, 50*time.Millisecond, nil) != nil {
			return failed(ctx.Err())
		}
		loudest = max(loudest, l.get())
	}
	figure := fmt.Sprintf("%.0f %%", 100*loudest)
	if loudest == 0 {
		return warned(figure, lang.Of("check.silence"))
	}
	return passed(figure, lang.Of("check.works"))
}

func (p *Phone) diagnoseSpeaker(ctx context.Context, ring bool) Check {
	if p.cfg.Audio == nil {
		return failed(errNoSound)
	}
	if !ring && p.Snapshot().Call != nil {
		return skipped(lang.Of("check.in-use"))
	}
	if err := p.playOnce(ctx, p.speakerSpec(ring), nil); err != nil {
		return failed(err)
	}
	return passed("", lang.Of("check.works"))
}

func (p *Phone) diagnoseKeyring(context.Context) Check {
	const name, value = "diagnosis", "works"
	err := p.cfg.Secrets.Set(name, value)
	got := ""
	if err == nil {
		got, err = p.cfg.Secrets.Get(name)
	}
	_ = p.cfg.Secrets.Delete(name)
	switch {
	case errors.Is(err, secrets.ErrBusy):
		return warned("", lang.Of("check.keyring-busy"))
	case err != nil || got != value:
		return warned("", lang.Of("check.keyring-none"))
	default:
		return passed("", lang.Of("check.keyring"))
	}
}

package diagnosis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"offhook/app/retry"
	"offhook/app/secrets"
	"offhook/assets/lang"
	"offhook/voice/audio"
	"offhook/voice/fault"
)

var errNoSound = fault.New(fault.AudioDeviceError, "audio.no-system")

// listenFor is how long the microphone is listened to.
const listenFor = 800 * time.Millisecond

func (p *Phone) microphone(ctx context.Context) Check {
	switch {
	case p.State().InCall:
		return skipped(lang.Of("check.in-use"))
	case p.Audio == nil:
		return failed(errNoSound)
	}
	var l Level
	src, err := OpenMicrophone(p.Audio, p.Microphone, l.Add)
	p.Opened(err)
	if err != nil {
		return failed(err)
	}
	defer src.Close()
	loudest := 0.0
	for end := time.Now().Add(listenFor); time.Now().Before(end); {
		if retry.Wait(ctx, 50*time.Millisecond, nil) != nil {
			return failed(ctx.Err())
		}
		loudest = max(loudest, l.Get())
	}
	figure := fmt.Sprintf("%.0f %%", 100*loudest)
	if loudest == 0 {
		return warned(figure, lang.Of("check.silence"))
	}
	return passed(figure, lang.Of("check.works"))
}

// speaker tries what plays or rings. One that a call uses is left alone.
func (p *Phone) speaker(ctx context.Context, spec audio.Spec, calls bool) Check {
	if p.Audio == nil {
		return failed(errNoSound)
	}
	if calls && p.State().InCall {
		return skipped(lang.Of("check.in-use"))
	}
	if err := Play(ctx, p.Audio, spec, nil); err != nil {
		return failed(err)
	}
	return passed("", lang.Of("check.works"))
}

func (p *Phone) keyring(context.Context) Check {
	const name, value = "diagnosis", "works"
	err := p.Secrets.Set(name, value)
	got := ""
	if err == nil {
		got, err = p.Secrets.Get(name)
	}
	_ = p.Secrets.Delete(name)
	switch {
	case errors.Is(err, secrets.ErrBusy):
		return warned("", lang.Of("check.keyring-busy"))
	case err != nil || got != value:
		return warned("", lang.Of("check.keyring-none"))
	default:
		return passed("", lang.Of("check.keyring"))
	}
}

package app

import (
	"context"
	"slices"
	"time"

	"offhook/app/readiness"
	"offhook/app/retry"
	"offhook/app/settings"
	"offhook/assets/lang"
	"offhook/internal/crash"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/audio/process"
	"offhook/voice/fault"
)

// devicePoll is how often the devices are looked at outside calls: no backend
// tells of a change of the default device.
const devicePoll = 4 * time.Second

// specOf reads a device of the settings or of the command line.
func specOf(text string) audio.Spec {
	s, err := audio.ParseSpec(text)
	if err != nil {
		return audio.Spec{}
	}
	return s
}

// soundOf is what the engine uses: the command line's devices before the
// settings'.
func (p *Phone) soundOf(s settings.Settings) voice.Sound {
	capture := specOf(or(p.cfg.AudioIn, s.Audio.Microphone))
	return voice.Sound{
		Capture: capture, Playout: specOf(or(p.cfg.AudioOut, s.Audio.Speaker)), Country: p.country(s), DTX: s.Audio.SilenceSuppression,
		Volumes:      audio.Volumes{Far: float64(s.Audio.CallVolume) / 100, Tones: float64(s.Audio.RingbackVolume) / 100},
		OfferHeadset: s.Audio.OfferHeadset,
		NewProcessor: p.processing(capture, process.Config{Echo: s.Audio.EchoCancellation, Noise: s.Audio.NoiseSuppression, Gain: s.Audio.AutomaticGain}),
	}
}

// processing is what cleans the microphone of a call, nil for nothing: a file or
// a tone in its place is what it is meant to be.
func (p *Phone) processing(capture audio.Spec, cfg process.Config) func() audio.Processor {
	if capture.Kind != audio.SpecDefault && capture.Kind != audio.SpecDevice || cfg == (process.Config{}) {
		return nil
	}
	return func() audio.Processor {
		made, err := process.New(cfg)
		if err != nil {
			p.log.Warn("the microphone is not cleaned", "err", err)
			return nil
		}
		return made
	}
}

// speakerSpec is the loudspeaker, or what rings.
func (p *Phone) speakerSpec(ring bool) audio.Spec {
	set := p.store.Get()
	if spec := p.ringSpec(set); ring && spec != (audio.Spec{}) {
		return spec
	}
	return p.soundOf(set).Playout
}

// country is whose tones are played, as voice/audio names them.
func (p *Phone) country(s settings.Settings) string {
	switch s.Audio.Country {
	case "":
		return p.cfg.Country
	case settings.StandardTones:
		return ""
	default:
		return s.Audio.Country
	}
}

// ringSpec is where it rings. A loudspeaker that is a file or nothing was
// chosen for a phone that nobody sits at: it does not ring aloud then.
func (p *Phone) ringSpec(s settings.Settings) audio.Spec {
	if p.cfg.RingOut != "" {
		return specOf(p.cfg.RingOut)
	}
	if p.cfg.AudioOut != "" && !specOf(p.cfg.AudioOut).Real() {
		return audio.Spec{Kind: audio.SpecNull}
	}
	return specOf(s.Audio.Ring)
}

// useAudio has the engine and the ringer follow the settings.
func (p *Phone) useAudio(s settings.Settings) {
	sound := p.soundOf(s)
	p.cfg.Ringer.SetDevices(sound.Playout, p.ringSpec(s))
	p.cfg.Ringer.SetCountry(sound.Country)
	// A device may take a while in a call, and one that can't be opened is reported
	// by an event of its own. The latest choice wins.
	if p.wanted.Swap(&sound) == nil {
		p.background(func(context.Context) {
			for {
				next := p.wanted.Load()
				_ = p.engine.SetSound(*next)
				if p.wanted.CompareAndSwap(next, nil) {
					return
				}
			}
		})
	}
}

// initialAudio names the devices before they were looked at.
func (p *Phone) initialAudio(s settings.Settings) Audio {
	sound := p.soundOf(s)
	return Audio{
		Microphone: specTitle(sound.Capture), Speaker: specTitle(sound.Playout), Ring: specTitle(p.ringSpec(s)),
		MicrophoneWorks: true, SpeakerWorks: true, Routes: []voice.AudioRoute{voice.RouteEarpiece},
	}
}

// nameDevices names the devices that were just chosen, before they are looked at: during
// a call that is not done, and what was not chosen anew stays as it was seen.
func (p *Phone) nameDevices(old settings.Audio, set settings.Settings) {
	first := p.initialAudio(set)
	a := &p.m.audio
	if old.Microphone != set.Audio.Microphone {
		a.Microphone, a.MicrophoneWorks = first.Microphone, true
	}
	if old.Speaker != set.Audio.Speaker {
		a.Speaker, a.SpeakerWorks = first.Speaker, true
	}
	if old.Ring != set.Audio.Ring {
		a.Ring = first.Ring
	}
}

// specTitle is what the window shows of a device that was not looked at.
func specTitle(s audio.Spec) string {
	switch s.Kind {
	case audio.SpecDevice:
		if s.Name != "" {
			return s.Name
		}
		return s.Value
	case audio.SpecSine:
		return "Test tone"
	case audio.SpecFile:
		return "File"
	case audio.SpecNull:
		return "None"
	default:
		return "System default"
	}
}

// Devices lists the sound devices that are there now. It may take a while.
func (p *Phone) Devices(ctx context.Context) ([]audio.Device, error) {
	if p.cfg.Audio == nil {
		return nil, fault.New(fault.AudioDeviceError, "audio.not-listed")
	}
	type result struct {
		d   []audio.Device
		err error
	}
	done := make(chan result, 1)
	go func() {
		defer crash.Guard()
		d, err := p.cfg.Audio.Devices()
		done <- result{d, err}
	}()
	select {
	case r := <-done:
		return r.d, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// watchDevices keeps the condition of the devices true, but not during a call,
// which looking could disturb.
func (p *Phone) watchDevices(ctx context.Context) {
	for {
		now := p.retry.Next()
		if p.Snapshot().Call == nil {
			look, cancel := context.WithTimeout(ctx, 3*time.Second)
			devices, err := p.Devices(look)
			cancel()
			if ctx.Err() == nil {
				p.loop.post(func() { p.judgeDevices(devices, err) })
			}
		}
		if retry.Wait(ctx, devicePoll, now) != nil {
			return
		}
	}
}

// judgeDevices decides whether there is a microphone and a loudspeaker.
func (p *Phone) judgeDevices(devices []audio.Device, err error) {
	sound, ring := p.soundOf(p.m.settings), p.ringSpec(p.m.settings)
	next := p.m.audio
	var c readiness.State
	next.Microphone, c = findDevice(sound.Capture, audio.Capture, devices, err)
	speaker, sc := findDevice(sound.Playout, audio.Playback, devices, err)
	next.Speaker = speaker
	next.MicrophoneWorks = c.OK && p.m.openFailed == nil
	next.SpeakerWorks = sc.OK
	if next.Ring, _ = findDevice(ring, audio.Playback, devices, err); ring == (audio.Spec{}) {
		next.Ring = speaker
	}
	if c.OK {
		c = sc
	}
	if c.OK && p.m.openFailed != nil {
		c = readiness.Bad(sentence(p.m.openFailed), soundAction(p.m.openFailed))
	}
	next.Routes = audio.Routes(devices)
	changed := !sameAudio(next, p.m.audio)
	before := p.m.ready.OK(readiness.Devices)
	p.m.ready.Set(readiness.Devices, c)
	p.m.audio = next
	if changed || before != c.OK {
		p.touch()
	}
}

func sameAudio(a, b Audio) bool {
	return slices.Equal(a.Routes, b.Routes) && a.Microphone == b.Microphone &&
		a.Speaker == b.Speaker && a.Ring == b.Ring && a.MicrophoneWorks == b.MicrophoneWorks && a.SpeakerWorks == b.SpeakerWorks
}

// NoDevice is the name of a sound device of the snapshot while there is none.
const NoDevice = "None"

// findDevice names the device that spec means and says whether it is there.
func findDevice(spec audio.Spec, kind audio.Kind, devices []audio.Device, err error) (string, readiness.State) {
	switch spec.Kind {
	case audio.SpecSine, audio.SpecFile, audio.SpecNull:
		return specTitle(spec), readiness.Good()
	}
	if err != nil {
		return specTitle(spec), readiness.Bad(lang.Of("audio.no-answer-of-system"), readiness.Retry)
	}
	titles, first := audio.Titles(devices, kind), ""
	if d := audio.Find(devices, kind, spec); d != nil {
		return titles[d.ID], readiness.Good()
	}
	for _, d := range devices {
		if d.Kind != kind {
			continue
		}
		if spec.Kind == audio.SpecDefault && d.IsDefault {
			return titles[d.ID], readiness.Good()
		}
		if first == "" {
			first = titles[d.ID]
		}
	}
	switch {
	case first == "":
		return NoDevice, readiness.Bad(lang.Of("audio.none", kind.Word()), readiness.OpenAudioSettings)
	case spec.Kind == audio.SpecDevice:
		// The default stands in for a device that was unplugged.
		return first, readiness.Good()
	default:
		return first, readiness.Good()
	}
}

// audioFailed keeps the reason why a device could not be opened, until one is
// opened again or the devices change.
func (p *Phone) audioFailed(err error) {
	switch fault.TypeOf(err) {
	case "":
		err = nil
	case fault.AudioDeviceError, fault.MissingPermission:
	default:
		return
	}
	p.loop.post(func() { p.openFailed(err) })
}

// openFailed is audioFailed on the loop.
func (p *Phone) openFailed(err error) {
	if (err == nil) == (p.m.openFailed == nil) {
		return
	}
	p.m.openFailed = err
	if err != nil {
		p.m.ready.Set(readiness.Devices, readiness.Bad(sentence(err), soundAction(err)))
		p.m.audio.MicrophoneWorks = false
		p.touch()
	}
	p.retry.Fire()
}

// soundAction is where a device's trouble is mended.
func soundAction(err error) string {
	if fault.TypeOf(err) == fault.MissingPermission {
		return readiness.OpenSystemSettings
	}
	return readiness.OpenAudioSettings
}

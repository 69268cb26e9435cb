package voice

import (
	"errors"
	"log/slog"
	"sync"

	"offhook/voice/audio"
	"offhook/voice/line"
	"offhook/voice/media"
)

// Sound says with which devices calls are made, and how. The zero value is the
// system's own.
type Sound struct {
	// Capture is the microphone, Playout the loudspeaker.
	Capture, Playout audio.Spec
	// Country is the ISO 3166 code whose ringback is played, "" for ITU-T
	// E.180's.
	Country string
	// Volumes are how loud the call is.
	Volumes audio.Volumes
	// OfferHeadset says that a headset which appears during a call is offered by a
	// SoundNotice; without it the call takes it, if no device was chosen.
	OfferHeadset bool
	// NewProcessor makes what takes echo and noise out of the microphone of one
	// call; nil for none.
	NewProcessor func() audio.Processor
	// DTX sends next to nothing while nobody speaks, in the calls that begin from
	// now on: Opus by itself, G.711 as comfort noise (RFC 3389) to a far side that
	// takes it. It spares a metered network half of its traffic.
	DTX bool
}

// SetSound changes the devices: of the call in progress at once, and of later
// ones. A device of the call in progress that cannot be opened stays as it was,
// and the error says why.
func (c *Client) SetSound(sound Sound) error {
	c.mu.Lock()
	c.settings.device = sound
	shared := c.shared
	c.mu.Unlock()
	if shared == nil || shared.path.Load() == nil {
		return nil
	}
	result := make(chan error, 1)
	shared.do(nil, "devices", func(p soundPath) error { return p.SetDevices(sound) }, func(err error) {
		if call := shared.who(); call != nil {
			call.queue.Post(func() { call.onSound(false, nil) })
		}
		result <- err
	})
	select {
	case err := <-result:
		if err != nil {
			return soundFault(err, true)
		}
	case <-shared.ended:
	}
	return nil
}

func (c *Client) currentSound() Sound {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.settings.device
}

// AudioRoutes lists the routes that there are devices for now, EARPIECE always.
// It asks the system and may take a while.
func (c *Client) AudioRoutes() []AudioRoute {
	system, err := c.audioSystem()
	if err != nil {
		return []AudioRoute{RouteEarpiece}
	}
	list, err := system.Devices()
	if err != nil {
		return []AudioRoute{RouteEarpiece}
	}
	return audio.Routes(list)
}

// newMedia makes the media of a leg, as the present settings want it.
func (c *Client) newMedia(spec line.MediaSpec) (media.Session, error) {
	c.mu.Lock()
	spec.DTX = c.settings.device.DTX
	c.mu.Unlock()
	return c.newSession(spec)
}

func (c *Client) audioSystem() (audio.System, error) {
	if c.devices == nil {
		return nil, errors.ErrUnsupported
	}
	return c.devices.open()
}

// devices makes the sound paths of calls on the machine's system, which it opens when
// it is first needed, unless it was given one.
type devices struct {
	log *slog.Logger

	mu     sync.Mutex
	system audio.System
	own    bool
}

func (d *devices) open() (audio.System, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.system == nil {
		s, err := audio.NewSystem(audio.Config{Log: d.log})
		if err != nil {
			return nil, err
		}
		d.system, d.own = s, true
	}
	return d.system, nil
}

// close closes a system of its own.
func (d *devices) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.own || d.system == nil {
		return nil
	}
	s := d.system
	d.system, d.own = nil, false
	return s.Close()
}

func (d *devices) newPath(sound Sound, notice func(audio.Notice)) (soundPath, error) {
	system, err := d.open()
	if err != nil {
		return nil, err
	}
	cfg := audio.PathConfig{
		In: sound.Capture, Out: sound.Playout, Country: sound.Country, Silent: true, Volumes: sound.Volumes,
		Notice: notice, Log: d.log, OfferHeadset: sound.OfferHeadset,
	}
	if sound.NewProcessor != nil {
		cfg.Processor = sound.NewProcessor()
	}
	return &realPath{Path: audio.NewPath(system, cfg), sound: sound}, nil
}

// realPath is the sound of a call on real devices.
type realPath struct {
	*audio.Path
	// sound is what was chosen last.
	sound Sound
}

var tones = map[tone]audio.Tone{toneRingback: audio.Ringback, toneCallWaiting: audio.CallWaiting, toneRecording: audio.RecordingBeep}

func (p *realPath) PlayTone(t tone) { p.Path.PlayTone(tones[t]) }

func (p *realPath) SetDevices(sound Sound) error {
	p.SetVolumes(sound.Volumes)
	p.OfferHeadset(sound.OfferHeadset)
	var capture, playout error
	if sound.Capture != p.sound.Capture {
		capture = p.SetInput(sound.Capture)
	}
	if sound.Playout != p.sound.Playout {
		playout = p.SetOutput(sound.Playout)
	}
	p.sound = sound
	return errors.Join(capture, playout)
}

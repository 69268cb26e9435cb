package audio

import (
	"log/slog"
	"sync"
	"sync/atomic"

	"offhook/voice/audio/wave"
	"offhook/voice/fault"
)

// Config says how NewSystem works. The zero value is the real thing.
type Config struct {
	// Log takes what a support engineer wants to know; nil for none.
	Log *slog.Logger
	// NoDevices leaves the machine's sound devices alone: only synthetic ones can
	// be opened.
	NoDevices bool
}

// NewSystem makes the System of this machine. It always succeeds: on a machine
// without sound Devices is empty and only synthetic devices can be opened; a Path
// then takes the paced null device, so that a call still works.
func NewSystem(cfg Config) (System, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &system{log: cfg.Log, files: make(map[string][]int16)}
	if !cfg.NoDevices {
		s.cards = newCards(cfg.Log)
	}
	return s, nil
}

// hardware is where real devices come from: malgo, or a fake in tests.
type hardware interface {
	devices() ([]Device, error)
	// everything lists what devices leaves out too: monitors.
	everything() []Device
	openSource(Spec) (Source, error)
	// openSink opens a loudspeaker whose buffer is depth frames deep.
	openSink(spec Spec, depth int) (Sink, error)
	close()
}

type system struct {
	log        *slog.Logger
	mutes      systemMutes
	cards      hardware // nil if only synthetic devices are wanted
	recordings recordings
	depth      atomic.Int32 // of the latest loudspeaker's buffer, in frames

	mu    sync.Mutex
	files map[string][]int16 // input files that were read
}

func (s *system) Devices() ([]Device, error) {
	if s.cards == nil {
		return nil, nil
	}
	return s.cards.devices()
}

func (s *system) OpenSource(spec Spec) (Source, error) {
	switch spec.Kind {
	case SpecNull:
		return newNullSource(), nil
	case SpecSine:
		return newSineSource(spec.Hz), nil
	case SpecFile:
		pcm, err := s.file(spec.Value)
		if err != nil {
			return nil, err
		}
		return newLoopSource(pcm), nil
	}
	if s.cards == nil {
		return nil, noDevice(Capture, spec)
	}
	return s.cards.openSource(spec)
}

func (s *system) OpenSink(spec Spec) (Sink, error) { return s.openSinkWith(spec, shallowest) }

func (s *system) latestDepth() *atomic.Int32 { return &s.depth }

func (s *system) openSinkWith(spec Spec, depth int) (Sink, error) {
	switch spec.Kind {
	case SpecNull:
		return &nullSink{}, nil
	case SpecSine:
		return nil, fault.New(fault.InvalidParameter, "audio.tone-as-speaker")
	case SpecFile:
		return s.recordings.open(spec.Value)
	}
	if s.cards == nil {
		return nil, noDevice(Playback, spec)
	}
	return s.cards.openSink(spec, depth)
}

// file reads an input file once; every call starts it from the beginning.
func (s *system) file(path string) ([]int16, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if pcm := s.files[path]; pcm != nil {
		return pcm, nil
	}
	pcm, err := wave.ReadFile(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.AudioDeviceError,
			"audio.bad-file", path)
	}
	s.files[path] = pcm
	return pcm, nil
}

func (s *system) Close() error {
	err := s.recordings.close()
	s.mutes.close()
	if s.cards != nil {
		s.cards.close()
	}
	return err
}

// noDevice is the error of a device that isn't there.
func noDevice(k Kind, spec Spec) *fault.Error {
	if spec.Kind == SpecDevice {
		return fault.New(fault.AudioDeviceError, "audio.not-there", k.Word(), spec.title())
	}
	return fault.New(fault.AudioDeviceError, "audio.none", k.Word())
}

// everything is Devices with those that are hidden from people, but can be named
// by a Spec.
func (s *system) everything() []Device {
	if s.cards == nil {
		return nil
	}
	return s.cards.everything()
}

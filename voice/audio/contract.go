package audio

import "offhook/assets/lang"

// The format of all sound inside the phone: mono, signed 16-bit, 48 kHz, in
// frames of 10 ms.
const (
	SampleRate   = 48000
	FrameSamples = SampleRate / 100
)

// Source is a microphone, or what stands in for one.
type Source interface {
	// Start begins capture. deliver is called every 10 ms with FrameSamples
	// samples, from one real-time thread; the frame is only valid in the call.
	Start(deliver func(frame []int16)) error
	// Close stops capture, waits at most a short while for the device, and
	// never blocks for good.
	Close() error
}

// Sink is a loudspeaker, or what stands in for one.
type Sink interface {
	// Start begins playing. pull is called every 10 ms to fill FrameSamples
	// samples, from one real-time thread.
	Start(pull func(frame []int16)) error
	Close() error
}

// System opens devices. The real one is malgo's; synthetic devices come by the
// same interface, so that a whole phone runs without a sound card.
type System interface {
	// Devices lists what is there now. It may take a while and must not be
	// called on a real-time thread. A machine without sound has none.
	Devices() ([]Device, error)
	// OpenSource and OpenSink return a *fault.Error of type AudioDeviceError or
	// MissingPermission that names the device if it can't be opened.
	OpenSource(Spec) (Source, error)
	OpenSink(Spec) (Sink, error)
	// Close finishes every file that was written and releases the system.
	Close() error
}

// Kind says which way a device carries sound.
type Kind int

// Capture is a microphone, Playback a loudspeaker.
const (
	Capture Kind = iota
	Playback
)

// String is the word for a person: microphone or loudspeaker.
func (k Kind) String() string {
	if k == Playback {
		return "loudspeaker"
	}
	return "microphone"
}

// Word returns the kind in the words of a person's language.
func (k Kind) Word() lang.Text { return lang.Of("audio." + k.String()) }

// Device is one sound device of the system.
type Device struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Kind      Kind   `json:"kind"`
	IsDefault bool   `json:"is_default"`

	// monitor says that it is no microphone: it records what is played.
	monitor bool
}

// Spec is how to open this very device again.
func (d Device) Spec() Spec { return Spec{Kind: SpecDevice, Value: d.ID, Name: d.Name} }

// Mutable is a Far that can be muted. The path then shows an empty meter, and tells
// when somebody speaks all the same. Muted is called on the microphone's thread.
type Mutable interface{ Muted() bool }

// Far is the network side of a call's sound: media.Session is one.
type Far interface {
	Push(frame []int16)
	Pull(frame []int16)
}

package voice

import (
	"offhook/voice/audio"
)

// soundPath is the sound of one call: its devices, its tones, its meters. Its
// methods may block for as long as a device does and are called from one
// goroutine, but for Levels.
type soundPath interface {
	OpenPlayout(far audio.Far) error
	OpenCapture(far audio.Far) error
	PlayTone(t tone)
	StopTone()
	// SetRoute moves the sound; it changes nothing and fails if there is no
	// device for the route.
	SetRoute(r AudioRoute) error
	// Route is where the sound goes now.
	Route() AudioRoute
	// SetDevices changes over to other devices.
	SetDevices(s Sound) error
	// Levels are 0 (silence) to 1 (full scale).
	Levels() (mic, far float64)
	Close() error
}

// tone is a sound that the engine itself makes in a call.
type tone int

const (
	toneRingback tone = iota
	toneCallWaiting
	toneRecording
)

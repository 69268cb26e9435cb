package relay

import (
	"math"

	"offhook/voice/codec"
)

// pattern is a sound that the relay makes itself, one frame of 20 ms after the
// other, over and over.
type pattern struct {
	frames int
	at     func(second float64) float64 // -1 to 1
}

// ringback is what somebody hears who waits for a phone to be answered: 425 Hz for a
// second, then four of silence.
var ringback = pattern{frames: 250, at: func(t float64) float64 {
	if t >= 1 {
		return 0
	}
	return 0.2 * edge(t, 1) * math.Sin(2*math.Pi*425*t)
}}

// hold is what somebody hears who is on hold: three soft notes that say that the line
// is there, and a rest.
var hold = pattern{frames: 300, at: func(t float64) float64 {
	notes := [...]float64{392, 493.9, 587.3}
	note := int(t / 0.7)
	if note >= len(notes) {
		return 0
	}
	at := t - 0.7*float64(note)
	return 0.12 * edge(at, 0.7) * math.Exp(-3*at) * (math.Sin(2*math.Pi*notes[note]*at) + 0.3*math.Sin(4*math.Pi*notes[note]*at))
}}

// edge fades the beginning and the end of a sound of some length, so that neither
// clicks.
func edge(t, length float64) float64 {
	const fade = 0.01
	return min(1, t/fade, (length-t)/fade)
}

// beeps is what says that a call is recorded where the operator has no words for it:
// two beeps, of which no country's telephones make a meaning of their own.
var beeps = pattern{frames: 60, at: func(t float64) float64 {
	at := math.Mod(t, 0.6)
	if at >= 0.35 {
		return 0
	}
	return 0.25 * edge(at, 0.35) * math.Sin(2*math.Pi*1400*at)
}}

// sound returns the pattern, 48 kHz mono.
func (p pattern) sound() ([]int16, error) {
	pcm := make([]int16, p.frames*frameSamples)
	for i := range pcm {
		pcm[i] = int16(32767 * max(-1, min(1, p.at(float64(i)/codec.SampleRate))))
	}
	return pcm, nil
}

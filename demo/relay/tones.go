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

// muLaw returns the pattern in mu-law at 8 kHz, as the announcement is kept.
func (p pattern) muLaw() ([]byte, error) {
	enc, err := codec.NewEncoder(codec.PCMU)
	if err != nil {
		return nil, err
	}
	pcm := make([]int16, codec.SampleRate/50)
	payload := make([]byte, codec.MaxPayload)
	var out []byte
	for i := range p.frames {
		for j := range pcm {
			t := float64(i*len(pcm)+j) / codec.SampleRate
			pcm[j] = int16(32767 * max(-1, min(1, p.at(t))))
		}
		n, err := enc.Encode(pcm, payload)
		if err != nil {
			return nil, err
		}
		out = append(out, payload[:n]...)
	}
	return out, nil
}

package jitter

import "time"

// SampleRate is the rate of the sound that Get returns, in Hz, and FrameSamples
// the length of one frame: 10 ms.
const (
	SampleRate   = 48000
	FrameSamples = SampleRate / 100
)

// Config says how a Buffer plays. The zero value of each field stands for the
// default named beside it.
type Config struct {
	// ClockRate is the rate of the RTP timestamps in Hz: 48000 for Opus, 8000
	// for G.711 (RFC 7587, section 4.1; RFC 3551). Default 48000.
	ClockRate int
	// Now is the clock that Put's arrival times were read from, read once in
	// each Get. With it the buffer knows how long a packet has waited to a
	// fraction of a frame, which is what keeps the delay low. Without it the
	// newest arrival stands for the present.
	Now func() time.Duration
	// StartDelay is added to the delay of the first packets, until the delays
	// of the network are known. Default 10 ms: with 5 one start in two ran dry once.
	StartDelay time.Duration
	// MinDelay is the least time that a packet waits between its arrival and
	// its turn when all arrive evenly. Default 3 ms.
	MinDelay time.Duration
	// MaxDelay bounds what the target may grow to. Default 500 ms.
	MaxDelay time.Duration
}

func (c Config) withDefaults() Config {
	if c.ClockRate <= 0 {
		c.ClockRate = SampleRate
	}
	if c.StartDelay <= 0 {
		c.StartDelay = 10 * time.Millisecond
	}
	if c.MinDelay <= 0 {
		c.MinDelay = 3 * time.Millisecond
	}
	if c.MaxDelay <= 0 {
		c.MaxDelay = 500 * time.Millisecond
	}
	return c
}

// samplesIn is d in samples of SampleRate.
func samplesIn(d time.Duration) int64 { return d.Microseconds() * (SampleRate / 1000) / 1000 }

// msOf is a number of samples in milliseconds.
func msOf(samples int64) float64 { return float64(samples) * 1000 / SampleRate }

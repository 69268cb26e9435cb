package relaytest

import (
	"math"
	"testing"
	"time"

	"offhook/demo/relay"
	"offhook/internal/listen"
)

// WaitTime bounds every wait of a test: long beyond any slow machine.
const WaitTime = time.Minute

// Sound is pcm (48 kHz mono) as listen takes it.
func Sound(pcm []int16) listen.Sound {
	s := listen.Sound{Rate: 48000, Samples: make([]float64, len(pcm))}
	for i, v := range pcm {
		s.Samples[i] = float64(v) / 32768
	}
	return s
}

// Speech is a second and a half of a voice, 48 kHz mono.
func Speech(t testing.TB) []int16 {
	t.Helper()
	pcm, err := relay.Announcement()
	if err != nil {
		t.Fatal(err)
	}
	return pcm[:3*24000]
}

// Tone is a sine, 48 kHz mono.
func Tone(hz float64, d time.Duration) []int16 {
	pcm := make([]int16, int(d.Seconds()*48000))
	for i := range pcm {
		pcm[i] = int16(8000 * math.Sin(2*math.Pi*hz*float64(i)/48000))
	}
	return pcm
}

// Eventually waits until ok holds, for what tells of itself by no event.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(WaitTime)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("no %s", what)
		}
	}
}

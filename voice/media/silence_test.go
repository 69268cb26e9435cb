package media

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"offhook/voice/codec"
)

// A pause of a G.711 speaker is sent as comfort noise of the background's level,
// where both sides agreed to it and DTX is on.
func TestPausesOfG711(t *testing.T) {
	t.Parallel()
	for name, dtx := range map[string]bool{"DTX": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSim(t, Config{Codecs: []string{codec.PCMA}, DTX: dtx}, Config{})
			r := rand.New(rand.NewPCG(1, 1))
			speaks := true
			said := hum(440)
			const hiss = 60 // an even noise of 35: -59.5 dBov
			w.a.voice = func(i int) int16 {
				if speaks {
					return said(i)
				}
				return int16(r.IntN(2*hiss+1) - hiss)
			}
			sizes := map[int]int{}
			w.a.alter = func(p []byte) []byte {
				sizes[len(p)-rtpHeaderSize]++
				return p
			}
			for _, speaking := range []bool{true, false, true, false} {
				speaks = speaking
				w.run(time.Second)
				clear(sizes)
				w.run(5 * time.Second)
				switch noise, sound := sizes[1], sizes[160]; {
				case dtx && !speaking && (noise < 8 || noise > 60 || sound > 0):
					t.Errorf("in 5 s of a pause %d packets of noise, %d of sound", noise, sound)
				case (!dtx || speaking) && (noise > 0 || sound < 240):
					t.Errorf("in 5 s %d packets of noise, %d of sound", noise, sound)
				}
				heard := w.b.last(time.Second)
				if speaking && tone(heard, 440) < 0.8 {
					t.Errorf("tone %.2f", tone(heard, 440))
				}
				if got := 20 * math.Log10(loudness(heard)/math.MaxInt16); !speaking && dtx && math.Abs(got+60) > 5 {
					t.Errorf("a pause of %.1f dBov", got)
				}
			}
			if lost := w.b.Statistics().CumulativeLost; lost != 0 {
				t.Errorf("%d packets lost", lost)
			}
			// Muted is silent, and no background: A-law itself has no zero.
			w.a.SetMuted(true)
			w.run(2 * time.Second)
			if got := loudness(w.b.last(time.Second)); got > 8 {
				t.Errorf("muted is heard as %.1f", got)
			}
			w.a.SetMuted(false)
			speaks = true
			w.run(time.Second)
			if got := tone(w.b.last(300*time.Millisecond), 440); got < 0.8 {
				t.Errorf("tone %.2f after mute", got)
			}
		})
	}
}

// Package recordingtest listens to recordings, for tests.
package recordingtest

import (
	"testing"

	"offhook/internal/listen"
	"offhook/voice/codec"
)

// slot is 20 ms, what one packet of a recording holds.
const slot = codec.SampleRate / 50

// Sides decodes an Ogg file of two mono streams, left and right. It knows packets of one
// frame, as the phones and the tests make them.
func Sides(t testing.TB, ogg []byte) (sides [2]listen.Sound) {
	t.Helper()
	var decoders [2]codec.Decoder
	for i := range decoders {
		decoders[i], _ = codec.NewDecoder(codec.Opus)
		sides[i].Rate = codec.SampleRate
	}
	pcm := make([]int16, slot)
	for i, p := range packets(t, ogg) {
		if i < 2 {
			continue // the heads
		}
		n, size := int(p[1]), 1
		if n >= 252 {
			n, size = n+4*int(p[2]), 2
		}
		for j, payload := range [][]byte{append([]byte{p[0]}, p[1+size:1+size+n]...), p[1+size+n:]} {
			if len(payload) == 1 {
				if err := decoders[j].Conceal(pcm); err != nil {
					t.Fatal(err)
				}
			} else if got, err := decoders[j].Decode(payload, pcm); err != nil || got != slot {
				t.Fatalf("%d samples, %v", got, err)
			}
			for _, v := range pcm {
				sides[j].Samples = append(sides[j].Samples, float64(v)/32768)
			}
		}
	}
	return sides
}

func packets(t testing.TB, b []byte) (list [][]byte) {
	t.Helper()
	for len(b) > 0 {
		if len(b) < 27 || string(b[:4]) != "OggS" {
			t.Fatal("no page of Ogg")
		}
		lacing := b[27 : 27+int(b[26])]
		b = b[27+len(lacing):]
		length := 0
		for _, n := range lacing {
			if length += int(n); n < 255 {
				list, b, length = append(list, b[:length]), b[length:], 0
			}
		}
	}
	return list
}

// Package recordingtest listens to recordings, for tests.
package recordingtest

import (
	"testing"

	"offhook/internal/listen"
	"offhook/voice/codec"
)

// slot is 20 ms, what one packet of a recording holds.
const slot = codec.SampleRate / 50

// Split takes a packet of the left side out of the form that says where it ends, and
// returns that of the right side, too. It knows packets of one or two frames, as the
// phones and the tests make them.
func Split(t testing.TB, p []byte) (left, right []byte) {
	t.Helper()
	at := 1
	length := func() int {
		n := int(p[at])
		if at++; n >= 252 {
			n += 4 * int(p[at])
			at++
		}
		return n
	}
	left = []byte{p[0]}
	n := 0
	switch p[0] & 3 {
	case 0:
		n = length()
	case 1:
		n = 2 * length()
	case 2:
		from := at
		n = length()
		left = append(left, p[from:at]...)
		n += length()
	default:
		t.Fatalf("a packet of code %d", p[0]&3)
	}
	return append(left, p[at:at+n]...), p[at+n:]
}

// Sides decodes an Ogg file of two mono streams, left and right.
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
		left, right := Split(t, p)
		for j, payload := range [][]byte{left, right} {
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

package codec

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"
)

// The vectors are ffmpeg's, whose encoder and decoder were written by others
// (testdata/SOURCES.md). G.722 is defined to the bit.
func TestG722AgainstAnotherImplementation(t *testing.T) {
	t.Parallel()
	read := func(name string) []byte {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	samples := func(b []byte) []int16 {
		s := make([]int16, len(b)/2)
		for i := range s {
			s[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
		}
		return s
	}
	said, coded, heard := samples(read("g722.in.s16")), read("g722.coded"), samples(read("g722.out.s16"))
	ours := make([]byte, len(said)/2)
	newG722State().encode(said, ours)
	if at := firstDifference(ours, coded); at >= 0 {
		t.Errorf("the encoder's byte %d of %d differs", at, len(coded))
	}
	back := make([]int16, 2*len(coded))
	newG722State().decode(coded, back)
	for i, v := range back[:min(len(back), len(heard))] {
		if v != heard[i] {
			t.Fatalf("the decoder's sample %d is %d, not %d", i, v, heard[i])
		}
	}
	if len(coded) < 1000 || len(ours) != len(coded) || len(heard) != len(back) {
		t.Errorf("%d bytes, %d of ours; %d samples, %d of ours", len(coded), len(ours), len(heard), len(back))
	}
}

// firstDifference is where a and b part, -1 if they are the same.
func firstDifference(a, b []byte) int {
	if bytes.Equal(a, b) {
		return -1
	}
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// What telephones leave out is there: the band from 4 to 7 kHz.
func TestG722IsWide(t *testing.T) {
	t.Parallel()
	for _, hz := range []float64{3000, 5000, 6500} {
		e, _ := NewEncoder(G722)
		d, _ := NewDecoder(G722)
		in := sine(SampleRate, hz, 8000)
		if got := snr(in, through(t, e, d, in, 960, nil, false)); got < 15 {
			t.Errorf("%.0f Hz: %.1f dB", hz, got)
		}
	}
}

// Any bytes at all decode to sound.
func FuzzG722(f *testing.F) {
	f.Add([]byte{0, 0xff, 0x55, 0xaa})
	f.Fuzz(func(t *testing.T, b []byte) {
		d, _ := NewDecoder(G722)
		pcm := make([]int16, 5760)
		n, err := d.Decode(b, pcm)
		if (err == nil) != (len(b) > 0 && len(b) <= maxBytes) || n > len(pcm) {
			t.Errorf("%d bytes: %d samples, %v", len(b), n, err)
		}
	})
}

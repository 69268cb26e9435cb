package codec

import "testing"

// Values of ITU-T G.711, tables 1a to 2b, at the ends of segments.
func TestG711Tables(t *testing.T) {
	t.Parallel()
	makeTables()
	for _, tc := range []struct {
		code     byte
		ulaw     int16
		alawCode byte
		alaw     int16
	}{
		{0xff, 0, 0xd5, 8},
		{0x7f, 0, 0x55, -8},
		{0x80, 32124, 0xaa, 32256},
		{0x00, -32124, 0x2a, -32256},
		{0xfe, 8, 0xd4, 24},
		{0xef, 132, 0xc5, 264},
	} {
		if got := ulawToLinear[tc.code]; got != tc.ulaw {
			t.Errorf("µ-law %#x = %d, want %d", tc.code, got, tc.ulaw)
		}
		if got := alawToLinear[tc.alawCode]; got != tc.alaw {
			t.Errorf("A-law %#x = %d, want %d", tc.alawCode, got, tc.alaw)
		}
	}
}

// Every code survives a round trip, and no sample is far from its code's.
func TestG711RoundTrip(t *testing.T) {
	t.Parallel()
	makeTables()
	for i := range 256 {
		c := byte(i)
		if got := linearToUlaw[uint16(ulawToLinear[c])]; got != c && c != 0x7f {
			t.Errorf("µ-law %#x comes back as %#x", c, got)
		}
		if got := linearToAlaw[uint16(alawToLinear[c])]; got != c {
			t.Errorf("A-law %#x comes back as %#x", c, got)
		}
	}
	for i := range 65536 {
		s := int(int16(uint16(i)))
		size := max(s, -s)
		for name, back := range map[string]int16{
			"µ": ulawToLinear[linearToUlaw[i]],
			"A": alawToLinear[linearToAlaw[i]],
		} {
			// Half a step: 1/32 of the sample, 8 near zero, and clipping on top.
			if diff := s - int(back); max(diff, -diff) > size/31+9 && size < 32124 {
				t.Fatalf("%s-law: %d becomes %d", name, s, back)
			}
		}
	}
}

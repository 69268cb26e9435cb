package codec

import "testing"

func TestOpusDuration(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		payload []byte
		want    int
	}{
		{"empty", nil, 0},
		{"SILK 20 ms", []byte{1 << 3, 0}, 960},
		{"SILK 60 ms", []byte{3 << 3, 0}, 2880},
		{"hybrid 10 ms", []byte{12 << 3, 0}, 480},
		{"CELT 2.5 ms", []byte{16 << 3}, 120},
		{"two of 20 ms", []byte{1<<3 | 1, 0}, 1920},
		{"three of 20 ms", []byte{1<<3 | 3, 3, 0}, 2880},
		{"no count", []byte{1<<3 | 3}, 0},
		{"none of 20 ms", []byte{1<<3 | 3, 0}, 0},
		{"three of 60 ms", []byte{3<<3 | 3, 3, 0}, 0},
	} {
		if got := opusDuration(tc.payload); got != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, got, tc.want)
		}
	}
}

func TestOpusHasFEC(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		payload []byte
		want    bool
	}{
		{"empty", nil, false},
		{"TOC alone", []byte{1 << 3}, false},
		{"CELT", []byte{31 << 3, 0xff}, false},
		{"SILK with", []byte{1 << 3, 0x40}, true},
		{"SILK without", []byte{1 << 3, 0x80}, false},
		{"60 ms with", []byte{3 << 3, 0x10}, true},
		{"60 ms without", []byte{3 << 3, 0xe0}, false},
		{"stereo, side only", []byte{1<<3 | 4, 0x10}, true},
		{"two lengths", []byte{1<<3 | 2, 1, 0x40, 0}, true},
		{"two, long length", []byte{1<<3 | 2, 252, 0, 0x40}, true},
		{"two, cut", []byte{1<<3 | 2, 252}, false},
		{"padded", []byte{1<<3 | 3, 0x41, 1, 0x40, 0}, true},
		{"padded, cut", []byte{1<<3 | 3, 0x41, 255}, false},
		{"variable", []byte{1<<3 | 3, 0x82, 1, 0x40, 0}, true},
	} {
		if got := opusHasFEC(tc.payload); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}

// A decoder eats anything: it may refuse, it may not fall over.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{1 << 3, 0x40, 1, 2, 3})
	f.Add([]byte{1<<3 | 3, 0xc5, 255, 255, 3, 9, 9, 9})
	f.Add([]byte{0xff, 0x7f})
	f.Fuzz(func(t *testing.T, payload []byte) {
		for _, i := range Infos() {
			d, err := NewDecoder(i.Name)
			if err != nil {
				t.Fatal(err)
			}
			pcm := make([]int16, 5760)
			want := d.Duration(payload)
			if n, err := d.Decode(payload, pcm); err == nil && n != want {
				t.Errorf("%s: %d samples, duration says %d", i.Name, n, want)
			}
			_, _ = d.DecodeFEC(payload, pcm[:960])
			if err := d.Conceal(pcm[:480]); err != nil {
				t.Error(err)
			}
		}
	})
}

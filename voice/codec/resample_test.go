package codec

import (
	"fmt"
	"testing"
)

// What lies above a codec's band must not fold back into it, and what lies within
// must come back as it was.
func TestResampler(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		band          *lowpass
		outside, kept []float64
	}{
		{telephoneBand(), []float64{4700, 5000, 6000, 7600, 9000, 15000}, []float64{100, 300, 1000, 2000, 3300}},
		{wideBand(), []float64{9100, 10000, 12000, 15000, 20000}, []float64{100, 1000, 3300, 5000, 6900}},
	} {
		t.Run(fmt.Sprint(SampleRate/tc.band.ratio), func(t *testing.T) {
			t.Parallel()
			for _, hz := range tc.outside {
				d := downsampler{lowpass: tc.band}
				in := sine(9600, hz, 20000)
				out := make([]int16, 960/tc.band.ratio)
				for i := 0; i < len(in); i += 960 {
					d.process(in[i:i+960], out)
				}
				if e := energy(out); e > 20000*20000/2*1e-5 {
					t.Errorf("%.0f Hz leaves an energy of %.0f", hz, e)
				}
			}
			for _, hz := range tc.kept {
				d, u := downsampler{lowpass: tc.band}, upsampler{lowpass: tc.band}
				in := sine(96000, hz, 10000)
				var back []int16
				out, up := make([]int16, 960/tc.band.ratio), make([]int16, 960)
				for i := 0; i < len(in); i += 960 {
					d.process(in[i:i+960], out)
					u.process(out, up)
					back = append(back, up...)
				}
				if got := snr(in, back); got < 40 {
					t.Errorf("%.0f Hz: %.1f dB there and back", hz, got)
				}
			}
		})
	}
}

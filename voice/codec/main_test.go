package codec

import (
	"math"
	"math/rand/v2"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sine is n samples of a tone at 48 kHz.
func sine(n int, hz, amplitude float64) []int16 {
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(amplitude * math.Sin(2*math.Pi*hz*float64(i)/SampleRate))
	}
	return s
}

// voiced is n samples of something like a vowel: pulses of a gliding pitch
// through three formants, louder and softer four times a second.
func voiced(n int) []int16 {
	type formant struct{ a1, a2, g, y1, y2 float64 }
	f := []formant{}
	for _, v := range [][3]float64{{600, 80, 1}, {1200, 90, 0.6}, {2500, 120, 0.3}} {
		r := math.Exp(-math.Pi * v[1] / SampleRate)
		f = append(f, formant{a1: 2 * r * math.Cos(2*math.Pi*v[0]/SampleRate), a2: -r * r, g: v[2] * (1 - r)})
	}
	rng := rand.New(rand.NewPCG(1, 2))
	s := make([]int16, n)
	phase := 0.0
	for i := range s {
		t := float64(i) / SampleRate
		x := 0.02 * (rng.Float64() - 0.5)
		if phase += (125 + 20*math.Sin(2*math.Pi*0.7*t)) / SampleRate; phase >= 1 {
			phase--
			x += 1
		}
		var y float64
		for k := range f {
			v := x*f[k].g + f[k].a1*f[k].y1 + f[k].a2*f[k].y2
			f[k].y2, f[k].y1 = f[k].y1, v
			y += v
		}
		s[i] = int16(max(min(60000*y*(0.6+0.4*math.Sin(2*math.Pi*4*t)), 30000), -30000))
	}
	return s
}

// through codes and decodes sound in frames of the given samples; lose tells
// which packets vanish, how what conceals them.
func through(t testing.TB, e Encoder, d Decoder, pcm []int16, frame int, lose func(i int) bool, fec bool) []int16 {
	t.Helper()
	var (
		out    []int16
		packet = make([]byte, MaxPayload)
		buf    = make([]int16, 5760)
		gone   bool
	)
	for i := 0; (i+1)*frame <= len(pcm); i++ {
		n, err := e.Encode(pcm[i*frame:(i+1)*frame], packet)
		if err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		if gone {
			ok := false
			if fec && !lose(i) {
				if ok, err = d.DecodeFEC(packet[:n], buf[:frame]); err != nil {
					t.Fatalf("frame %d: FEC: %v", i, err)
				}
			}
			if !ok {
				if err := d.Conceal(buf[:frame]); err != nil {
					t.Fatalf("frame %d: conceal: %v", i, err)
				}
			}
			out = append(out, buf[:frame]...)
		}
		if gone = lose != nil && lose(i); gone {
			continue
		}
		if got := d.Duration(packet[:n]); got != frame {
			t.Fatalf("frame %d: duration %d, want %d", i, got, frame)
		}
		m, err := d.Decode(packet[:n], buf)
		if err != nil || m != frame {
			t.Fatalf("frame %d: decoded %d samples, %v", i, m, err)
		}
		out = append(out, buf[:m]...)
	}
	return out
}

// snr is the signal-to-noise ratio in dB of got against want after the best
// alignment and gain, leaving out the first 200 ms.
func snr(want, got []int16) float64 {
	best := math.Inf(-1)
	n := min(len(want), len(got))
	for lag := range 960 {
		var xy, xx, yy float64
		for i := 9600; i+lag < n; i += 5 { // a fifth of the samples tells enough
			x, y := float64(want[i]), float64(got[i+lag])
			xy, xx, yy = xy+x*y, xx+x*x, yy+y*y
		}
		if xx == 0 || yy == 0 {
			continue
		}
		r2 := min(xy*xy/(xx*yy), 1-1e-12)
		best = max(best, 10*math.Log10(r2/(1-r2)))
	}
	return best
}

func energy(s []int16) float64 {
	var e float64
	for _, v := range s {
		e += float64(v) * float64(v)
	}
	return e / float64(max(len(s), 1))
}

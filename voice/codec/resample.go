package codec

import (
	"math"
	"sync"
)

// Between 48 kHz and a codec's rate stands one linear-phase low-pass: a
// Kaiser-windowed sinc, 60 dB down where it ends, so that what folds back lies
// above the codec's own band.
type lowpass struct {
	// ratio is the quotient of the two rates, phases the number of samples at the
	// lower rate that the filter spans.
	ratio, phases int
	// taps is the filter at 48 kHz; raised holds it once more for the way up, the
	// taps of each phase together, latest sample last, times ratio.
	taps, raised []float32
}

// The longest filter and the longest run of samples at the lower rate.
const (
	maxTaps   = 144
	maxPhases = 32
	maxRun    = 1920 // 120 ms at 16 kHz
)

var (
	// telephoneBand leads to 8 kHz: flat to 3.4 kHz, 60 dB down from 4.6 kHz. It
	// delays sound by 1.5 ms.
	telephoneBand = sync.OnceValue(func() *lowpass { return newLowpass(6, 24, 3900, 5.65) })
	// wideBand leads to 16 kHz: flat to 7 kHz, 60 dB down from 9 kHz. It delays
	// sound by 1 ms.
	wideBand = sync.OnceValue(func() *lowpass { return newLowpass(3, 32, 8000, 5.65) })
)

func newLowpass(ratio, phases int, cutoff, beta float64) *lowpass {
	f := &lowpass{ratio: ratio, phases: phases, taps: make([]float32, ratio*phases), raised: make([]float32, ratio*phases)}
	h := make([]float64, ratio*phases)
	sum, mid := 0.0, float64(len(h)-1)/2
	for i := range h {
		x := float64(i) - mid
		r := x / mid
		h[i] = sinc(2*cutoff/SampleRate*x) * bessel0(beta*math.Sqrt(1-r*r))
		sum += h[i]
	}
	for i := range h {
		f.taps[i] = float32(h[i] / sum)
	}
	for p := range ratio {
		for k := range phases {
			f.raised[p*phases+k] = float32(ratio) * f.taps[p+ratio*(phases-1-k)]
		}
	}
	return f
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// bessel0 is the modified Bessel function of the first kind of order zero.
func bessel0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-12; k++ {
		term *= x * x / (4 * k * k)
		sum += term
	}
	return sum
}

// downsampler takes 48 kHz to a codec's rate.
type downsampler struct {
	*lowpass
	// line holds the last taps samples ahead of the new ones.
	line [maxTaps + 960]float32
}

// process fills out with len(in)/ratio samples; in is at most 20 ms.
func (d *downsampler) process(in, out []int16) {
	n := len(d.taps)
	for i, s := range in {
		d.line[n+i] = float32(s)
	}
	for i := range out {
		out[i] = clip(dot(d.taps, d.line[(i+1)*d.ratio:]))
	}
	copy(d.line[:n], d.line[len(in):len(in)+n])
}

// upsampler takes a codec's rate to 48 kHz.
type upsampler struct {
	*lowpass
	line [maxPhases + maxRun]float32
}

// process fills the first len(in)*ratio samples of out.
func (u *upsampler) process(in, out []int16) {
	for i, s := range in {
		u.line[u.phases+i] = float32(s)
	}
	for i := range in {
		x := u.line[i+1:]
		for p := range u.ratio {
			out[i*u.ratio+p] = clip(dot(u.raised[p*u.phases:(p+1)*u.phases], x))
		}
	}
	copy(u.line[:u.phases], u.line[len(in):len(in)+u.phases])
}

// dot is the sum of the products of taps and as many samples of x.
func dot(taps, x []float32) float32 {
	x = x[:len(taps)]
	var sum float32
	for k, c := range taps {
		sum += c * x[k]
	}
	return sum
}

func clip(x float32) int16 {
	switch {
	case x > math.MaxInt16:
		return math.MaxInt16
	case x < math.MinInt16:
		return math.MinInt16
	case x < 0:
		return int16(x - 0.5)
	default:
		return int16(x + 0.5)
	}
}

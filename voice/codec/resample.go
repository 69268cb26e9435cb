package codec

import "math"

// Between 48 kHz and 8 kHz stands one linear-phase low-pass: a Kaiser-windowed
// sinc, flat to 3.4 kHz, 60 dB down from 4.6 kHz, so that what folds back lies
// above the telephone band. It delays sound by 1.5 ms each way.
const (
	ratio  = 6
	phases = 24
	taps   = ratio * phases
)

var lowpass = designLowpass(3900.0/SampleRate, 5.65)

func designLowpass(cutoff, beta float64) (h [taps]float32) {
	var sum float64
	var f [taps]float64
	const mid = float64(taps-1) / 2
	for i := range f {
		x := float64(i) - mid
		r := x / mid
		f[i] = 2 * cutoff * sinc(2*cutoff*x) * bessel0(beta*math.Sqrt(1-r*r)) / bessel0(beta)
		sum += f[i]
	}
	for i := range f {
		h[i] = float32(f[i] / sum)
	}
	return h
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

// downsampler takes 48 kHz to 8 kHz.
type downsampler struct {
	// line holds the last taps samples ahead of the new ones.
	line [taps + 960]float32
}

// process fills out with len(in)/6 samples; in is at most 20 ms.
func (d *downsampler) process(in, out []int16) {
	for i, s := range in {
		d.line[taps+i] = float32(s)
	}
	for i := range out {
		x := d.line[(i+1)*ratio : (i+1)*ratio+taps]
		var acc float32
		for k, c := range lowpass {
			acc += c * x[k]
		}
		out[i] = clip(acc)
	}
	copy(d.line[:taps], d.line[len(in):len(in)+taps])
}

// upsampler takes 8 kHz to 48 kHz.
type upsampler struct {
	line [phases + maxG711]float32
}

// process fills the first len(in)*6 samples of out.
func (u *upsampler) process(in, out []int16) {
	for i, s := range in {
		u.line[phases+i] = float32(s)
	}
	for i := range in {
		x := u.line[i+1 : i+1+phases]
		for p := range ratio {
			var acc float32
			// x is oldest first, so the filter runs backwards.
			for k := range phases {
				acc += lowpass[p+ratio*(phases-1-k)] * x[k]
			}
			out[i*ratio+p] = clip(acc * ratio)
		}
	}
	copy(u.line[:phases], u.line[len(in):len(in)+phases])
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

package wave

import "math"

// Resample brings in to another rate with a windowed sinc (Kaiser window, 80 dB)
// and rounds to 16 bits. It is meant for whole files, not for live sound.
func Resample(in []float64, from, to int) []int16 {
	if from == to {
		out := make([]int16, len(in))
		for i, v := range in {
			out[i] = round(v)
		}
		return out
	}
	g := gcd(from, to)
	up, down := to/g, from/g
	// The filter lies in time units of the input; it closes at the lower of the
	// two rates' halves, with 5 % left for its slope.
	cutoff := 0.95 * min(1, float64(to)/float64(from))
	const lobes = 24
	half := float64(lobes) / cutoff
	taps := 2*int(math.Ceil(half)) + 1
	phases := min(up, 1024)
	// table[p] is the filter for an output that lies p/phases after an input.
	table := make([][]float64, phases)
	for p := range table {
		frac := float64(p) / float64(phases)
		row := make([]float64, taps)
		var sum float64
		for k := range row {
			t := float64(k-taps/2) - frac
			row[k] = sinc(t*cutoff) * kaiser(t/half)
			sum += row[k]
		}
		for k := range row {
			row[k] /= sum
		}
		table[p] = row
	}
	out := make([]int16, int(int64(len(in))*int64(up)/int64(down)))
	for i := range out {
		at := int64(i) * int64(down)
		centre := int(at / int64(up))
		row := table[int(at%int64(up))*phases/up]
		first := centre - taps/2
		var sum float64
		for k := max(0, -first); k < taps && first+k < len(in); k++ {
			sum += in[first+k] * row[k]
		}
		out[i] = round(sum)
	}
	return out
}

func round(v float64) int16 { return int16(math.Round(max(-32768, min(v, 32767)))) }

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser is the window over -1..1.
func kaiser(x float64) float64 {
	if x <= -1 || x >= 1 {
		return 0
	}
	const beta = 7.857 // 80 dB
	return bessel(beta*math.Sqrt(1-x*x)) / bessel(beta)
}

// bessel is the modified Bessel function of order 0.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; k < 40; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Package stoi tells how well speech that went through a phone can be understood.
package stoi

import (
	"math"
	"math/cmplx"

	"offhook/voice/audio/wave"
)

// fft is the discrete Fourier transform of x in place; its length is a power of
// two. inverse leaves out the division by the length.
func fft(x []complex128, inverse bool) {
	n := len(x)
	for i, j := 1, 0; i < n; i++ {
		bit := n >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		if j ^= bit; i < j {
			x[i], x[j] = x[j], x[i]
		}
	}
	for size := 2; size <= n; size <<= 1 {
		angle := -2 * math.Pi / float64(size)
		if inverse {
			angle = -angle
		}
		w := cmplx.Rect(1, angle)
		for at := 0; at < n; at += size {
			f := complex(1, 0)
			for k := at; k < at+size/2; k++ {
				a, b := x[k], x[k+size/2]*f
				x[k], x[k+size/2] = a+b, a-b
				f *= w
			}
		}
	}
}

// correlate is the sum over i of x[k+i]·y[i] for every k at which y fits into x.
func correlate(x, y []float64) []float64 {
	n := 1
	for n < len(x)+len(y) {
		n <<= 1
	}
	a, b := make([]complex128, n), make([]complex128, n)
	for i, v := range x {
		a[i] = complex(v, 0)
	}
	for i, v := range y {
		b[i] = complex(v, 0)
	}
	fft(a, false)
	fft(b, false)
	for i := range a {
		a[i] *= cmplx.Conj(b[i])
	}
	fft(a, true)
	out := make([]float64, len(x)-len(y)+1)
	for i := range out {
		out[i] = real(a[i]) / float64(n)
	}
	return out
}

// narrow is pcm's speech band at 8 kHz, for finding delays.
func narrow(pcm []int16) []float64 {
	x := make([]float64, len(pcm))
	for i, v := range pcm {
		x[i] = float64(v)
	}
	low := wave.Resample(x, 48000, 8000)
	out := make([]float64, len(low))
	// A first-order high pass at 200 Hz.
	const a = 0.86
	var before, y float64
	for i, v := range low {
		y = a * (y + float64(v) - before)
		before = float64(v)
		out[i] = y
	}
	return out
}

func energy(x []float64) (e float64) {
	for _, v := range x {
		e += v * v
	}
	return e
}

// Lay moves heard onto said in pieces of half a second, since a jitter buffer
// stretches time. It returns the moved sound and the delay of each voiced piece in
// ms. The measure is the one of the comparison with other phones.
func Lay(said, heard []int16) ([]int16, []float64) {
	r, d := narrow(said), narrow(heard)
	const (
		rate   = 8000
		piece  = rate / 2
		window = rate * 8 / 10
		search = rate * 250 / 1000
	)
	loud := energy(r) / float64(len(r))
	// The whole first, up to half a second.
	all := correlate(append(d, make([]float64, rate/2+len(r))...)[:len(r)+rate/2], r)
	lag := 0
	for k, v := range all {
		if v > all[lag] {
			lag = k
		}
	}
	out := make([]int16, len(said))
	var lags []float64
	for at := 0; at < len(r); at += piece {
		from := max(0, at+piece/2-window/2)
		ref := r[from:min(from+window, len(r))]
		if len(ref) == window && energy(ref)/window > 0.04*loud {
			begin := from + lag - search
			pad := max(0, -begin)
			w := make([]float64, pad, window+2*search)
			if end := min(len(d), begin+window+2*search); end > begin+pad {
				w = append(w, d[begin+pad:end]...)
			}
			if len(w) >= window+10 {
				y := correlate(w, ref)
				e, best, q := energy(w[:window]), 0, 0.0
				here := 0.0
				er := energy(ref)
				for k, v := range y {
					v /= math.Sqrt(max(e*er, 1e-9))
					if v > q {
						best, q = k, v
					}
					if k == search {
						here = v
					}
					if k+window < len(w) {
						e += w[k+window]*w[k+window] - w[k]*w[k]
					}
				}
				if q > 0.25 && q > here+0.03 {
					lag += best - search
				}
				if q > 0.25 {
					lags = append(lags, float64(lag)*1000/rate)
				}
			}
		}
		const up = 48000 / rate
		for i := at * up; i < min((at+piece)*up, len(out)); i++ {
			if j := i + lag*up; j >= 0 && j < len(heard) {
				out[i] = heard[j]
			}
		}
	}
	return out, lags
}

// Measure is the short-time objective intelligibility of y against the clean x
// (Taal, Hendriks, Heusdens, Jensen 2011): 10 kHz, frames of 256 with a Hann
// window, 15 third-octave bands from 150 Hz, segments of 30 frames, clipping at
// −15 dB. 1 is perfect.
func Measure(x, y []int16) float64 {
	const (
		size, hop, bins  = 256, 128, 512
		bands, segment   = 15, 30
		clip             = 1 + 5.623413251903491 // 10^(15/20)
		silentBelow      = 40.0
		rate             = 10000
		lowest, halfBand = 150.0, 1.0 / 6
	)
	narrow := func(p []int16) []float64 {
		f := make([]float64, len(p))
		for i, v := range p {
			f[i] = float64(v)
		}
		low := wave.Resample(f, 48000, rate)
		f = f[:len(low)]
		for i, v := range low {
			f[i] = float64(v)
		}
		return f
	}
	a, b := narrow(x), narrow(y)
	var window [size]float64
	for i := range window {
		window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i+1)/(size+1))
	}
	// Frames in which the clean speech pauses are taken out of both.
	var level []float64
	top := -300.0
	n := min(len(a), len(b))
	for s := 0; s < n-size; s += hop {
		var e float64
		for i, w := range window {
			e += a[s+i] * w * a[s+i] * w
		}
		level = append(level, 10*math.Log10(e+1e-24))
		top = max(top, level[len(level)-1])
	}
	var ca, cb []float64
	for k, l := range level {
		if l <= top-silentBelow {
			continue
		}
		at := max(0, len(ca)-hop)
		if len(ca) == 0 {
			ca, cb = make([]float64, size), make([]float64, size)
		} else {
			ca, cb = append(ca, make([]float64, hop)...), append(cb, make([]float64, hop)...)
		}
		for i, w := range window {
			ca[at+i] += a[k*hop+i] * w
			cb[at+i] += b[k*hop+i] * w
		}
	}
	third := func(p []float64) [][bands]float64 {
		var out [][bands]float64
		spectrum := make([]complex128, bins)
		for s := 0; s+size <= len(p); s += hop {
			clear(spectrum)
			for i, w := range window {
				spectrum[i] = complex(p[s+i]*w, 0)
			}
			fft(spectrum, false)
			var row [bands]float64
			for j := range bands {
				centre := lowest * math.Pow(2, float64(j)/3)
				from := int(math.Round(centre * math.Pow(2, -halfBand) * bins / rate))
				to := int(math.Round(centre * math.Pow(2, halfBand) * bins / rate))
				for k := from; k < to; k++ {
					re, im := real(spectrum[k]), imag(spectrum[k])
					row[j] += re*re + im*im
				}
				row[j] = math.Sqrt(row[j])
			}
			out = append(out, row)
		}
		return out
	}
	xs, ys := third(ca), third(cb)
	var sum float64
	count := 0
	for m := segment; m <= len(xs); m++ {
		for j := range bands {
			var ex, ey float64
			for k := m - segment; k < m; k++ {
				ex += xs[k][j] * xs[k][j]
				ey += ys[k][j] * ys[k][j]
			}
			gain := math.Sqrt(ex) / (math.Sqrt(ey) + 1e-12)
			var p, q [segment]float64
			var mp, mq float64
			for k := range segment {
				p[k] = xs[m-segment+k][j]
				q[k] = min(ys[m-segment+k][j]*gain, p[k]*clip)
				mp += p[k] / segment
				mq += q[k] / segment
			}
			var pq, pp, qq float64
			for k := range segment {
				pq += (p[k] - mp) * (q[k] - mq)
				pp += (p[k] - mp) * (p[k] - mp)
				qq += (q[k] - mq) * (q[k] - mq)
			}
			sum += pq / (math.Sqrt(pp)*math.Sqrt(qq) + 1e-12)
			count++
		}
	}
	if count == 0 {
		return math.NaN()
	}
	return sum / float64(count)
}

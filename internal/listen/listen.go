// Package listen hears for the tests: it finds known speech or a tone in what a
// phone recorded.
//
// Speech is looked for by normalised cross-correlation at 8 kHz: once over the
// whole recording to align it, then piece by piece, since an adaptive jitter
// buffer stretches time a little.
package listen

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/cmplx"
	"os"
	"slices"
	"time"

	"gonum.org/v1/gonum/dsp/fourier"
)

// Sound is a mono recording, its samples in [-1, 1].
type Sound struct {
	Rate    int
	Samples []float64
}

// Duration is the length of the sound.
func (s Sound) Duration() time.Duration {
	if s.Rate == 0 {
		return 0
	}
	return time.Duration(float64(len(s.Samples)) / float64(s.Rate) * float64(time.Second))
}

// Cut returns the part between two moments, as far as it exists.
func (s Sound) Cut(from, to time.Duration) Sound {
	at := func(d time.Duration) int {
		return min(max(int(d.Seconds()*float64(s.Rate)), 0), len(s.Samples))
	}
	return Sound{Rate: s.Rate, Samples: s.Samples[at(from):max(at(from), at(to))]}
}

// RMS is the root mean square of the samples, 0 for no samples.
func (s Sound) RMS() float64 {
	if len(s.Samples) == 0 {
		return 0
	}
	return math.Sqrt(energy(s.Samples) / float64(len(s.Samples)))
}

// ReadWAV reads a 16-bit PCM WAV file; of several channels it takes the first.
// A recording still being written, with a data length of zero or beyond the
// file's end, is read as far as it goes.
func ReadWAV(path string) (Sound, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return Sound{}, err
	}
	if len(raw) < 12 || string(raw[:4]) != "RIFF" || string(raw[8:12]) != "WAVE" {
		return Sound{}, fmt.Errorf("%s is no WAV file", path)
	}
	var sound Sound
	channels, bits := 0, 0
	for rest := raw[12:]; len(rest) >= 8; {
		id, size := string(rest[:4]), int(binary.LittleEndian.Uint32(rest[4:8]))
		body := rest[8:]
		if id == "data" {
			if channels == 0 || bits != 16 {
				return Sound{}, fmt.Errorf("%s is not 16-bit PCM", path)
			}
			if size > 0 && size < len(body) {
				body = body[:size]
			}
			for i := 0; i+2*channels <= len(body); i += 2 * channels {
				sound.Samples = append(sound.Samples, float64(int16(binary.LittleEndian.Uint16(body[i:])))/32768)
			}
			return sound, nil
		}
		if size > len(body) {
			break
		}
		if id == "fmt " && size >= 16 {
			channels = int(binary.LittleEndian.Uint16(body[2:]))
			sound.Rate = int(binary.LittleEndian.Uint32(body[4:]))
			bits = int(binary.LittleEndian.Uint16(body[14:]))
		}
		rest = body[size+size%2:]
	}
	return Sound{}, errors.New(path + " has no sound in it")
}

// rate is the rate at which sounds are compared: the band of a telephone.
const rate = 8000

// narrow returns the samples at 8 kHz, low-passed by a windowed sinc.
func (s Sound) narrow() []float64 {
	if s.Rate == rate {
		return s.Samples
	}
	const half = 24
	step := float64(s.Rate) / rate
	cutoff := min(1, 1/step) * 0.92
	out := make([]float64, int(float64(len(s.Samples))/step))
	reach := int(half * max(1, step))
	for i := range out {
		centre := float64(i) * step
		first := int(centre) - reach
		var sum, weight float64
		for j := max(first, 0); j <= int(centre)+reach && j < len(s.Samples); j++ {
			x := float64(j) - centre
			w := 0.5 + 0.5*math.Cos(math.Pi*x/float64(reach+1))
			if x != 0 {
				w *= math.Sin(math.Pi*cutoff*x) / (math.Pi * cutoff * x)
			}
			sum += w * s.Samples[j]
			weight += w
		}
		out[i] = sum / weight
	}
	return out
}

// reach is how far a piece may lie from where the whole says: adaptive playout
// comes late and early.
const reach = rate * 150 / 1000

// Match is how well a reference was found in a recording.
type Match struct {
	// Correlation is the median of the normalised correlations of the voiced
	// quarter-second pieces, each aligned within 150 ms: 1 is identical, values
	// below 0.5 mean that it is not there.
	Correlation float64
	// Heard is how much of the reference the figure rests on.
	Heard time.Duration
	// At is where the reference's beginning lies in the recording.
	At time.Duration
}

// Find looks for the reference in the recording. A looping reference may be
// given by its first pass; one pass must lie in the recording at least in half.
func Find(recording, reference Sound) Match {
	r, s := recording.narrow(), reference.narrow()
	const piece = rate / 4
	if len(r) < piece || len(s) < piece {
		return Match{}
	}
	lag := align(r, s)
	var found []float64
	loud := energy(s) / float64(len(s)) * piece / 4
	for from := 0; from+piece <= len(s); from += piece {
		part := s[from : from+piece]
		if energy(part) < loud {
			continue
		}
		best, inside := 0.0, false
		for shift := -reach; shift <= reach; shift++ {
			at := lag + from + shift
			if at < 0 || at+piece > len(r) {
				continue
			}
			inside = true
			best = max(best, correlation(part, r[at:at+piece]))
		}
		if inside {
			found = append(found, best)
		}
	}
	if len(found) == 0 {
		return Match{}
	}
	slices.Sort(found)
	return Match{
		Correlation: found[len(found)/2],
		Heard:       time.Duration(len(found)) * time.Second / 4,
		At:          time.Duration(lag) * time.Second / rate,
	}
}

// align returns the lag of s in r on which most seconds of s agree: each second
// is looked for by cross-correlation, and those that lie within reach of each
// other have one voice together.
func align(r, s []float64) int {
	n := 1
	for n < len(r)+rate {
		n *= 2
	}
	fft := fourier.NewFFT(n)
	spectrum := func(x []float64) []complex128 {
		return fft.Coefficients(nil, append(slices.Clone(x), make([]float64, n-len(x))...))
	}
	recording := spectrum(r)
	var lags []int
	for from := 0; from < len(s); from += rate {
		product := spectrum(s[from:min(from+rate, len(s))])
		for i := range product {
			product[i] = recording[i] * cmplx.Conj(product[i])
		}
		best, sums := 0, fft.Sequence(nil, product)
		for i, v := range sums[:len(r)] {
			if v > sums[best] {
				best = i
			}
		}
		lags = append(lags, best-from)
	}
	slices.Sort(lags)
	first, votes := 0, 0
	for i := range lags {
		j := i
		for j < len(lags) && lags[j]-lags[i] <= reach {
			j++
		}
		if j-i > votes {
			first, votes = i, j-i
		}
	}
	return lags[first+votes/2]
}

func correlation(a, b []float64) float64 {
	var dot float64
	for i := range a {
		dot += a[i] * b[i]
	}
	e := math.Sqrt(energy(a) * energy(b))
	if e < 1e-9 {
		return 0
	}
	return dot / e
}

func energy(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v * v
	}
	return sum
}

// Tone is the level of a frequency in the sound, as an amplitude: 1 for a
// full-scale sine (Goertzel's algorithm).
func (s Sound) Tone(hz float64) float64 {
	if len(s.Samples) == 0 {
		return 0
	}
	w := 2 * math.Pi * hz / float64(s.Rate)
	var re, im float64
	for i, v := range s.Samples {
		re += v * math.Cos(w*float64(i))
		im += v * math.Sin(w*float64(i))
	}
	return 2 * math.Hypot(re, im) / float64(len(s.Samples))
}

package process

import "math"

const (
	// longest is the longest echo delay that is looked for, in frames: 400 ms.
	longest = 40
	// memory is the share of the past that is left after each frame: about 2 s.
	memory = 0.995
	// clear is the likeness from which an estimate counts, steady how many frames
	// it has to last.
	clearLikeness = 0.35
	steady        = 100
)

// delayEstimator finds how many frames the echo lags behind the loudspeaker, by
// comparing the rise and fall of their loudness. It is coarse, and blind to what is
// said at the same time at both ends.
type delayEstimator struct {
	far            [longest]float64 // loudness of the newest frames, newest at at
	at             int
	meanFar, meanM float64
	cov            [longest]float64
	varFar, varM   float64
	best, since    int
	frames         int
}

// add takes a frame of each; sure says that lag is to be relied on.
func (d *delayEstimator) add(far, mic []int16) (lag int, sure bool) {
	f, m := loudness(far), loudness(mic)
	const slow = 0.01
	d.meanFar += slow * (f - d.meanFar)
	d.meanM += slow * (m - d.meanM)
	f, m = f-d.meanFar, m-d.meanM
	d.at = (d.at + longest - 1) % longest
	d.far[d.at] = f
	d.varFar = memory*d.varFar + f*f
	d.varM = memory*d.varM + m*m
	top, where := 0.0, 0
	for l := range d.cov {
		d.cov[l] = memory*d.cov[l] + m*d.far[(d.at+l)%longest]
		if d.cov[l] > top {
			top, where = d.cov[l], l
		}
	}
	if d.frames++; d.frames < 2*longest {
		return 0, false
	}
	if where != d.best {
		d.best, d.since = where, 0
	} else {
		d.since++
	}
	return d.best, d.since > steady && top > clearLikeness*math.Sqrt(d.varFar*d.varM)
}

// loudness is a frame's power on a logarithmic scale, with a floor.
func loudness(frame []int16) float64 {
	var sum int64
	for _, v := range frame {
		sum += int64(v) * int64(v)
	}
	return math.Log2(float64(sum)/float64(len(frame)) + 100)
}

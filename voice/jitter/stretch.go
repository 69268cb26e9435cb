package jitter

// Time is stretched by whole pitch periods: where the signal repeats itself, one
// period is cross-faded away or in, which the ear doesn't notice (WSOLA, as in
// the public design of NetEQ).
const (
	minLag = SampleRate / 400       // 2.5 ms: 400 Hz
	maxLag = SampleRate * 15 / 1000 // 66 Hz
	// fadeSpan is the length over which two stretches are compared, and the
	// shortest fade. With the longest lag it just fits into one 20 ms packet.
	fadeSpan = 2*FrameSamples - maxLag
	// coarse is the step of the first search: what decides a period of speech
	// lies below 4 kHz.
	coarse = 6
	// quietLevel is the mean amplitude below which any cut is inaudible.
	quietLevel = 40
)

// period finds the lag at which x repeats best, and how well: 1 is a perfect
// copy. lag is 0 if x is too short to tell.
func period(x []int16) (lag int, likeness float64) {
	longest := min(maxLag, len(x)-fadeSpan)
	if longest < minLag {
		return 0, 0
	}
	best := -1.0
	for l := minLag; l <= longest; l += coarse {
		if c := similarity(x, l, coarse); c > best {
			best, lag = c, l
		}
	}
	best = -1
	centre := lag
	for l := max(minLag, centre-coarse+1); l <= min(longest, centre+coarse-1); l++ {
		if c := similarity(x, l, 2); c > best {
			best, lag = c, l
		}
	}
	return lag, best
}

// similarity is the squared normalised correlation of the front of x with what
// follows lag later; 0 if they oppose each other.
func similarity(x []int16, lag, step int) float64 {
	var c, e0, e1 int64
	for i := 0; i < fadeSpan; i += step {
		a, b := int64(x[i]), int64(x[i+lag])
		c += a * b
		e0 += a * a
		e1 += b * b
	}
	if c <= 0 || e0 == 0 || e1 == 0 {
		return 0
	}
	return float64(c) * float64(c) / (float64(e0) * float64(e1))
}

// quiet reports whether x is too faint for a cut to be heard.
func quiet(x []int16) bool {
	var sum int64
	for _, v := range x {
		if v < 0 {
			sum -= int64(v)
		} else {
			sum += int64(v)
		}
	}
	return sum <= quietLevel*int64(len(x))
}

// cut removes lag samples from the front of x, in place, and returns the shorter
// slice. x has more than lag samples.
func cut(x []int16, lag int) []int16 {
	fade := min(lag, len(x)-lag)
	for i := range fade {
		x[lag+i] = mix(x[i], x[lag+i], i, fade)
	}
	return x[:copy(x, x[lag:])]
}

// insert repeats lag samples near the front of x, in place, and returns the
// longer slice. x has more than lag samples, and room for lag more.
func insert(x []int16, lag int) []int16 {
	n := len(x)
	fade := min(lag, n-lag)
	x = x[:n+lag]
	copy(x[lag:], x[:n])
	// x[lag:] is the original; its start is faded in from what followed x[:lag].
	// Going backwards is not needed: the source x[2·lag+i] lies ahead.
	for i := range fade {
		x[lag+i] = mix(x[2*lag+i], x[lag+i], i, fade)
	}
	return x
}

// mix fades from a to b: i of n.
func mix(a, b int16, i, n int) int16 {
	return int16((int32(a)*int32(n-i) + int32(b)*int32(i)) / int32(n))
}

// stretch brings the delay towards the target by a pitch period.
func (b *Buffer) stretch() {
	const dead = SampleRate / 1000
	delay, target := b.behind(), b.delay.target
	long := b.aligned(delay-minLag) >= target+dead
	short := b.aligned(delay) < target-dead
	if !long && !short || b.rested < 4*FrameSamples && delay-target < 8*FrameSamples {
		return
	}
	lag, like := period(b.out)
	if lag == 0 || like < 0.7 && !quiet(b.out) {
		return
	}
	switch {
	case long:
		if b.aligned(delay-int64(lag)) < target+dead {
			return
		}
		b.out = cut(b.out, lag)
		b.stats.removed.add(lag)
	case len(b.out)+lag <= outSize:
		b.out = insert(b.out, lag)
		b.stats.inserted.add(lag)
	}
	b.rested = 0
}

package jitter

import "math"

const (
	// memory is how much of what was played is kept for making sound up: 40 ms.
	memory = SampleRate * 40 / 1000
	// longestPitch is the longest period that is looked for: 55 Hz.
	longestPitch = SampleRate / 55
	// likeSpan is the length that is compared to find the period: 10 ms.
	likeSpan = SampleRate / 100
	// grain is the length of the pieces that hiss is made of.
	grain = SampleRate / 100
	// quietMemory is how much of the background noise is kept: 40 ms.
	quietMemory = SampleRate * 40 / 1000
	// loudestNoise is the mean power of the loudest comfort noise: -66 dB. What is
	// louder and steady, such as a tone, is no background.
	loudestNoise = 16 * 16
	// onset is how many frames of a stream are no witness of the background: a
	// codec's filters begin with digital silence.
	onset = 2
)

// concealer makes up sound that continues what was heard: the last period of a
// voice is repeated, hiss is made from pieces of the last hiss, and both give way
// to the background noise, if it lasts. It works on the sound itself, so that it
// serves every codec.
type concealer struct {
	active bool
	made   int     // samples since it began
	voiced float32 // how much of the sound has a period, 0 to 1
	period [longestPitch]float32
	lag    int
	at     int
	jump   float32 // between what was heard and the first period, fades out
	tail   [memory]float32
	hiss   granulator
	// background is the quietest sound lately, floor its mean power.
	background [quietMemory]float32
	floor      float64
	// heardFrames and learntFrames count, up to where they matter, the frames
	// listened to and those that made it into background.
	heardFrames, learntFrames int
	noise                     granulator
	noiseGain                 float32
	random                    uint32
}

// granulator makes endless noise of the colour of a short sample of it: pieces
// from random places overlap by half, weighted to keep their power.
type granulator struct {
	from, before int // where the present piece and the one before begin
	at           int
}

var window = func() (w [grain]float32) {
	for i := range w {
		w[i] = float32(math.Sin(math.Pi * (float64(i) + 0.5) / grain))
	}
	return
}()

func (c *concealer) dice(n int) int {
	if c.random == 0 {
		c.random = 1
	}
	c.random ^= c.random << 13
	c.random ^= c.random >> 17
	c.random ^= c.random << 5
	return int(c.random % uint32(n))
}

// next is the next sample made from sample.
func (g *granulator) next(sample []float32, c *concealer) float32 {
	if g.at >= grain/2 {
		g.before, g.from, g.at = g.from, c.dice(len(sample)-grain), 0
	}
	v := window[g.at]*sample[g.from+g.at] + window[g.at+grain/2]*sample[g.before+g.at+grain/2]
	g.at++
	return v
}

// listen learns the background noise from sound that really came.
func (c *concealer) listen(pcm []int16) {
	for len(pcm) >= FrameSamples {
		frame := pcm[:FrameSamples]
		pcm = pcm[FrameSamples:]
		if c.heardFrames < onset {
			c.heardFrames++
			continue
		}
		var sum int64
		for _, v := range frame {
			sum += int64(v) * int64(v)
		}
		power := float64(sum) / FrameSamples
		if c.floor == 0 || power < c.floor*1.6 {
			if c.floor == 0 || power < c.floor {
				c.floor = power
			} else {
				c.floor += (power - c.floor) / 16
			}
			c.floor = max(c.floor, 0.1)
			copy(c.background[:], c.background[FrameSamples:])
			for i, v := range frame {
				c.background[quietMemory-FrameSamples+i] = float32(v)
			}
			if c.learntFrames < quietMemory/FrameSamples {
				c.learntFrames++
			}
		} else {
			c.floor *= 1.004 // 1.7 dB a second: a louder place becomes the new floor
		}
	}
}

// begin prepares to continue past, the newest memory samples of what was heard.
func (c *concealer) begin(past []int16) {
	for i, v := range past[len(past)-memory:] {
		c.tail[i] = float32(v)
	}
	c.study()
}

// beginBackwards prepares to make up what came before future, last sample first.
func (c *concealer) beginBackwards(future []int16) {
	for i, v := range future[:memory] {
		c.tail[memory-1-i] = float32(v)
	}
	c.study()
}

// study learns from tail how it goes on.
func (c *concealer) study() {
	c.active, c.made, c.at = true, 0, 0
	c.noiseGain = float32(math.Sqrt(min(1, loudestNoise/max(c.floor, 1))))
	c.hiss = granulator{from: memory - grain, before: memory - grain - grain/2}
	lag, like := c.pitch()
	c.lag = lag
	c.voiced = float32(min(1, max(0, (like-0.4)/0.4)))
	last := c.tail[memory-lag:]
	copy(c.period[:lag], last)
	// The end of the period is led into its beginning by what came before it.
	lead := lag / 4
	for i := range lead {
		w := float32(i+1) / float32(lead+1)
		k := lag - lead + i
		c.period[k] = (1-w)*c.period[k] + w*c.tail[memory-lag-lead+i]
	}
	c.jump = c.tail[memory-1] - c.tail[memory-lag-1]
}

// pitch finds the period of the newest sound, and how alike two of them are.
func (c *concealer) pitch() (lag int, like float64) {
	best := 0.0
	lag = longestPitch / 2
	ref := c.tail[memory-likeSpan:]
	try := func(l, step int) float64 {
		other := c.tail[memory-likeSpan-l:]
		var xy, xx, yy float32
		for i := 0; i < likeSpan; i += step {
			xy += ref[i] * other[i]
			xx += ref[i] * ref[i]
			yy += other[i] * other[i]
		}
		if xy <= 0 || xx == 0 || yy == 0 {
			return 0
		}
		return float64(xy) / math.Sqrt(float64(xx)*float64(yy))
	}
	for l := minLag; l <= longestPitch-coarse; l += coarse {
		if v := try(l, coarse); v > best {
			best, lag = v, l
		}
	}
	centre := lag
	best = 0
	for l := max(minLag, centre-coarse+1); l <= min(longestPitch, centre+coarse-1); l++ {
		if v := try(l, 3); v > best {
			best, lag = v, l
		}
	}
	return lag, best
}

// Made-up sound keeps its loudness for hold and then fades over fadeTime into the
// background. A pause longer than bridged, which is more than any sender's DTX
// leaves between two packets, is a hold or a lost path: no background is made up
// for it, and the last of it goes within fadeTime.
const (
	hold     = SampleRate * 30 / 1000
	fadeTime = SampleRate * 160 / 1000
	bridged  = SampleRate
)

// behind is the weight of the background in the next sample.
func (c *concealer) behind(gain float32) float32 {
	// A sample of the background that is not whole would tick, not hiss.
	if gain >= 1 || c.learntFrames < quietMemory/FrameSamples || c.made >= bridged+fadeTime {
		return 0
	}
	w := (1 - max(gain, 0)) * c.noiseGain
	if over := c.made - bridged; over > 0 {
		w *= 1 - float32(over)/fadeTime
	}
	return w
}

// fill makes up the next samples.
func (c *concealer) fill(pcm []int16) {
	for i := range pcm {
		pcm[i] = toSample(c.sample())
	}
}

func (c *concealer) sample() float32 {
	gain := float32(1)
	if over := c.made - hold; over > 0 {
		gain = 1 - float32(over)/fadeTime
	}
	behind := c.behind(gain)
	c.made++
	var v float32
	if gain > 0 {
		if c.voiced > 0 {
			v = c.voiced * (c.period[c.at] + c.jump)
			c.jump *= 0.97
			if c.at++; c.at == c.lag {
				c.at = 0
			}
		}
		if c.voiced < 1 {
			h := c.hiss.next(c.tail[:], c)
			v += (1 - c.voiced) * h
		}
		v *= gain
	}
	if behind > 0 {
		v += behind * c.noise.next(c.background[:], c)
	}
	return v
}

// rest makes c fade to the background at once, for a pause of the sender.
func (c *concealer) rest() {
	if c.made < hold {
		c.made = hold
	}
}

// end blends what was being made up into the sound that comes again.
func (c *concealer) end(pcm []int16) {
	if !c.active {
		return
	}
	c.active = false
	fade := min(len(pcm), FrameSamples/2)
	for i := range fade {
		w := float32(i+1) / float32(fade+1)
		pcm[i] = toSample(w*float32(pcm[i]) + (1-w)*c.sample())
	}
}

// between fills pcm, between what c continues and future, which follows it:
// both sides are drawn out and faded into each other.
func (c *concealer) between(pcm, future []int16, back *concealer) {
	back.floor, back.random = 0, c.random+1
	back.beginBackwards(future)
	n := len(pcm)
	for i := range pcm {
		pcm[i] = toSample(c.sample() * fadeOut(i, n))
	}
	for i := n - 1; i >= 0; i-- {
		pcm[i] = toSample(float32(pcm[i]) + back.sample()*fadeOut(n-1-i, n))
	}
	c.active = false
}

// fadeOut is the weight of what goes out, at i of n; with that of what comes in it
// keeps the power.
func fadeOut(i, n int) float32 {
	return float32(math.Cos(math.Pi / 2 * (float64(i) + 0.5) / float64(n)))
}

func toSample(v float32) int16 { return int16(max(-32768, min(v, 32767))) }

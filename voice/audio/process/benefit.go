package process

const (
	// slowly is the weight of a new frame in what is known of the benefit: 2 s.
	slowly = 0.005
	// loudFar is the power of a sample from which the loudspeaker counts as heard.
	loudFar = 300 * 300
	// useless and useful are the benefits at which the canceller is set aside and
	// taken back; unproven is how many frames it is given before.
	useless, useful = 0.35, 0.55
	unproven        = 500
)

// benefit tells whether there is any echo to cancel. What a canceller takes away
// that is echo leaves the sound weaker by just as much; where there is none, as
// on a headset that does not say that it is one, it takes away what the near
// speaker says, and the rest is no weaker.
type benefit struct {
	taken, gained float64
	frames        int
	idle          bool
}

// judge takes a frame of the loudspeaker and of the microphone before and after
// the canceller, and returns whether the canceller is of no use at present.
func (b *benefit) judge(far, before, after []int16) bool {
	var f, m, y, e float64
	for i, v := range far {
		x, d, r := float64(v), float64(before[i]), float64(after[i])
		f += x * x
		m += d * d
		e += r * r
		y += (d - r) * (d - r)
	}
	if f < loudFar*float64(len(far)) || m == 0 {
		return b.idle
	}
	// Each frame counts alike, however loud: a weak echo shows while the near
	// speaker is silent.
	b.taken += slowly * (min(y/m, 4) - b.taken)
	b.gained += slowly * (max(-4, (m-e)/m) - b.gained)
	if b.frames++; b.frames < unproven {
		return b.idle
	}
	switch {
	case b.gained > useful*b.taken && b.taken > 0.05:
		b.idle = false
	case b.gained < useless*b.taken || b.taken < 0.02:
		b.idle = true
	}
	return b.idle
}

// forget begins anew.
func (b *benefit) forget() { *b = benefit{} }

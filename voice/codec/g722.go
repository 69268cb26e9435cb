package codec

import "math"

// G722 is the name of ITU-T G.722 at 64 kbit/s in SDP.
const G722 = "G722"

// The RTP clock is 8000 Hz, although the sound has 16 kHz (RFC 3551, section
// 4.5.2). The figures are this phone's own, as for Opus: the scale of G.107 has no
// room for what wide band gains, and a lost frame leaves the two predictors adrift
// for some milliseconds, so that Bpl is a little below G.711's.
func init() {
	Register(Codec{
		Info: Info{
			Name: G722, ClockRate: 8000, SoundRate: 16000, Channels: 1, PayloadType: 9, Static: true,
			DelayMs: 3.4, // the two resamplers and the two filter banks
			Bpl:     20, BplFEC: 20,
		},
		Rank: 2,
		NewEncoder: func(Options) (Encoder, error) {
			return newWaveformEncoder(wideBand(), newG722State().encode), nil
		},
		NewDecoder: func() (Decoder, error) {
			return newWaveformDecoder(wideBand(), newG722State().decode), nil
		},
	})
}

// g722State is one direction of G.722: a filter bank that parts sound into the
// bands below and above 4 kHz, and an adaptive differential coder for each. The
// names of the tables and steps are those of the recommendation (section 6).
type g722State struct {
	low, high g722Band
	// bank is the delay line of the filter bank, oldest sample first.
	bank [24]int32
}

// newG722State begins with the scale factors that section 5.2 sets on reset.
func newG722State() *g722State {
	return &g722State{low: g722Band{scale: 32}, high: g722Band{scale: 8}}
}

// qmf are the coefficients of one half of the filter bank (table 11); the other
// half has them in reverse.
var qmf = [12]int32{3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11}

// filter takes two samples into the bank and returns its two phases.
func (g *g722State) filter(a, b int32) (even, odd int32) {
	copy(g.bank[:], g.bank[2:])
	g.bank[22], g.bank[23] = a, b
	for i, c := range qmf {
		even += g.bank[2*i] * c
		odd += g.bank[2*i+1] * qmf[11-i]
	}
	return even, odd
}

// encode makes a byte of every two samples.
func (g *g722State) encode(pcm []int16, out []byte) {
	for i := range out {
		even, odd := g.filter(int32(pcm[2*i]), int32(pcm[2*i+1]))
		low, high := (odd+even)>>14, (odd-even)>>14
		lower := quantizeLow(saturate(low-g.low.signal), g.low.scale)
		upper := quantizeHigh(saturate(high-g.high.signal), g.high.scale)
		g.adaptLow(lower)
		g.adaptHigh(upper)
		out[i] = byte(upper<<6 | lower)
	}
}

// decode makes two samples of every byte.
func (g *g722State) decode(payload []byte, pcm []int16) {
	for i, b := range payload {
		lower, upper := int32(b&0x3f), int32(b>>6)
		// The listener gets all six bits of the lower band; what it is predicted
		// from has four (section 4.1).
		low := limit(g.low.signal + g.low.scale*qm6[lower]>>15)
		high := limit(g.high.signal + g.high.scale*qm2[upper]>>15)
		g.adaptLow(lower)
		g.adaptHigh(upper)
		even, odd := g.filter(low+high, low-high)
		pcm[2*i], pcm[2*i+1] = int16(saturate(odd>>11)), int16(saturate(even>>11))
	}
}

// adaptLow moves the lower band on by a code (blocks 3L and 4L).
func (g *g722State) adaptLow(code int32) {
	code >>= 2
	g.low.predict(g.low.scale * qm4[code] >> 15)
	g.low.rescale(wl[rl42[code]], 18432, 8)
}

// adaptHigh moves the upper band on by a code (blocks 3H and 4H).
func (g *g722State) adaptHigh(code int32) {
	g.high.predict(g.high.scale * qm2[code] >> 15)
	g.high.rescale(wh[rh2[code]], 22528, 10)
}

// quantizeLow finds the code of a difference in the lower band (block 1L).
func quantizeLow(diff, scale int32) int32 {
	size := diff
	if diff < 0 {
		size = -(diff + 1)
	}
	i := 1
	for i < 30 && size >= q6[i]*scale>>12 {
		i++
	}
	if diff < 0 {
		return iln[i]
	}
	return ilp[i]
}

// quantizeHigh finds the code of a difference in the upper band (block 1H).
func quantizeHigh(diff, scale int32) int32 {
	size, code := diff, int32(3)
	if diff < 0 {
		size, code = -(diff + 1), 1
	}
	if size >= 564*scale>>12 {
		code--
	}
	return code
}

// g722Band is the adaptive predictor and the scale factor of one band.
type g722Band struct {
	signal int32 // what is predicted (SL, SH)
	zeros  int32 // the part of it that comes of the zeros (SZL, SZH)
	scale  int32 // of the quantizer, linear (DETL, DETH)
	log    int32 // the same, as a logarithm (NBL, NBH)

	diff  [6]int32 // quantized differences, newest first
	zero  [6]int32 // coefficients of the zeros
	past  [2]int32 // reconstructed signals before the present one
	sums  [2]int32 // partially reconstructed signals before the present one
	poles [2]int32 // coefficients of the poles
}

// rescale adapts the scale factor (blocks LOGSCL, SCALEL and their like of the
// upper band).
func (b *g722Band) rescale(weight, most, shift int32) {
	b.log = min(max(b.log*127>>7+weight, 0), most)
	b.scale = ilb[b.log>>6&31]
	if down := shift - b.log>>11; down < 0 {
		b.scale <<= -down
	} else {
		b.scale >>= down
	}
	b.scale <<= 2
}

// predict adapts the predictor to a quantized difference and predicts the next
// signal (block 4).
func (b *g722Band) predict(diff int32) {
	rebuilt, sum := saturate(b.signal+diff), saturate(b.zeros+diff)
	b.adaptPoles(sum)
	b.adaptZeros(diff)
	b.signal = saturate(b.poles[0]*saturate(2*rebuilt)>>15 + b.poles[1]*saturate(2*b.past[0])>>15)
	b.past = [2]int32{rebuilt, b.past[0]}
	b.sums = [2]int32{sum, b.sums[0]}
	b.zeros = 0
	for i, c := range b.zero {
		b.zeros += c * saturate(2*b.diff[i]) >> 15
	}
	b.zeros = saturate(b.zeros)
	b.signal = saturate(b.signal + b.zeros)
}

// adaptPoles is UPPOL2 and UPPOL1.
func (b *g722Band) adaptPoles(sum int32) {
	first, second := saturate(4*b.poles[0]), int32(-128)
	if sameSign(sum, b.sums[0]) {
		first = min(-first, math.MaxInt16)
	}
	if sameSign(sum, b.sums[1]) {
		second = 128
	}
	second += first>>7 + b.poles[1]*32512>>15
	b.poles[1] = min(max(second, -12288), 12288)

	step := int32(-192)
	if sameSign(sum, b.sums[0]) {
		step = 192
	}
	bound := saturate(15360 - b.poles[1])
	b.poles[0] = min(max(saturate(step+b.poles[0]*32640>>15), -bound), bound)
}

// adaptZeros is UPZERO and DELAYA.
func (b *g722Band) adaptZeros(diff int32) {
	for i := range b.zero {
		step := int32(0)
		if diff != 0 {
			step = -128
			if sameSign(b.diff[i], diff) {
				step = 128
			}
		}
		b.zero[i] = saturate(step + b.zero[i]*32640>>15)
	}
	copy(b.diff[1:], b.diff[:5])
	b.diff[0] = diff
}

func sameSign(a, b int32) bool { return (a < 0) == (b < 0) }

func saturate(v int32) int32 { return min(max(v, math.MinInt16), math.MaxInt16) }

// limit keeps a band's signal within 15 bits (block LIMIT).
func limit(v int32) int32 { return min(max(v, -16384), 16383) }

// The tables of section 6: what the bits of a code stand for (QM6, QM4, QM2), what
// divides the lower band's differences (Q6) and names the parts (ILN, ILP), how a
// code moves the scale factor (WL by RL42, WH by RH2), and the scale factors by
// their logarithm (ILB).
var (
	qm2 = [4]int32{-7408, -1616, 7408, 1616}
	qm4 = [16]int32{
		0, -20456, -12896, -8968, -6288, -4240, -2584, -1200,
		20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
	}
	qm6 = [64]int32{
		-136, -136, -136, -136, -24808, -21904, -19008, -16704,
		-14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
		-7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576,
		-3168, -2776, -2400, -2032, -1688, -1360, -1040, -728,
		24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192,
		10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
		4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032,
		1688, 1360, 1040, 728, 432, 136, -432, -136,
	}
	q6 = [30]int32{
		0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650,
		714, 786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
	}
	iln = [31]int32{
		0, 63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20,
		19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4,
	}
	ilp = [31]int32{
		0, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48,
		47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32,
	}
	wl   = [8]int32{-60, -30, 58, 172, 334, 538, 1198, 3042}
	rl42 = [16]int32{0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0}
	wh   = [3]int32{0, -214, 798}
	rh2  = [4]int32{2, 1, 2, 1}
	ilb  = [32]int32{
		2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
		2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
	}
)

package codec

import "sync"

// The two laws of ITU-T G.711 as tables: 256 entries to decode, 65536 to encode
// (indexed by the sample as uint16).
var (
	ulawToLinear, alawToLinear [256]int16
	linearToUlaw, linearToAlaw [65536]byte
)

// makeTables makes them when the first G.711 is wanted: most programs never do.
var makeTables = sync.OnceFunc(func() {
	for i := range 256 {
		ulawToLinear[i] = expandUlaw(byte(i))
		alawToLinear[i] = expandAlaw(byte(i))
	}
	for i := range 65536 {
		linearToUlaw[i] = compressUlaw(int16(uint16(i)))
		linearToAlaw[i] = compressAlaw(int16(uint16(i)))
	}
})

const ulawBias = 132

func compressUlaw(s int16) byte {
	v, sign := int(s), byte(0)
	if v < 0 {
		v, sign = -v, 0x80
	}
	v = min(v, 32635) + ulawBias
	exp := 7
	for mask := 0x4000; exp > 0 && v&mask == 0; mask >>= 1 {
		exp--
	}
	return ^(sign | byte(exp)<<4 | byte(v>>(exp+3)&0x0f))
}

func expandUlaw(u byte) int16 {
	u = ^u
	v := (int(u&0x0f)<<3+ulawBias)<<(u>>4&7) - ulawBias
	if u&0x80 != 0 {
		v = -v
	}
	return int16(v)
}

func compressAlaw(s int16) byte {
	v, sign := int(s)>>3, byte(0xd5)
	if v < 0 {
		v, sign = -v-1, 0x55
	}
	if v < 32 {
		return byte(v>>1) ^ sign
	}
	exp := 1
	for v >= 64 && exp < 7 {
		v >>= 1
		exp++
	}
	return (byte(exp)<<4 | byte(v>>1&0x0f)) ^ sign
}

func expandAlaw(a byte) int16 {
	a ^= 0x55
	v := int(a&0x0f)<<4 + 8
	if exp := a >> 4 & 7; exp > 0 {
		v = (v + 0x100) << (exp - 1)
	}
	if a&0x80 == 0 {
		v = -v
	}
	return int16(v)
}

type g711Encoder struct {
	law  []byte
	down downsampler
	buf  [160]int16
}

func newG711Encoder(law []byte) *g711Encoder { return &g711Encoder{law: law} }

func (e *g711Encoder) Encode(pcm []int16, out []byte) (int, error) {
	if len(pcm) != 480 && len(pcm) != 960 {
		return 0, ErrFrameSize
	}
	n := len(pcm) / 6
	if len(out) < n {
		return 0, ErrShortBuffer
	}
	e.down.process(pcm, e.buf[:n])
	for i, s := range e.buf[:n] {
		out[i] = e.law[uint16(s)]
	}
	return n, nil
}

func (e *g711Encoder) SetLoss(int) {}

func (e *g711Encoder) SetBitrate(int) {}

// maxG711 is the longest G.711 payload that is decoded: 120 ms, as for Opus.
const maxG711 = 960

type g711Decoder struct {
	law  *[256]int16
	up   upsampler
	plc  concealer
	buf  [maxG711]int16
	gone [maxG711]int16
}

func newG711Decoder(law *[256]int16) *g711Decoder {
	return &g711Decoder{law: law}
}

func (d *g711Decoder) Decode(payload []byte, pcm []int16) (int, error) {
	n := len(payload)
	switch {
	case n == 0 || n > maxG711:
		return 0, ErrPayload
	case len(pcm) < n*6:
		return 0, ErrShortBuffer
	}
	for i, b := range payload {
		d.buf[i] = d.law[b]
	}
	d.plc.good(d.buf[:n])
	d.up.process(d.buf[:n], pcm)
	return n * 6, nil
}

func (d *g711Decoder) DecodeFEC([]byte, []int16) (bool, error) { return false, nil }

func (d *g711Decoder) Conceal(pcm []int16) error {
	n := len(pcm) / 6
	if n == 0 || n > maxG711 || len(pcm)%6 != 0 {
		return ErrFrameSize
	}
	d.plc.lost(d.gone[:n])
	d.up.process(d.gone[:n], pcm)
	return nil
}

func (d *g711Decoder) Duration(payload []byte) int {
	if len(payload) > maxG711 {
		return 0
	}
	return len(payload) * 6
}

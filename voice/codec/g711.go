package codec

import "sync"

// Names of the two laws (RFC 3551, section 4.5.14).
const (
	PCMU = "PCMU"
	PCMA = "PCMA"
)

func init() {
	registerG711(PCMU, 0, 3, linearToUlaw[:], &ulawToLinear)
	registerG711(PCMA, 8, 4, linearToAlaw[:], &alawToLinear)
}

// registerG711 registers one of the laws. Its figures are those of ITU-T G.113,
// appendix I: Bpl is 25.1 with packet loss concealment, which there always is here
// (4.3 without).
func registerG711(name string, payloadType uint8, rank int, compress []byte, expand *[256]int16) {
	Register(Codec{
		Info: Info{
			Name: name, ClockRate: 8000, SoundRate: 8000, Channels: 1, PayloadType: payloadType, Static: true,
			DelayMs: 3, // the two resamplers
			Bpl:     25.1, BplFEC: 25.1,
		},
		Rank: rank,
		NewEncoder: func(Options) (Encoder, error) {
			makeTables()
			return newWaveformEncoder(telephoneBand(), func(pcm []int16, out []byte) {
				for i, s := range pcm {
					out[i] = compress[uint16(s)]
				}
			}), nil
		},
		NewDecoder: func() (Decoder, error) {
			makeTables()
			return newWaveformDecoder(telephoneBand(), func(payload []byte, pcm []int16) {
				for i, b := range payload {
					pcm[i] = expand[b]
				}
			}), nil
		},
	})
}

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

package codec

// opusFrameSamples is the duration at 48 kHz of one frame, by the configuration
// number in the first five bits of a packet (RFC 6716, table 2).
var opusFrameSamples = [32]int{
	480, 960, 1920, 2880, 480, 960, 1920, 2880, 480, 960, 1920, 2880, // SILK
	480, 960, 480, 960, // hybrid
	120, 240, 480, 960, 120, 240, 480, 960, 120, 240, 480, 960, 120, 240, 480, 960, // CELT
}

// opusDuration is the number of 48 kHz samples in a packet, or 0 if it is no
// Opus packet (RFC 6716, section 3.1).
func opusDuration(p []byte) int {
	if len(p) == 0 {
		return 0
	}
	frames := 2
	switch p[0] & 3 {
	case 0:
		frames = 1
	case 3:
		if len(p) < 2 {
			return 0
		}
		frames = int(p[1] & 0x3f)
	}
	n := frames * opusFrameSamples[p[0]>>3]
	if n > 5760 { // 120 ms is the longest packet there is
		return 0
	}
	return n
}

// opusHasFEC reports whether the packet carries a copy of the frame before it:
// the LBRR flag of the first SILK frame's header (RFC 6716, section 4.2.3).
func opusHasFEC(p []byte) bool {
	if len(p) < 2 || p[0]>>3 >= 16 {
		return false
	}
	at := opusFirstFrame(p)
	if at >= len(p) {
		return false
	}
	silk := max(opusFrameSamples[p[0]>>3]/960, 1)
	if p[at]>>(7-silk)&1 == 1 {
		return true
	}
	stereo := p[0]&4 != 0
	return stereo && p[at]>>(6-2*silk)&1 == 1
}

// opusFirstFrame is the offset of the first frame's data (RFC 6716, section
// 3.2), or the length of the packet or more if there is none.
func opusFirstFrame(p []byte) int {
	switch p[0] & 3 {
	case 0, 1:
		return 1
	case 2:
		_, n := opusLength(p, 1)
		return 1 + n
	}
	at := 2
	if p[1]&0x40 != 0 { // padding
		for at < len(p) {
			at++
			if p[at-1] != 255 {
				break
			}
		}
	}
	if p[1]&0x80 != 0 { // variable: a length for every frame but the last
		for range int(p[1]&0x3f) - 1 {
			_, n := opusLength(p, at)
			at += n
		}
	}
	return at
}

// opusLength reads a frame length of one or two bytes at offset at (RFC 6716,
// section 3.2.1).
func opusLength(p []byte, at int) (length, size int) {
	switch {
	case at >= len(p):
		return 0, 1
	case p[at] < 252:
		return int(p[at]), 1
	case at+1 >= len(p):
		return 0, 2
	default:
		return int(p[at+1])*4 + int(p[at]), 2
	}
}

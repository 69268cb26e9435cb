package codec

// The codecs of ITU-T's G.711 and G.722 follow the wave form: each byte stands for
// as many samples as the last, 125 µs, and there is nothing to recover a lost one
// from. What they have in common is here; a codec brings the coding itself.

const (
	// perByte is how many samples at 48 kHz a byte stands for.
	perByte = SampleRate / 8000
	// maxBytes is the longest payload that is decoded, 120 ms.
	maxBytes = 960
)

// waveformEncoder resamples and codes.
type waveformEncoder struct {
	// encode fills out from samples of the codec's rate.
	encode func(pcm []int16, out []byte)
	down   downsampler
	buf    [320]int16
}

func newWaveformEncoder(band *lowpass, encode func(pcm []int16, out []byte)) *waveformEncoder {
	return &waveformEncoder{encode: encode, down: downsampler{lowpass: band}}
}

// Encode implements Encoder.
func (e *waveformEncoder) Encode(pcm []int16, out []byte) (int, error) {
	if len(pcm) != 480 && len(pcm) != 960 {
		return 0, ErrFrameSize
	}
	n := len(pcm) / perByte
	if len(out) < n {
		return 0, ErrShortBuffer
	}
	low := e.buf[:len(pcm)/e.down.ratio]
	e.down.process(pcm, low)
	e.encode(low, out[:n])
	return n, nil
}

// SetLoss implements Encoder: there is no forward error correction.
func (e *waveformEncoder) SetLoss(int) {}

// SetBitrate implements Encoder: there is one bitrate.
func (e *waveformEncoder) SetBitrate(int) {}

// waveformDecoder decodes, conceals what is lost, and resamples.
type waveformDecoder struct {
	// decode fills pcm with samples of the codec's rate.
	decode func(payload []byte, pcm []int16)
	up     upsampler
	plc    concealer
	buf    [maxRun]int16
}

func newWaveformDecoder(band *lowpass, decode func(payload []byte, pcm []int16)) *waveformDecoder {
	return &waveformDecoder{decode: decode, up: upsampler{lowpass: band}, plc: concealer{scale: perByte / band.ratio}}
}

// Decode implements Decoder.
func (d *waveformDecoder) Decode(payload []byte, pcm []int16) (int, error) {
	n := len(payload) * perByte
	switch {
	case n == 0 || len(payload) > maxBytes:
		return 0, ErrPayload
	case len(pcm) < n:
		return 0, ErrShortBuffer
	}
	low := d.buf[:n/d.up.ratio]
	d.decode(payload, low)
	d.plc.good(low)
	d.up.process(low, pcm)
	return n, nil
}

// DecodeFEC implements Decoder: there is no redundancy.
func (d *waveformDecoder) DecodeFEC([]byte, []int16) (bool, error) { return false, nil }

// Conceal implements Decoder.
func (d *waveformDecoder) Conceal(pcm []int16) error {
	if len(pcm) == 0 || len(pcm) > maxBytes*perByte || len(pcm)%perByte != 0 {
		return ErrFrameSize
	}
	low := d.buf[:len(pcm)/d.up.ratio]
	d.plc.lost(low)
	d.up.process(low, pcm)
	return nil
}

// Duration implements Decoder.
func (d *waveformDecoder) Duration(payload []byte) int {
	if len(payload) > maxBytes {
		return 0
	}
	return len(payload) * perByte
}

package codec

// Encoder turns 48 kHz mono frames into payloads. It belongs to one goroutine
// and allocates nothing.
type Encoder interface {
	// Encode codes pcm (10 or 20 ms at 48 kHz) into out and returns the number
	// of bytes. 0 bytes means that nothing need be sent (DTX).
	Encode(pcm []int16, out []byte) (int, error)
	// SetLoss tells the encoder the far side's loss in percent, which steers
	// forward error correction. Codecs without it ignore it.
	SetLoss(percent int)
	// SetBitrate changes the bitrate in bit/s, 6000 to 64000; what lies outside is
	// moved to the nearest of the two. Codecs of one rate ignore it.
	SetBitrate(bitrate int)
}

// Decoder turns payloads into 48 kHz mono sound. It belongs to one goroutine
// and allocates nothing.
type Decoder interface {
	// Decode returns the number of samples written to pcm.
	Decode(payload []byte, pcm []int16) (int, error)
	// DecodeFEC recovers the frame before payload from payload's own
	// redundancy; ok is false if there is none.
	DecodeFEC(payload []byte, pcm []int16) (ok bool, err error)
	// Conceal fills pcm with what may have been lost.
	Conceal(pcm []int16) error
	// Duration is the number of 48 kHz samples that payload decodes to.
	Duration(payload []byte) int
}

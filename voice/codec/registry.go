package codec

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Errors of this package.
var (
	// ErrUnknown reports a codec that is not registered.
	ErrUnknown = errors.New("codec: unknown codec")
	// ErrFrameSize reports sound that is not 10 or 20 ms at 48 kHz.
	ErrFrameSize = errors.New("codec: a frame is 480 or 960 samples")
	// ErrShortBuffer reports an output that does not hold the result.
	ErrShortBuffer = errors.New("codec: output too short")
	// ErrPayload reports a payload that is no payload of the codec.
	ErrPayload = errors.New("codec: malformed payload")
	// ErrOption reports an option out of its range.
	ErrOption = errors.New("codec: option out of range")
)

// SampleRate is the rate in Hz of all sound on the near side of a codec.
const SampleRate = 48000

// MaxPayload is the number of bytes that holds any payload an Encoder makes of
// 20 ms.
const MaxPayload = 1275

// Info is what RTP, SDP and the statistics need to know of a codec.
type Info struct {
	// Name is the encoding name of the rtpmap attribute.
	Name string
	// ClockRate is the RTP clock in Hz, SoundRate that of the coded sound. They
	// differ for G.722 (RFC 3551, section 4.5.2).
	ClockRate, SoundRate int
	// Channels is the channel count of the rtpmap attribute: always 2 for Opus
	// (RFC 7587, section 7), although the phone sends mono.
	Channels int
	// PayloadType is the static type of RFC 3551 if Static is set, else the
	// dynamic one that the phone offers.
	PayloadType uint8
	Static      bool
	// Fmtp is the format-specific line that the phone offers; it may be empty.
	Fmtp string

	// DelayMs is the delay of coding and decoding in ms, beyond the packet itself.
	DelayMs float64
	// ShortPackets says that packets of 10 ms are worth their headers, to a far
	// side that has not asked for longer ones.
	ShortPackets bool
	// Copies says that there are bits to spare for copies of earlier packets (RFC
	// 2198) when packets get lost.
	Copies bool
	// OwnSilence says that the encoder itself can send next to nothing while
	// nobody speaks; the others leave pauses to comfort noise (RFC 3389).
	OwnSilence bool

	// Ie is the equipment impairment of the E-model, Bpl the robustness to packet
	// loss in percent, and BplFEC that where lost frames are recovered from later
	// packets (ITU-T G.107, section 7.5; G.113, appendix I). BplFEC is Bpl for a
	// codec without such a thing.
	Ie, Bpl, BplFEC float64
}

// Codec is everything that the phone knows of a codec.
type Codec struct {
	Info
	// Rank orders the codecs by preference; the lowest comes first.
	Rank int
	// NewEncoder and NewDecoder make the two halves for one stream.
	NewEncoder func(Options) (Encoder, error)
	NewDecoder func() (Decoder, error)
}

// registered are the codecs in order of preference. It changes only while the
// program is initialised.
var registered []Codec

// Register makes a codec known to the whole phone. It is called from the init
// function of the file that has the codec, and panics if the name or the static
// payload type is taken.
func Register(c Codec) {
	for _, r := range registered {
		if strings.EqualFold(r.Name, c.Name) || r.Static && c.Static && r.PayloadType == c.PayloadType {
			panic("codec: " + c.Name + " is registered twice")
		}
	}
	registered = append(registered, c)
	slices.SortStableFunc(registered, func(a, b Codec) int { return a.Rank - b.Rank })
}

// find is the registered codec of that encoding name, whose case does not matter
// (RFC 8866, section 6.6), or nil.
func find(name string) *Codec {
	for i := range registered {
		if strings.EqualFold(registered[i].Name, name) {
			return &registered[i]
		}
	}
	return nil
}

// Infos returns every codec in the order in which the phone prefers them.
func Infos() []Info {
	out := make([]Info, len(registered))
	for i, c := range registered {
		out[i] = c.Info
	}
	return out
}

// Names returns the encoding name of every codec in the order of Infos.
func Names() []string {
	out := make([]string, len(registered))
	for i, c := range registered {
		out[i] = c.Name
	}
	return out
}

// Lookup finds a codec by its encoding name; ok is false if it is not registered.
func Lookup(name string) (info Info, ok bool) {
	if c := find(name); c != nil {
		return c.Info, true
	}
	return Info{}, false
}

// Static finds a codec by its static payload type (RFC 3551, table 4), which needs
// no rtpmap attribute.
func Static(payloadType uint8) (info Info, ok bool) {
	for _, c := range registered {
		if c.Static && c.PayloadType == payloadType {
			return c.Info, true
		}
	}
	return Info{}, false
}

// NewEncoder makes an encoder by the name of its codec. It returns ErrUnknown for
// a codec that is not registered and ErrOption for an option out of its range.
func NewEncoder(name string, opts ...Option) (Encoder, error) {
	o := defaultOptions()
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	c := find(name)
	if c == nil {
		return nil, fmt.Errorf("%w: %q", ErrUnknown, name)
	}
	return c.NewEncoder(o)
}

// NewDecoder makes a decoder by the name of its codec. It returns ErrUnknown for
// a codec that is not registered.
func NewDecoder(name string) (Decoder, error) {
	c := find(name)
	if c == nil {
		return nil, fmt.Errorf("%w: %q", ErrUnknown, name)
	}
	return c.NewDecoder()
}

package codec

import "strings"

// Names of the codecs as SDP writes them (RFC 7587, RFC 3551).
const (
	Opus = "opus"
	PCMU = "PCMU"
	PCMA = "PCMA"
)

// SampleRate is the rate in Hz of all sound on the near side of a codec.
const SampleRate = 48000

// MaxPayload is the number of bytes that holds any payload an Encoder makes of
// 20 ms.
const MaxPayload = 1275

// Info is what RTP and SDP need to know of a codec.
type Info struct {
	// Name is the encoding name of the rtpmap attribute.
	Name string
	// ClockRate is the RTP clock in Hz: 48000 for Opus, 8000 for G.711.
	ClockRate int
	// Channels is the channel count of the rtpmap attribute: always 2 for Opus
	// (RFC 7587, section 7), although the phone sends mono.
	Channels int
	// PayloadType is the static type of RFC 3551, or the one that the phone
	// offers for a codec that has none.
	PayloadType uint8
	// Fmtp is the format-specific line that the phone offers; it may be empty.
	Fmtp string
}

var infos = [...]Info{
	{Name: Opus, ClockRate: 48000, Channels: 2, PayloadType: 111, Fmtp: "minptime=10;useinbandfec=1"},
	{Name: PCMU, ClockRate: 8000, Channels: 1, PayloadType: 0},
	{Name: PCMA, ClockRate: 8000, Channels: 1, PayloadType: 8},
}

// Infos returns every codec in the order in which the phone prefers them.
func Infos() []Info { return append([]Info(nil), infos[:]...) }

// Lookup finds a codec by its encoding name, whose case does not matter (RFC
// 8866, section 6.6).
func Lookup(name string) (Info, bool) {
	for _, i := range infos {
		if strings.EqualFold(i.Name, name) {
			return i, true
		}
	}
	return Info{}, false
}

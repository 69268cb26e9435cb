package relay

import (
	"strconv"
	"strings"

	"offhook/voice/codec"
)

// Codec is one format of an SDP media line.
type Codec struct {
	// Name is the encoding name as the codec's registration writes it.
	Name     string
	Clock    int
	Channels int
	// PayloadType is the offerer's number for it.
	PayloadType uint8
	// Fmtp are the offerer's format parameters, empty if it gave none.
	Fmtp string
}

const (
	eventName   = "telephone-event"
	comfortName = "CN"
)

// staticCodec is a payload type that needs no rtpmap (RFC 3551, table 4).
func staticCodec(pt uint8) (Codec, bool) {
	if pt == 13 {
		return Codec{Name: comfortName, Clock: 8000, Channels: 1}, true
	}
	i, ok := codec.Static(pt)
	return Codec{Name: i.Name, Clock: i.ClockRate, Channels: i.Channels}, ok
}

// parseRtpmap reads "opus/48000/2".
func parseRtpmap(s string) (Codec, bool) {
	parts := strings.Split(strings.TrimSpace(s), "/")
	if len(parts) < 2 {
		return Codec{}, false
	}
	clock, err := strconv.Atoi(parts[1])
	if err != nil || clock <= 0 || clock > 192000 {
		return Codec{}, false
	}
	c := Codec{Name: parts[0], Clock: clock, Channels: 1}
	if len(parts) > 2 {
		if c.Channels, err = strconv.Atoi(parts[2]); err != nil {
			return Codec{}, false
		}
	}
	return c, true
}

// known reports whether c is sound that the relay carries, and puts its name
// into the usual form.
func (c *Codec) known() bool {
	info, ok := codec.Lookup(c.Name)
	if !ok || info.ClockRate != c.Clock || info.Channels != c.Channels {
		return false
	}
	c.Name = info.Name
	return true
}

// Common returns the name of the codec that both offers have, the first in a's
// order of preference; ok is false if there is none. want, if it is not empty,
// is the only name that will do.
func Common(a, b *Offer, want string) (name string, ok bool) {
	for _, c := range a.Codecs {
		if want != "" && c.Name != want {
			continue
		}
		if _, ok := b.codec(c.Name); ok {
			return c.Name, true
		}
	}
	return "", false
}

package relay

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"offhook/voice/codec"
)

// ErrUnacceptable says that an offer cannot be answered: 488 in SIP. It is
// wrapped with the reason.
var ErrUnacceptable = errors.New("offer not acceptable")

// maxOffer is the length in bytes beyond which no offer is read.
const maxOffer = 32 << 10

// Offer is what the relay takes from a phone's SDP offer.
type Offer struct {
	// Codecs are the offered codecs that the relay carries, in the phone's
	// order of preference.
	Codecs []Codec
	// Sends and Receives are the direction of the stream as the phone sees it.
	Sends, Receives bool

	events      []Codec
	comfort     *Codec
	red         *Codec
	media       []*sdp.MediaDescription
	audio       int
	mid         string
	bundle      bool
	ufrag, pwd  string
	hash        string
	fingerprint string
	setup       string
	ptime       string
}

// ParseOffer reads a phone's offer: one audio stream over UDP/TLS/RTP/SAVPF
// with ICE, DTLS and RTP and RTCP on one port. Other streams are refused one by
// one in the answer. Its errors are ErrUnacceptable.
func ParseOffer(raw string) (*Offer, error) {
	no := func(format string, args ...any) (*Offer, error) {
		return nil, fmt.Errorf("%w: "+format, append([]any{ErrUnacceptable}, args...)...)
	}
	if len(raw) > maxOffer {
		return no("longer than %d bytes", maxOffer)
	}
	var d sdp.SessionDescription
	if err := d.UnmarshalString(raw); err != nil {
		return no("not SDP (RFC 8866)")
	}
	o := &Offer{audio: -1}
	if len(d.MediaDescriptions) > 16 {
		return no("%d media streams", len(d.MediaDescriptions))
	}
	for i, m := range d.MediaDescriptions {
		if o.audio < 0 && m.MediaName.Media == "audio" && m.MediaName.Port.Value != 0 {
			o.audio = i
		}
	}
	if o.audio < 0 {
		return no("no audio stream")
	}
	o.media = d.MediaDescriptions
	m := o.media[o.audio]
	if proto := strings.Join(m.MediaName.Protos, "/"); proto != "UDP/TLS/RTP/SAVPF" && proto != "UDP/TLS/RTP/SAVP" &&
		proto != "TCP/TLS/RTP/SAVPF" && proto != "TCP/DTLS/RTP/SAVPF" {
		return no("audio over %s", proto)
	}
	// Attributes of the session hold for a stream that has none of its own.
	attribute := func(key string) string {
		if v, ok := m.Attribute(key); ok {
			return v
		}
		v, _ := d.Attribute(key)
		return v
	}
	o.mid, _ = m.Attribute("mid")
	o.bundle = o.mid != "" && inBundle(&d, o.mid)
	o.ufrag, o.pwd = attribute("ice-ufrag"), attribute("ice-pwd")
	if len(o.ufrag) < 4 || len(o.ufrag) > 256 || len(o.pwd) < 22 || len(o.pwd) > 256 {
		return no("no ICE credentials (RFC 8839)")
	}
	hash, print, ok := strings.Cut(attribute("fingerprint"), " ")
	if !ok {
		return no("no DTLS fingerprint (RFC 8122)")
	}
	o.hash, o.fingerprint = strings.ToLower(hash), strings.ToUpper(strings.TrimSpace(print))
	o.setup = attribute("setup")
	switch o.setup {
	case "actpass", "active", "passive":
	case "":
		o.setup = "actpass"
	default:
		return no("DTLS setup %q", o.setup)
	}
	if _, ok := m.Attribute("rtcp-mux"); !ok {
		return no("no rtcp-mux (RFC 5761)")
	}
	o.direction(&d, m)
	o.ptime, _ = m.Attribute("ptime")
	if n, err := strconv.Atoi(o.ptime); err != nil || n <= 0 || n > 200 {
		o.ptime = ""
	}
	o.formats(m)
	if len(o.Codecs) == 0 {
		return no("no codec of %s", strings.Join(codec.Names(), ", "))
	}
	return o, nil
}

func (o *Offer) direction(d *sdp.SessionDescription, m *sdp.MediaDescription) {
	o.Sends, o.Receives = true, true
	for _, list := range [][]sdp.Attribute{d.Attributes, m.Attributes} {
		for _, a := range list {
			switch a.Key {
			case "sendrecv":
				o.Sends, o.Receives = true, true
			case "sendonly":
				o.Sends, o.Receives = true, false
			case "recvonly":
				o.Sends, o.Receives = false, true
			case "inactive":
				o.Sends, o.Receives = false, false
			}
		}
	}
}

// formats reads the rtpmap and fmtp lines in the order of the media line.
func (o *Offer) formats(m *sdp.MediaDescription) {
	maps, fmtps := make(map[uint8]Codec), make(map[uint8]string)
	for _, a := range m.Attributes {
		if a.Key != "rtpmap" && a.Key != "fmtp" {
			continue
		}
		number, rest, ok := strings.Cut(a.Value, " ")
		pt, err := strconv.ParseUint(number, 10, 7)
		if !ok || err != nil {
			continue
		}
		if a.Key == "fmtp" {
			fmtps[uint8(pt)] = strings.TrimSpace(rest)
		} else if c, ok := parseRtpmap(rest); ok {
			maps[uint8(pt)] = c
		}
	}
	var seen []uint8
	for _, f := range m.MediaName.Formats {
		pt, err := strconv.ParseUint(f, 10, 7)
		// 64 to 95 would be read as RTCP on a shared port (RFC 5761, 4).
		if err != nil || pt >= 64 && pt < 96 || slices.Contains(seen, uint8(pt)) {
			continue
		}
		seen = append(seen, uint8(pt))
		c, ok := maps[uint8(pt)]
		if !ok {
			if c, ok = staticCodec(uint8(pt)); !ok {
				continue
			}
		}
		c.PayloadType, c.Fmtp = uint8(pt), fmtps[uint8(pt)]
		switch {
		case c.known():
			if _, twice := o.codec(c.Name); !twice {
				o.Codecs = append(o.Codecs, c)
			}
		case strings.EqualFold(c.Name, eventName):
			c.Name = eventName
			o.events = append(o.events, c)
		case strings.EqualFold(c.Name, comfortName) && c.Clock == 8000 && o.comfort == nil:
			c.Name = comfortName
			o.comfort = &c
		case c.isRed() && o.red == nil:
			o.red = &c
		}
	}
}

// codec returns the offered codec of that name.
func (o *Offer) codec(name string) (Codec, bool) {
	for _, c := range o.Codecs {
		if c.Name == name {
			return c, true
		}
	}
	return Codec{}, false
}

func inBundle(d *sdp.SessionDescription, mid string) bool {
	for _, a := range d.Attributes {
		if a.Key == "group" {
			if f := strings.Fields(a.Value); len(f) > 0 && f[0] == "BUNDLE" && slices.Contains(f[1:], mid) {
				return true
			}
		}
	}
	return false
}

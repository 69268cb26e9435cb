package relay

import (
	"net"
	"strconv"

	"github.com/pion/ice/v4"
	"github.com/pion/sdp/v3"

	"offhook/voice/codec"
	"offhook/voice/codec/red"
)

// answerer is what goes into the answer of one leg.
type answerer struct {
	sessionID   uint64
	version     uint64
	codec       Codec
	fmtp        string
	more        []Codec // further codecs, in an offer
	ptime       string
	events      []Codec
	comfort     *Codec
	red         *Codec
	ufrag, pwd  string
	fingerprint string
	setup       string
	candidates  []ice.Candidate
	address     net.IP
	port        int
	ssrc        uint32
	cname       string
	// sends and receives are the direction as the relay sees it.
	sends, receives bool
}

// answer writes the SDP answer to o. It states one codec, so that the phone
// sends no other.
func (a answerer) answer(o *Offer) (string, error) {
	family := "IP4"
	if a.address.To4() == nil {
		family = "IP6"
	}
	d := &sdp.SessionDescription{
		Origin: sdp.Origin{
			Username: "-", SessionID: a.sessionID, SessionVersion: a.version,
			NetworkType: "IN", AddressType: family, UnicastAddress: a.address.String(),
		},
		SessionName:      "-",
		TimeDescriptions: []sdp.TimeDescription{{}},
	}
	if o.bundle {
		d.WithValueAttribute("group", "BUNDLE "+o.mid)
	}
	d.WithPropertyAttribute("ice-lite")
	for i, m := range o.media {
		if i == o.audio {
			d.WithMedia(a.audio(o, family))
			continue
		}
		refused := &sdp.MediaDescription{MediaName: sdp.MediaName{
			Media: m.MediaName.Media, Protos: m.MediaName.Protos, Formats: m.MediaName.Formats,
		}}
		if mid, ok := m.Attribute("mid"); ok {
			refused.WithValueAttribute("mid", mid)
		}
		refused.WithPropertyAttribute("inactive")
		d.WithMedia(refused)
	}
	raw, err := d.Marshal()
	return string(raw), err
}

func (a answerer) audio(o *Offer, family string) *sdp.MediaDescription {
	m := &sdp.MediaDescription{
		MediaName: sdp.MediaName{
			Media: "audio", Port: sdp.RangedPort{Value: a.port},
			Protos: o.media[o.audio].MediaName.Protos,
		},
		ConnectionInformation: &sdp.ConnectionInformation{
			NetworkType: "IN", AddressType: family, Address: &sdp.Address{Address: a.address.String()},
		},
	}
	m.WithCodec(a.codec.PayloadType, a.codec.Name, uint32(a.codec.Clock), channelsField(a.codec), a.fmtp)
	for _, c := range a.more {
		m.WithCodec(c.PayloadType, c.Name, uint32(c.Clock), channelsField(c), c.Fmtp)
	}
	if a.red != nil {
		m.WithCodec(a.red.PayloadType, red.Name, uint32(a.red.Clock), channelsField(*a.red), a.red.Fmtp)
	}
	for _, e := range a.events {
		m.WithCodec(e.PayloadType, eventName, uint32(e.Clock), 0, "0-15")
	}
	if a.comfort != nil {
		m.WithCodec(a.comfort.PayloadType, comfortName, uint32(a.comfort.Clock), 0, "")
	}
	if a.ptime != "" {
		m.WithValueAttribute("ptime", a.ptime)
	}
	if o.mid != "" {
		m.WithValueAttribute("mid", o.mid)
	}
	m.WithPropertyAttribute("rtcp-mux")
	m.WithICECredentials(a.ufrag, a.pwd)
	m.WithFingerprint("sha-256", a.fingerprint)
	m.WithValueAttribute("setup", a.setup)
	for _, c := range a.candidates {
		m.WithValueAttribute("candidate", c.Marshal())
	}
	m.WithPropertyAttribute("end-of-candidates")
	m.WithPropertyAttribute(direction(a.sends, a.receives))
	m.WithValueAttribute("msid", "offhook "+a.cname)
	m.WithValueAttribute("ssrc", strconv.FormatUint(uint64(a.ssrc), 10)+" cname:"+a.cname)
	return m
}

// channelsField is the channel count of an rtpmap line: left out for one.
func channelsField(c Codec) uint16 {
	if c.Name == codec.Opus || c.Name == red.Name {
		return 2
	}
	return 0
}

func direction(sends, receives bool) string {
	switch {
	case sends && receives:
		return "sendrecv"
	case sends:
		return "sendonly"
	case receives:
		return "recvonly"
	default:
		return "inactive"
	}
}

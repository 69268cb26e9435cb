package sdp

import (
	"errors"
	"net/netip"
	"strings"
)

// Errors of this package; what exactly is wrong is in the text that wraps them.
var (
	// ErrMalformed reports text that is no session description.
	ErrMalformed = errors.New("sdp: malformed description")
	// ErrTooLarge reports a description beyond any sensible size.
	ErrTooLarge = errors.New("sdp: description too large")
	// ErrNoAudio reports a description without a usable audio section.
	ErrNoAudio = errors.New("sdp: no audio section")
)

// Direction is the direction of a media section, from the view of the one who
// describes it (RFC 8866, section 6.7).
type Direction string

// The four directions.
const (
	SendRecv Direction = "sendrecv"
	SendOnly Direction = "sendonly"
	RecvOnly Direction = "recvonly"
	Inactive Direction = "inactive"
)

// Sends reports whether the describer sends.
func (d Direction) Sends() bool { return d == SendRecv || d == SendOnly }

// Receives reports whether the describer receives.
func (d Direction) Receives() bool { return d == SendRecv || d == RecvOnly }

// Join makes a direction of its two halves.
func Join(sends, receives bool) Direction {
	switch {
	case sends && receives:
		return SendRecv
	case sends:
		return SendOnly
	case receives:
		return RecvOnly
	default:
		return Inactive
	}
}

// Answer is the direction that answers an offer of d when the answerer itself
// would like want (RFC 3264, section 6.1).
func (d Direction) Answer(want Direction) Direction {
	return Join(want.Sends() && d.Receives(), want.Receives() && d.Sends())
}

// Codec is one payload type: a codec, telephone-event or CN.
type Codec struct {
	PayloadType uint8
	// Name is the encoding name as written; compare it without regard to case.
	Name      string
	ClockRate int
	// Channels is at least 1.
	Channels int
	// Fmtp is the format-specific text, possibly empty.
	Fmtp string
}

// Is reports whether the codec has the encoding name and clock rate.
func (c Codec) Is(name string, clockRate int) bool {
	return c.ClockRate == clockRate && strings.EqualFold(c.Name, name)
}

// Param returns a parameter of the fmtp line such as useinbandfec, without
// regard to the case of its name.
func (c Codec) Param(name string) (string, bool) {
	for _, p := range strings.Split(c.Fmtp, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(strings.TrimSpace(k), name) {
			return strings.TrimSpace(v), true
		}
	}
	return "", false
}

// Fingerprint is the hash of a certificate (RFC 8122).
type Fingerprint struct{ Hash, Value string }

// Crypto is a key for SRTP in the signalling (RFC 4568). Its String holds the
// key: never log it.
type Crypto struct {
	Tag   int
	Suite string
	// Inline is what follows "inline:": the base64 of key and salt, then possibly a
	// lifetime and an MKI, and possibly more keys (RFC 4568, section 6.1).
	Inline string
	// Params are the session parameters, possibly empty.
	Params string
}

// Media is one media section. Attributes that stand at the session level are
// found in every section.
type Media struct {
	Kind  string
	Port  int
	Proto string
	// Address is the one of the c= line; the zero value stands for none, or for the
	// name that is in Host.
	Address netip.Addr
	Host    string
	MID     string
	// Direction is SendRecv unless something else is written.
	Direction Direction
	// Codecs are in the describer's order of preference.
	Codecs []Codec
	// Formats are the raw payload types, for sections that are refused.
	Formats []string

	RTCPMux bool
	// RTCPPort is 0 unless an a=rtcp line says otherwise (RFC 3605), RTCPAddress the
	// zero value unless it names another address, too.
	RTCPPort    int
	RTCPAddress netip.Addr
	// PTime is the packet time in ms that the describer would like to receive,
	// MaxPTime the longest that it takes; 0 if not given.
	PTime, MaxPTime int

	Ufrag, Password string
	// ICEOptions are what the describer's ICE can do (RFC 8839, section 5.6).
	ICEOptions string
	// Candidates are the values of a=candidate lines, in their order.
	Candidates      []string
	EndOfCandidates bool
	// RemoteCandidates is the value of a=remote-candidates: the other side's ends
	// of the pairs that ICE has ended with (RFC 8839, section 5.2).
	RemoteCandidates string
	// ICEMismatch says that something on the way has changed the addresses of an
	// offer, so that ICE is not used (RFC 8839, section 5.3).
	ICEMismatch  bool
	Fingerprints []Fingerprint
	Setup        string
	Cryptos      []Crypto
	// SSRC and CNAME come from a=ssrc (RFC 5576); 0 if not given.
	SSRC  uint32
	CNAME string
	// MSID names the stream for peers that speak JSEP.
	MSID string
}

// Refused reports whether the section is switched off by port 0.
func (m *Media) Refused() bool { return m.Port == 0 }

// Description is a session description as far as an audio call needs it.
type Description struct {
	SessionID, Version uint64
	// Address is the one of the session's c= line, or the zero value.
	Address netip.Addr
	// ICELite says that the describer only answers checks (RFC 8445, section 2.5).
	ICELite bool
	// Bundle are the mids that share one transport.
	Bundle []string
	Media  []Media
}

// Audios are the audio sections that are not refused.
func (d *Description) Audios() (all []*Media) {
	for i := range d.Media {
		if m := &d.Media[i]; m.Kind == "audio" && !m.Refused() {
			all = append(all, m)
		}
	}
	return all
}

// Audio is the first of Audios.
func (d *Description) Audio() (*Media, error) {
	if all := d.Audios(); len(all) > 0 {
		return all[0], nil
	}
	return nil, ErrNoAudio
}

// Secure reports whether the section is for SRTP keyed by DTLS. Some servers
// still leave out UDP/TLS, which RFC 8829, section 5.1.2, has taken all the same.
func (m *Media) Secure() bool {
	return strings.HasPrefix(m.Proto, "UDP/TLS/RTP/SAVP") ||
		strings.HasPrefix(m.Proto, "RTP/SAVP") && len(m.Fingerprints) > 0 && len(m.Cryptos) == 0
}

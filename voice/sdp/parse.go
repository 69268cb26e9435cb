package sdp

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"offhook/voice/codec"
)

// Bounds on what is read. A browser's offer of one audio line has some 60
// lines; what goes beyond these is an attack or a mistake.
const (
	maxSize       = 64 << 10
	maxLines      = 2000
	maxMedia      = 32
	maxFormats    = 128
	maxCandidates = 64
)

// staticCodec is a payload type of RFC 3551 that needs no rtpmap and means
// something to the phone: a codec that is registered, or comfort noise.
func staticCodec(pt uint8) (Codec, bool) {
	if pt == 13 {
		return Codec{PayloadType: pt, Name: "CN", ClockRate: 8000, Channels: 1}, true
	}
	i, ok := codec.Static(pt)
	return Codec{PayloadType: pt, Name: i.Name, ClockRate: i.ClockRate, Channels: i.Channels}, ok
}

// Parse reads a session description. It is lenient where the world is sloppy: bare
// newlines, any order of attributes, text behind a NUL, lines that are none and
// attributes that can't be read are passed over (RFC 1122, section 1.2.2). An m=
// line that can't be read is an error, since the answer has to repeat it.
func Parse(text string) (*Description, error) {
	if len(text) > maxSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrTooLarge, len(text))
	}
	text, _, _ = strings.Cut(text, "\x00")
	p := parser{level: Media{Direction: SendRecv}}
	n := 0
	for line := range strings.Lines(text) {
		if n++; n > maxLines {
			return nil, fmt.Errorf("%w: more than %d lines", ErrTooLarge, maxLines)
		}
		line = strings.TrimRight(line, "\r\n\t ")
		if line == "" {
			continue
		}
		if n == 1 && line != "v=0" {
			return nil, fmt.Errorf("%w: does not begin with v=0", ErrMalformed)
		}
		if len(line) < 2 || line[1] != '=' {
			continue
		}
		if err := p.line(line[0], line[2:]); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if n == 0 {
		return nil, fmt.Errorf("%w: empty", ErrMalformed)
	}
	p.finish()
	return &p.d, nil
}

type parser struct {
	d Description
	// level is what stands before the first m= line: defaults for all sections.
	level Media
	media *Media
	// maps and fmtps belong to the section that is being read.
	maps  map[uint8]Codec
	fmtps map[uint8]string
}

func (p *parser) line(kind byte, value string) error {
	switch kind {
	case 'o':
		p.origin(value)
	case 'c':
		m := p.target()
		m.Address, m.Host = connection(value)
	case 'm':
		return p.section(value)
	case 'a':
		p.attribute(value)
	}
	return nil
}

func (p *parser) target() *Media {
	if p.media != nil {
		return p.media
	}
	return &p.level
}

func (p *parser) origin(value string) {
	f := strings.Fields(value)
	if len(f) < 6 {
		return
	}
	// Some peers write a user with blanks in it, and numbers beyond 64 bits; they
	// serve only to be compared.
	f = f[len(f)-6:]
	p.d.SessionID, _ = strconv.ParseUint(f[1], 10, 64)
	p.d.Version, _ = strconv.ParseUint(f[2], 10, 64)
}

// connection reads a c= line: an address, or a name that is one's (RFC 8866,
// section 5.7).
func connection(value string) (address netip.Addr, name string) {
	f := strings.Fields(value)
	if len(f) != 3 {
		return address, ""
	}
	host, _, _ := strings.Cut(f[2], "/")
	a, err := netip.ParseAddr(host)
	if err != nil {
		return address, host
	}
	return a.Unmap(), ""
}

func (p *parser) section(value string) error {
	p.finish()
	f := strings.Fields(value)
	if len(f) < 4 {
		return fmt.Errorf("%w: m= has %d fields", ErrMalformed, len(f))
	}
	if len(p.d.Media) == maxMedia || len(f) > maxFormats+3 {
		return fmt.Errorf("%w: too many media", ErrTooLarge)
	}
	port, _, _ := strings.Cut(f[1], "/")
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return fmt.Errorf("%w: port %q", ErrMalformed, port)
	}
	m := p.level
	m.Kind, m.Port, m.Proto, m.Formats = f[0], int(n), f[2], f[3:]
	m.Candidates, m.RemoteCandidates = nil, ""
	m.Fingerprints, m.Cryptos = append([]Fingerprint(nil), m.Fingerprints...), nil
	p.d.Media = append(p.d.Media, m)
	p.media = &p.d.Media[len(p.d.Media)-1]
	p.maps, p.fmtps = map[uint8]Codec{}, map[uint8]string{}
	return nil
}

// finish puts the payload types of the section that ends here in order.
func (p *parser) finish() {
	if p.media == nil {
		p.d.Address = p.level.Address
		return
	}
	for _, f := range p.media.Formats {
		n, err := strconv.ParseUint(f, 10, 7)
		if err != nil {
			continue
		}
		pt := uint8(n)
		c, ok := p.maps[pt]
		if !ok {
			c, ok = staticCodec(pt)
		}
		if ok {
			c.Fmtp = p.fmtps[pt]
			p.media.Codecs = append(p.media.Codecs, c)
		}
	}
}

func (p *parser) attribute(value string) {
	name, rest, _ := strings.Cut(value, ":")
	m := p.target()
	switch name {
	case "sendrecv", "sendonly", "recvonly", "inactive":
		m.Direction = Direction(name)
	case "rtpmap":
		p.rtpmap(rest)
	case "fmtp":
		if pt, params, ok := payloadType(rest); ok && p.fmtps != nil {
			p.fmtps[pt] = params
		}
	case "mid":
		m.MID = rest
	case "group":
		if f := strings.Fields(rest); len(f) > 1 && f[0] == "BUNDLE" {
			p.d.Bundle = f[1:]
		}
	case "ice-lite":
		p.d.ICELite = true
	case "ice-ufrag":
		m.Ufrag = rest
	case "ice-pwd":
		m.Password = rest
	case "candidate":
		if len(m.Candidates) < maxCandidates {
			m.Candidates = append(m.Candidates, rest)
		}
	case "end-of-candidates":
		m.EndOfCandidates = true
	case "fingerprint":
		if f := strings.Fields(rest); len(f) == 2 && len(m.Fingerprints) < 8 {
			m.Fingerprints = append(m.Fingerprints, Fingerprint{Hash: strings.ToLower(f[0]), Value: strings.ToUpper(f[1])})
		}
	case "setup":
		m.Setup = rest
	case "rtcp-mux":
		m.RTCPMux = true
	default:
		p.rare(name, rest)
	}
}

// rare reads the attributes that plain RTP and JSEP know.
func (p *parser) rare(name, rest string) {
	m := p.target()
	switch name {
	case "rtcp":
		port, where, _ := strings.Cut(rest, " ")
		if n, err := strconv.ParseUint(port, 10, 16); err == nil {
			m.RTCPPort = int(n)
			m.RTCPAddress, _ = connection(where)
		}
	case "ice-options":
		m.ICEOptions = rest
	case "remote-candidates":
		m.RemoteCandidates = rest
	case "ice-mismatch":
		m.ICEMismatch = true
	case "ptime":
		m.PTime = packetTime(rest)
	case "maxptime":
		m.MaxPTime = packetTime(rest)
	case "crypto":
		if c, ok := parseCrypto(rest); ok && len(m.Cryptos) < 16 {
			m.Cryptos = append(m.Cryptos, c)
		}
	case "msid":
		m.MSID = rest
	case "ssrc":
		id, attr, _ := strings.Cut(rest, " ")
		n, err := strconv.ParseUint(id, 10, 32)
		if err != nil {
			return
		}
		if m.SSRC == 0 {
			m.SSRC = uint32(n)
		}
		if cname, ok := strings.CutPrefix(attr, "cname:"); ok && m.SSRC == uint32(n) {
			m.CNAME = cname
		}
	}
}

// packetTime reads a time in ms, which some write with a fraction; 0 is none.
func packetTime(s string) int {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(n >= 1 && n <= 1000) {
		return 0
	}
	return int(n)
}

func payloadType(s string) (pt uint8, rest string, ok bool) {
	num, rest, _ := strings.Cut(strings.TrimSpace(s), " ")
	n, err := strconv.ParseUint(num, 10, 7)
	return uint8(n), strings.TrimSpace(rest), err == nil
}

func (p *parser) rtpmap(s string) {
	pt, rest, ok := payloadType(s)
	f := strings.Split(rest, "/")
	if !ok || len(f) < 2 || p.maps == nil {
		return
	}
	rate, err := strconv.ParseUint(strings.TrimSpace(f[1]), 10, 31)
	if err != nil || rate == 0 {
		return
	}
	c := Codec{PayloadType: pt, Name: f[0], ClockRate: int(rate), Channels: 1}
	if len(f) > 2 {
		if n, err := strconv.ParseUint(strings.TrimSpace(f[2]), 10, 8); err == nil && n > 0 {
			c.Channels = int(n)
		}
	}
	p.maps[pt] = c
}

// parseCrypto reads RFC 4568's "tag suite inline:key|lifetime|mki params".
func parseCrypto(s string) (Crypto, bool) {
	f := strings.Fields(s)
	if len(f) < 3 {
		return Crypto{}, false
	}
	tag, err := strconv.ParseUint(f[0], 10, 30)
	key, ok := strings.CutPrefix(f[2], "inline:")
	if err != nil || !ok {
		return Crypto{}, false
	}
	return Crypto{Tag: int(tag), Suite: f[1], Inline: key, Params: strings.Join(f[3:], " ")}, true
}

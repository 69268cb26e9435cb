package sdp

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// String writes the description with CRLF line ends, in the order of RFC 8866.
func (d *Description) String() string {
	var b strings.Builder
	line := func(format string, a ...any) { fmt.Fprintf(&b, format+"\r\n", a...) }
	line("v=0")
	line("o=- %d %d IN %s", d.SessionID, d.Version, host(d.Address))
	line("s=-")
	if d.Address.IsValid() {
		line("c=IN %s", host(d.Address))
	}
	line("t=0 0")
	if d.ICELite {
		line("a=ice-lite")
	}
	if len(d.Bundle) > 0 {
		line("a=group:BUNDLE %s", strings.Join(d.Bundle, " "))
	}
	for i := range d.Media {
		d.Media[i].write(line)
	}
	return b.String()
}

func (m *Media) write(line func(string, ...any)) {
	line("m=%s %d %s %s", m.Kind, m.Port, m.Proto, strings.Join(m.formats(), " "))
	if m.Address.IsValid() {
		line("c=IN %s", host(m.Address))
	}
	if m.MID != "" {
		line("a=mid:%s", m.MID)
	}
	if m.Refused() {
		// RFC 3264, section 6: nothing else has a meaning, but mid and direction
		// keep JSEP peers content.
		line("a=inactive")
		return
	}
	m.writeTransport(line)
	line("a=%s", m.Direction)
	for _, c := range m.Codecs {
		m.writeCodec(line, c)
	}
	if m.PTime > 0 {
		line("a=ptime:%d", m.PTime)
	}
	if m.MaxPTime > 0 {
		line("a=maxptime:%d", m.MaxPTime)
	}
	if m.MSID != "" {
		line("a=msid:%s", m.MSID)
	}
	if m.SSRC != 0 {
		line("a=ssrc:%d cname:%s", m.SSRC, m.CNAME)
	}
}

func (m *Media) writeTransport(line func(string, ...any)) {
	if m.RTCPPort != 0 {
		if m.RTCPAddress.IsValid() {
			line("a=rtcp:%d IN %s", m.RTCPPort, host(m.RTCPAddress))
		} else {
			line("a=rtcp:%d", m.RTCPPort)
		}
	}
	if m.RTCPMux {
		line("a=rtcp-mux")
	}
	if m.Ufrag != "" {
		line("a=ice-ufrag:%s", m.Ufrag)
		line("a=ice-pwd:%s", m.Password)
	}
	if m.ICEOptions != "" {
		line("a=ice-options:%s", m.ICEOptions)
	}
	for _, f := range m.Fingerprints {
		line("a=fingerprint:%s %s", f.Hash, f.Value)
	}
	if m.Setup != "" {
		line("a=setup:%s", m.Setup)
	}
	for _, c := range m.Cryptos {
		line("a=crypto:%s", c)
	}
	for _, c := range m.Candidates {
		line("a=candidate:%s", c)
	}
	if m.RemoteCandidates != "" {
		line("a=remote-candidates:%s", m.RemoteCandidates)
	}
	if m.ICEMismatch {
		line("a=ice-mismatch")
	}
	if m.EndOfCandidates {
		line("a=end-of-candidates")
	}
}

func (m *Media) writeCodec(line func(string, ...any), c Codec) {
	if c.Channels > 1 {
		line("a=rtpmap:%d %s/%d/%d", c.PayloadType, c.Name, c.ClockRate, c.Channels)
	} else {
		line("a=rtpmap:%d %s/%d", c.PayloadType, c.Name, c.ClockRate)
	}
	if c.Fmtp != "" {
		line("a=fmtp:%d %s", c.PayloadType, c.Fmtp)
	}
}

func (m *Media) formats() []string {
	if len(m.Codecs) == 0 || m.Refused() && len(m.Formats) > 0 {
		return m.Formats
	}
	f := make([]string, len(m.Codecs))
	for i, c := range m.Codecs {
		f[i] = strconv.Itoa(int(c.PayloadType))
	}
	return f
}

// host writes an address as o= and c= want it; 0.0.0.0 stands for none.
func host(a netip.Addr) string {
	switch {
	case !a.IsValid():
		return "IP4 0.0.0.0"
	case a.Is4():
		return "IP4 " + a.String()
	default:
		return "IP6 " + a.WithZone("").String()
	}
}

// String is the value of the a=crypto line; it holds the key.
func (c Crypto) String() string {
	s := fmt.Sprintf("%d %s inline:%s", c.Tag, c.Suite, c.Inline)
	if c.Params != "" {
		s += " " + c.Params
	}
	return s
}

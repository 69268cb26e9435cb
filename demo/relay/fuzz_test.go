package relay

import (
	"net/netip"
	"testing"

	"github.com/pion/stun/v4"
)

const fuzzOffer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0 110 13\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtcp-mux\r\n" +
	"a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\n" +
	"a=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:110 telephone-event/48000\r\na=sendrecv\r\n"

// FuzzOffer reads any SDP: no panic, and what is accepted can be answered.
func FuzzOffer(f *testing.F) {
	f.Add(fuzzOffer)
	f.Add("v=0\r\n")
	f.Fuzz(func(t *testing.T, raw string) {
		o, err := ParseOffer(raw)
		if err != nil {
			return
		}
		a := answerer{address: []byte{127, 0, 0, 1}, port: 9, codec: o.Codecs[0], events: o.events, comfort: o.comfort}
		if red, blocks := o.redFor(a.codec); red != nil {
			a.red = redOf(*red, a.codec, blocks)
		}
		if _, err := a.answer(o); err != nil {
			t.Fatal(err)
		}
		newPayloads(a.codec, a.events, a.comfort, a.red)
		if _, ok := Common(o, o, ""); !ok {
			t.Fatal("an offer has nothing in common with itself")
		}
	})
}

// FuzzAnswerPlain reads any packet: no panic, and only a request is answered.
func FuzzAnswerPlain(f *testing.F) {
	request, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.Fingerprint)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(request.Raw)
	f.Add(request.Raw[:20])
	f.Add([]byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42})
	from := netip.MustParseAddrPort("[::ffff:192.0.2.1]:4000")
	f.Fuzz(func(t *testing.T, packet []byte) {
		answer, ok := AnswerPlain(packet, from)
		if !ok {
			return
		}
		if len(answer) > 2*len(packet) {
			t.Errorf("%d bytes are answered with %d", len(packet), len(answer))
		}
		m := &stun.Message{Raw: answer}
		var mapped stun.XORMappedAddress
		if err := m.Decode(); err != nil || mapped.GetFrom(m) != nil || mapped.IP.String() != "192.0.2.1" || mapped.Port != 4000 {
			t.Errorf("%v: %v", err, mapped)
		}
	})
}

package media

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"offhook/voice/sdp"
)

const (
	offerHead = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
	noAddress = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
	aKey      = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	keyed     = "m=audio 4002 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + aKey + "\r\n"
	inClear   = "m=audio 4000 RTP/AVP 8 0\r\n"
	aVideo    = "m=video 5000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
	aBrowser  = "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=rtcp-mux\r\na=setup:actpass\r\n" +
		"a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n"
)

// An offer is judged without a session, as a session would.
func TestAcceptable(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, offer string
		transport   Transport
		cfg         Config
		want        error
	}{
		{"G.711", offerHead + inClear, RTP, Config{}, nil},
		{"video beside it", offerHead + aVideo + inClear, RTP, Config{}, nil},
		{"a key", offerHead + keyed, RTP, Config{SDES: SDESRequire}, nil},
		{"a browser's", offerHead + aBrowser, WebRTC, Config{}, nil},
		{"a browser's, plain", offerHead + aBrowser, RTP, Config{}, ErrNotAcceptable},
		{"plain, for a browser", offerHead + inClear, WebRTC, Config{}, ErrNotAcceptable},
		{"G.729 alone", offerHead + "m=audio 4000 RTP/AVP 18\r\n", RTP, Config{}, ErrNoCodec},
		{"codecs that the account leaves out", offerHead + inClear, RTP, Config{Codecs: []string{"opus"}}, ErrNoCodec},
		{"telephone-event alone", offerHead + "m=audio 4000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n", RTP, Config{}, ErrNoCodec},
		{"video alone", offerHead + aVideo, RTP, Config{}, sdp.ErrNoAudio},
		{"no sections", offerHead, RTP, Config{}, sdp.ErrNoAudio},
		{"sound on port 0", offerHead + "m=audio 0 RTP/AVP 0\r\n", RTP, Config{}, sdp.ErrNoAudio},
		{"no description", "hello world\r\n", RTP, Config{}, sdp.ErrMalformed},
		{"SRTP without a key", offerHead + "m=audio 4000 RTP/SAVP 0\r\n", RTP, Config{}, ErrNotAcceptable},
		{"clear text where keys are required", offerHead + inClear, RTP, Config{SDES: SDESRequire}, ErrNotAcceptable},
		{"sound for many", strings.Replace(offerHead, "c=IN IP4 127.0.0.1", "c=IN IP4 224.2.1.1/127", 1) + inClear, RTP, Config{}, ErrNotAcceptable},
		{"sound for all", offerHead + inClear + "c=IN IP4 255.255.255.255\r\n", RTP, Config{}, ErrNotAcceptable},
		{"no address", noAddress + inClear, RTP, Config{}, ErrNotAcceptable},
		{"no address that is one", strings.Replace(offerHead, "c=IN IP4 127.0.0.1", "c=IN IP4", 1) + inClear, RTP, Config{}, ErrNotAcceptable},
		{"another section's address", noAddress + inClear + aVideo + "c=IN IP4 127.0.0.1\r\n", RTP, Config{}, ErrNotAcceptable},
		{"its own address", noAddress + inClear + "c=IN IP4 127.0.0.1\r\n", RTP, Config{}, nil},
		{"reports for many", offerHead + inClear + "a=rtcp:4001 IN IP6 ff02::1\r\n", RTP, Config{}, ErrNotAcceptable},
		{"a codec that is none", offerHead + inClear, RTP, Config{Codecs: []string{"speex"}}, errAny},
	} {
		err := Acceptable(tc.offer, tc.transport, tc.cfg)
		if tc.want == errAny && err != nil {
			continue
		}
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

var errAny = errors.New("any")

// The best audio section is answered, the others are refused in their places.
func TestSeveralSections(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		lines []string
		want  string // the m= lines of the answer, their ports as 0 or 1
	}{
		{"video first", []string{aVideo, inClear}, "video 0 RTP/AVP 96, audio 1 RTP/AVP 8"},
		{"encrypted after clear", []string{inClear, keyed}, "audio 0 RTP/AVP 8 0, audio 1 RTP/SAVP 0"},
		{"encrypted before clear", []string{keyed, inClear}, "audio 1 RTP/SAVP 0, audio 0 RTP/AVP 8 0"},
		{"a browser's beside plain", []string{aBrowser, inClear, aVideo}, "audio 0 UDP/TLS/RTP/SAVPF 0, audio 1 RTP/AVP 8, video 0 RTP/AVP 96"},
		{"two alike", []string{inClear, "m=audio 4004 RTP/AVP 0\r\n"}, "audio 1 RTP/AVP 8, audio 0 RTP/AVP 0"},
		{"one without a codec", []string{"m=audio 4004 RTP/AVP 18\r\n", inClear}, "audio 0 RTP/AVP 18, audio 1 RTP/AVP 8"},
		{"one switched off", []string{"m=audio 0 RTP/AVP 0\r\n", inClear}, "audio 0 RTP/AVP 0, audio 1 RTP/AVP 8"},
	} {
		answer, err := plainSession(t, Config{}).Answer(context.Background(), offerHead+strings.Join(tc.lines, ""))
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		d, err := sdp.Parse(answer)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range d.Media {
			port := "1"
			if m.Refused() {
				port = "0"
			}
			got = append(got, strings.Join(append([]string{m.Kind, port, m.Proto}, m.Formats...), " "))
		}
		if s := strings.Join(got, ", "); s != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, s, tc.want)
		}
	}
}

// What several keys, identifiers and spellings of RFC 4568 are read as.
func TestMasterKeys(t *testing.T) {
	t.Parallel()
	const suite = "AES_CM_128_HMAC_SHA1_80"
	for _, tc := range []struct {
		inline, params string
		keys, mki      int // -1 keys: refused
	}{
		{aKey, "", 1, 0}, {aKey + "|2^20", "", 1, 0}, {aKey + "|1048576", "", 1, 0}, {aKey + "|2^20|1:4", "", 1, 4}, {aKey + "|1:4", "", 1, 4},
		{aKey + "|2^20|1:4;inline:" + aKey + "|2^20|2:4", "", 2, 4}, {aKey + "|66051:32", "", 1, 32}, {aKey, "WSH=64", 1, 0}, {aKey, "wsh=128", 1, 0},
		{aKey + "|1:0", "", -1, 0}, {aKey + "|256:1", "", -1, 0}, {aKey + "|x:4", "", -1, 0}, {aKey + "|-1:4", "", -1, 0}, {aKey + "|1:999", "", -1, 0},
		{aKey + ";inline:" + aKey, "", -1, 0}, {aKey + "|1:4;inline:" + aKey + "|2:2", "", -1, 0}, {"AAAA", "", -1, 0}, {"", "", -1, 0},
		{aKey, "UNENCRYPTED_SRTP", -1, 0}, {aKey, "WSH=64 KDR=1", -1, 0}, {strings.Repeat(aKey+"|1:4;inline:", 40) + aKey + "|1:4", "", -1, 0},
	} {
		c, ok := chooseCrypto([]sdp.Crypto{{Tag: 1, Suite: suite, Inline: tc.inline, Params: tc.params}})
		keys, err := masterKeys(c)
		if ok != (tc.keys > 0) || ok && (err != nil || len(keys) != tc.keys || len(keys[0].mki) != tc.mki) {
			t.Errorf("%q %q: %v, %d keys, %v", tc.inline, tc.params, ok, len(keys), err)
		}
		if !ok {
			continue
		}
		if _, err := newReceiveKeys(c); err != nil {
			t.Errorf("%q: %v", tc.inline, err)
		}
	}
}

// Keys with an identifier, in whatever case their suite is written, carry sound.
func TestSoundWithAnMKI(t *testing.T) {
	t.Parallel()
	a, b := newPlainPhone(t, 440, Config{SDES: SDESRequire}), newPlainPhone(t, 1000, Config{})
	offer, err := a.Offer(context.Background(), false)
	if err != nil {
		t.Fatal(err)
	}
	marked := func(text string) string {
		lines := strings.Split(text, "\r\n")
		for i, l := range lines {
			if strings.HasPrefix(l, "a=crypto:") {
				lines[i] = strings.Replace(l, "AES_CM_128_HMAC_SHA1", "aes_cm_128_hmac_sha1", 1) + "|2^31|7:2"
			}
		}
		return strings.Join(lines, "\r\n")
	}
	// Each side sends with an identifier that it has described.
	mark := func(p *phone) {
		l := p.Session.(*session).link.(*plainLink)
		l.mu.Lock()
		defer l.mu.Unlock()
		for i := range l.ours {
			l.ours[i].Inline += "|2^31|7:2"
		}
	}
	answer, err := b.Answer(context.Background(), marked(offer))
	if err != nil || !strings.Contains(answer, "a=crypto:1 aes_cm_128_hmac_sha1_80 inline:") {
		t.Fatalf("%v\n%s", err, answer)
	}
	mark(a)
	if err := a.SetAnswer(answer); err != nil {
		t.Fatal(err)
	}
	hears(t, b, 440)
	hears(t, a, 1000)
}

func TestUnicast(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"192.0.2.1": true, "10.0.0.1": true, "127.0.0.1": true, "2001:db8::1": true, "::1": true, "fe80::1": true, "0.0.0.0": true, "::": true,
		"224.0.0.1": false, "239.255.255.250": false, "255.255.255.255": false, "240.0.0.1": false, "0.1.2.3": false, "ff02::1": false, "ff05::2": false,
		"::ffff:224.0.0.1": false, "::ffff:255.255.255.255": false,
	} {
		if unicast(netip.MustParseAddr(text)) != want {
			t.Errorf("%s: unicast is not %v", text, want)
		}
	}
	if !unicast(netip.Addr{}) {
		t.Error("no address at all is refused")
	}
	own, _ := net.InterfaceAddrs()
	for _, o := range own {
		p, err := netip.ParsePrefix(o.String())
		if err != nil || !p.Addr().Is4() || p.Bits() > 30 {
			continue
		}
		last := p.Masked().Addr().As4()
		for bit := p.Bits(); bit < 32; bit++ {
			last[bit/8] |= 1 << (7 - bit%8)
		}
		if unicast(netip.AddrFrom4(last)) {
			t.Errorf("%v is a broadcast address of %v", netip.AddrFrom4(last), p)
		}
	}
}

// The name of a host in c= is looked up; one that leads nowhere is refused.
func TestHostNames(t *testing.T) {
	t.Parallel()
	s := plainSession(t, Config{})
	named := strings.Replace(offerHead, "c=IN IP4 127.0.0.1", "c=IN IP4 localhost", 1)
	if _, err := s.Answer(context.Background(), named+inClear); err != nil {
		t.Fatal(err)
	}
	if to := s.(*session).link.(*plainLink).mediaTo.Load(); to == nil || !to.Addr().IsLoopback() || to.Port() != 4000 {
		t.Errorf("sound goes to %v", to)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, err := plainSession(t, Config{}).Answer(ctx, strings.Replace(named, "localhost", "no.such.name.invalid", 1)+inClear); !errors.Is(err, ErrNotAcceptable) {
		t.Error(err)
	}
}

// Reports go to the address that a=rtcp names (RFC 3605), which is also what ICE's
// second component is compared with.
func TestReportsToAnotherAddress(t *testing.T) {
	t.Parallel()
	s := plainSession(t, Config{})
	if _, err := s.Answer(context.Background(), offerHead+inClear+"a=rtcp:5555 IN IP4 127.0.0.2\r\n"); err != nil {
		t.Fatal(err)
	}
	if to := s.(*session).link.(*plainLink).ctrlTo.Load(); to == nil || to.String() != "127.0.0.2:5555" {
		t.Errorf("reports go to %v", to)
	}
	answer, err := plainSession(t, Config{}).Answer(context.Background(), offerHead+inClear+"a=rtcp:4382 IN IP4 192.168.0.4\r\na=ice-ufrag:1234\r\n"+
		"a=ice-pwd:1234567890123456789012\r\na=candidate:X 1 UDP 1234 127.0.0.1 4000 typ host\r\na=candidate:Y 2 UDP 1233 192.168.0.4 4382 typ host\r\n")
	if err != nil || strings.Contains(answer, "ice-mismatch") || !strings.Contains(answer, "a=ice-ufrag") {
		t.Errorf("%v\n%s", err, answer)
	}
}

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

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

func newPlainPhone(t testing.TB, hz float64, cfg Config) *phone {
	t.Helper()
	cfg.LocalAddress = loopback
	s, err := NewRTP(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p := startPhone(t, s, hz)
	p.OpenSend()
	p.OpenReceive()
	return p
}

func TestPlainCall(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		a, b  Config
		proto string
	}{
		{"plain, Opus", Config{}, Config{}, "RTP/AVP"},
		{"plain, PCMU", Config{Codecs: []string{"PCMU"}}, Config{}, "RTP/AVP"},
		{"SDES, PCMA", Config{SDES: SDESRequire, Codecs: []string{"PCMA"}}, Config{}, "RTP/SAVP"},
		{"plain, G722", Config{Codecs: []string{"G722"}}, Config{}, "RTP/AVP"},
		{"SDES, G722", Config{SDES: SDESRequire, Codecs: []string{"G722"}}, Config{}, "RTP/SAVP"},
		{"SDES both ways", Config{SDES: SDESRequire}, Config{SDES: SDESRequire}, "RTP/SAVP"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a, b := newPlainPhone(t, 440, tc.a), newPlainPhone(t, 1000, tc.b)
			exchange(t, a, b, false)
			hears(t, a, 1000)
			hears(t, b, 440)
			if err := a.SendDTMF("42#"); err != nil {
				t.Fatal(err)
			}
			b.await("the digits", func() bool { return b.digits() == "42#" })
			a.Hold(true)
			exchange(t, a, b, false)
			b.await("the hold", func() bool { return b.count(PeerHeld) == 1 && loudness(b.since(b.mark()-9600)) == 0 })
			a.Hold(false)
			exchange(t, a, b, false)
			hears(t, a, 1000)
			hears(t, b, 440)
			a.await("a round trip time", func() bool { return a.Statistics().RemoteCandidate != "" })
			offer, err := b.Offer(context.Background(), false)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(offer, " "+tc.proto+" ") || strings.Contains(offer, "a=mid") || strings.Contains(offer, "BUNDLE") {
				t.Errorf("an offer with anything but plain %s:\n%s", tc.proto, offer)
			}
		})
	}
}

// A peer without rtcp-mux gets its reports on the port that it names.
func TestPlainWithoutMux(t *testing.T) {
	t.Parallel()
	a, b := newPlainPhone(t, 440, Config{}), newPlainPhone(t, 1000, Config{})
	ctx := context.Background()
	offer, err := a.Offer(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.Answer(ctx, strings.Replace(offer, "a=rtcp-mux\r\n", "", 1))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(answer, "a=rtcp-mux") {
		t.Errorf("mux in the answer to an offer without:\n%s", answer)
	}
	if err := a.SetAnswer(answer); err != nil {
		t.Fatal(err)
	}
	hears(t, a, 1000)
	a.await("reports", func() bool { return a.Statistics().LastSRTimestamp != 0 })
	b.await("reports", func() bool { return b.Statistics().LastSRTimestamp != 0 })
}

func TestPlainRefusals(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const plain = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
	savp := strings.Replace(plain, "RTP/AVP", "RTP/SAVP", 1)
	const key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, tc := range []struct {
		name  string
		cfg   Config
		offer string
		want  error
	}{
		{"plain", Config{}, plain, nil},
		{"plain, keys required", Config{SDES: SDESRequire}, plain, ErrNotAcceptable},
		{"keys, refused", Config{SDES: SDESRefuse}, savp + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + key + "\r\n", ErrNotAcceptable},
		{"keys", Config{}, savp + "a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:" + key + "|2^20\r\n", nil},
		{"a longer key", Config{}, savp + "a=crypto:3 AES_256_CM_HMAC_SHA1_80 inline:" + strings.Repeat("A", 62) + "==\r\n", nil},
		{"a key without padding", Config{}, savp + "a=crypto:3 AEAD_AES_256_GCM inline:" + strings.Repeat("A", 59) + "\r\n", nil},
		{"a key of another suite", Config{}, savp + "a=crypto:3 AEAD_AES_256_GCM inline:" + key + "\r\n", ErrNotAcceptable},
		{"no key", Config{}, savp, ErrNotAcceptable},
		{"short key", Config{}, savp + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\r\n", ErrNotAcceptable},
		{"unknown suite", Config{}, savp + "a=crypto:1 F8_128_HMAC_SHA1_80 inline:" + key + "\r\n", ErrNotAcceptable},
		{"unencrypted SRTP", Config{}, savp + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + key + " UNENCRYPTED_SRTP\r\n", ErrNotAcceptable},
		{"WebRTC", Config{}, strings.Replace(plain, "RTP/AVP", "UDP/TLS/RTP/SAVPF", 1), ErrNotAcceptable},
		{"no codec in common", Config{Codecs: []string{"opus"}}, plain, ErrNoCodec},
	} {
		s, err := NewRTP(tc.cfg)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := s.Answer(ctx, tc.offer)
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", tc.name, err)
		}
		if err != nil && strings.Contains(err.Error(), "AAAA") {
			t.Errorf("%s: the error shows the key", tc.name)
		}
		if tc.want == nil && strings.Contains(tc.offer, "crypto:7") && !strings.Contains(answer, "a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:") {
			t.Errorf("the answer lacks the key:\n%s", answer)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Every suite carries sound and reports both ways.
func TestEverySuite(t *testing.T) {
	t.Parallel()
	for _, suite := range suites {
		t.Run(suite.name, func(t *testing.T) {
			t.Parallel()
			a, b := newPlainPhone(t, 440, Config{SDES: SDESRequire}), newPlainPhone(t, 1000, Config{})
			l := a.Session.(*session).link.(*plainLink)
			c, err := newCrypto(1, suite.name)
			if err != nil {
				t.Fatal(err)
			}
			l.ours = []sdp.Crypto{c}
			exchange(t, a, b, false)
			hears(t, a, 1000)
			hears(t, b, 440)
			a.await("reports", func() bool { return a.Statistics().LastSRTimestamp != 0 })
		})
	}
}

// Whatever comes to the sockets, the session lives.
func FuzzPlainPacket(f *testing.F) {
	f.Add([]byte{0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xff})
	f.Add([]byte{0x80, 101, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 5, 0x8a, 0, 160})
	f.Add([]byte{0x81, 200, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0xbf, 0, 0, 1})
	f.Add([]byte{0x80, 13, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 70})
	s, err := NewRTP(Config{LocalAddress: loopback})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	const offer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" +
		"m=audio 9 RTP/AVP 96 0 13 101\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n"
	if _, err := s.Answer(context.Background(), offer); err != nil {
		f.Fatal(err)
	}
	s.OpenReceive()
	l := s.(*session).link.(*plainLink)
	frame := make([]int16, frameSamples)
	f.Fuzz(func(_ *testing.T, b []byte) {
		if len(b) > readSize {
			return
		}
		l.take(append([]byte(nil), b...), netip.MustParseAddrPort("127.0.0.1:9"), l.cfg.Now())
		s.Pull(frame)
	})
}

// Two sessions never get each other's ports, and Close gives them back.
func TestPlainPorts(t *testing.T) {
	t.Parallel()
	s, err := NewRTP(Config{LocalAddress: loopback})
	if err != nil {
		t.Fatal(err)
	}
	l := s.(*session).link.(*plainLink)
	rtp, rtcp := l.media.LocalAddr().(*net.UDPAddr).Port, l.ctrl.LocalAddr().(*net.UDPAddr).Port
	if rtp%2 != 0 || rtcp != rtp+1 {
		t.Errorf("ports %d and %d", rtp, rtcp)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []net.PacketConn{l.media, l.ctrl} {
		if err := c.SetDeadline(time.Now()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%v is open after Close: %v", c.LocalAddr(), err)
		}
	}
	if a := localAddress(); !a.IsValid() || a.IsUnspecified() {
		t.Errorf("local address %v", a)
	}
}

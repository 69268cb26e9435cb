package media

import (
	"context"
	"errors"
	"strings"
	"testing"

	"offhook/voice/sdp"
)

// dtlsOfferer makes a plain session one that offers DTLS-SRTP without ICE, as some
// servers do and the phone itself does not.
func dtlsOfferer(t *testing.T, p *phone) {
	t.Helper()
	l := p.Session.(*session).link.(*plainLink)
	l.mu.Lock()
	defer l.mu.Unlock()
	_, cancel := context.WithCancel(context.Background())
	l.dtls, l.peerProto = &plainDTLS{wire: newICEWire(l.media), cancel: cancel}, "UDP/TLS/RTP/SAVP"
}

// Keys are agreed on the bare socket, sound passes both ways, a hold keeps the
// association, and nothing else takes its place.
func TestDTLSWithoutICE(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a, b := newPlainPhone(t, 440, Config{}), newPlainPhone(t, 1000, Config{})
	dtlsOfferer(t, a)
	offer, err := a.Offer(ctx, false)
	if err != nil || strings.Contains(offer, "ice-ufrag") || strings.Contains(offer, "a=crypto") {
		t.Fatalf("%v\n%s", err, offer)
	}
	answer, err := b.Answer(ctx, offer)
	if err != nil || !strings.Contains(answer, " UDP/TLS/RTP/SAVP ") || !strings.Contains(answer, "a=setup:active") || !strings.Contains(answer, "a=fingerprint:sha-256 ") {
		t.Fatalf("%v\n%s", err, answer)
	}
	if err := a.SetAnswer(answer); err != nil {
		t.Fatal(err)
	}
	hears(t, a, 1000)
	hears(t, b, 440)
	b.await("its security", func() bool { s, _ := b.secured(); return s == Security{Keys: KeysDTLS} })
	exchange(t, b, a, false)
	exchange(t, a, b, false)
	hears(t, a, 1000)
	hears(t, b, 440)
	if s, n := b.secured(); n != 1 || s.Renewals != 0 {
		t.Errorf("%+v told %d times", s, n)
	}
	for _, other := range []string{inClear, keyed} {
		if _, err := b.Answer(ctx, offerHead+other); !errors.Is(err, ErrNotAcceptable) {
			t.Errorf("%q: %v", other, err)
		}
	}
	hears(t, b, 440)
}

// A certificate that was not described agrees on nothing.
func TestDTLSWithAnotherCertificate(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a, b := newPlainPhone(t, 440, Config{}), newPlainPhone(t, 1000, Config{})
	dtlsOfferer(t, a)
	offer, err := a.Offer(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(offer, "sha-256 ") + len("sha-256 ")
	answer, err := b.Answer(ctx, offer[:at]+strings.Repeat("AB:", 31)+"AB"+offer[at+95:])
	if err != nil {
		t.Fatal(err)
	}
	if err := a.SetAnswer(answer); err != nil {
		t.Fatal(err)
	}
	b.await("the failure", func() bool { return b.count(Failed) > 0 })
	if n := b.Statistics().PacketsSent; n != 0 {
		t.Errorf("%d packets were sent without keys", n)
	}
}

func TestDTLSWithoutICEIsAcceptable(t *testing.T) {
	t.Parallel()
	const print = "a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n"
	for _, tc := range []struct {
		text string
		want error
	}{
		{"m=audio 4000 UDP/TLS/RTP/SAVP 0\r\na=rtcp-mux\r\na=setup:actpass\r\n" + print, nil},
		{"m=audio 4000 RTP/SAVP 0\r\na=rtcp-mux\r\na=setup:actpass\r\n" + print, nil},
		{"m=audio 4000 UDP/TLS/RTP/SAVP 0\r\na=setup:actpass\r\n" + print, ErrNotAcceptable},
		{"m=audio 4000 UDP/TLS/RTP/SAVP 0\r\na=rtcp-mux\r\n", ErrNotAcceptable},
	} {
		if err := Acceptable(offerHead+tc.text, RTP, Config{SDES: SDESRequire}); !errors.Is(err, tc.want) {
			t.Errorf("%q: %v", tc.text, err)
		}
	}
	if !errors.Is(verifyPrint(nil, nil), ErrHandshake) || !errors.Is(verifyPrint([][]byte{{1}}, []sdp.Fingerprint{{Hash: "md5", Value: "x"}}), ErrHandshake) {
		t.Error("no certificate or no usable hash is taken")
	}
}

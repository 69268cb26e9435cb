package media

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"offhook/voice/sdp"
)

// Offers in the manner of other makers' phones and servers are answered with
// what they can understand.
func TestAnswersToOtherMakers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		secure bool
		codecs string
		peer   EventKind // PeerHeld if the offer is a hold
		has    []string
		hasNot []string
	}{
		"asterisk-16-offer":       {false, "107 101", 0, []string{"RTP/AVP 107 101"}, []string{"a=mid", "a=msid", "a=ssrc", "rtcp-mux", "ice-"}},
		"baresip-ice-offer":       {false, "0 101", 0, []string{"a=ice-ufrag:", "a=candidate:", "a=ice-options:ice2"}, []string{"rtcp-mux", "remote-candidates"}},
		"baresip-sdes-pcmu":       {false, "0 101", 0, []string{"RTP/SAVP", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"}, []string{"a=crypto:2", "ice-"}},
		"chromium-offer":          {true, "111 110 126 63", 0, []string{"a=setup:active", "a=group:BUNDLE 0"}, nil},
		"firefox-153-offer":       {true, "109 101", 0, []string{"a=group:BUNDLE 0\r\n"}, nil},
		"freeswitch-1.10-held":    {false, "8 101", PeerHeld, []string{"a=inactive"}, []string{"rtcp-mux"}},
		"freeswitch-webrtc-offer": {true, "102 103 101", 0, []string{"m=audio", " RTP/SAVPF 102", "a=setup:active", "a=rtcp-mux"}, []string{"BUNDLE", "a=mid"}},
		"janus-nosip-offer":       {false, "109 101", 0, []string{"a=mid:0"}, []string{"rtcp-mux", "ice-"}},
		"janus-nosip-sdes":        {false, "109 101", 0, []string{"RTP/SAVP", "a=crypto:1 "}, nil},
		"janus-streaming-offer":   {true, "111", PeerHeld, []string{"a=recvonly", "a=group:BUNDLE a\r\n", "m=video 0 ", "a=setup:active"}, nil},
		"linphone-5-offer":        {false, "96 99 101", 0, nil, []string{"rtcp-mux"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			offer, err := os.ReadFile(filepath.Join("..", "sdp", "testdata", name+".sdp"))
			if err != nil {
				t.Fatal(err)
			}
			make, other := NewRTP, NewWebRTC
			if tc.secure {
				make, other = other, make
			}
			s, err := make(Config{LocalAddress: loopback, Loopback: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			answer, err := s.Answer(context.Background(), string(offer))
			if err != nil {
				t.Fatal(err)
			}
			d, err := sdp.Parse(answer)
			if err != nil {
				t.Fatal(err)
			}
			m, err := d.Audio()
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(m.Formats, " "); got != tc.codecs {
				t.Errorf("answered with %q, want %q", got, tc.codecs)
			}
			for _, want := range tc.has {
				if !strings.Contains(answer, want) {
					t.Errorf("no %q in\n%s", want, answer)
				}
			}
			for _, not := range tc.hasNot {
				if strings.Contains(answer, not) {
					t.Errorf("%q in\n%s", not, answer)
				}
			}
			theirs, err := sdp.Parse(string(offer))
			if err != nil {
				t.Fatal(err)
			}
			if len(d.Media) != len(theirs.Media) {
				t.Errorf("%d sections answered with %d", len(theirs.Media), len(d.Media))
			}
			held := false
			for len(s.Events()) > 0 {
				if e := <-s.Events(); e.Kind == PeerHeld {
					held = true
				}
			}
			if held != (tc.peer == PeerHeld) {
				t.Errorf("held is %v", held)
			}
			// A re-offer keeps the payload types and the refused sections.
			again, err := s.Offer(context.Background(), false)
			if err != nil {
				t.Fatal(err)
			}
			r, err := sdp.Parse(again)
			if err != nil || len(r.Media) != len(theirs.Media) {
				t.Fatalf("%v\n%s", err, again)
			}
			rm, err := r.Audio()
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range m.Codecs {
				for _, o := range rm.Codecs {
					if o.Is(c.Name, c.ClockRate) && o.PayloadType != c.PayloadType {
						t.Errorf("%s was %d and is offered as %d", c.Name, c.PayloadType, o.PayloadType)
					}
				}
			}
			seen := map[uint8]bool{}
			for _, c := range rm.Codecs {
				if seen[c.PayloadType] {
					t.Errorf("payload type %d twice in\n%s", c.PayloadType, again)
				}
				seen[c.PayloadType] = true
			}
			wrong, err := other(Config{LocalAddress: loopback, Loopback: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = wrong.Close() })
			if _, err := wrong.Answer(context.Background(), string(offer)); !errors.Is(err, ErrNotAcceptable) {
				t.Errorf("the other kind of session says %v", err)
			}
		})
	}
}

// A hold in the manner of RFC 2543, beside a section that is switched off.
func TestOldHold(t *testing.T) {
	t.Parallel()
	s := newPlainPhone(t, 440, Config{})
	answer, err := s.Answer(context.Background(), "v=0\r\no=old 26529 1 IN IP4 192.0.2.70\r\ns=SIP Call\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\n"+
		"m=audio 21374 RTP/AVP 0 8 18 101\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:101 telephone-event/8000\r\na=sendonly\r\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"m=audio 0 RTP/AVP 0\r\n", "RTP/AVP 0 101\r\n", "a=recvonly\r\n"} {
		if !strings.Contains(answer, want) {
			t.Errorf("no %q in\n%s", want, answer)
		}
	}
	s.await("the hold", func() bool { return s.count(PeerHeld) == 1 })
}

// The phone's own first offers.
func TestOffers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		make   func(Config) (Session, error)
		cfg    Config
		has    []string
		hasNot []string
	}{
		"WebRTC": {NewWebRTC, Config{}, []string{
			" UDP/TLS/RTP/SAVPF 111 9 0 8 110 101 63 13\r\n", "a=group:BUNDLE 0\r\n", "a=mid:0\r\n", "a=setup:actpass\r\n",
			"a=rtcp-mux\r\n", "a=sendrecv\r\n", "a=fingerprint:sha-256 ", "a=ice-ufrag:", "a=candidate:", "a=end-of-candidates\r\n",
			"a=fmtp:111 minptime=10;useinbandfec=1\r\n", "a=fmtp:101 0-15\r\n", "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111/111\r\n", "a=msid:",
		}, []string{"m=audio 9 ", "a=crypto", ".local", "a=ptime"}},
		"PCMU alone": {NewWebRTC, Config{Codecs: []string{"PCMU"}}, []string{"SAVPF 0 101 13\r\n"}, []string{"opus", "red/", "telephone-event/48000"}},
		"plain":      {NewRTP, Config{LocalAddress: loopback}, []string{"RTP/AVP 111 9 0 8 110 101 63 13\r\n", "c=IN IP4 127.0.0.1\r\n"}, []string{"a=mid", "BUNDLE", "ice", "fingerprint", "crypto", "setup"}},
		"SDES": {NewRTP, Config{LocalAddress: loopback, SDES: SDESRequire}, []string{
			"RTP/SAVP ", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:", "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:",
		}, nil},
	} {
		tc.cfg.Loopback = true
		s, err := tc.make(tc.cfg)
		if err != nil {
			t.Fatal(err)
		}
		offer, err := s.Offer(context.Background(), false)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range tc.has {
			if !strings.Contains(offer, want) {
				t.Errorf("%s: no %q in\n%s", name, want, offer)
			}
		}
		for _, not := range tc.hasNot {
			if strings.Contains(offer, not) {
				t.Errorf("%s: %q in\n%s", name, not, offer)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Hostile descriptions get an error and harm nothing.
func FuzzAnswer(f *testing.F) {
	names, err := filepath.Glob("../sdp/testdata/*.sdp")
	if err != nil || len(names) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, make := range []func(Config) (Session, error){NewWebRTC, NewRTP} {
			s, err := make(Config{LocalAddress: loopback, Loopback: true})
			if err != nil {
				t.Fatal(err)
			}
			if answer, err := s.Answer(context.Background(), text); err == nil {
				if _, err := sdp.Parse(answer); err != nil {
					t.Errorf("%v in the answer\n%s", err, answer)
				}
			}
			if _, err := s.Offer(context.Background(), false); err == nil {
				_ = s.SetAnswer(text)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

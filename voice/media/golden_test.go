package media

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"offhook/voice/sdp"
)

// Every description that is kept of another maker's phone or server is understood
// as an offer and answered by the rules of RFC 3264, section 6. Those that can be
// an answer to an offer of the phone's are taken as one. A new file needs no word
// here.
func TestEveryDescription(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob(filepath.Join("..", "sdp", "testdata", "*.sdp"))
	if err != nil || len(names) < 11 {
		t.Fatal(len(names), err)
	}
	var answers atomic.Int32
	t.Cleanup(func() {
		if answers.Load() < 5 {
			t.Errorf("only %d of them can be answers", answers.Load())
		}
	})
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".sdp"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			offer, err := sdp.Parse(string(text))
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := offer.Audio()
			if err != nil {
				t.Fatal(err)
			}
			s := sessionFor(t, theirs)
			answer, err := s.Answer(context.Background(), string(text))
			if theirs.Secure() && !theirs.RTCPMux {
				// WebRTC has no way without (RFC 8834, section 4.5).
				if !errors.Is(err, ErrNotAcceptable) {
					t.Errorf("no rtcp-mux, and the phone says %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			sound(t, offer, theirs, answer)
			if t.Failed() {
				t.Log(answer)
			}
			if !isAnswer(offer, theirs) {
				return
			}
			s = sessionFor(t, theirs)
			if _, err := s.Offer(context.Background(), false); err != nil {
				t.Fatal(err)
			}
			if err := s.SetAnswer(string(text)); err != nil {
				t.Errorf("as an answer: %v", err)
			}
			answers.Add(1)
		})
	}
}

// isAnswer reports whether a description could answer an offer of one section of
// sound, as far as its transport goes: an answer leaves no choice of role and
// names one key (RFC 5763, section 5; RFC 4568, section 5.1.2).
func isAnswer(d *sdp.Description, m *sdp.Media) bool {
	if len(d.Media) != 1 || m.Setup == "actpass" {
		return false
	}
	return m.Secure() || len(m.Cryptos) <= 1
}

// sessionFor makes a session of the kind that the section asks for.
func sessionFor(t *testing.T, m *sdp.Media) Session {
	t.Helper()
	make := NewRTP
	if m.Secure() {
		make = NewWebRTC
	}
	s, err := make(Config{LocalAddress: loopback, Loopback: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// sound checks an answer against its offer.
func sound(t *testing.T, offer *sdp.Description, theirs *sdp.Media, text string) {
	t.Helper()
	answer, err := sdp.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Media) != len(offer.Media) {
		t.Fatalf("%d sections for %d", len(answer.Media), len(offer.Media))
	}
	for i := range offer.Media {
		o, a := &offer.Media[i], &answer.Media[i]
		if a.Kind != o.Kind || a.Proto != o.Proto || a.MID != o.MID {
			t.Errorf("section %d is %s %s %q for %s %s %q", i, a.Kind, a.Proto, a.MID, o.Kind, o.Proto, o.MID)
		}
		if o != theirs && !a.Refused() {
			t.Errorf("section %d, %s, is not refused", i, o.Kind)
		}
	}
	for _, mid := range answer.Bundle {
		if !slices.Contains(offer.Bundle, mid) {
			t.Errorf("bundles %q, which was not offered so", mid)
		}
	}
	ours, err := answer.Audio()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range ours.Codecs {
		if !slices.ContainsFunc(theirs.Codecs, func(o sdp.Codec) bool {
			return o.PayloadType == c.PayloadType && o.Is(c.Name, c.ClockRate) && o.Channels == c.Channels
		}) {
			t.Errorf("%d %s/%d/%d was not offered so", c.PayloadType, c.Name, c.ClockRate, c.Channels)
		}
	}
	if want := theirs.Direction.Answer(sdp.SendRecv); ours.Direction != want {
		t.Errorf("%s for %s", ours.Direction, theirs.Direction)
	}
	switch {
	case ours.Port == 0 || ours.Port == 9 || !ours.Address.IsValid() || ours.Address.IsUnspecified():
		t.Errorf("sound to %v port %d", ours.Address, ours.Port)
	case ours.RTCPMux && !theirs.RTCPMux:
		t.Error("rtcp-mux was not offered")
	case theirs.Secure() && (ours.Ufrag == "" || ours.Password == "" || len(ours.Candidates) == 0 || len(ours.Fingerprints) == 0):
		t.Error("no transport")
	case theirs.Secure() && ours.Setup != map[string]string{"actpass": "active", "active": "passive", "passive": "active"}[theirs.Setup]:
		t.Errorf("setup %q for %q", ours.Setup, theirs.Setup)
	case !theirs.Secure() && len(ours.Fingerprints) > 0:
		t.Error("DTLS in plain RTP")
	case (ours.Ufrag != "") != (theirs.Ufrag != "") || ours.ICEMismatch:
		t.Errorf("ICE of %q for %q", ours.Ufrag, theirs.Ufrag)
	case strings.Contains(theirs.Proto, "SAVP") != (ours.Setup != "" || len(ours.Cryptos) == 1):
		t.Errorf("%s with %d keys", theirs.Proto, len(ours.Cryptos))
	case len(ours.Cryptos) == 1 && !slices.ContainsFunc(theirs.Cryptos, func(c sdp.Crypto) bool {
		return c.Tag == ours.Cryptos[0].Tag && c.Suite == ours.Cryptos[0].Suite
	}):
		t.Error("a key whose tag or suite was not offered")
	}
}

package sdp

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func golden(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".sdp"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// summary is what the phone makes of an audio section, on one line.
func summary(d *Description) string {
	m, err := d.Audio()
	if err != nil {
		return err.Error()
	}
	var codecs []string
	for _, c := range m.Codecs {
		codecs = append(codecs, fmt.Sprintf("%d=%s/%d", c.PayloadType, c.Name, c.ClockRate))
	}
	return fmt.Sprintf("%s:%d %s %s %s mux=%v setup=%s ice=%s/%d prints=%d keys=%d rtcp=%d bundle=%v of %d",
		m.Address, m.Port, m.Proto, m.Direction, strings.Join(codecs, " "), m.RTCPMux, m.Setup,
		m.Ufrag, len(m.Candidates), len(m.Fingerprints), len(m.Cryptos), m.RTCPPort, d.Bundle, len(d.Media))
}

// What the phone reads in the descriptions of the peers that it meets; where they
// are from is said in testdata/SOURCES.md.
func TestGolden(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"asterisk-13-webrtc-held": "192.0.2.11:15000 RTP/SAVPF recvonly 0=PCMU/8000 8=PCMA/8000 3=GSM/8000 101=telephone-event/8000 mux=false setup=passive ice=0123456789abcdef0123456789abcdef/2 prints=1 keys=0 rtcp=0 bundle=[] of 1",
		"asterisk-16-offer":       "192.0.2.10:11000 RTP/AVP sendrecv 107=opus/48000 101=telephone-event/8000 mux=false setup= ice=/0 prints=0 keys=0 rtcp=0 bundle=[] of 1",
		"baresip-ice-answer":      "192.0.2.2:33990 RTP/AVP sendrecv 111=opus/48000 101=telephone-event/8000 mux=false setup= ice=nPhO5wf/4 prints=0 keys=0 rtcp=33991 bundle=[] of 1",
		"baresip-ice-offer":       "192.0.2.2:36616 RTP/AVP sendrecv 0=PCMU/8000 101=telephone-event/8000 mux=false setup= ice=HwjH2Fm/4 prints=0 keys=0 rtcp=36617 bundle=[] of 1",
		"baresip-ice-sdes-answer": "192.0.2.2:36594 RTP/SAVP sendrecv 111=opus/48000 101=telephone-event/8000 mux=false setup= ice=KyqAF8U/4 prints=0 keys=1 rtcp=36595 bundle=[] of 1",
		"baresip-opus":            "127.0.0.1:37896 RTP/AVP sendrecv 96=opus/48000 101=telephone-event/8000 mux=false setup= ice=/0 prints=0 keys=0 rtcp=0 bundle=[] of 1",
		"baresip-opus-answer":     "127.0.0.1:38628 RTP/AVP sendrecv 111=opus/48000 101=telephone-event/8000 mux=false setup= ice=/0 prints=0 keys=0 rtcp=0 bundle=[] of 1",
		"baresip-sdes-answer":     "127.0.0.1:39142 RTP/SAVP sendrecv 111=opus/48000 101=telephone-event/8000 mux=false setup= ice=/0 prints=0 keys=1 rtcp=0 bundle=[] of 1",
		"baresip-sdes-pcmu":       "127.0.0.1:34154 RTP/SAVP sendrecv 0=PCMU/8000 101=telephone-event/8000 mux=false setup= ice=/0 prints=0 keys=1 rtcp=0 bundle=[] of 1",
		"chromium-answer":         "192.0.2.2:37961 UDP/TLS/RTP/SAVPF sendrecv 111=opus/48000 0=PCMU/8000 8=PCMA/8000 110=telephone-event/48000 101=telephone-event/8000 13=CN/8000 mux=true setup=active ice=OiDS/2 prints=1 keys=0 rtcp=9 bundle=[0] of 1",
		"chromium-held":           "192.0.2.2:37961 UDP/TLS/RTP/SAVPF recvonly 111=opus/48000 0=PCMU/8000 8=PCMA/8000 110=telephone-event/48000 101=telephone-event/8000 13=CN/8000 mux=true setup=active ice=OiDS/2 prints=1 keys=0 rtcp=9 bundle=[0] of 1",
		"chromium-hold":           "192.0.2.2:37961 UDP/TLS/RTP/SAVPF sendonly 111=opus/48000 0=PCMU/8000 8=PCMA/8000 110=telephone-event/48000 101=telephone-event/8000 13=CN/8000 63=red/48000 9=G722/8000 mux=true setup=actpass ice=OiDS/2 prints=1 keys=0 rtcp=9 bundle=[0] of 1",
		"chromium-offer":          "192.0.2.2:39693 UDP/TLS/RTP/SAVPF sendrecv 111=opus/48000 63=red/48000 9=G722/8000 0=PCMU/8000 8=PCMA/8000 13=CN/8000 110=telephone-event/48000 126=telephone-event/8000 mux=true setup=actpass ice=zYAY/2 prints=1 keys=0 rtcp=9 bundle=[0] of 1",
		"chromium-restart":        "192.0.2.2:60081 UDP/TLS/RTP/SAVPF sendrecv 111=opus/48000 0=PCMU/8000 8=PCMA/8000 110=telephone-event/48000 101=telephone-event/8000 13=CN/8000 63=red/48000 9=G722/8000 mux=true setup=actpass ice=gMMW/2 prints=1 keys=0 rtcp=9 bundle=[0] of 1",
		"firefox-153-answer":      "0.0.0.0:9 UDP/TLS/RTP/SAVPF sendrecv 111=opus/48000 9=G722/8000 0=PCMU/8000 8=PCMA/8000 126=telephone-event/8000 mux=true setup=active ice=d7aa7b16/4 prints=1 keys=0 rtcp=0 bundle=[0] of 1",
		"firefox-153-offer":       "0.0.0.0:9 UDP/TLS/RTP/SAVPF sendrecv 109=opus/48000 9=G722/8000 0=PCMU/8000 8=PCMA/8000 101=telephone-event/8000 mux=true setup=actpass ice=bea467c7/8 prints=1 keys=0 rtcp=55310 bundle=[0] of 1",
		"freeswitch-1.10-held":    "192.0.2.21:23000 RTP/AVP inactive 8=PCMA/8000 101=telephone-event/8000 mux=false setup= ice=/0 prints=0 keys=0 rtcp=0 bundle=[] of 1",
		"freeswitch-webrtc-offer": "192.0.2.20:18000 RTP/SAVPF sendrecv 102=opus/48000 0=PCMU/8000 8=PCMA/8000 103=telephone-event/48000 101=telephone-event/8000 mux=true setup=actpass ice=AbCdEfGhIjKlMnOp/2 prints=1 keys=0 rtcp=18000 bundle=[] of 1",
		"janus-echotest-answer":   "192.0.2.2:9 UDP/TLS/RTP/SAVPF sendrecv 109=opus/48000 mux=true setup=active ice=r06J/1 prints=1 keys=0 rtcp=0 bundle=[0] of 1",
		"janus-nosip-offer":       "192.0.2.2:20000 RTP/AVP sendrecv 109=opus/48000 9=G722/8000 0=PCMU/8000 8=PCMA/8000 101=telephone-event/8000 mux=false setup= ice=/0 prints=0 keys=0 rtcp=0 bundle=[] of 1",
		"janus-nosip-sdes":        "192.0.2.2:20004 RTP/SAVP sendrecv 109=opus/48000 9=G722/8000 0=PCMU/8000 8=PCMA/8000 101=telephone-event/8000 mux=false setup= ice=/0 prints=0 keys=1 rtcp=0 bundle=[] of 1",
		"janus-streaming-offer":   "192.0.2.2:9 UDP/TLS/RTP/SAVPF sendonly 111=opus/48000 mux=true setup=actpass ice=vnkQ/1 prints=1 keys=0 rtcp=0 bundle=[a v] of 2",
		"linphone-5-answer":       "127.0.0.1:39786 RTP/AVP sendrecv 111=opus/48000 0=PCMU/8000 8=PCMA/8000 110=telephone-event/48000 101=telephone-event/8000 mux=false setup= ice=/0 prints=0 keys=0 rtcp=0 bundle=[] of 1",
		"linphone-5-hold":         "127.0.0.1:37728 RTP/AVP sendonly 111=opus/48000 96=speex/16000 97=speex/8000 0=PCMU/8000 8=PCMA/8000 98=telephone-event/48000 99=telephone-event/16000 101=telephone-event/8000 mux=false setup= ice=/0 prints=0 keys=0 rtcp=0 bundle=[] of 1",
		"linphone-5-offer":        "127.0.0.1:43396 RTP/AVP sendrecv 96=opus/48000 97=speex/16000 98=speex/8000 0=PCMU/8000 8=PCMA/8000 99=telephone-event/48000 100=telephone-event/16000 101=telephone-event/8000 mux=false setup= ice=/0 prints=0 keys=0 rtcp=0 bundle=[] of 1",
		"linphone-5-sdes":         "127.0.0.1:46666 RTP/SAVP sendrecv 96=opus/48000 97=speex/16000 98=speex/8000 0=PCMU/8000 8=PCMA/8000 99=telephone-event/48000 100=telephone-event/16000 101=telephone-event/8000 mux=false setup= ice=/0 prints=0 keys=4 rtcp=0 bundle=[] of 1",
		"rtpengine-webrtc-answer": "127.0.0.1:26046 UDP/TLS/RTP/SAVPF sendrecv 111=opus/48000 110=telephone-event/48000 126=telephone-event/8000 mux=true setup=active ice=SgVUoAXo/1 prints=1 keys=0 rtcp=26046 bundle=[] of 1",
		"rtpengine-webrtc-offer":  "127.0.0.1:21604 UDP/TLS/RTP/SAVPF sendrecv 111=opus/48000 0=PCMU/8000 8=PCMA/8000 110=telephone-event/48000 101=telephone-event/8000 13=CN/8000 mux=true setup=actpass ice=MVd9NEJR/2 prints=1 keys=12 rtcp=21605 bundle=[] of 1",
		"sipp-answer":             "127.0.0.1:44258 RTP/AVP sendrecv 0=PCMU/8000 101=telephone-event/8000 mux=false setup= ice=/0 prints=0 keys=0 rtcp=0 bundle=[] of 1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := Parse(golden(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if got := summary(d); got != want {
				t.Errorf("got\n%s, want\n%s", got, want)
			}
			again, err := Parse(d.String())
			if err != nil {
				t.Fatalf("what was written can't be read: %v\n%s", err, d)
			}
			if got := summary(again); got != want {
				t.Errorf("written and read again:\n%s, want\n%s\n%s", got, want, d)
			}
		})
	}
}

func TestRest(t *testing.T) {
	t.Parallel()
	read := func(name string) *Description {
		t.Helper()
		d, err := Parse(golden(t, name))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := read("firefox-153-offer")
	m := d.Media[0]
	if v, ok := m.Codecs[0].Param("UseInbandFEC"); !ok || v != "1" {
		t.Errorf("useinbandfec %q %v", v, ok)
	}
	if _, ok := m.Codecs[0].Param("usedtx"); ok {
		t.Error("a parameter that is not there")
	}
	if m.SSRC == 0 || !strings.HasPrefix(m.CNAME, "{") || m.Password == "" || m.ICEOptions != "trickle" || d.SessionID == 0 {
		t.Errorf("%+v", m)
	}
	if v := read("janus-streaming-offer").Media[1]; v.Kind != "video" || v.MID != "v" || v.Formats[0] != "100" || len(v.Candidates) != 1 {
		t.Errorf("%+v", v)
	}
	if c := read("linphone-5-sdes").Media[0].Cryptos[1]; c.Tag != 2 || c.Suite != "AES_CM_128_HMAC_SHA1_32" || len(c.Inline) != 40 {
		t.Errorf("crypto of tag %d %s", c.Tag, c.Suite)
	}
	for name, want := range map[string]bool{
		"freeswitch-webrtc-offer": true, "asterisk-13-webrtc-held": true, "rtpengine-webrtc-offer": true,
		"baresip-ice-sdes-answer": false, "asterisk-16-offer": false,
	} {
		if got := read(name).Media[0].Secure(); got != want {
			t.Errorf("%s is keyed by DTLS: %v", name, got)
		}
	}
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	const head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
	for name, tc := range map[string]struct {
		text string
		want error
	}{
		"empty":             {"", ErrMalformed},
		"not SDP":           {"hello", ErrMalformed},
		"wrong version":     {"v=1\r\n", ErrMalformed},
		"short media":       {head + "m=audio 1\r\n", ErrMalformed},
		"port out of range": {head + "m=audio 70000 RTP/AVP 0\r\n", ErrMalformed},
		"negative port":     {head + "m=audio -1 RTP/AVP 0\r\n", ErrMalformed},
		"too long":          {head + strings.Repeat("a=x\r\n", 20000), ErrTooLarge},
		"too many lines":    {head + strings.Repeat("a=x\r\n", 3000), ErrTooLarge},
		"too many media":    {head + strings.Repeat("m=audio 1 RTP/AVP 0\r\n", 40), ErrTooLarge},
		"too many formats":  {head + "m=audio 1 RTP/AVP" + strings.Repeat(" 0", 500) + "\r\n", ErrTooLarge},
	} {
		if _, err := Parse(tc.text); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"none":    head,
		"refused": head + "m=audio 0 RTP/AVP 0\r\n",
		"video":   head + "m=video 9 RTP/AVP 96\r\n",
	} {
		d, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Audio(); !errors.Is(err, ErrNoAudio) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is sloppy but clear is understood.
func TestLenient(t *testing.T) {
	t.Parallel()
	d, err := Parse("v=0\no=- 99999999999999999999999 1 IN IP4 host.example\ns=\nz=odd\n\nm=audio 4000/2 RTP/AVP 0 x 300 96\nc=IN IP4 host.example\n" +
		"a=rtpmap:96 OPUS/48000/2  \na=ptime:20.0\na=candidate:\na=crypto:x\na=crypto:1 S inline:k|1:4\na=ssrc:z\na=fmtp:no\n")
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Audio()
	if err != nil || len(m.Codecs) != 2 || !m.Codecs[1].Is("opus", 48000) || m.Address.IsValid() || m.Host != "host.example" || m.PTime != 20 || len(m.Cryptos) != 1 {
		t.Errorf("%+v, %v", m, err)
	}
	for name, extra := range map[string]string{
		"no origin":                 "o=-\r\n",
		"a line of blanks and text": "  x\r\n",
		"no letter":                 "=x\r\n",
		"a NUL and more":            "\x00m=video",
		"rtpmap without a clock":    "a=rtpmap:101 telephone-event\r\n",
		"rtpmap with a clock of 0":  "a=rtpmap:0 PCMU/0\r\n",
		"an empty rtpmap":           "a=rtpmap:\r\n",
		"an empty rtcp":             "a=rtcp:\r\n",
		"rtcp without a number":     "a=rtcp:x IN IP4 y\r\n",
		"a connection of nothing":   "c=\r\n",
		"an attribute of nothing":   "a=\r\n",
	} {
		for where, text := range map[string]string{
			"behind": "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 0 101\r\n" + extra,
			"above":  "v=0\r\n" + strings.ReplaceAll(extra, "\x00m=video", "") + "o=- 1 1 IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 0 101\r\n",
		} {
			d, err := Parse(text)
			if err != nil {
				t.Errorf("%s %s: %v", name, where, err)
			} else if m, err := d.Audio(); err != nil || len(m.Codecs) != 1 || !m.Codecs[0].Is("PCMU", 8000) || len(d.Media) != 1 {
				t.Errorf("%s %s: %+v, %v", name, where, m, err)
			}
		}
	}
	d, err = Parse("v=0\nm=audio 4000 RTP/AVP 0\na=rtcp:53020 IN IP4 192.0.2.7\n")
	if err != nil || d.Media[0].RTCPPort != 53020 || d.Media[0].RTCPAddress.String() != "192.0.2.7" {
		t.Errorf("%+v, %v", d, err)
	}
	d, err = Parse("v=0\no=John Q Public 12 34 IN IP4 192.0.2.1\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264\nm=audio 4000 RTP/AVP 0\na=maxptime:60\n")
	if err != nil || d.SessionID != 12 || d.Version != 34 || d.Media[1].MaxPTime != 60 {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestDirections(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ offer, want, answer Direction }{
		{SendRecv, SendRecv, SendRecv}, {SendRecv, SendOnly, SendOnly}, {SendRecv, Inactive, Inactive},
		{SendOnly, SendRecv, RecvOnly}, {SendOnly, SendOnly, Inactive}, {RecvOnly, SendRecv, SendOnly},
		{RecvOnly, SendOnly, SendOnly}, {Inactive, SendRecv, Inactive}, {SendOnly, RecvOnly, RecvOnly},
	} {
		if got := tc.offer.Answer(tc.want); got != tc.answer {
			t.Errorf("%s wanting %s answers %s", tc.offer, tc.want, got)
		}
	}
}

// Anything at all is read or refused; what is read can be written and read
// again, and then it stays the same.
func FuzzParse(f *testing.F) {
	names, err := filepath.Glob("testdata/*.sdp")
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
	f.Add("v=0\nm=audio 1 x 0\na=rtpmap:0 a/1/0\nc=IN IP6 ::1%a/b")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(text)
		if err != nil {
			return
		}
		once := d.String()
		again, err := Parse(once)
		if err != nil {
			t.Fatalf("%v\n%q", err, once)
		}
		// Defaults of the session level move into the sections once.
		twice := again.String()
		if again, err = Parse(twice); err != nil {
			t.Fatalf("%v\n%q", err, twice)
		}
		if thrice := again.String(); thrice != twice {
			t.Fatalf("written %q, then %q", twice, thrice)
		}
	})
}

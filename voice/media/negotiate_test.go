package media

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"offhook/voice/codec"
	"offhook/voice/sdp"
)

// plainOffer is an offer of plain RTP to a port of this machine, with more lines for
// its audio section.
func plainOffer(formats string, more ...string) string {
	return "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP " + formats + "\r\n" +
		strings.Join(append(more, ""), "\r\n")
}

// plainSession is a plain session that nobody listens to.
func plainSession(t *testing.T, cfg Config) Session {
	t.Helper()
	cfg.LocalAddress = loopback
	s, err := NewRTP(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// The answer has the first of the offerer's codecs that the phone may speak,
// whatever the phone itself would rather have.
func TestAnswerFollowsTheOffer(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		formats string
		codecs  []string
		want    string
	}{
		{"8 0 9", nil, "8"}, {"9 8 0", nil, "9"}, {"0 8", nil, "0"}, {"18 4 0", nil, "0"},
		{"8 0 9", []string{codec.PCMU, codec.G722}, "0"}, {"9 8", []string{codec.PCMA}, "8"},
	} {
		answer, err := plainSession(t, Config{Codecs: tc.codecs}).Answer(context.Background(), plainOffer(tc.formats))
		if err != nil || !strings.Contains(answer, fmt.Sprintf(" RTP/AVP %s\r\n", tc.want)) {
			t.Errorf("%s for %v: %v\n%s", tc.formats, tc.codecs, err, answer)
		}
	}
	if _, err := plainSession(t, Config{Codecs: []string{codec.Opus}}).Answer(context.Background(), plainOffer("0 8 9")); !errors.Is(err, ErrNoCodec) {
		t.Error(err)
	}
}

// What is not registered is no codec, in the settings as in a description.
func TestUnknownCodec(t *testing.T) {
	t.Parallel()
	for _, make := range []func(Config) (Session, error){NewRTP, NewWebRTC} {
		if _, err := make(Config{Codecs: []string{codec.Opus, "speex"}}); !errors.Is(err, codec.ErrUnknown) {
			t.Error(err)
		}
	}
	if _, err := plainSession(t, Config{}).Answer(context.Background(), plainOffer("97 18", "a=rtpmap:97 speex/8000")); !errors.Is(err, ErrNoCodec) {
		t.Error(err)
	}
}

// An answerer that sends with the payload types of its own answer is understood, as long
// as they mean nothing else.
func TestTypesOfTheAnswer(t *testing.T) {
	t.Parallel()
	pcmu := sdp.Codec{PayloadType: 0, Name: "PCMU", ClockRate: 8000, Channels: 1}
	opus := sdp.Codec{PayloadType: 111, Name: "opus", ClockRate: 48000, Channels: 2}
	events := sdp.Codec{PayloadType: 101, Name: telephoneEvent, ClockRate: 8000, Channels: 1}
	other, noise := events, sdp.Codec{PayloadType: 13, Name: comfortName, ClockRate: 8000, Channels: 1}
	other.PayloadType = 96
	wide := sdp.Codec{PayloadType: 111, Name: telephoneEvent, ClockRate: 48000, Channels: 1}
	ours := newReceivePlan([]sdp.Codec{opus, pcmu, events})
	p := ours.with([]sdp.Codec{pcmu, other, noise, wide})
	if p.event[96] != 8000 || p.event[101] != 8000 || !p.noise[13] || p.audio[0] == nil {
		t.Errorf("%v %v", p.event[96], p.noise[13])
	}
	if p.audio[111] == nil || p.event[111] != 0 {
		t.Error("what was offered means something else now")
	}
	if ours.event[96] != 0 {
		t.Error("the plan that is read was written")
	}
}

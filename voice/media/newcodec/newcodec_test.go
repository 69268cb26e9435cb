package newcodec

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"offhook/voice/codec"
	"offhook/voice/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// coarse keeps the upper half of every twelfth sample: 4 kHz, a byte each.
type coarse struct{}

const every = 12

func (coarse) Encode(pcm []int16, out []byte) (int, error) {
	for i := range len(pcm) / every {
		out[i] = byte(pcm[i*every] >> 8)
	}
	return len(pcm) / every, nil
}

func (coarse) Decode(payload []byte, pcm []int16) (int, error) {
	for i := range len(payload) * every {
		pcm[i] = int16(int8(payload[i/every])) << 8
	}
	return len(payload) * every, nil
}

func (coarse) SetLoss(int)                             {}
func (coarse) SetBitrate(int)                          {}
func (coarse) DecodeFEC([]byte, []int16) (bool, error) { return false, nil }
func (coarse) Conceal(pcm []int16) error               { clear(pcm); return nil }
func (coarse) Duration(payload []byte) int             { return len(payload) * every }

func init() {
	codec.Register(codec.Codec{
		Info:       codec.Info{Name: "COARSE", ClockRate: 8000, SoundRate: 4000, Channels: 1, PayloadType: 107, DelayMs: 1, Bpl: 4, BplFEC: 4},
		Rank:       99,
		NewEncoder: func(codec.Options) (codec.Encoder, error) { return coarse{}, nil },
		NewDecoder: func() (codec.Decoder, error) { return coarse{}, nil },
	})
}

// A codec that is registered is offered, answered, sent, heard and named.
func TestANewCodecIsARegistration(t *testing.T) {
	t.Parallel()
	phone := func(codecs ...string) media.Session {
		s, err := media.NewRTP(media.Config{LocalAddress: netip.AddrFrom4([4]byte{127, 0, 0, 1}), Codecs: codecs})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		s.OpenSend()
		s.OpenReceive()
		return s
	}
	a, b := phone("COARSE"), phone()
	offer, err := a.Offer(t.Context(), false)
	if err != nil || !strings.Contains(offer, "a=rtpmap:107 COARSE/8000") {
		t.Fatalf("%v\n%s", err, offer)
	}
	answer, err := b.Answer(t.Context(), offer)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.SetAnswer(answer); err != nil {
		t.Fatal(err)
	}
	said, heard := make([]int16, 480), make([]int16, 480)
	for i := range said {
		said[i] = 8000
	}
	pace := time.NewTicker(10 * time.Millisecond)
	defer pace.Stop()
	for end := time.Now().Add(time.Minute); heard[240] != 31<<8; <-pace.C {
		if time.Now().After(end) {
			t.Fatalf("nothing is heard: %d", heard[240])
		}
		a.Push(said)
		b.Pull(heard)
	}
	if got := b.Statistics().AudioCodec; got != "COARSE" {
		t.Errorf("the statistics say %q", got)
	}
}

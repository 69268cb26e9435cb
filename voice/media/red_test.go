package media

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"offhook/voice/codec/red"
	"offhook/voice/sdp"
)

// What is written is read as it was, however packets vary.
func TestCopiesAreWhatWasSent(t *testing.T) {
	t.Parallel()
	var w redWriter
	rng := rand.New(rand.NewPCG(3, 1))
	sent := map[uint32][]byte{}
	copies := 0
	for i := range 500 {
		ts := uint32(1<<32-50000) + uint32(i)*960
		payload := make([]byte, 1+rng.IntN(longestCopy+20))
		for k := range payload {
			payload[k] = byte(rng.Uint32())
		}
		if i%50 == 49 {
			continue // a pause
		}
		n := w.write(copyPlans[2], 111, ts, 960, payload)
		w.remember(ts, payload)
		sent[ts] = payload
		if n == 0 {
			continue
		}
		var b red.Blocks
		if !b.Read(w.buf[rtpHeaderSize:][:n]) || !bytes.Equal(b.Own().Payload, payload) {
			t.Fatalf("packet %d is not read again", i)
		}
		for _, c := range b.Copies() {
			if c.Back%960 != 0 || c.Back > copyReach*960 || !bytes.Equal(c.Payload, sent[ts-c.Back]) {
				t.Errorf("packet %d: the copy %d back is not what was sent", i, c.Back)
			}
			copies++
		}
	}
	if copies < 800 {
		t.Errorf("only %d copies", copies)
	}
}

// Across a pause nobody can tell a copy's number, so none is sent.
func TestNoCopiesAcrossAPause(t *testing.T) {
	t.Parallel()
	var w redWriter
	for i := range uint32(4) {
		w.remember(i*960, []byte("x"))
	}
	if n := w.write(copyPlans[2], 111, 4*960, 960, []byte("y")); n == 0 {
		t.Error("no copies in an unbroken stream")
	}
	if n := w.write(copyPlans[2], 111, 9*960, 960, []byte("y")); n != 0 {
		t.Error("copies across a pause")
	}
}

func TestRedFor(t *testing.T) {
	t.Parallel()
	opus := sdp.Codec{PayloadType: 111, Name: "opus", ClockRate: 48000, Channels: 2}
	offered := func(fmtp string) sdp.Codec {
		return sdp.Codec{PayloadType: 63, Name: "RED", ClockRate: 48000, Channels: 2, Fmtp: fmtp}
	}
	for _, tc := range []struct {
		name   string
		codecs []sdp.Codec
		of     sdp.Codec
		copies int
	}{
		{"none", []sdp.Codec{opus}, opus, 0},
		{"a browser's", []sdp.Codec{opus, offered("111/111")}, opus, 1},
		{"our own", []sdp.Codec{opus, redOf(opus, 63)}, opus, 2},
		{"more than is sent", []sdp.Codec{opus, offered("111/111/111/111/111")}, opus, 2},
		{"without a list", []sdp.Codec{opus, offered("")}, opus, 0},
		{"of something else", []sdp.Codec{opus, offered("111/0")}, opus, 0},
		{"of text", []sdp.Codec{opus, {PayloadType: 63, Name: "red", ClockRate: 1000, Channels: 1, Fmtp: "98/98"}}, opus, 0},
		{"of G.711", []sdp.Codec{{PayloadType: 63, Name: "red", ClockRate: 8000, Channels: 1, Fmtp: "0/0"}}, sdp.Codec{Name: "PCMU", ClockRate: 8000, Channels: 1}, 0},
	} {
		if _, copies := redFor(tc.codecs, tc.of); copies != tc.copies {
			t.Errorf("%s: %d copies, want %d", tc.name, copies, tc.copies)
		}
	}
}

// A far side that offers no copies gets none, whatever the loss.
func TestNoCopiesForWhoTakesNone(t *testing.T) {
	t.Parallel()
	s, err := NewRTP(Config{LocalAddress: loopback})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	answer, err := s.Answer(context.Background(), "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"+
		"m=audio 9 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n")
	if err != nil || strings.Contains(answer, red.Name) {
		t.Errorf("%v\n%s", err, answer)
	}
	if plan := s.(*session).send.plan.Load(); plan.copies != 0 {
		t.Errorf("%d copies", plan.copies)
	}
}

// Bursts of three packets in the mean: what is lost comes again, and the statistics
// tell of the loss all the same.
func TestCopiesOutliveBursts(t *testing.T) {
	t.Parallel()
	w := newSim(t, Config{}, Config{})
	rng, bad := rand.New(rand.NewPCG(5, 5)), false
	w.a.lose = func(int) bool {
		if bad {
			bad = rng.Float64() >= 1.0/3
		} else {
			bad = rng.Float64() < 0.037
		}
		return bad
	}
	w.run(5 * time.Second) // reports arrive
	before, lostBefore := w.b.recv.playing.Load().Buffer.Statistics(), w.a.lost
	w.run(20 * time.Second)
	s := w.b.recv.playing.Load().Buffer.Statistics()
	lost, recovered := s.Lost-before.Lost, s.Recovered-before.Recovered
	t.Logf("%d lost on the way, %d missing, %d of them recovered, delay %.0f ms", w.a.lost-lostBefore, lost, recovered, s.DelayMs)
	if recovered*10 < lost*6 || s.DelayMs > 130 {
		t.Errorf("%d of %d recovered, delay %.0f ms", recovered, lost, s.DelayMs)
	}
	if st := w.b.Statistics(); st.CumulativeLost < int64(w.a.lost)-3 {
		t.Errorf("%d lost, the statistics count %d", w.a.lost, st.CumulativeLost)
	}
}

// FuzzRED feeds packets with blocks of any kind to a session that plays them.
func FuzzRED(f *testing.F) {
	f.Add([]byte("\xef\x3c\x00\x01\xef\x1e\x00\x02\x6fabbnew"))
	f.Add([]byte("\x6f\xfc"))
	f.Add([]byte{0xef, 0x1e, 0, 4, 0x6f})
	w := newSim(f, Config{}, Config{})
	var seq uint16
	frame := make([]int16, frameSamples)
	f.Fuzz(func(_ *testing.T, b []byte) {
		seq++
		packet := make([]byte, rtpHeaderSize, rtpHeaderSize+len(b))
		h := rtpHeader{pt: redType, seq: seq, ts: uint32(seq) * 960, ssrc: 77}
		h.put(packet)
		w.now += 20 * time.Millisecond
		w.b.session.rtp(append(packet, b...), w.now)
		w.b.Pull(frame)
		w.b.Pull(frame)
	})
}

package media

import (
	"encoding/binary"
	"testing"
	"time"

	"offhook/voice/codec"
)

// Reports alone are no life: with sound that stays away the time since the last sign
// of life grows and the quality falls, until sound comes again.
func TestMissingSound(t *testing.T) {
	t.Parallel()
	w := newSim(t, Config{}, Config{})
	w.run(3 * time.Second)
	good := w.b.Statistics().MOS
	w.a.silent = true
	w.run(3 * time.Second)
	some := w.b.Statistics().MOS
	w.run(4 * time.Second)
	if since := w.b.SinceReceived(); since < 6*time.Second {
		t.Errorf("heard %v ago, by reports", since)
	}
	if none := w.b.Statistics().MOS; good < 4 || some > good-1 || none > 1.3 {
		t.Errorf("MOS %.2f with sound, %.2f after 3 s without, %.2f after 7", good, some, none)
	}
	w.a.silent = false
	w.run(12 * time.Second)
	if st := w.b.Statistics(); w.b.SinceReceived() > time.Second || st.MOS < good-0.2 {
		t.Errorf("heard %v ago, MOS %.2f after sound came again", w.b.SinceReceived(), st.MOS)
	}
}

// Where silence is announced, reports are life enough.
func TestAnnouncedSilence(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		announce func(w *sim)
	}{
		{"a hold of ours", func(w *sim) { w.b.Hold(true) }},
		{"a hold of theirs that sends nothing", func(w *sim) { w.b.quiet.Store(true) }},
		{"comfort noise", func(w *sim) { w.b.recv.noise.hear([]byte{60}) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newSim(t, Config{Codecs: []string{codec.PCMU}}, Config{})
			w.run(2 * time.Second)
			w.a.silent = true
			w.run(100 * time.Millisecond)
			tc.announce(w)
			w.run(20 * time.Second)
			if since := w.b.SinceReceived(); since > 2*time.Second {
				t.Errorf("heard %v ago", since)
			}
			if st := w.b.Statistics(); st.MOS < 4 {
				t.Errorf("MOS %.2f", st.MOS)
			}
		})
	}
}

// After a hold sound is due from its end on.
func TestSoundDueAfterHold(t *testing.T) {
	t.Parallel()
	w := newSim(t, Config{}, Config{})
	w.run(time.Second)
	w.a.silent = true
	w.b.Hold(true)
	w.run(20 * time.Second)
	w.b.Hold(false)
	if since := w.b.SinceReceived(); since > 100*time.Millisecond {
		t.Errorf("heard %v ago at the end of a hold", since)
	}
	w.run(6 * time.Second)
	if since := w.b.SinceReceived(); since < 5*time.Second {
		t.Errorf("heard %v ago, 6 s after the hold", since)
	}
}

// Of two streams at once the newer is heard, never both in turns; when it ends the
// older is heard again.
func TestTwoStreamsAtOnce(t *testing.T) {
	t.Parallel()
	w := newSim(t, Config{Codecs: []string{codec.PCMU}}, Config{Codecs: []string{codec.PCMU}})
	w.run(2 * time.Second)
	// The second stream is silence beside the hum, under another SSRC.
	second, seq := false, uint16(9000)
	w.a.alter = func(p []byte) []byte {
		if second {
			q := append([]byte(nil), p...)
			for i := rtpHeaderSize; i < len(q); i++ {
				q[i] = 0xff
			}
			seq++
			binary.BigEndian.PutUint16(q[2:], seq)
			binary.BigEndian.PutUint32(q[8:], 77)
			w.a.wire = append(w.a.wire, simPacket{due: w.now + w.a.delay, data: q})
		}
		return p
	}
	second = true
	w.run(4 * time.Second)
	if got := loudness(w.b.last(2 * time.Second)); got > 10 {
		t.Errorf("the older stream is heard, too: %.0f", got)
	}
	if n := w.b.recv.streams; n != 2 {
		t.Errorf("%d changes of stream", n)
	}
	second = false
	w.run(3 * time.Second)
	if got := tone(w.b.last(time.Second), 440); got < 0.8 {
		t.Errorf("tone %.2f after the newer stream ended", got)
	}
}

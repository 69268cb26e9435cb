package recording

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"
	"time"

	"offhook/internal/listen"
	"offhook/voice/codec"
)

// recorded makes a recording of two tones, of which the left one is silent in the first
// half; wav is what goes before a file of G.711.
func recorded(t testing.TB, name string, mono bool, length time.Duration) []byte {
	t.Helper()
	var file bytes.Buffer
	r, err := NewRecorder(&file, FileCodec(name), mono)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Speaks(name); err != nil {
		t.Fatal(err)
	}
	r.SetActive(true)
	left, right := newSpeaker(t, name, 440), newSpeaker(t, name, 1000)
	left.mute = true
	record(t, r, left, right, length, nil, func(at time.Duration) { left.mute = at < length/2 })
	return append(wavHeader(Meta{Codec: FileCodec(name), Mono: mono}, int64(file.Len())), file.Bytes()...)
}

// rest is what is heard from there on, for at most a length.
func rest(t testing.TB, l *Listener, most time.Duration) listen.Sound {
	t.Helper()
	s := listen.Sound{Rate: codec.SampleRate}
	for s.Duration() < most {
		pcm, err := l.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range pcm {
			s.Samples = append(s.Samples, float64(v)/32768)
		}
	}
	return s
}

// A recording is played from any place: both sides are heard, as long as it is.
func TestListen(t *testing.T) {
	t.Parallel()
	const length = 6 * time.Second
	for _, tc := range []struct {
		codec string
		mono  bool
	}{{codec.Opus, false}, {codec.Opus, true}, {codec.PCMU, false}, {codec.PCMA, true}, {codec.G722, false}} {
		b := recorded(t, tc.codec, tc.mono, length)
		l, err := Listen(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatalf("%+v: %v", tc, err)
		}
		if got := l.Length(); got != length {
			t.Errorf("%+v: %v long", tc, got)
		}
		if got := rest(t, l, time.Minute).Duration(); got != length {
			t.Errorf("%+v: %v are heard", tc, got)
		}
		for _, at := range []time.Duration{length - time.Second, time.Second, 0, length / 2} {
			if err := l.Seek(at); err != nil {
				t.Fatal(err)
			}
			s := rest(t, l, 800*time.Millisecond)
			s = s.Cut(600*time.Millisecond, 800*time.Millisecond)
			left, right := s.Tone(440) > 0.1, s.Tone(1000) > 0.1
			if !right || left != (at >= length/2) {
				t.Errorf("%+v at %v: left %v, right %v", tc, at, left, right)
			}
		}
		if err := l.Seek(time.Hour); err != nil {
			t.Fatal(err)
		}
		if got := rest(t, l, time.Minute).Duration(); got > time.Second {
			t.Errorf("%+v: %v beyond the end", tc, got)
		}
	}
}

// What was being written when the process ended is played as far as it is there, and
// what is no recording is refused.
func TestListenToTheRest(t *testing.T) {
	t.Parallel()
	for _, name := range []string{codec.Opus, codec.PCMU} {
		b := recorded(t, name, false, 4*time.Second)
		b = b[:len(b)*3/4]
		l, err := Listen(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		if got := rest(t, l, time.Minute).Duration(); math.Abs(got.Seconds()-3) > 0.6 || math.Abs((got-l.Length()).Seconds()) > 0.1 {
			t.Errorf("%s: %v of %v", name, got, l.Length())
		}
	}
	vorbis := append([]byte("OggS\x00\x02"), make([]byte, 20)...)
	vorbis = append(append(vorbis, 1, 30), append([]byte("\x01vorbis"), make([]byte, 23)...)...)
	for name, b := range map[string][]byte{"nothing": nil, "text": []byte("ID3 hello"), "Vorbis": vorbis, "a WAV file of PCM": []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00data")} {
		if _, err := Listen(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrNotPlayable) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := readSound(b); !errors.Is(err, ErrSoundFile) {
			t.Errorf("%s as a sound file: %v", name, err)
		}
	}
}

// Whatever a file says, it costs neither the process nor for ever.
func FuzzListen(f *testing.F) {
	for _, name := range []string{codec.Opus, codec.PCMU} {
		f.Add(recorded(f, name, false, time.Second), int64(500))
	}
	f.Fuzz(func(t *testing.T, b []byte, ms int64) {
		l, err := Listen(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		if l.Length() < 0 {
			t.Errorf("%v long", l.Length())
		}
		_ = l.Seek(time.Duration(ms%1e6) * time.Millisecond)
		for range len(b) + 10 {
			if _, err := l.Next(); err != nil {
				return
			}
		}
	})
}

// FuzzSplitSelfDelimited: what was joined comes apart.
func FuzzSplitSelfDelimited(f *testing.F) {
	for _, p := range [][]byte{{0, 1, 2}, {1, 1, 2}, {2, 1, 9, 8}, {3, 0xc2, 1, 1, 5, 6, 0}, {3, 3, 1, 2, 3}} {
		f.Add(p, []byte{7})
	}
	f.Fuzz(func(t *testing.T, packet, after []byte) {
		joined, err := appendSelfDelimited(nil, packet)
		if err != nil {
			_, _, _ = splitSelfDelimited(packet)
			return
		}
		got, rest, err := splitSelfDelimited(append(joined, after...))
		if err != nil || !bytes.Equal(got, packet) || !bytes.Equal(rest, after) {
			t.Errorf("%x became %x and %x, %v", packet, got, rest, err)
		}
	})
}

// The last minute of ten hours: pages and samples are counted on, timestamps have gone
// round, and any place is found.
func TestTenHours(t *testing.T) {
	t.Parallel()
	const length, minute = 10 * time.Hour, time.Minute
	var file bytes.Buffer
	r, err := NewRecorder(&file, codec.Opus, false)
	if err != nil {
		t.Fatal(err)
	}
	r.SetActive(true)
	r.next, r.ogg.pages = int64((length-minute)/slotTime), uint32((length-minute)/slotTime/pageSlots)
	s := newSpeaker(t, codec.Opus, 440)
	for at := length - minute; at < length; at += slotTime {
		_, _, p := s.packet()
		r.Sound(at, 0, Packet{Source: 1, TS: 1<<31 + uint32(samples(at)), Payload: p})
		if err := r.Advance(at); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(length); err != nil {
		t.Fatal(err)
	}
	l, err := Listen(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if l.Length() != length {
		t.Errorf("%v long", l.Length())
	}
	if err := l.Seek(length - 20*time.Second); err != nil {
		t.Fatal(err)
	}
	heard := rest(t, l, time.Hour)
	if got := heard.Duration(); got < 19*time.Second || got > 21*time.Second || heard.Tone(440) < 0.1 {
		t.Errorf("%v after the last 20 seconds' start, tone %.3f", got, heard.Tone(440))
	}
}

// A WAV file ends before its sizes do.
func TestAWAVFileIsFull(t *testing.T) {
	t.Parallel()
	var file counter
	r, err := NewRecorder(&file, codec.PCMU, false)
	if err != nil {
		t.Fatal(err)
	}
	r.written = maxLaw - 100_000 // three days have passed
	for at := time.Duration(0); err == nil && at < time.Minute; at += time.Second {
		err = r.Advance(at)
	}
	if !errors.Is(err, ErrLong) || Reason(err) != "too_long" || file.n > 200_000 {
		t.Errorf("%v after %d bytes", err, file.n)
	}
}

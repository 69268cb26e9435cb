package recording

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"offhook/internal/listen"
	"offhook/voice/audio/wave"
	"offhook/voice/codec"
)

// oggFile is a file of Opus with a tone.
func oggFile(t testing.TB, packets int) []byte {
	s, o := newSpeaker(t, codec.Opus, 440), &oggWriter{}
	b := bytes.Clone(o.head(1))
	for i := range packets {
		_, _, payload := s.packet()
		b = append(b, o.page([][]byte{payload}, uint64(i+1)*slotSamples, 0)...)
	}
	return b
}

// An operator's file is WAV or Ogg Opus; anything else is refused with a sentence.
func TestReadSoundFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	w, err := wave.Create(filepath.Join(dir, "tone.wav"))
	if err != nil {
		t.Fatal(err)
	}
	tone, err := readOgg(oggFile(t, 50))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(tone), w.Close()); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "tone.wav"), file("tone.ogg", oggFile(t, 50))} {
		pcm, err := ReadSoundFile(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		s := listen.Sound{Rate: codec.SampleRate}
		for _, v := range pcm {
			s.Samples = append(s.Samples, float64(v)/32768)
		}
		if len(pcm) != 48000 || s.Tone(440) < 0.15 {
			t.Errorf("%s: %d samples, tone %.3f", path, len(pcm), s.Tone(440))
		}
	}
	ogg := oggFile(t, 5)
	for name, b := range map[string][]byte{
		"empty": nil, "text": []byte("hello"), "mp3": []byte("ID3\x04"), "cut off": ogg[:len(ogg)-10], "no sound": oggFile(t, 0),
		"vorbis": bytes.Replace(ogg, []byte("OpusHead"), []byte("\x01vorbis "), 1), "an empty WAV": []byte("RIFF\x04\x00\x00\x00WAVE"),
	} {
		if _, err := ReadSoundFile(file(name, b)); !errors.Is(err, ErrSoundFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadSoundFile(filepath.Join(dir, "nowhere")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func FuzzReadSound(f *testing.F) {
	f.Add(oggFile(f, 3))
	f.Add([]byte("RIFF"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if pcm, err := readSound(b); err == nil && len(pcm) < slotSamples {
			t.Error("less sound than there must be")
		}
	})
}

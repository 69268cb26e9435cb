package wave

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// file makes a WAV file of a 1 kHz tone at half of full scale, one second long.
func file(code, channels, rate, bits int, extra bool) []byte {
	le := binary.LittleEndian
	var data []byte
	for i := range rate {
		v := 0.5 * math.Sin(2*math.Pi*1000*float64(i)/float64(rate))
		for range channels {
			switch {
			case code == codeFloat:
				data = le.AppendUint32(data, math.Float32bits(float32(v)))
			case bits == 8:
				data = append(data, byte(128+127*v))
			case bits == 16:
				data = le.AppendUint16(data, uint16(int16(32767*v)))
			case bits == 24:
				n := uint32(int32(8388607 * v))
				data = append(data, byte(n), byte(n>>8), byte(n>>16))
			default:
				data = le.AppendUint32(data, uint32(int32(2147483647*v)))
			}
		}
	}
	var b []byte
	b = append(b, "RIFF\x00\x00\x00\x00WAVE"...)
	if extra {
		b = append(b, "LIST\x03\x00\x00\x00abc\x00"...)
	}
	b = append(b, "fmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, uint16(code))
	b = le.AppendUint16(b, uint16(channels))
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(rate*channels*bits/8))
	b = le.AppendUint16(b, uint16(channels*bits/8))
	b = le.AppendUint16(b, uint16(bits))
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(len(data)))
	return append(b, data...)
}

func TestReadBringsEveryKindTo48kHzMono(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ code, channels, rate, bits int }{
		{codePCM, 1, 8000, 16}, {codePCM, 2, 44100, 16}, {codePCM, 1, 48000, 16}, {codePCM, 1, 96000, 24},
		{codePCM, 1, 16000, 8}, {codePCM, 6, 22050, 32}, {codeFloat, 2, 11025, 32}, {codePCM, 1, 12345, 16},
	} {
		pcm, err := Read(bytes.NewReader(file(c.code, c.channels, c.rate, c.bits, true)))
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		if d := len(pcm) - Rate; d < -8 || d > 8 {
			t.Errorf("%+v: %d samples for a second", c, len(pcm))
		}
		// Least squares against the tone: what is left over is the error.
		var ss, sc, n, all float64
		for i := 4800; i < len(pcm)-4800; i++ {
			s, k := math.Sincos(2 * math.Pi * 1000 * float64(i) / Rate)
			v := float64(pcm[i])
			ss, sc, all, n = ss+v*s, sc+v*k, all+v*v, n+1
		}
		amplitude := 2 / n * math.Hypot(ss, sc)
		rest := all/n - amplitude*amplitude/2
		if math.Abs(amplitude-16384) > 200 {
			t.Errorf("%+v: amplitude %.0f", c, amplitude)
		}
		if snr := 10 * math.Log10(amplitude*amplitude/2/rest); snr < 60 && c.bits > 8 || snr < 36 {
			t.Errorf("%+v: signal to noise %.1f dB", c, snr)
		}
	}
}

func TestReadRefusesWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	good := file(codePCM, 1, 8000, 16, false)
	ulaw := bytes.Clone(good)
	ulaw[20] = 7
	wild := bytes.Clone(good)
	binary.LittleEndian.PutUint32(wild[24:], 1)
	for name, b := range map[string][]byte{
		"empty": nil, "text": []byte("hello, this is not sound at all"), "cut in the header": good[:30],
		"no sound": good[:36], "µ-law": ulaw, "1 Hz": wild, "header only": good[:44],
	} {
		if _, err := Read(bytes.NewReader(b)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if pcm, err := Read(bytes.NewReader(good[:1001])); err != nil || len(pcm) != (1001-44)/2*6 {
		t.Errorf("a file cut short: %d samples, %v", len(pcm), err)
	}
}

func FuzzRead(f *testing.F) {
	good := file(codePCM, 2, 44100, 16, true)
	f.Add(good[:200])
	f.Add(file(codeFloat, 1, 8000, 32, false)[:100])
	f.Fuzz(func(t *testing.T, b []byte) {
		pcm, err := Read(bytes.NewReader(b))
		if err == nil && len(pcm) == 0 && len(b) > 200 {
			t.Error("no sound and no error")
		}
	})
}

func TestWriterIsWholeAfterEachSync(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.wav")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	pcm := make([]int16, 480)
	for i := range pcm {
		pcm[i] = int16(i - 240)
	}
	for n := 1; n <= 3; n++ {
		if err := w.Write(pcm); err != nil {
			t.Fatal(err)
		}
		if err := w.Sync(); err != nil {
			t.Fatal(err)
		}
		got, err := ReadFile(path)
		if err != nil || len(got) != n*480 || got[479] != 239 {
			t.Fatalf("after %d frames: %d samples, %v", n, len(got), err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(path); info.Size() != 44+3*960 {
		t.Errorf("%d bytes", info.Size())
	}
}

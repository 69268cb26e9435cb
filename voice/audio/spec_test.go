package audio

import (
	"errors"
	"testing"

	"offhook/voice/fault"
)

func TestParseSpec(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want Spec
		back string
	}{
		{"", Spec{}, "default"},
		{"default", Spec{}, "default"},
		{"null", Spec{Kind: SpecNull}, "null"},
		{"sine:440", Spec{Kind: SpecSine, Hz: 440}, "sine:440"},
		{"sine:1000.5", Spec{Kind: SpecSine, Hz: 1000.5}, "sine:1000.5"},
		{"device:Jabra Evolve 20: left", Spec{Kind: SpecDevice, Value: "Jabra Evolve 20: left"}, "device:Jabra Evolve 20: left"},
		{`file:C:\sounds\a.wav`, Spec{Kind: SpecFile, Value: `C:\sounds\a.wav`}, `file:C:\sounds\a.wav`},
	} {
		got, err := ParseSpec(c.text)
		if err != nil || got != c.want || got.String() != c.back {
			t.Errorf("%q: %+v (%s), %v", c.text, got, got, err)
		}
	}
	for _, text := range []string{"sine", "sine:", "sine:NaN", "sine:-1", "sine:1e9", "file:", "device:", "speaker", "null:"} {
		if _, err := ParseSpec(text); !errors.Is(err, &fault.Error{Type: fault.InvalidParameter}) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParseSpec(f *testing.F) {
	for _, s := range []string{"", "sine:440", "device:x", "file:y", "null"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSpec(text)
		if err != nil {
			return
		}
		again, err := ParseSpec(s.String())
		if err != nil || again != s {
			t.Errorf("%q became %+v, then %+v, %v", text, s, again, err)
		}
	})
}

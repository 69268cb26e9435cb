package listen

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func noise(seed uint64, rate int, length time.Duration) Sound {
	r := rand.New(rand.NewPCG(seed, 1))
	s := Sound{Rate: rate, Samples: make([]float64, int(length.Seconds()*float64(rate)))}
	smooth := 0.0
	for i := range s.Samples {
		smooth += (r.Float64()*2 - 1 - smooth) * 0.2
		s.Samples[i] = smooth
	}
	return s
}

func TestFindTellsSpeechFromOtherSpeech(t *testing.T) {
	t.Parallel()
	reference := noise(1, 16000, 4*time.Second)
	recording := Sound{Rate: 16000, Samples: make([]float64, 16000*7)}
	copy(recording.Samples[16000*2:], reference.Samples)

	m := Find(recording, reference)
	if m.Correlation < 0.99 || math.Abs(m.At.Seconds()-2) > 0.01 {
		t.Errorf("the recording holds the reference at 2 s, found %+v", m)
	}
	if m := Find(recording, noise(2, 16000, 4*time.Second)); m.Correlation > 0.5 {
		t.Errorf("the recording does not hold the other sound, found %+v", m)
	}
	if m := Find(Sound{Rate: 16000, Samples: make([]float64, 16000*5)}, reference); m.Correlation != 0 {
		t.Errorf("silence holds nothing, found %+v", m)
	}
}

func TestFindOverDifferentRates(t *testing.T) {
	t.Parallel()
	low := noise(3, 16000, 4*time.Second)
	high := Sound{Rate: 48000, Samples: make([]float64, 3*len(low.Samples))}
	for i := range high.Samples {
		at := float64(i) / 3
		j := int(at)
		next := low.Samples[min(j+1, len(low.Samples)-1)]
		high.Samples[i] = low.Samples[j] + (next-low.Samples[j])*(at-float64(j))
	}
	if m := Find(high, low); m.Correlation < 0.95 {
		t.Errorf("the same sound at 48 kHz: %+v", m)
	}
}

func TestToneMeasuresAmplitude(t *testing.T) {
	t.Parallel()
	s := Sound{Rate: 48000, Samples: make([]float64, 48000)}
	for i := range s.Samples {
		s.Samples[i] = 0.25 * math.Sin(2*math.Pi*1000*float64(i)/48000)
	}
	if a := s.Tone(1000); math.Abs(a-0.25) > 0.01 {
		t.Errorf("amplitude at 1000 Hz is 0.25, measured %v", a)
	}
	if a := s.Tone(440); a > 0.001 {
		t.Errorf("nothing at 440 Hz, measured %v", a)
	}
}

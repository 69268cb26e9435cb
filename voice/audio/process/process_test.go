package process

import (
	"math"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"offhook/voice/audio/wave"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// speech is what a voice of espeak-ng says, at about −26 dB, secs long.
func speech(t *testing.T, voice, text string, secs int) []float64 {
	t.Helper()
	file := filepath.Join(t.TempDir(), "a.wav")
	if out, err := exec.Command("espeak-ng", "-v", voice, "-w", file, text).CombinedOutput(); err != nil {
		t.Fatalf("espeak-ng: %v %s", err, out)
	}
	pcm, err := wave.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, secs*sampleRate)
	for i := range out {
		out[i] = float64(pcm[i%len(pcm)]) * 0.4
	}
	return out
}

// room is the echo that a microphone hears of the loudspeaker: delay, then a
// room with a reverberation time of 0.3 s, the sound card of the microphone running
// slower by ppm.
func room(far []float64, delay float64, ppm float64) []float64 {
	r := rand.New(rand.NewPCG(5, 6))
	const length = sampleRate * 3 / 10
	// Sparse reflections: as many as make a room, few enough to compute.
	type ray struct {
		at   int
		gain float64
	}
	rays := []ray{{0, 0.5}}
	for range 300 {
		at := 48 + r.IntN(length-48)
		g := 0.12 * r.NormFloat64() * math.Pow(10, -3*float64(at)/length)
		rays = append(rays, ray{at, g})
	}
	wet := make([]float64, len(far))
	for _, k := range rays {
		for i := k.at; i < len(far); i++ {
			wet[i] += k.gain * far[i-k.at]
		}
	}
	out := make([]float64, len(far))
	for i := range out {
		at := float64(i)*(1+ppm/1e6) - delay
		k := int(math.Floor(at))
		if k < 16 || k+16 >= len(wet) {
			continue
		}
		for j := k - 15; j <= k+16; j++ { // a sound card's filter: a windowed sinc
			t := at - float64(j)
			v := 1.0
			if t != 0 {
				v = math.Sin(math.Pi*t) / (math.Pi * t) * (0.5 + 0.5*math.Cos(math.Pi*t/16.5))
			}
			out[i] += v * wet[j]
		}
	}
	return out
}

func power(x []float64) (p float64) {
	for _, v := range x {
		p += v * v
	}
	return p / float64(len(x))
}

// through plays far and records mic, frame by frame, and returns what is left.
func through(t *testing.T, cfg Config, far, mic []float64) []float64 {
	t.Helper()
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	f, m := make([]int16, frameSize), make([]int16, frameSize)
	out := make([]float64, 0, len(mic))
	for at := 0; at+frameSize <= len(mic); at += frameSize {
		for i := range f {
			f[i], m[i] = int16(far[at+i]), int16(max(-32768, min(mic[at+i], 32767)))
		}
		p.Played(f)
		p.Process(m)
		for _, v := range m {
			out = append(out, float64(v))
		}
	}
	return out
}

const saidThere = "The parcel left the depot this morning, and the driver should reach you between two and four in the afternoon. Please keep your phone near."

func TestEchoOfARoomIsCancelled(t *testing.T) {
	t.Parallel()
	far := speech(t, "en-gb", saidThere, 24)
	for _, c := range []struct {
		name  string
		delay float64 // ms
		ppm   float64
	}{
		{"short way", 25, 0}, {"slow devices", 120, 0}, {"clocks apart by 100 ppm", 40, 100}, {"clocks apart by -100 ppm", 60, -100}, {"very slow devices", 280, 0},
	} {
		echo := room(far, c.delay*48, c.ppm)
		r := rand.New(rand.NewPCG(7, 8))
		mic := make([]float64, len(echo))
		for i := range mic {
			mic[i] = echo[i] + 10*r.NormFloat64()
		}
		left := through(t, Config{Echo: true, Noise: true}, far, mic)
		from := 16 * sampleRate // clocks apart take some time to learn
		erle := 10 * math.Log10(power(mic[from:len(left)])/power(left[from:]))
		t.Logf("%s: echo %.1f dB, ERLE %.1f dB", c.name, 10*math.Log10(power(mic[from:])/(32768*32768)), erle)
		if erle < 25 {
			t.Errorf("%s: ERLE %.1f dB", c.name, erle)
		}
	}
}

func TestProcessingAllocatesNothing(t *testing.T) {
	p, err := New(Config{Echo: true, Noise: true, Gain: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	f, m := make([]int16, frameSize), make([]int16, frameSize)
	if a := testing.AllocsPerRun(200, func() {
		p.Played(f)
		p.Process(m)
	}); a != 0 {
		t.Errorf("%.1f allocations for each frame", a)
	}
}

func BenchmarkFrame(b *testing.B) {
	p, err := New(Config{Echo: true, Noise: true, Gain: true})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	r := rand.New(rand.NewPCG(1, 2))
	f, m := make([]int16, frameSize), make([]int16, frameSize)
	for b.Loop() {
		for i := range f {
			f[i] = int16(3000 * r.NormFloat64())
			m[i] = f[i] / 2
		}
		p.Played(f)
		p.Process(m)
	}
}

// likeness is the correlation of two sounds at the best of the first delays.
func likeness(a, b []float64) float64 {
	best := 0.0
	for lag := 0; lag < 2*frameSize; lag += 4 {
		var xy float64
		x, y := a[:len(a)-2*frameSize], b[lag:]
		for i, v := range x {
			xy += v * y[i]
		}
		best = max(best, xy/math.Sqrt(power(x)*power(y[:len(x)]))/float64(len(x)))
	}
	return best
}

func TestSpeechIsKept(t *testing.T) {
	t.Parallel()
	far := speech(t, "en-gb", saidThere, 20)
	near := speech(t, "en-us+f3", "I shall be at home from three o'clock on. If nobody opens, please leave it with the neighbours on the second floor.", 20)
	silence := make([]float64, len(far))
	r := rand.New(rand.NewPCG(9, 10))
	alone, both := make([]float64, len(far)), room(far, 30*48, 0)
	for i := range near {
		hiss := 10 * r.NormFloat64()
		alone[i] = near[i] + hiss
		if i < 8*sampleRate {
			both[i] += hiss // the far side speaks first
		} else {
			both[i] += near[i] + hiss
		}
	}
	from := 9 * sampleRate
	kept := through(t, Config{Echo: true, Noise: true}, silence, alone)
	if l := likeness(near[from:len(kept)], kept[from:]); l < 0.93 {
		t.Errorf("one who speaks alone is changed: likeness %.3f", l)
	}
	kept = through(t, Config{Echo: true, Noise: true}, far, both)
	l := likeness(near[from:len(kept)], kept[from:])
	t.Logf("when both speak at once: likeness %.3f", l)
	if l < 0.85 {
		t.Errorf("when both speak at once the near one is changed: likeness %.3f", l)
	}
}

func TestPartsAreSwitched(t *testing.T) {
	t.Parallel()
	p, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	frame := make([]int16, frameSize)
	same := func() bool {
		for i := range frame {
			frame[i] = int16(i * 20)
		}
		p.Played(frame)
		p.Process(frame)
		for i := range frame {
			if frame[i] != int16(i*20) {
				return false
			}
		}
		return true
	}
	if !same() {
		t.Error("with all off the sound was changed")
	}
	p.Set(Config{Echo: true})
	if same() {
		t.Error("with echo cancellation on nothing happened")
	}
	p.Set(Config{Echo: true})
	p.SetHeadset(true)
	same()
	if !same() {
		t.Error("on a headset the sound was changed")
	}
}

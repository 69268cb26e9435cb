package process

import (
	"math"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"offhook/internal/listen/stoi"
	"offhook/voice/audio/wave"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// speech is what a voice of espeak-ng says, at about −26 dB, secs long.
func speech(t testing.TB, voice, text string, secs int) []float64 {
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
// slower by ppm. Each seed is another room.
func room(seed uint64, far []float64, delay float64, ppm float64) []float64 {
	r := rand.New(rand.NewPCG(seed, 6))
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
func through(t testing.TB, cfg Config, far, mic []float64) []float64 {
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

// echoes are rooms and devices; from is what it takes to learn the delay and the
// clocks, in seconds. The long ones are the benchmark's alone.
var echoes = []struct {
	name  string
	room  uint64
	delay float64 // ms
	ppm   float64
	from  int
	long  bool
}{
	{"short way", 5, 25, 0, 3, false}, {"slow devices", 5, 120, 0, 6, true}, {"very slow devices", 5, 280, 0, 6, false},
	{"clocks apart by 100 ppm", 5, 40, 100, 5, true}, {"clocks apart by -100 ppm", 5, 60, -100, 5, false},
	{"clocks apart by 100 ppm, another room", 8, 30, 100, 5, true}, {"clocks apart by -30 ppm, another room", 9, 70, -30, 5, true},
}

func TestEchoOfARoomIsCancelled(t *testing.T) {
	t.Parallel()
	cancelEchoes(t, false)
}

// BenchmarkEchoOfRooms is the long form of TestEchoOfARoomIsCancelled.
func BenchmarkEchoOfRooms(b *testing.B) { cancelEchoes(b, true) }

func cancelEchoes(t testing.TB, long bool) {
	far := speech(t, "en-gb", saidThere, 18)
	for _, c := range echoes {
		if c.long && !long {
			continue
		}
		echo := room(c.room, far, c.delay*48, c.ppm)
		r := rand.New(rand.NewPCG(7, 8))
		mic := make([]float64, len(echo))
		for i := range mic {
			mic[i] = echo[i] + 10*r.NormFloat64()
		}
		left := through(t, Config{Echo: true, Noise: true}, far, mic)
		from := c.from * sampleRate
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

// BenchmarkEcho is BenchmarkFrame with the far side's voice and its echo.
func BenchmarkEcho(b *testing.B) {
	p, err := New(Config{Echo: true, Noise: true, Gain: true})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	far := speech(b, "en-gb", saidThere, 20)
	f, m := samples(far), samples(room(5, far, 1200, 0))
	frame, at := make([]int16, frameSize), 0
	for b.Loop() {
		copy(frame, m[at:])
		p.Played(f[at:][:frameSize])
		p.Process(frame)
		if at += frameSize; at+frameSize > len(f) {
			at = 0
		}
	}
}

// samples is x as a sound card has it.
func samples(x []float64) []int16 {
	out := make([]int16, len(x))
	for i, v := range x {
		out[i] = int16(max(-32768, min(v, 32767)))
	}
	return out
}

// kept is how well the near speaker is understood from second from on, by STOI.
func kept(near, out []float64, from int) float64 {
	said := samples(near[from*sampleRate : len(out)])
	laid, _ := stoi.Lay(said, samples(out[from*sampleRate:]))
	return stoi.Measure(said, laid)
}

func TestSpeechIsKept(t *testing.T) {
	t.Parallel()
	keepSpeech(t, false)
}

// BenchmarkSpeechIsKept is the long form of TestSpeechIsKept.
func BenchmarkSpeechIsKept(b *testing.B) { keepSpeech(b, true) }

func keepSpeech(t testing.TB, long bool) {
	const secs = 24
	far := speech(t, "en-gb", saidThere, secs)
	near := speech(t, "en-us+f3", "I shall be at home from three o'clock on. If nobody opens, please leave it with the neighbours on the second floor.", secs)
	silence := make([]float64, len(far))
	for _, c := range []struct {
		name        string
		cfg         Config
		played      []float64
		echo        float64 // how loud it is to how it comes from the room
		from, alone int     // seconds: measured from, the far side speaks alone until
		room        uint64
		ppm, floor  float64
		long        bool // of the benchmark alone
	}{
		{"alone", Config{Echo: true, Noise: true}, silence, 0, 4, 0, 5, 0, 0.99, true},
		{"alone, evened", Config{Echo: true, Noise: true, Gain: true}, silence, 0, 4, 0, 5, 0, 0.985, false},
		{"both at once, no echo", Config{Echo: true, Noise: true}, far, 0, 14, 12, 5, 0, 0.99, false},
		{"both at once, an echo 10 dB below", Config{Echo: true, Noise: true}, far, 0.35, 14, 12, 5, 0, 0.98, true},
		{"both at once, as loud an echo as the speaker", Config{Echo: true, Noise: true}, far, 1, 14, 12, 5, 0, 0.97, false},
		{"the same, evened", Config{Echo: true, Noise: true, Gain: true}, far, 1, 14, 12, 5, 0, 0.97, true},
		{"the same, another room", Config{Echo: true, Noise: true}, far, 1, 14, 12, 8, 0, 0.97, true},
		{"the same, clocks apart by 100 ppm", Config{Echo: true, Noise: true}, far, 1, 14, 12, 9, 100, 0.97, true},
	} {
		if c.long && !long {
			continue
		}
		mic := slices.Clone(silence)
		if c.echo > 0 {
			mic = room(c.room, far, 25*48, c.ppm)
		}
		r := rand.New(rand.NewPCG(9, 10))
		for i := range mic {
			mic[i] = c.echo*mic[i] + 10*r.NormFloat64()
			if i >= c.alone*sampleRate {
				mic[i] += near[i]
			}
		}
		v := kept(near, through(t, c.cfg, c.played, mic), c.from)
		t.Logf("%s: STOI %.4f", c.name, v)
		if v < c.floor {
			t.Errorf("%s: STOI %.4f", c.name, v)
		}
	}
}

// Somebody moves: what was held of the echo's path is given up, and the new one is
// learnt.
func TestThePathOfTheEchoChanges(t *testing.T) {
	t.Parallel()
	far := speech(t, "en-gb", saidThere, 20)
	mic := room(5, far, 25*48, 0)
	copy(mic[8*sampleRate:], room(8, far, 29*48, 0)[8*sampleRate:])
	left := through(t, Config{Echo: true, Noise: true}, far, mic)
	erle := func(from, to int) float64 {
		from, to = from*sampleRate, min(to*sampleRate, len(left))
		return 10 * math.Log10(power(mic[from:to])/power(left[from:to]))
	}
	before, after := erle(4, 8), erle(14, 20)
	t.Logf("ERLE %.1f dB before, %.1f dB from the sixth second after", before, after)
	if before < 25 || after < 20 {
		t.Errorf("ERLE %.1f dB before, %.1f dB after", before, after)
	}
}

func TestWithoutEchoNothingIsTaken(t *testing.T) {
	t.Parallel()
	const secs = 20
	far := speech(t, "en-gb", saidThere, secs)
	near := speech(t, "en-us+f3", "Nobody hears the loudspeaker but me, since I wear it on my ears.", secs)
	out := through(t, Config{Echo: true}, far, near)
	changed := 0
	for i := 12 * sampleRate; i < len(out); i++ {
		// The suppressor behind the canceller hands on what it gets a frame later,
		// but for rounding.
		if math.Abs(out[i]-math.Trunc(near[i-frameSize])) > 40 {
			changed++
		}
	}
	if share := float64(changed) / float64(len(out)-12*sampleRate); share > 0.01 {
		t.Errorf("%.1f %% of the samples were changed", 100*share)
	}
}

// A canceller without an echo sleeps. One that comes late, as when a headset is pulled
// out, wakes it.
func TestAnEchoThatComesLate(t *testing.T) {
	t.Parallel()
	const secs, comes = 28, 15
	far := speech(t, "en-gb", saidThere, secs)
	echo := room(5, far, 40*48, 0)
	r := rand.New(rand.NewPCG(7, 8))
	mic := make([]float64, len(echo))
	for i := range mic {
		if mic[i] = 10 * r.NormFloat64(); i >= comes*sampleRate {
			mic[i] += echo[i]
		}
	}
	p, err := New(Config{Echo: true, Noise: true})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	f, m := make([]int16, frameSize), make([]int16, frameSize)
	slept, woke := 0, 0
	left := make([]float64, 0, len(mic))
	for at := 0; at+frameSize <= len(mic); at += frameSize {
		copy(f, samples(far[at:at+frameSize]))
		copy(m, samples(mic[at:at+frameSize]))
		p.Played(f)
		p.Process(m)
		switch {
		case at < comes*sampleRate && p.scout.on:
			slept++
		case at >= comes*sampleRate && woke == 0 && !p.scout.on:
			woke = at
		}
		for _, v := range m {
			left = append(left, float64(v))
		}
	}
	late := float64(woke)/sampleRate - comes
	from := (comes + 8) * sampleRate
	erle := 10 * math.Log10(power(mic[from:len(left)])/power(left[from:]))
	t.Logf("it slept for %.1f s, woke after %.1f s; ERLE %.1f dB from the eighth second", float64(slept)/100, late, erle)
	if slept < 300 || woke == 0 || late > 2 || erle < 25 {
		t.Errorf("slept %d frames, woke %.1f s after the echo came, ERLE %.1f dB", slept, late, erle)
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

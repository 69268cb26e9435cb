package codec

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestLookup(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, want string
		clock      int
		pt         uint8
	}{
		{"opus", Opus, 48000, 111}, {"OPUS", Opus, 48000, 111},
		{"PCMU", PCMU, 8000, 0}, {"pcma", PCMA, 8000, 8}, {"g722", G722, 8000, 9},
	} {
		i, ok := Lookup(tc.name)
		if !ok || i.Name != tc.want || i.ClockRate != tc.clock || i.PayloadType != tc.pt {
			t.Errorf("Lookup(%q) = %+v, %v", tc.name, i, ok)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("one name for two codecs")
		}
	}()
	if _, ok := Lookup("speex"); ok {
		t.Error("speex is not spoken here")
	}
	if got := strings.Join(Names(), " "); got != "opus G722 PCMU PCMA" {
		t.Errorf("in order of preference: %s", got)
	}
	for _, i := range Infos() {
		if s, ok := Static(i.PayloadType); ok != i.Static || ok && s != i {
			t.Errorf("payload type %d: %+v, %v", i.PayloadType, s, ok)
		}
		if i.SoundRate == 0 || i.DelayMs <= 0 || i.Bpl <= 0 || i.BplFEC < i.Bpl {
			t.Errorf("%s lacks figures: %+v", i.Name, i)
		}
	}
	Register(Codec{Info: Info{Name: "Pcmu"}})
}

func TestErrors(t *testing.T) {
	t.Parallel()
	if _, err := NewEncoder("speex"); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	if _, err := NewDecoder("speex"); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	for _, o := range []Option{WithBitrate(1), WithBitrate(1e6), WithComplexity(-1), WithComplexity(11)} {
		if _, err := NewEncoder(Opus, o); !errors.Is(err, ErrOption) {
			t.Error(err)
		}
	}
	for _, i := range Infos() {
		e, _ := NewEncoder(i.Name)
		d, _ := NewDecoder(i.Name)
		if _, err := e.Encode(make([]int16, 100), make([]byte, 2000)); !errors.Is(err, ErrFrameSize) {
			t.Errorf("%s: odd frame: %v", i.Name, err)
		}
		if _, err := d.Decode(nil, make([]int16, 960)); !errors.Is(err, ErrPayload) {
			t.Errorf("%s: empty payload: %v", i.Name, err)
		}
		if _, err := d.Decode([]byte{0x08, 1, 2, 3}, make([]int16, 1)); !errors.Is(err, ErrShortBuffer) {
			t.Errorf("%s: no room: %v", i.Name, err)
		}
		if err := d.Conceal(make([]int16, 7)); !errors.Is(err, ErrFrameSize) {
			t.Errorf("%s: odd concealment: %v", i.Name, err)
		}
		if n := d.Duration(make([]byte, 5000)); n != 0 && i.ClockRate == 8000 {
			t.Errorf("%s: endless payload lasts %d", i.Name, n)
		}
	}
}

func TestQuality(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		codec        string
		sine, voiced float64 // least SNR in dB
	}{
		{Opus, 20, 8},
		{PCMU, 33, 25},
		{PCMA, 33, 25},
		{G722, 25, 18},
	} {
		for _, frame := range []int{480, 960} {
			t.Run(fmt.Sprintf("%s/%d", tc.codec, frame), func(t *testing.T) {
				t.Parallel()
				for _, s := range []struct {
					name string
					pcm  []int16
					want float64
				}{
					{"sine", sine(SampleRate, 440, 10000), tc.sine},
					{"voiced", voiced(2 * SampleRate), tc.voiced},
				} {
					e, _ := NewEncoder(tc.codec)
					d, _ := NewDecoder(tc.codec)
					got := snr(s.pcm, through(t, e, d, s.pcm, frame, nil, false))
					t.Logf("%s %s: %.1f dB", tc.codec, s.name, got)
					if got < s.want {
						t.Errorf("%s: SNR %.1f dB, want %.0f", s.name, got, s.want)
					}
				}
			})
		}
	}
}

// A lost packet must be better than a hole, and FEC better than concealment.
func TestLoss(t *testing.T) {
	t.Parallel()
	pcm := voiced(4 * SampleRate)
	lose := func(i int) bool { return i%10 == 7 }
	hole := append([]int16(nil), pcm...)
	for i := range hole {
		if lose(i / 960) {
			hole[i] = 0
		}
	}
	floor := snr(pcm, hole)
	for _, i := range Infos() {
		e, _ := NewEncoder(i.Name)
		d, _ := NewDecoder(i.Name)
		got := snr(pcm, through(t, e, d, pcm, 960, lose, false))
		t.Logf("%s: concealed %.1f dB, holes in perfect sound %.1f dB", i.Name, got, floor)
		// A lost packet leaves the predictors of G.722 adrift for a while.
		if least := map[string]float64{G722: 1, PCMU: 2, PCMA: 2}[i.Name]; i.Name != Opus && got < floor+least {
			t.Errorf("%s: concealment %.1f dB is no better than silence, %.1f dB", i.Name, got, floor)
		}
		if i.Name != Opus {
			continue
		}
		e, _ = NewEncoder(i.Name)
		e.SetLoss(10)
		d, _ = NewDecoder(i.Name)
		fec := snr(pcm, through(t, e, d, pcm, 960, lose, true))
		t.Logf("%s: FEC %.1f dB", i.Name, fec)
		if fec < got+2 {
			t.Errorf("FEC %.1f dB, concealment %.1f dB", fec, got)
		}
	}
}

// Concealment fades, G.711 to silence, Opus to the noise behind the voice: a
// dead line must not hum for ever.
func TestConcealmentFades(t *testing.T) {
	t.Parallel()
	for _, i := range Infos() {
		e, _ := NewEncoder(i.Name)
		d, _ := NewDecoder(i.Name)
		// A pause teaches Opus what is behind the voice.
		talk := append(make([]int16, SampleRate), voiced(SampleRate/2)...)
		through(t, e, d, talk, 960, nil, false)
		buf := make([]int16, 480)
		first := 0.0
		for n := range 100 {
			if err := d.Conceal(buf); err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				first = energy(buf)
			}
		}
		if first == 0 || energy(buf) > first/5 || i.Name != Opus && energy(buf) > 0 {
			t.Errorf("%s: energy %.0f at first, %.0f after a second", i.Name, first, energy(buf))
		}
	}
}

func TestDTX(t *testing.T) {
	t.Parallel()
	packets := func(opts ...Option) (n int) {
		e, err := NewEncoder(Opus, opts...)
		if err != nil {
			t.Fatal(err)
		}
		out := make([]byte, MaxPayload)
		for range 100 {
			size, err := e.Encode(make([]int16, 960), out)
			if err != nil {
				t.Fatal(err)
			}
			if size > 0 {
				n++
			}
		}
		return n
	}
	if n := packets(); n != 100 {
		t.Errorf("without DTX %d of 100 packets", n)
	}
	if n := packets(WithDTX(true)); n > 30 {
		t.Errorf("with DTX %d of 100 packets of silence", n)
	}
}

// The bitrate is what it was set to, and redundancy is paid for out of it.
func TestBitrateFollows(t *testing.T) {
	t.Parallel()
	rate := func(steer func(e Encoder)) (bits int) {
		e, _ := NewEncoder(Opus)
		steer(e)
		out := make([]byte, MaxPayload)
		pcm := voiced(2 * SampleRate)
		for i := 0; i < len(pcm); i += 960 {
			n, _ := e.Encode(pcm[i:i+960], out)
			bits += 4 * n
		}
		return bits
	}
	for _, want := range []int{16000, 24000, 40000} {
		for _, loss := range []int{0, 10, 90} {
			got := rate(func(e Encoder) { e.SetBitrate(want); e.SetLoss(loss) })
			if got > want*12/10 || got < want/2 {
				t.Errorf("%d bit/s at %d bit/s and %d %% of loss", got, want, loss)
			}
		}
	}
	least := rate(func(e Encoder) { e.SetBitrate(-5) })
	if most := rate(func(e Encoder) { e.SetBitrate(1 << 30) }); least > 12000 || most < 30000 || most > 80000 {
		t.Errorf("%d to %d bit/s at most", least, most)
	}
}

func TestNoAllocations(t *testing.T) {
	pcm := voiced(SampleRate)
	for _, i := range Infos() {
		e, _ := NewEncoder(i.Name)
		e.SetLoss(5)
		d, _ := NewDecoder(i.Name)
		packet, buf := make([]byte, MaxPayload), make([]int16, 5760)
		at := 0
		if n := testing.AllocsPerRun(40, func() {
			n, _ := e.Encode(pcm[at:at+960], packet)
			at += 960
			_, _ = d.DecodeFEC(packet[:n], buf[:960])
			_, _ = d.Decode(packet[:n], buf)
			_ = d.Conceal(buf[:480])
			_ = d.Duration(packet[:n])
			e.SetLoss(at % 20)
			e.SetBitrate(16000 + at%24000)
		}); n != 0 {
			t.Errorf("%s: %v allocations a packet", i.Name, n)
		}
	}
}

func BenchmarkCodec(b *testing.B) {
	pcm := voiced(960)
	for _, i := range Infos() {
		e, _ := NewEncoder(i.Name)
		d, _ := NewDecoder(i.Name)
		packet, buf := make([]byte, MaxPayload), make([]int16, 960)
		n, _ := e.Encode(pcm, packet)
		b.Run(i.Name+"/encode", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n, _ = e.Encode(pcm, packet)
			}
		})
		b.Run(i.Name+"/decode", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = d.Decode(packet[:n], buf)
			}
		})
		b.Run(i.Name+"/conceal", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = d.Conceal(buf)
			}
		})
	}
}

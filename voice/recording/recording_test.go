package recording

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"testing"
	"time"

	"offhook/internal/listen"
	"offhook/voice/codec"
	"offhook/voice/codec/red"
	"offhook/voice/recording/recordingtest"
)

// speaker makes the packets of one side: a tone of its own, by a clock of its own.
type speaker struct {
	t       testing.TB
	hertz   float64
	encoder codec.Encoder
	info    codec.Info
	samples int     // of a packet
	drift   float64 // how much faster than true its clock runs
	start   uint32
	sent    int
	mute    bool
}

func newSpeaker(t testing.TB, name string, hertz float64) *speaker {
	t.Helper()
	info, _ := codec.Lookup(name)
	e, err := codec.NewEncoder(name)
	if err != nil {
		t.Fatal(err)
	}
	return &speaker{t: t, hertz: hertz, encoder: e, info: info, samples: slotSamples, start: 0xfffff000}
}

// packet is the next one, and when it is sent.
func (s *speaker) packet() (at time.Duration, ts uint32, payload []byte) {
	pcm := make([]int16, s.samples)
	first := s.sent * s.samples
	for i := range pcm {
		if !s.mute {
			pcm[i] = int16(8000 * math.Sin(2*math.Pi*s.hertz*float64(first+i)/codec.SampleRate))
		}
	}
	out := make([]byte, codec.MaxPayload)
	n, err := s.encoder.Encode(pcm, out)
	if err != nil {
		s.t.Fatal(err)
	}
	at = time.Duration(float64(first) / codec.SampleRate * float64(time.Second) / (1 + s.drift))
	ts = s.start + uint32(first*s.info.ClockRate/codec.SampleRate)
	s.sent++
	return at, ts, out[:n]
}

// record lets both speak for a while. lose says which packets are missing, each is
// called before each packet of the left side.
func record(t testing.TB, r *Recorder, left, right *speaker, length time.Duration, lose func(i int) bool, each func(at time.Duration)) {
	t.Helper()
	var at time.Duration
	for i := 0; at < length; i++ {
		for side, s := range []*speaker{left, right} {
			var ts uint32
			var payload []byte
			at, ts, payload = s.packet()
			if side == 0 && each != nil {
				each(at)
			}
			if lose == nil || !lose(2*i+side) {
				r.Sound(at, side, Packet{Source: uint32(side) + 7, TS: ts, Payload: payload})
			}
		}
		if err := r.Advance(at); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(length); err != nil {
		t.Fatal(err)
	}
}

// oggPackets reads an Ogg file back, and checks its sums.
func oggPackets(t testing.TB, b []byte) (packets [][]byte, granule uint64) {
	t.Helper()
	for page := uint32(0); len(b) > 0; page++ {
		if len(b) < 27 || string(b[:4]) != "OggS" || binary.LittleEndian.Uint32(b[18:]) != page {
			t.Fatalf("page %d is none", page)
		}
		n, size := int(b[26]), 0
		for _, v := range b[27 : 27+n] {
			size += int(v)
		}
		whole := append([]byte(nil), b[:27+n+size]...)
		sum := binary.LittleEndian.Uint32(whole[22:])
		binary.LittleEndian.PutUint32(whole[22:], 0)
		if oggSum(whole) != sum {
			t.Fatalf("page %d has a wrong sum", page)
		}
		granule = binary.LittleEndian.Uint64(b[6:])
		at, length := 27+n, 0
		for _, v := range b[27 : 27+n] {
			if length += int(v); v < 255 {
				packets = append(packets, b[at:at+length])
				at, length = at+length, 0
			}
		}
		b = b[27+n+size:]
	}
	return packets, granule
}

// heard decodes a file into its channels.
func heard(t testing.TB, b []byte, channels int) [2]listen.Sound {
	t.Helper()
	packets, granule := oggPackets(t, b)
	if string(packets[0][:8]) != "OpusHead" || string(packets[1][:8]) != "OpusTags" || int(packets[0][9]) != channels {
		t.Fatalf("heads %q, %q", packets[0], packets[1])
	}
	if want := uint64(len(packets)-2) * slotSamples; granule != want {
		t.Errorf("the file says that it has %d samples, it has %d", granule, want)
	}
	var sounds [2]listen.Sound
	var decoders [2]codec.Decoder
	for i := range decoders {
		decoders[i], _ = codec.NewDecoder(codec.Opus)
		sounds[i].Rate = codec.SampleRate
	}
	pcm := make([]int16, slotSamples)
	for _, p := range packets[2:] {
		sides := [][]byte{p}
		if channels == 2 {
			first, second := recordingtest.Split(t, p)
			sides = [][]byte{first, second}
		}
		for i, payload := range sides {
			if len(payload) == 1 {
				if err := decoders[i].Conceal(pcm); err != nil {
					t.Fatal(err)
				}
			} else if n, err := decoders[i].Decode(payload, pcm); err != nil || n != slotSamples {
				t.Fatalf("%d samples, %v", n, err)
			}
			for _, v := range pcm {
				sounds[i].Samples = append(sounds[i].Samples, float64(v)/32768)
			}
		}
	}
	return sounds
}

func part(s listen.Sound, from, to time.Duration) listen.Sound {
	at := func(d time.Duration) int { return min(len(s.Samples), int(samples(d))) }
	return listen.Sound{Rate: s.Rate, Samples: s.Samples[at(from):at(to)]}
}

func loudness(s listen.Sound) float64 {
	sum := 0.0
	for _, v := range s.Samples {
		sum += v * v
	}
	return math.Sqrt(sum / float64(max(1, len(s.Samples))))
}

// Both sides of a call stand in their channels, whatever they speak, with a twentieth
// of the packets lost; what a pause stopped is silence, and nothing is there of what was
// said before.
func TestRecorder(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, left, right string
		packet            int
	}{
		{"Opus", codec.Opus, codec.Opus, slotSamples}, {"short packets", codec.Opus, codec.Opus, slotSamples / 2},
		{"a codec without a file", codec.G722, codec.G722, slotSamples},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var file bytes.Buffer
			r, err := NewRecorder(&file, FileCodec(row.left), false)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Speaks(row.left); err != nil {
				t.Fatal(err)
			}
			left, right := newSpeaker(t, row.left, 440), newSpeaker(t, row.right, 700)
			left.samples, right.samples = row.packet, row.packet
			record(t, r, left, right, 6*time.Second, func(i int) bool { return i%20 == 7 }, func(at time.Duration) {
				r.SetActive(at >= time.Second && (at < 3*time.Second || at >= 4*time.Second))
			})
			sounds := heard(t, file.Bytes(), 2)
			for i, hz := range []float64{440, 700} {
				for _, span := range [][2]time.Duration{{1500 * time.Millisecond, 2500 * time.Millisecond}, {4500 * time.Millisecond, 5500 * time.Millisecond}} {
					if got := part(sounds[i], span[0], span[1]); got.Tone(hz) < 0.2 || got.Tone(1140-hz) > 0.01 {
						t.Errorf("side %d at %v: its tone %.3f, the other's %.3f", i, span[0], got.Tone(hz), got.Tone(1140-hz))
					}
				}
				for _, span := range [][2]time.Duration{{0, 900 * time.Millisecond}, {3200 * time.Millisecond, 3900 * time.Millisecond}} {
					if got := loudness(part(sounds[i], span[0], span[1])); got > 0.001 {
						t.Errorf("side %d at %v is not silent: %.4f", i, span[0], got)
					}
				}
			}
		})
	}
}

// G.711 becomes a WAV file of its law; both sides mixed stand in one channel.
func TestRecorderForms(t *testing.T) {
	t.Parallel()
	key, _, err := GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{codec.PCMU, codec.PCMA} {
		for _, mono := range []bool{false, true} {
			var file bytes.Buffer
			w, err := NewWriter(&file, key, Meta{Codec: name, Mono: mono})
			if err != nil {
				t.Fatal(err)
			}
			r, err := NewRecorder(w, name, mono)
			if err != nil {
				t.Fatal(err)
			}
			r.SetActive(true)
			record(t, r, newSpeaker(t, name, 440), newSpeaker(t, name, 700), 2*time.Second, nil, nil)
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			in, err := NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()), key)
			if err != nil {
				t.Fatal(err)
			}
			all, err := io.ReadAll(in)
			if err != nil || !in.Whole {
				t.Fatalf("whole %v, %v", in.Whole, err)
			}
			if string(all[:4]) != "RIFF" || int(binary.LittleEndian.Uint32(all[4:])) != len(all)-8 || string(all[50:54]) != "data" {
				t.Fatalf("header %q of %d bytes", all[:58], len(all))
			}
			channels := int(binary.LittleEndian.Uint16(all[22:]))
			decoder, _ := codec.NewDecoder(name)
			for c := range channels {
				var s listen.Sound
				s.Rate = codec.SampleRate
				pcm := make([]int16, slotSamples)
				law := make([]byte, 0, lawSlot)
				for i := 58 + c; i < len(all); i += channels {
					if law = append(law, all[i]); len(law) == lawSlot {
						n, _ := decoder.Decode(law, pcm)
						for _, v := range pcm[:n] {
							s.Samples = append(s.Samples, float64(v)/32768)
						}
						law = law[:0]
					}
				}
				tones := []float64{s.Tone(440), s.Tone(700)}
				if mono && (tones[0] < 0.15 || tones[1] < 0.15) || !mono && (tones[c] < 0.15 || tones[1-c] > 0.01) {
					t.Errorf("%s, mono %v, channel %d: %v", name, mono, c, tones)
				}
			}
		}
	}
	var file bytes.Buffer
	r, err := NewRecorder(&file, codec.Opus, true)
	if err != nil {
		t.Fatal(err)
	}
	r.SetActive(true)
	record(t, r, newSpeaker(t, codec.Opus, 440), newSpeaker(t, codec.Opus, 700), 2*time.Second, nil, nil)
	s := heard(t, file.Bytes(), 1)[0]
	if s.Tone(440) < 0.1 || s.Tone(700) < 0.1 {
		t.Errorf("mixed: %.3f, %.3f", s.Tone(440), s.Tone(700))
	}
}

// Two phones whose clocks run apart by 400 parts in a million drift by 1.4 s an hour:
// the recording keeps each side where it was said. The file knows it by the number of
// slots between a side's pauses.
func TestRecorderKeepsInStep(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	r, err := NewRecorder(&file, codec.PCMU, false)
	if err != nil {
		t.Fatal(err)
	}
	r.SetActive(true)
	// Each side says one loud sample every 10 s of true time.
	const length = time.Hour
	packet := make([]byte, lawSlot)
	send := func(side int, drift float64) func(until time.Duration) {
		i := 0
		return func(until time.Duration) {
			for ; ; i++ {
				at := time.Duration(float64(i) * float64(slotTime) / (1 + drift))
				if at > until {
					return
				}
				for j := range packet {
					packet[j] = 0xff
				}
				if at%(10*time.Second) < slotTime {
					packet[0] = 0x80 // the loudest
				}
				r.Sound(at, side, Packet{Source: 1, TS: uint32(i * lawSlot), Payload: packet})
			}
		}
	}
	left, right := send(0, 200e-6), send(1, -200e-6)
	for at := time.Duration(0); at < length; at += 100 * time.Millisecond {
		left(at)
		right(at)
		if err := r.Advance(at); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(length); err != nil {
		t.Fatal(err)
	}
	b, marks, worst := file.Bytes(), [2]int{}, time.Duration(0)
	for i, v := range b {
		if v != 0x80 {
			continue
		}
		at := time.Duration(i/2) * time.Second / 8000
		off := at % (10 * time.Second)
		if off > 5*time.Second {
			off -= 10 * time.Second
		}
		marks[i%2]++
		worst = max(worst, off, -off)
	}
	// The mark itself stands in the packet of its time: up to a slot beside it.
	if marks[0] < 350 || marks[1] < 350 || worst > 2*slotTime {
		t.Errorf("%d and %d marks, the worst %v beside its place", marks[0], marks[1], worst)
	}
	t.Logf("worst %v", worst)
}

// A disk that is full stops the recording; what was written can be read.
func TestRecorderOnAFullDisk(t *testing.T) {
	t.Parallel()
	full := &fullDisk{room: 20000}
	r, err := NewRecorder(full, codec.Opus, false)
	if err != nil {
		t.Fatal(err)
	}
	r.SetActive(true)
	s, u := newSpeaker(t, codec.Opus, 440), newSpeaker(t, codec.Opus, 700)
	for i := 0; ; i++ {
		at, ts, payload := s.packet()
		r.Sound(at, 0, Packet{Source: 1, TS: ts, Payload: payload})
		at, ts, payload = u.packet()
		r.Sound(at, 1, Packet{Source: 2, TS: ts, Payload: payload})
		if err = r.Advance(at); err != nil || i > 1000 {
			break
		}
	}
	if !errors.Is(err, errFull) || !errors.Is(r.Close(time.Hour), errFull) {
		t.Errorf("%v", err)
	}
	if packets, _ := oggPackets(t, full.Bytes()); len(packets) < 20 {
		t.Errorf("%d packets", len(packets))
	}
}

var errFull = errors.New("no space left on device")

type fullDisk struct {
	bytes.Buffer
	room int
}

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.Len()+len(p) > d.room {
		return 0, errFull
	}
	return d.Buffer.Write(p)
}

// Whatever comes instead of Opus, the file stays one that can be read.
func FuzzSelfDelimited(f *testing.F) {
	silence, _ := opusSilence()
	for _, seed := range [][]byte{silence, {0}, {1, 2, 3}, {2, 1, 5, 6}, {3}, {3, 0x42, 1, 2, 3}, {3, 0xc2, 255, 3, 1, 2, 3, 4}} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		out, err := appendSelfDelimited(nil, packet)
		if err == nil && (len(out) < len(packet) || len(out) > len(packet)+2) {
			t.Errorf("%d bytes of %d", len(out), len(packet))
		}
		opusSamples(packet)
	})
}

// Packets that bring earlier ones again are recorded once each, whether they go into the
// file as they came or are mixed: what was lost comes from its copy.
func TestRecorderTakesCopies(t *testing.T) {
	t.Parallel()
	for _, mono := range []bool{false, true} {
		for _, length := range []int{slotSamples, slotSamples / 2} {
			var file bytes.Buffer
			r, err := NewRecorder(&file, codec.Opus, mono)
			if err != nil {
				t.Fatal(err)
			}
			r.SetActive(true)
			s := newSpeaker(t, codec.Opus, 440)
			s.samples = length
			var past [][]byte
			for i := 0; i < 4*codec.SampleRate/length; i++ {
				at, ts, payload := s.packet()
				past = append(past, bytes.Clone(payload))
				k := Packet{Source: 1, TS: ts, Payload: payload}
				if i >= 2 {
					head := make([]byte, red.HeaderSize)
					red.PutHeader(head, 111, uint32(2*length), len(past[i-2]))
					k.Red, k.Payload = true, append(append(append(head, 111), past[i-2]...), payload...)
				}
				if i%10 != 3 {
					r.Sound(at, 0, k)
				}
				if err := r.Advance(at); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.Close(4 * time.Second); err != nil {
				t.Fatal(err)
			}
			channels := 2
			if mono {
				channels = 1
			}
			sound := part(heard(t, file.Bytes(), channels)[0], time.Second, 3*time.Second)
			if got := sound.Tone(440); got < 0.24 {
				t.Errorf("mono %v, packets of %d samples: tone %.3f", mono, length, got)
			}
		}
	}
}

// Whatever comes, in whatever order, the file has a packet for each 20 ms.
func FuzzRecorder(f *testing.F) {
	silence, _ := opusSilence()
	f.Add(append([]byte{0, 0, byte(len(silence))}, silence...), true)
	f.Add([]byte{1, 9, 3, 0xf0, 1, 2, 2, 200, 2, 0xf1, 7, 3, 4, 1, 0x60}, false)
	f.Fuzz(func(t *testing.T, script []byte, mono bool) {
		var file bytes.Buffer
		r, err := NewRecorder(&file, codec.Opus, mono)
		if err != nil {
			t.Fatal(err)
		}
		r.SetActive(true)
		at := time.Duration(0)
		for len(script) >= 3 {
			n := min(int(script[2]), len(script)-3)
			r.Sound(at, int(script[0]&1), Packet{Source: uint32(script[0] >> 4), TS: uint32(script[1]) * 240, Red: script[0]&2 != 0, Payload: script[3 : 3+n]})
			at += 10 * time.Millisecond
			if err := r.Advance(at); err != nil {
				t.Fatal(err)
			}
			script = script[3+n:]
		}
		if err := r.Close(at); err != nil {
			t.Fatal(err)
		}
		packets, granule := oggPackets(t, file.Bytes())
		if granule != uint64(len(packets)-2)*slotSamples {
			t.Errorf("%d packets, %d samples", len(packets), granule)
		}
	})
}

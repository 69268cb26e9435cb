package recording

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"offhook/voice/codec"
)

const (
	// settle is how long a packet may come late, and pageSlots how much is written at
	// once: together, what the end of the process can cost.
	settle    = 300 * time.Millisecond
	pageSlots = 25
	slotTime  = 20 * time.Millisecond
)

// Packet is what one side said, as RTP brought it.
type Packet struct {
	Source, TS uint32
	// Red says that the payload brings earlier packets again (RFC 2198).
	Red     bool
	Payload []byte
}

// Recorder puts the two sides of a call into one file. The clock is the caller's: at is
// the time since the recording began. All methods may be called from any goroutine;
// Sound neither blocks nor writes.
type Recorder struct {
	out  io.Writer
	mono bool
	file string // the codec of the file
	ogg  oggWriter

	mu     sync.Mutex
	sides  [2]side
	active bool
	next   int64 // the slot to be written next

	// Of the goroutine that calls Advance and Close alone.
	mixer   codec.Encoder
	silence []byte
	page    [][]byte // of Opus
	lacing  int
	law     []byte // of G.711
	written int64  // of it
	failed  error
}

// ErrLong says that a recording is as long as a WAV file may be: 4 GiB, three days of
// two sides.
var ErrLong = errors.New("the recording is as long as its file may be")

// maxLaw is how much sound a WAV file holds.
const maxLaw = 1<<32 - 1 - 4096

// FileCodec is the codec of the file for a leg of some codec: its own, or Opus where
// that has no form of its own.
func FileCodec(leg string) string {
	if leg == codec.PCMU || leg == codec.PCMA {
		return leg
	}
	return codec.Opus
}

// NewRecorder begins a file of a codec that FileCodec names; mono mixes both sides. It
// takes no sound before SetActive.
func NewRecorder(out io.Writer, file string, mono bool) (*Recorder, error) {
	r := &Recorder{out: out, mono: mono, file: file, ogg: oggWriter{serial: rand.Uint32()}}
	for i := range r.sides {
		r.sides[i] = side{format: file, mono: mono}
		if err := r.sides[i].speaks(file); err != nil {
			return nil, err
		}
	}
	var err error
	if mono {
		if r.mixer, err = codec.NewEncoder(file); err != nil {
			return nil, err
		}
		if r.silence, err = opusSilence(); err != nil {
			return nil, err
		}
	}
	if file == codec.Opus {
		channels := 2
		if mono {
			channels = 1
		}
		if _, err := out.Write(r.ogg.head(channels)); err != nil {
			return nil, fmt.Errorf("recording: %w", err)
		}
	}
	return r, nil
}

// Speaks says which codec comes from now on, on both sides.
func (r *Recorder) Speaks(name string) error {
	return errors.Join(r.SideSpeaks(0, name), r.SideSpeaks(1, name))
}

// SideSpeaks is Speaks of one side.
func (r *Recorder) SideSpeaks(side int, name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sides[side].speaks(name)
}

// SetActive lets sound into the file, or silence in its place.
func (r *Recorder) SetActive(active bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.active = active
}

// Sound takes a packet of side 0 (the left, the caller) or 1.
func (r *Recorder) Sound(at time.Duration, side int, p Packet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.active {
		r.sides[side].take(at, r.next, p)
	}
}

// Advance writes what is complete. It writes to the file, and so may block; after an
// error nothing is written any more.
func (r *Recorder) Advance(at time.Duration) error {
	for r.failed == nil && time.Duration(r.next+1)*slotTime+settle <= at {
		r.slot()
	}
	return r.failed
}

// Close writes the rest, up to at, and the end of the file.
func (r *Recorder) Close(at time.Duration) error {
	for r.failed == nil && time.Duration(r.next)*slotTime < at {
		r.slot()
	}
	if r.failed == nil {
		r.flush(oggLast)
	}
	return r.failed
}

// slot adds 20 ms of both sides.
func (r *Recorder) slot() {
	r.mu.Lock()
	var packet []byte
	switch {
	case r.mono:
		packet = r.mix()
	case r.file == codec.Opus:
		packet = r.pair()
	default:
		left, right := r.sides[0].track.frame(r.next), r.sides[1].track.frame(r.next)
		for i := range left {
			r.law = append(r.law, left[i], right[i])
		}
	}
	r.next++
	r.mu.Unlock()
	if r.file != codec.Opus {
		r.law = append(r.law, packet...)
	} else {
		if r.lacing += laces(packet); r.lacing > 255 {
			r.flush(0)
			r.lacing = laces(packet)
		}
		r.page = append(r.page, packet)
	}
	if r.next%pageSlots == 0 {
		r.flush(0)
	}
}

// pair is one packet of the file: a packet of each side.
func (r *Recorder) pair() []byte {
	left, right := r.sides[0].track.frame(r.next), r.sides[1].track.frame(r.next)
	packet, err := appendSelfDelimited(make([]byte, 0, len(left)+len(right)+2), left)
	if err != nil {
		return nil // put has tried it
	}
	return append(packet, right...)
}

func (r *Recorder) mix() []byte {
	left, right := r.sides[0].track.(sounding).sound(r.next), r.sides[1].track.(sounding).sound(r.next)
	for i := range left {
		left[i] = int16(max(-32768, min(32767, int(left[i])+int(right[i]))))
	}
	packet := make([]byte, codec.MaxPayload)
	n, err := r.mixer.Encode(left, packet)
	clear(left)
	clear(right)
	if (err != nil || n == 0) && r.file == codec.Opus {
		return r.silence
	}
	return packet[:n]
}

// flush writes what has gathered.
func (r *Recorder) flush(flags byte) {
	b := r.law
	if r.file == codec.Opus {
		if len(r.page) == 0 && flags == 0 {
			return
		}
		done := r.next
		if r.lacing > 255 {
			done-- // the last slot goes into the next page
		}
		b = r.ogg.page(r.page, uint64(done)*slotSamples, flags)
		r.page, r.lacing = r.page[:0], 0
	}
	if len(b) > 0 {
		_, r.failed = r.out.Write(b)
	}
	if r.written += int64(len(r.law)); r.failed == nil && r.written > maxLaw {
		r.failed = ErrLong
	}
	r.law = r.law[:0]
}

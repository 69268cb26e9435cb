package relay

import (
	_ "embed" // the announcement
	"errors"
	"sync"
	"time"

	"offhook/voice/codec"
)

const frameTime = 20 * time.Millisecond

// announcementWAV is speech in mu-law at 8 kHz, made with espeak-ng.
//
//go:embed announcement.wav
var announcementWAV []byte

// speech is one sound in each codec, begun when first wanted and shared by all
// calls.
type speech map[string]func() (*recital, error)

func newSpeech(data func() ([]int16, error)) speech {
	s, data := make(speech), sync.OnceValues(data)
	for _, info := range codec.Infos() {
		s[info.Name] = sync.OnceValues(func() (*recital, error) { return newRecital(info.Name, data) })
	}
	return s
}

func (s speech) recital(name string) (*recital, error) {
	f, ok := s[name]
	if !ok {
		return nil, codec.ErrUnknown
	}
	return f()
}

// recital is a sound in one codec. Each frame is encoded when it is
// first spoken: all at once would hold up the first answer by a tenth of a
// second and more.
type recital struct {
	length int // in frames
	mu     sync.Mutex
	rest   []int16 // that is not encoded yet
	out    codec.Encoder
	frames [][]byte
}

func newRecital(name string, data func() ([]int16, error)) (*recital, error) {
	pcm, err := data()
	if err != nil {
		return nil, err
	}
	r := &recital{rest: pcm, length: len(pcm) / frameSamples}
	if r.length == 0 {
		return nil, errors.New("a sound of less than 20 ms")
	}
	r.out, err = codec.NewEncoder(name)
	return r, err
}

// frame returns the i-th frame of 20 ms; after the last the first comes again.
func (r *recital) frame(i int) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i %= r.length
	for i >= len(r.frames) {
		payload := make([]byte, codec.MaxPayload)
		n, err := r.out.Encode(r.rest[:frameSamples], payload)
		if err != nil {
			return nil, err
		}
		r.rest, r.frames = r.rest[frameSamples:], append(r.frames, append([]byte(nil), payload[:n]...))
	}
	return r.frames[i], nil
}

// Announcement returns what the announcer says, 48 kHz mono.
func Announcement() ([]int16, error) { return decodeAnnouncement() }

// perFrame is 20 ms of mu-law.
const perFrame = 160

// announcementData takes the sound out of the file's data chunk.
func announcementData() ([]byte, error) {
	const header = 58 // RIFF, fmt of 18 bytes, fact, data, as sox writes mu-law
	if len(announcementWAV) < header+perFrame || string(announcementWAV[50:54]) != "data" {
		return nil, errors.New("announcement is no mu-law WAV file")
	}
	return announcementWAV[header:], nil
}

func decodeAnnouncement() ([]int16, error) {
	ulaw, err := announcementData()
	if err != nil {
		return nil, err
	}
	d, err := codec.NewDecoder(codec.PCMU)
	if err != nil {
		return nil, err
	}
	var pcm []int16
	frame := make([]int16, codec.SampleRate/50)
	for ; len(ulaw) >= perFrame; ulaw = ulaw[perFrame:] {
		n, err := d.Decode(ulaw[:perFrame], frame)
		if err != nil {
			return nil, err
		}
		pcm = append(pcm, frame[:n]...)
	}
	return pcm, nil
}

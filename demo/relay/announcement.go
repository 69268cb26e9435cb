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

// speech is the announcement in each codec, made when first wanted and shared
// by all calls.
type speech map[string]func() ([][]byte, error)

func newSpeech() speech {
	s := make(speech)
	for _, info := range codec.Infos() {
		s[info.Name] = sync.OnceValues(func() ([][]byte, error) { return encodeAnnouncement(info.Name) })
	}
	return s
}

func (s speech) frames(name string) ([][]byte, error) {
	f, ok := s[name]
	if !ok {
		return nil, codec.ErrUnknown
	}
	return f()
}

// Announcement returns what the announcer says, 48 kHz mono.
func Announcement() ([]int16, error) { return decodeAnnouncement() }

// decodeAnnouncement takes the sound out of the file's data chunk.
func decodeAnnouncement() ([]int16, error) {
	const header = 58 // RIFF, fmt of 18 bytes, fact, data, as sox writes mu-law
	if len(announcementWAV) < header || string(announcementWAV[50:54]) != "data" {
		return nil, errors.New("announcement is no mu-law WAV file")
	}
	d, err := codec.NewDecoder(codec.PCMU)
	if err != nil {
		return nil, err
	}
	const perFrame = 160
	var pcm []int16
	frame := make([]int16, codec.SampleRate/50)
	for ulaw := announcementWAV[header:]; len(ulaw) >= perFrame; ulaw = ulaw[perFrame:] {
		n, err := d.Decode(ulaw[:perFrame], frame)
		if err != nil {
			return nil, err
		}
		pcm = append(pcm, frame[:n]...)
	}
	return pcm, nil
}

func encodeAnnouncement(name string) ([][]byte, error) {
	pcm, err := decodeAnnouncement()
	if err != nil {
		return nil, err
	}
	e, err := codec.NewEncoder(name)
	if err != nil {
		return nil, err
	}
	var frames [][]byte
	const samples = codec.SampleRate / 50
	for ; len(pcm) >= samples; pcm = pcm[samples:] {
		payload := make([]byte, codec.MaxPayload)
		n, err := e.Encode(pcm[:samples], payload)
		if err != nil {
			return nil, err
		}
		frames = append(frames, payload[:n:n])
	}
	return frames, nil
}

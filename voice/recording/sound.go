package recording

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"offhook/voice/audio/wave"
	"offhook/voice/codec"
)

// maxSoundFile and maxSound bound a file of sound, in bytes and in samples of 48 kHz.
const (
	maxSoundFile = 64 << 20
	maxSound     = 10 * 60 * codec.SampleRate
)

// ErrSoundFile says that a file holds no sound that can be played: it must be a WAV
// file of PCM or an Ogg file of Opus, of 20 ms to 10 minutes.
var ErrSoundFile = errors.New("not a WAV file of PCM or an Ogg file of Opus, of at most 10 minutes")

// ReadSoundFile reads a file for people to hear, 48 kHz mono. Its error is
// ErrSoundFile, or says why the file can't be read.
func ReadSoundFile(path string) ([]int16, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSoundFile+1))
	if err != nil {
		return nil, err
	}
	pcm, err := readSound(b)
	if err != nil {
		return nil, fmt.Errorf("%s is %w", path, err)
	}
	return pcm, nil
}

func readSound(b []byte) (pcm []int16, err error) {
	switch {
	case len(b) > maxSoundFile:
		return nil, ErrSoundFile
	case bytes.HasPrefix(b, []byte("RIFF")):
		pcm, err = wave.Read(bytes.NewReader(b))
	case bytes.HasPrefix(b, []byte("OggS")):
		pcm, err = readOgg(b)
	default:
		return nil, ErrSoundFile
	}
	if err != nil || len(pcm) < slotSamples || len(pcm) > maxSound {
		return nil, ErrSoundFile
	}
	return pcm, nil
}

// readOgg decodes an Ogg file of one stream of Opus, of one or two channels.
func readOgg(b []byte) (pcm []int16, err error) {
	packets, err := splitOgg(b)
	if err != nil || len(packets) < 3 {
		return nil, ErrSoundFile
	}
	head := packets[0]
	if len(head) < 19 || !bytes.HasPrefix(head, []byte("OpusHead")) || head[9] > 2 || head[18] != 0 {
		return nil, ErrSoundFile
	}
	decoder, err := codec.NewDecoder(codec.Opus)
	if err != nil {
		return nil, err
	}
	frame := make([]int16, 6*slotSamples)
	for _, p := range packets[2:] {
		n, err := decoder.Decode(p, frame)
		if err != nil {
			return nil, ErrSoundFile
		}
		if pcm = append(pcm, frame[:n]...); len(pcm) > maxSound {
			return nil, ErrSoundFile
		}
	}
	skip := min(len(pcm), int(binary.LittleEndian.Uint16(head[10:])))
	return pcm[skip:], nil
}

// splitOgg returns the packets of an Ogg file of one stream.
func splitOgg(b []byte) (packets [][]byte, err error) {
	var open []byte
	for len(b) > 0 {
		if len(b) < 27 || string(b[:4]) != "OggS" || len(b) < 27+int(b[26]) {
			return nil, ErrSoundFile
		}
		lacing := b[27 : 27+int(b[26])]
		b = b[27+len(lacing):]
		for _, n := range lacing {
			if int(n) > len(b) {
				return nil, ErrSoundFile
			}
			open = append(open, b[:n]...)
			if b = b[n:]; n < 255 {
				packets = append(packets, open)
				open = nil
			}
		}
	}
	return packets, nil
}

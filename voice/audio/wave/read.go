package wave

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// Rate is the rate of all sound that this package returns and writes, in Hz.
const Rate = 48000

// maxData bounds the sound of one file: 5 min of 48 kHz stereo in 16 bits fit.
const maxData = 64 << 20

// ErrFormat says that a file is no WAV file, or of a kind that is not read.
var ErrFormat = errors.New("not a PCM WAV file")

// format is the fmt chunk (Microsoft, "Multiple channel audio data and WAVE files").
type format struct {
	code     uint16
	channels int
	rate     int
	bits     int
}

const (
	codePCM        = 1
	codeFloat      = 3
	codeExtensible = 0xfffe
)

// ReadFile reads a whole WAV file as 48 kHz mono: 8, 16, 24 or 32-bit PCM or
// 32-bit float, 1 to 16 channels (averaged), 4 to 384 kHz. The error wraps
// ErrFormat if the file is something else.
func ReadFile(path string) ([]int16, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Read(f)
}

// Read is ReadFile for any stream.
func Read(r io.Reader) ([]int16, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil || string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return nil, fmt.Errorf("%w: no RIFF header", ErrFormat)
	}
	var f format
	for {
		var chunk [8]byte
		if _, err := io.ReadFull(r, chunk[:]); err != nil {
			return nil, fmt.Errorf("%w: no sound in it", ErrFormat)
		}
		size := int64(binary.LittleEndian.Uint32(chunk[4:]))
		switch string(chunk[:4]) {
		case "fmt ":
			body, err := io.ReadAll(io.LimitReader(r, min(size, 64)))
			if err != nil || len(body) < 16 {
				return nil, fmt.Errorf("%w: damaged format", ErrFormat)
			}
			if f, err = parseFormat(body); err != nil {
				return nil, err
			}
			size -= int64(len(body))
		case "data":
			if f.channels == 0 {
				return nil, fmt.Errorf("%w: sound before its format", ErrFormat)
			}
			// A file that is still being written may hold less than it says, or
			// says 0 or the largest number.
			if size == 0 {
				size = math.MaxUint32
			}
			data, err := io.ReadAll(io.LimitReader(r, min(size, maxData+1)))
			if err != nil {
				return nil, err
			}
			if len(data) > maxData {
				return nil, fmt.Errorf("%w: more than %d MB of sound", ErrFormat, maxData>>20)
			}
			mono := f.mono(data)
			if len(mono) == 0 {
				return nil, fmt.Errorf("%w: no sound in it", ErrFormat)
			}
			return Resample(mono, f.rate, Rate), nil
		}
		if _, err := io.CopyN(io.Discard, r, size+size%2); err != nil {
			return nil, fmt.Errorf("%w: damaged", ErrFormat)
		}
	}
}

func parseFormat(b []byte) (format, error) {
	f := format{
		code:     binary.LittleEndian.Uint16(b),
		channels: int(binary.LittleEndian.Uint16(b[2:])),
		rate:     int(binary.LittleEndian.Uint32(b[4:])),
		bits:     int(binary.LittleEndian.Uint16(b[14:])),
	}
	if f.code == codeExtensible && len(b) >= 26 {
		f.code = binary.LittleEndian.Uint16(b[24:])
	}
	pcm := f.code == codePCM && (f.bits == 8 || f.bits == 16 || f.bits == 24 || f.bits == 32)
	if !pcm && (f.code != codeFloat || f.bits != 32) {
		return f, fmt.Errorf("%w: coding %d with %d bits", ErrFormat, f.code, f.bits)
	}
	if f.channels < 1 || f.channels > 16 || f.rate < 4000 || f.rate > 384000 {
		return f, fmt.Errorf("%w: %d channels of %d Hz", ErrFormat, f.channels, f.rate)
	}
	return f, nil
}

// mono averages the channels to samples of 16 bits' range.
func (f format) mono(data []byte) []float64 {
	width := f.bits / 8
	frame := width * f.channels
	out := make([]float64, len(data)/frame)
	for i := range out {
		var sum float64
		for c := range f.channels {
			sum += f.sample(data[i*frame+c*width:])
		}
		out[i] = sum / float64(f.channels)
	}
	return out
}

func (f format) sample(b []byte) float64 {
	switch {
	case f.code == codeFloat:
		v := float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		if math.IsNaN(v) {
			return 0
		}
		return max(-1, min(v, 1)) * 32767
	case f.bits == 8:
		return (float64(b[0]) - 128) * 256
	case f.bits == 16:
		return float64(int16(binary.LittleEndian.Uint16(b)))
	case f.bits == 24:
		return float64(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)) / 65536
	default:
		return float64(int32(binary.LittleEndian.Uint32(b))) / 65536
	}
}

package wave

import (
	"bufio"
	"encoding/binary"
	"math"
	"os"
	"unsafe"
)

const (
	headerSize = 44
	// maxBytes is what a WAV header can count; what comes after is dropped.
	maxBytes = math.MaxUint32 - headerSize
)

// Writer writes 48 kHz mono 16-bit sound to one WAV file. It belongs to one
// goroutine.
type Writer struct {
	file  *os.File
	buf   *bufio.Writer
	bytes int64
}

// Create makes the file, or empties it.
func Create(path string) (*Writer, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	w := &Writer{file: f, buf: bufio.NewWriterSize(f, 1<<16)}
	if _, err := f.Write(w.header()); err != nil {
		f.Close()
		return nil, err
	}
	return w, nil
}

// Write appends samples. They reach the file at Sync and Close at the latest.
func (w *Writer) Write(pcm []int16) error {
	if len(pcm) == 0 || w.bytes+2*int64(len(pcm)) > maxBytes {
		return nil
	}
	if littleEndian {
		if _, err := w.buf.Write(unsafe.Slice((*byte)(unsafe.Pointer(&pcm[0])), 2*len(pcm))); err != nil {
			return err
		}
	} else {
		for _, v := range pcm {
			if err := w.buf.WriteByte(byte(v)); err != nil {
				return err
			}
			if err := w.buf.WriteByte(byte(v >> 8)); err != nil {
				return err
			}
		}
	}
	w.bytes += 2 * int64(len(pcm))
	return nil
}

// Sync makes the file whole as it is: all samples and a header that counts them.
func (w *Writer) Sync() error {
	if err := w.buf.Flush(); err != nil {
		return err
	}
	_, err := w.file.WriteAt(w.header(), 0)
	return err
}

// Close makes the file whole and closes it.
func (w *Writer) Close() error {
	err := w.Sync()
	if e := w.file.Close(); err == nil {
		err = e
	}
	return err
}

func (w *Writer) header() []byte {
	h := make([]byte, 0, headerSize)
	le := binary.LittleEndian
	h = append(h, "RIFF"...)
	h = le.AppendUint32(h, uint32(headerSize-8+w.bytes))
	h = append(h, "WAVEfmt "...)
	h = le.AppendUint32(h, 16)
	h = le.AppendUint16(h, codePCM)
	h = le.AppendUint16(h, 1)
	h = le.AppendUint32(h, Rate)
	h = le.AppendUint32(h, 2*Rate)
	h = le.AppendUint16(h, 2)
	h = le.AppendUint16(h, 16)
	h = append(h, "data"...)
	return le.AppendUint32(h, uint32(w.bytes))
}

var littleEndian = func() bool {
	v := uint16(1)
	return *(*byte)(unsafe.Pointer(&v)) == 1
}()

package recording

import (
	"bytes"
	"cmp"
	"crypto/cipher"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"filippo.io/age"

	"offhook/voice/codec"
)

var (
	// ErrForeign says that a file is no recording, or was made for another key.
	ErrForeign = errors.New("no recording of this key")
	// ErrDamaged says that a piece of a recording is not what was written.
	ErrDamaged = errors.New("the recording is damaged")
)

// Reader plays a recording: it is the Ogg or WAV file, decrypted where it is read. It
// belongs to one goroutine.
type Reader struct {
	// Meta is what the file says of itself.
	Meta Meta
	// Whole says that the recording was ended; else the process that wrote it ended
	// before, or it still goes on.
	Whole bool

	file   io.ReaderAt
	aead   cipher.AEAD
	head   []byte // what goes before the sound: a WAV header
	pieces []piece
	size   int64
	at     int64
	open   int // the piece in plain, -1 for none
	plain  []byte
	sealed []byte
}

// piece is where a piece stands in the file and in the plain text.
type piece struct {
	offset, plain int64
	length        int
}

// NewReader reads the header and finds the pieces of a file of that size.
func NewReader(file io.ReaderAt, size int64, key Key) (*Reader, error) {
	r := &Reader{file: file, open: -1}
	secret, at, err := r.header(size, key)
	if err != nil {
		return nil, err
	}
	if r.aead, err = newAEAD(secret); err != nil {
		return nil, err
	}
	for at+4 <= size {
		var length [4]byte
		if _, err := file.ReadAt(length[:], at); err != nil {
			return nil, err
		}
		n := int64(binary.BigEndian.Uint32(length[:]))
		if n < int64(r.aead.Overhead()) || n > maxPiece+int64(r.aead.Overhead()) || at+4+n > size {
			break // a piece that was being written when the process ended
		}
		p := piece{offset: at + 4, plain: r.size, length: int(n)}
		at += 4 + n
		if p.length == r.aead.Overhead() {
			r.Whole = r.isLast(p)
			break
		}
		r.pieces = append(r.pieces, p)
		r.size += n - int64(r.aead.Overhead())
	}
	r.head = wavHeader(r.Meta, r.size)
	for i := range r.pieces {
		r.pieces[i].plain += int64(len(r.head))
	}
	r.size += int64(len(r.head))
	return r, nil
}

func (r *Reader) header(size int64, key Key) (secret []byte, end int64, err error) {
	start := make([]byte, len(magic)+4)
	if _, err := r.file.ReadAt(start, 0); err != nil || string(start[:len(magic)]) != magic {
		return nil, 0, ErrForeign
	}
	n := int64(binary.BigEndian.Uint32(start[len(magic):]))
	end = int64(len(start)) + n
	if n > maxHeader || end > size {
		return nil, 0, ErrForeign
	}
	sealed := make([]byte, n)
	if _, err := r.file.ReadAt(sealed, int64(len(start))); err != nil {
		return nil, 0, err
	}
	plain, err := age.Decrypt(bytes.NewReader(sealed), key.identities...)
	if err != nil {
		return nil, 0, ErrForeign
	}
	all, err := io.ReadAll(plain)
	if err != nil || len(all) < keyBytes {
		return nil, 0, ErrForeign
	}
	if err := json.Unmarshal(all[keyBytes:], &r.Meta); err != nil {
		return nil, 0, fmt.Errorf("%w: its header", ErrDamaged)
	}
	return all[:keyBytes], end, nil
}

// isLast reports whether an empty piece is the one that Close writes.
func (r *Reader) isLast(p piece) bool {
	sealed := make([]byte, p.length)
	if _, err := r.file.ReadAt(sealed, p.offset); err != nil {
		return false
	}
	_, err := r.aead.Open(nil, nonce(uint64(len(r.pieces)), true), sealed, nil)
	return err == nil
}

// Seek implements io.Seeker.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return 0, errors.New("recording: before the beginning")
	}
	r.at = offset
	return offset, nil
}

// Read implements io.Reader.
func (r *Reader) Read(b []byte) (int, error) {
	if r.at >= r.size {
		return 0, io.EOF
	}
	if r.at < int64(len(r.head)) {
		n := copy(b, r.head[r.at:])
		r.at += int64(n)
		return n, nil
	}
	i, found := slices.BinarySearchFunc(r.pieces, r.at, func(p piece, at int64) int { return cmp.Compare(p.plain, at) })
	if !found {
		i--
	}
	p := r.pieces[i]
	if r.open != i {
		r.sealed = slices.Grow(r.sealed[:0], p.length)[:p.length]
		if _, err := r.file.ReadAt(r.sealed, p.offset); err != nil {
			return 0, err
		}
		var err error
		if r.plain, err = r.aead.Open(r.plain[:0], nonce(uint64(i), false), r.sealed, nil); err != nil {
			return 0, ErrDamaged
		}
		r.open = i
	}
	n := copy(b, r.plain[r.at-p.plain:])
	r.at += int64(n)
	return n, nil
}

// wavHeader is what goes before the samples of a WAV file of one of the two laws; an
// Ogg file has its own.
func wavHeader(m Meta, size int64) []byte {
	format := uint16(wavMuLaw)
	switch m.Codec {
	case codec.PCMA:
		format = wavALaw
	case codec.PCMU:
	default:
		return nil
	}
	channels := uint16(2)
	if m.Mono {
		channels = 1
	}
	le := binary.LittleEndian
	b := []byte("RIFF")
	b = le.AppendUint32(b, uint32(size+50))
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 18)
	b = le.AppendUint16(b, format)
	b = le.AppendUint16(b, channels)
	b = le.AppendUint32(b, 8000)
	b = le.AppendUint32(b, 8000*uint32(channels))
	b = le.AppendUint16(b, channels)
	b = le.AppendUint16(b, 8)
	b = le.AppendUint16(b, 0)
	b = append(b, "fact"...)
	b = le.AppendUint32(b, 4)
	b = le.AppendUint32(b, uint32(size/int64(channels)))
	b = append(b, "data"...)
	return le.AppendUint32(b, uint32(size))
}

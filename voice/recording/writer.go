package recording

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"filippo.io/age"

	"offhook/voice/codec"
)

// The form of a file: magic, the header, and pieces. The header is encrypted by age for
// the key: 32 random bytes, which encrypt the pieces by AES-256-GCM, and Meta as JSON.
// Header and pieces are led by their length, in 4 bytes. A piece's nonce is its number,
// and says whether it is the last one: that one is empty.
const (
	magic     = "offhook-recording 1\n"
	keyBytes  = 32
	maxHeader = 64 << 10
	maxPiece  = 1 << 20
)

// Suffix is how the name of a file ends that a call of some codec is recorded in.
func Suffix(leg string, key Key) string {
	switch {
	case !key.IsZero():
		return ".rec"
	case FileCodec(leg) != codec.Opus:
		return ".wav"
	}
	return ".ogg"
}

// Meta is what a file says of itself.
type Meta struct {
	Session string    `json:"session"`
	Began   time.Time `json:"began"`
	// Codec is that of the file: opus (Ogg), PCMU or PCMA (WAV).
	Codec string `json:"codec"`
	// Mono says that both sides are mixed; else the caller is at the left.
	Mono bool `json:"mono,omitempty"`
}

// Writer encrypts a recording. Each Write is one piece: once it has returned, the piece
// outlives the process.
type Writer struct {
	out   io.Writer
	aead  cipher.AEAD
	count uint64
	buf   []byte
}

// NewWriter writes the header.
func NewWriter(out io.Writer, key Key, meta Meta) (*Writer, error) {
	secret := make([]byte, keyBytes)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	about, err := json.Marshal(meta)
	if err != nil {
		return nil, err
	}
	var header bytes.Buffer
	sealed, err := age.Encrypt(&header, key.recipient)
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	if _, err = sealed.Write(append(secret, about...)); err == nil {
		err = sealed.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	w := &Writer{out: out}
	if w.aead, err = newAEAD(secret); err != nil {
		return nil, err
	}
	all := binary.BigEndian.AppendUint32([]byte(magic), uint32(header.Len()))
	if _, err := out.Write(append(all, header.Bytes()...)); err != nil {
		return nil, err
	}
	return w, nil
}

func newAEAD(secret []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func nonce(number uint64, last bool) []byte {
	n := make([]byte, 12)
	binary.BigEndian.PutUint64(n, number)
	if last {
		n[11] = 1
	}
	return n
}

var errPiece = errors.New("recording: a piece is too long")

// Write encrypts p as one piece.
func (w *Writer) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(p) > maxPiece {
		return 0, errPiece
	}
	return len(p), w.piece(p, false)
}

func (w *Writer) piece(p []byte, last bool) error {
	w.buf = append(w.buf[:0], 0, 0, 0, 0)
	w.buf = w.aead.Seal(w.buf, nonce(w.count, last), p, nil)
	binary.BigEndian.PutUint32(w.buf, uint32(len(w.buf)-4))
	w.count++
	_, err := w.out.Write(w.buf)
	return err
}

// Close writes the last piece, by which a reader knows that nothing is missing.
func (w *Writer) Close() error { return w.piece(nil, true) }

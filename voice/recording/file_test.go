package recording

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"offhook/voice/codec"
)

// What is written is read back at any place, and by the right key alone; a file that
// ends in the middle of a piece loses that piece.
func TestFile(t *testing.T) {
	t.Parallel()
	key, text, err := GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	other, _, _ := GenerateKey()
	var file bytes.Buffer
	began := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	w, err := NewWriter(&file, key, Meta{Session: "the session of this recording", Began: began, Codec: codec.Opus})
	if err != nil {
		t.Fatal(err)
	}
	var want []byte
	for i := range 50 {
		p := bytes.Repeat([]byte{byte(i)}, 100+i)
		if _, err := w.Write(p); err != nil {
			t.Fatal(err)
		}
		want = append(want, p...)
	}
	cut := file.Len() - 10
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(file.Bytes(), want[:40]) || bytes.Contains(file.Bytes(), []byte("the session of this recording")) {
		t.Error("the file can be read without a key")
	}
	again, err := ParseKey("# a comment\n" + text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()), again)
	if err != nil || !r.Whole || r.Meta.Session != "the session of this recording" || !r.Meta.Began.Equal(began) || r.size != int64(len(want)) {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, from := range []int64{0, 99, 100, 101, 3000, int64(len(want)) - 1, int64(len(want)), 5} {
		if _, err := r.Seek(from, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, want[from:]) {
			t.Fatalf("from %d: %d bytes, %v", from, len(got), err)
		}
	}
	if _, err := NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()), other); !errors.Is(err, ErrForeign) {
		t.Errorf("another key: %v", err)
	}
	short, err := NewReader(bytes.NewReader(file.Bytes()[:cut]), int64(cut), key)
	if err != nil || short.Whole || short.size != int64(len(want)-149) {
		t.Errorf("cut off: %+v, %v", short, err)
	}
	bad := bytes.Clone(file.Bytes())
	bad[len(bad)-100]++
	broken, err := NewReader(bytes.NewReader(bad), int64(len(bad)), key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(broken); !errors.Is(err, ErrDamaged) {
		t.Errorf("changed: %v", err)
	}
	for _, text := range []string{"", "hello", "AGE-SECRET-KEY-1", text[:20]} {
		if _, err := ParseKey(text); !errors.Is(err, ErrKey) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

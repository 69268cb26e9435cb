package archive_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"offhook/demo/archive"
	"offhook/demo/relay"
	"offhook/demo/relay/relaytest"
	"offhook/voice/codec"
	"offhook/voice/recording"
)

// What is recorded can be read while it goes on, as it could after the process was
// killed: all but the last second. The right key alone opens it.
func TestReadWhileItGoesOn(t *testing.T) {
	t.Parallel()
	key, _, err := recording.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	other, _, _ := recording.GenerateKey()
	dir := t.TempDir()
	open := func(key recording.Key) *archive.Archive {
		a, err := archive.Open(archive.Config{Dir: dir, Key: key, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(a.Close)
		return a
	}
	a := open(key)
	take, err := a.Begin("s1", codec.PCMU, false, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	take.SetActive(true)
	if _, err := a.Begin("s1", codec.PCMU, false, nil); err == nil {
		t.Error("a recording is written over another")
	}
	tap := take.Tap(true)
	began := time.Now()
	loud := bytes.Repeat([]byte{0x80}, 160)
	for ts := uint32(0); time.Since(began) < 2*time.Second; ts += 160 {
		tap(relay.Tapped{FromPhone: true, Source: 1, TS: ts, Payload: loud})
		time.Sleep(time.Until(began.Add(time.Duration(ts/160+1) * 20 * time.Millisecond)))
	}
	read := func(a *archive.Archive) (right int, whole bool) {
		t.Helper()
		r, err := a.Read("s1")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		b, err := io.ReadAll(r)
		if err != nil || len(b) < 58 {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		for i := 59; i < len(b); i += 2 {
			if b[i] == 0x80 {
				right++
			}
		}
		return right, r.Whole
	}
	// A second of 8,000 samples is there within the second after it.
	relaytest.Eventually(t, "the first second", func() bool {
		n, whole := read(open(key))
		return n >= 8000 && !whole
	})
	if _, err := open(other).Read("s1"); !errors.Is(err, recording.ErrForeign) {
		t.Errorf("with another key: %v", err)
	}
	if err := take.Close(); err != nil {
		t.Fatal(err)
	}
	if n, whole := read(a); n < 14000 || !whole {
		t.Errorf("%d samples, whole %v", n, whole)
	}
}

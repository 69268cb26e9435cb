package player

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"offhook/voice/audio"
	"offhook/voice/recording"
)

// wav is a recording of silence.
func wav(length time.Duration) []byte {
	const rate = 8000
	n := int(length.Seconds() * rate)
	head := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x12\x00\x00\x00\x07\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00\x00\x00data\x00\x00\x00\x00")
	return append(head, bytes.Repeat([]byte{0xff}, n)...)
}

func start(t *testing.T, file io.ReaderAt, size int64, at time.Duration) *Player {
	t.Helper()
	system, err := audio.NewSystem(audio.Config{NoDevices: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = system.Close() })
	l, err := recording.Listen(file, size)
	if err != nil {
		t.Fatal(err)
	}
	p := Start(t.Context(), system, audio.Spec{Kind: audio.SpecNull}, l, at, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { p.Stop(); <-p.Done() })
	return p
}

// reaches waits until a player has come to a time.
func reaches(t *testing.T, p *Player, at time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); p.Position() < at; {
		select {
		case <-p.Done():
			t.Fatalf("ended at %v: %v", p.Position(), p.Err())
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("at %v only", p.Position())
		}
	}
}

// A player plays from where it was told to the end, goes to and fro, and stops.
func TestPlayer(t *testing.T) {
	t.Parallel()
	b := wav(10 * time.Minute)
	p := start(t, bytes.NewReader(b), int64(len(b)), 5*time.Minute)
	if p.Length() != 10*time.Minute || p.Position() != 5*time.Minute {
		t.Errorf("%v of %v", p.Position(), p.Length())
	}
	reaches(t, p, 5*time.Minute+200*time.Millisecond)
	p.Seek(time.Minute)
	if at := p.Position(); at > 2*time.Minute {
		t.Errorf("after going back: %v", at)
	}
	for range 20 { // somebody who holds the key
		p.Seek(8 * time.Minute)
		p.Seek(9 * time.Minute)
	}
	reaches(t, p, 9*time.Minute+100*time.Millisecond)
	p.Seek(time.Hour) // the end
	<-p.Done()
	if p.Err() != nil || p.Position() != p.Length() {
		t.Errorf("%v, %v", p.Position(), p.Err())
	}
	p.Seek(0) // nobody hears it any more
	other := start(t, bytes.NewReader(b), int64(len(b)), 0)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	other.Stop()
	select {
	case <-other.Done():
	case <-ctx.Done():
		t.Error("it does not stop")
	}
}

// broken can be read at first only.
type broken struct{ *bytes.Reader }

var errBroken = errors.New("the network is gone")

func (b broken) ReadAt(p []byte, at int64) (int, error) {
	if at > 8000 {
		return 0, errBroken
	}
	return b.Reader.ReadAt(p, at)
}

func TestPlayerOfABrokenFile(t *testing.T) {
	t.Parallel()
	b := wav(time.Minute)
	p := start(t, broken{bytes.NewReader(b)}, int64(len(b)), 0)
	<-p.Done()
	if !errors.Is(p.Err(), errBroken) {
		t.Errorf("%v", p.Err())
	}
}

//go:build unix

package main

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/internal/listen"
)

func TestRowsAreJudged(t *testing.T) {
	t.Parallel()
	b := &bench{dir: t.TempDir()}
	for _, tc := range []struct {
		row             row
		verdict, reason string
	}{
		{row{run: func(*bench) error { return nil }}, "pass", ""},
		{row{run: func(*bench) error { return errors.New("no\n  sound") }}, "fail", "no sound"},
		{row{run: func(*bench) error { return notHere("no npm") }}, "not here", "no npm"},
		{row{run: func(*bench) error { panic("oh") }}, "fail", "the row broke: oh"},
		{row{needs: []string{"no-such-program"}}, "not here", "no-such-program is not installed"},
	} {
		if got := tc.row.try(b); got.verdict != tc.verdict || got.reason != tc.reason {
			t.Errorf("%s, %q; want %s, %q", got.verdict, got.reason, tc.verdict, tc.reason)
		}
	}
}

func TestTableIsWrittenInPlace(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "doc.md")
	if err := os.WriteFile(file, []byte("head\n"+begin+"\nold\n"+end+"\ntail\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	table := markdown([]result{{row: row{peer: "a", what: "b"}, verdict: "fail", reason: "x|y"}}, "v1")
	if err := insert(file, table); err != nil {
		t.Fatal(err)
	}
	raw, _ := os.ReadFile(file)
	if s := string(raw); !strings.HasPrefix(s, "head\n"+begin) || !strings.HasSuffix(s, end+"\ntail\n") || strings.Contains(s, "old") || !strings.Contains(s, `| a | b | fail: x\|y |`) {
		t.Errorf("%s", s)
	}
	if err := insert(file+"x", table); err == nil {
		t.Error("a document that is not there")
	}
}

func TestTones(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "tone.wav")
	if err := os.WriteFile(file, toneWAV(peerTone, 48000, 2, time.Second), 0o600); err != nil {
		t.Fatal(err)
	}
	sound, err := listen.ReadWAV(file)
	if err != nil || sound.Duration() != time.Second || math.Abs(sound.Tone(peerTone)-0.5) > 0.01 {
		t.Errorf("%v long, level %.3f, %v", sound.Duration(), sound.Tone(peerTone), err)
	}
	for v, want := range map[int]byte{0: 0xff, 32767: 0x80, -32768: 0x00, 132: 0xef} {
		if got := muLaw(v); got != want {
			t.Errorf("%d is encoded as %#x, want %#x", v, got, want)
		}
	}
}

// No port is given out twice, and none that the system gives to others.
func TestPorts(t *testing.T) {
	t.Parallel()
	b := &bench{}
	seen := map[int]bool{}
	for range 20 {
		found, err := b.ports(5)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range found {
			if seen[p] || p < firstPort || p > lastPort {
				t.Errorf("port %d", p)
			}
			seen[p] = true
		}
	}
}

package app

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"offhook/app/logs"
	"offhook/voice"
	"offhook/voice/fault"
)

// noRoom marks the child process on whose disk there is no room.
const noRoom = "OFFHOOK_TEST_NO_ROOM"

// A disk that is really full: the limit of a file's size makes every write of
// the process fail, those of the call log, the settings, the push ledger and the
// logs. The phone goes on, says so, and loses nothing once there is room again.
func TestAPhoneOnAFullDisk(t *testing.T) {
	if os.Getenv(noRoom) != "" {
		storyOfAFullDisk(t)
		return
	}
	t.Parallel()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestAPhoneOnAFullDisk$", "-test.v")
	cmd.Env = append(os.Environ(), noRoom+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Fatalf("%v\n%s", err, out)
	}
}

func storyOfAFullDisk(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	var usual unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &usual); err != nil {
		t.Fatal(err)
	}
	room := func(bytes uint64) {
		t.Helper()
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: usual.Max}); err != nil {
			t.Fatal(err)
		}
	}
	defer room(usual.Cur)
	d := newHarness(t)
	files, err := logs.Open(filepath.Join(d.dir, logs.Dir), logs.Bounds{Days: 3, Bytes: 1 << 20}, &logs.Redactor{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d.logger = files.Logger(nil)
	d.start().signIn()
	before, err := os.ReadFile(filepath.Join(d.dir, "settings.json"))
	if err != nil {
		t.Fatal(err)
	}

	room(0)
	if err := os.WriteFile(filepath.Join(d.dir, "probe"), []byte("x"), 0o600); !errors.Is(err, syscall.EFBIG) {
		t.Fatalf("there is room: %v", err)
	}
	err = d.UpdateSettings(func(s *Settings) { s.Audio.RingVolume = 7 })
	if f := fault.From(err); f == nil || f.Type != fault.InternalError || !strings.Contains(f.Message(), "the disk is full") {
		t.Errorf("a setting: %v", err)
	}
	if d.Settings().Audio.RingVolume != 7 {
		t.Error("the setting does not hold for the running phone")
	}
	if now, err := os.ReadFile(filepath.Join(d.dir, "settings.json")); err != nil || string(now) != string(before) {
		t.Errorf("the settings file was harmed: %v", err)
	}
	ctx := context.Background()
	if err := d.Dial(ctx, "bob", ""); err != nil {
		t.Fatal("dialling on a full disk:", err)
	}
	d.engine.emit(voice.CallEstablished{Call: d.engine.to(voice.StateEstablished)})
	if err := d.Hangup(ctx, ""); err != nil {
		t.Fatal(err)
	}
	s := d.until("over and said", func(s *Snapshot) bool { return s.Call == nil && s.LastCall != nil && s.Notice != nil })
	if !strings.Contains(s.Notice.Text.String(), "call log") || s.LastCall.RemoteID != "bob" || !s.Ready {
		t.Errorf("notice %+v, last call %+v, ready %v", s.Notice, s.LastCall, s.Ready)
	}
	d.engine.emit(voice.MissedCall{RemoteID: "carol", SessionID: "s-missed", Time: time.Now(), Reason: "busy"})

	room(usual.Cur)
	d.until("both are in the log", func(*Snapshot) bool { return len(d.Recents()) == 2 })
	if err := d.UpdateSettings(func(s *Settings) { s.Audio.RingVolume = 8 }); err != nil {
		t.Error(err)
	}
	d.close()
	if err := files.Close(); err != nil {
		t.Error(err)
	}
	d.logger = nil
	d.start()
	if r := d.Recents(); d.Settings().Audio.RingVolume != 8 {
		t.Errorf("volume %d, %d calls", d.Settings().Audio.RingVolume, len(r))
	}
	all, err := d.SearchRecents(ctx, RecentsQuery{})
	if err != nil || len(all) != 2 || all[0].Interrupted || all[1].Interrupted {
		t.Errorf("%+v, %v", all, err)
	}
	d.close()
	text, err := os.ReadFile(newestLog(t, filepath.Join(d.dir, logs.Dir)))
	if err != nil || !strings.Contains(string(text), "the call log can't be written") && !strings.Contains(string(text), "closed") {
		t.Errorf("the log is silent after the disk had room again: %v", err)
	}
}

func newestLog(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no logs: %v", err)
	}
	return found[len(found)-1]
}

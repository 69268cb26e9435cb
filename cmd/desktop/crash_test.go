//go:build !windows

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"offhook/app/logs"
	"offhook/internal/crash"
	"offhook/internal/drive"
)

// calls are calls that a phone may be in when it ends unasked; each leaves the phone
// alice in them and returns those who must learn of their end.
var callsOfAnEnd = map[string]func(t *testing.T, alice, bob, carol *phone) []*phone{
	"talking": func(t *testing.T, alice, bob, _ *phone) []*phone {
		alice.do(t, "dial", "bob", "--wait", "RINGING")
		bob.untilState(t, "INCOMING")
		bob.do(t, "answer", "--wait", "ESTABLISHED")
		alice.untilState(t, "ESTABLISHED")
		return []*phone{bob}
	},
	"ringing there": func(t *testing.T, alice, bob, _ *phone) []*phone {
		alice.do(t, "dial", "bob", "--wait", "RINGING")
		bob.untilState(t, "INCOMING")
		return []*phone{bob}
	},
	"two calls": func(t *testing.T, alice, bob, carol *phone) []*phone {
		alice.do(t, "settings", "calls.waiting", "on")
		alice.do(t, "dial", "bob", "--wait", "RINGING")
		bob.untilState(t, "INCOMING")
		bob.do(t, "answer", "--wait", "ESTABLISHED")
		alice.untilState(t, "ESTABLISHED")
		carol.do(t, "dial", "alice", "--wait", "RINGING")
		alice.do(t, "answer")
		carol.untilState(t, "ESTABLISHED")
		return []*phone{bob, carol}
	},
}

// learnOfTheEnd waits until phones have learnt that their calls are over, and says how
// long after since the last of them did.
func learnOfTheEnd(t *testing.T, phones []*phone, since time.Time) (took time.Duration) {
	t.Helper()
	for _, p := range phones {
		took = max(took, p.untilEnded(t).Ended.Sub(since))
	}
	return took
}

// A phone that breaks writes why before anything else and hangs up, whatever its calls
// are at; the next start tells of it.
func TestAPhoneThatBreaksHangsUp(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	bob, carol := startPhone(t, platform.url, "bob", "null"), startPhone(t, platform.url, "carol", "null")
	folder := filepath.Join(t.TempDir(), "phone")
	open := func() *phone {
		p := startPhone(t, platform.url, "alice", "null", "--config-dir", folder)
		p.remote.ConfigDir = folder
		p.ready(t)
		return p
	}
	bob.ready(t)
	carol.ready(t)
	broken := map[string]syscall.Signal{"talking": syscall.SIGSEGV, "ringing there": syscall.SIGABRT, "two calls": syscall.SIGQUIT}
	for name, begin := range callsOfAnEnd {
		alice := open()
		others := begin(t, alice, bob, carol)
		at := time.Now()
		if err := alice.cmd.Process.Signal(broken[name]); err != nil {
			t.Fatal(err)
		}
		if took := learnOfTheEnd(t, others, at); took > time.Second {
			t.Errorf("%s: the others learn of it after %v", name, took)
		} else {
			t.Logf("%s: %v", name, took)
		}
		<-alice.done
		left, _ := filepath.Glob(filepath.Join(folder, "alice", "logs", "crash-*.running"))
		if len(left) != 1 {
			t.Fatalf("%s: crash reports: %q", name, left)
		}
		if text, _ := os.ReadFile(left[0]); !strings.Contains(string(text), "signal: ") || !strings.Contains(string(text), "goroutine ") {
			t.Errorf("%s: the report is %.200q", name, text)
		}
		again := open()
		if s := again.status(t); s.Notice == nil || !strings.Contains(s.Notice.Text.String(), "unexpectedly") {
			t.Errorf("%s: the next start says %+v", name, s.Notice)
		}
		again.quit(t)
	}
}

// When the X server is gone, the far sides are told at once, whatever the calls are at.
func TestTheScreenGoesInAnyCall(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	bob, carol := startPhone(t, platform.url, "bob", "null"), startPhone(t, platform.url, "carol", "null")
	bob.ready(t)
	carol.ready(t)
	for _, name := range []string{"ringing there", "two calls"} {
		dir := t.TempDir()
		display, err := drive.OpenDisplay(t.Context(), dir, 600, 800)
		if err != nil {
			t.Fatal(err)
		}
		defer display.Close()
		alice := startWindow(t, display, platform.url, "alice")
		alice.ready(t)
		others := callsOfAnEnd[name](t, alice, bob, carol)
		at := time.Now()
		display.Close()
		if took := learnOfTheEnd(t, others, at); took > time.Second {
			t.Errorf("%s: the others learn of it after %v", name, took)
		} else {
			t.Logf("%s: %v", name, took)
		}
		<-alice.done
	}
}

// A panic of a goroutine, wherever it runs, is written before the phone is told to end.
func TestAPanicEndsThePhoneInOrder(t *testing.T) {
	files, err := logs.Open(t.TempDir(), logs.Bounds{Days: 1, Bytes: 1 << 20}, &logs.Redactor{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	_, calm, err := files.WatchCrashes()
	if err != nil {
		t.Fatal(err)
	}
	defer calm()
	quit := make(chan struct{})
	var closers closing
	broken := watchGoroutines(files, func() { close(quit) }, &closers)
	crash.Go(func() { panic("out of tune") })
	<-quit
	if !broken.Load() {
		t.Error("the phone does not know that it is broken")
	}
	if err := closers.close(); err != nil {
		t.Fatal(err)
	}
	reports, again, err := files.WatchCrashes()
	defer again()
	if err != nil || len(reports) != 1 {
		t.Fatalf("reports %q, %v", reports, err)
	}
	if text, _ := os.ReadFile(reports[0]); !strings.Contains(string(text), "out of tune") || !strings.Contains(string(text), "crash_test.go") {
		t.Errorf("the report is %s", text)
	}
}

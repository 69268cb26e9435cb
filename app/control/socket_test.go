package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/app/profile"
)

func TestOnePhonePerProfile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "p")
	lock, err := Acquire(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Acquire(dir); !errors.Is(err, ErrRunning) {
		t.Fatal(err)
	}
	lock.Release()
	// A folder that others could enter is closed to them.
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	again, err := Acquire(dir)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	again.Release()
}

func TestASecondStartHandsItsLinkOver(t *testing.T) {
	t.Parallel()
	d := newDesk(t, t.TempDir())
	for _, link := range []string{"tel:+4930123", ""} {
		if err := HandOver(context.Background(), d.dir, link); err != nil {
			t.Fatal(err)
		}
		want := strings.TrimPrefix(link, "tel:")
		if got := <-d.phone.Prefills(); got != want {
			t.Fatalf("%q became %q", link, got)
		}
	}
}

// A phone that is stopped takes connections and says nothing: its user is told so
// soon after the command's own limit.
func TestAPhoneThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	dir := profile.Dir(base, profile.Default)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l, _, err := listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	hung := &desk{t: t, base: base}
	hung.fails(ExitError, CodeTimeout, "status", "--timeout", "1ms")
}

func TestTheSocketIsItsUsersAlone(t *testing.T) {
	t.Parallel()
	deep := filepath.Join(t.TempDir(), strings.Repeat("deep/", 30))
	// What stands where the socket belongs is to the phone as a file system without
	// sockets.
	taken := t.TempDir()
	if err := os.MkdirAll(filepath.Join(profile.Dir(taken, profile.Default), socketName, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, base := range []string{t.TempDir(), deep, taken} {
		d := newDesk(t, base)
		path := filepath.Join(d.dir, socketName)
		if data, err := os.ReadFile(filepath.Join(d.dir, pointerName)); err == nil {
			path = string(data)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("%s: %v, %v", path, info, err)
		}
		folder, err := os.Stat(filepath.Dir(path))
		if err != nil || folder.Mode().Perm() != 0o700 {
			t.Fatalf("%s: %v, %v", filepath.Dir(path), folder.Mode(), err)
		}
		d.snapshot("status")
	}
}

func TestTheOnlyRunningPhoneNeedsNoName(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	d := newDesk(t, base)
	d.end()
	other := &desk{t: t, base: base}
	other.fails(ExitError, CodeNotRunning, "status")
	// The same folder under another profile's name.
	if err := os.Rename(profile.Dir(base, "default"), profile.Dir(base, "agent7")); err != nil {
		t.Fatal(err)
	}
	phone := newDesk(t, t.TempDir())
	if err := os.Symlink(filepath.Join(phone.dir, socketName), filepath.Join(profile.Dir(base, "agent7"), socketName)); err != nil {
		t.Fatal(err)
	}
	other.snapshot("status")
}

func TestHostileClients(t *testing.T) {
	t.Parallel()
	d := newDesk(t, t.TempDir())
	for _, in := range []string{"", "\n", "{}\n", "[]\n", "\x00\xff\n", `{"command":7}` + "\n", `{"command":"dial","args":null}` + "\n",
		strings.Repeat("x", 2*maxLine) + "\n", `{"command":"status","timeout":-5}` + "\n", `{"command":"status","wait":"\u0000"}` + "\n"} {
		c, err := dial(d.dir)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, in)
		if uc, ok := c.(*net.UnixConn); ok {
			_ = uc.CloseWrite()
		}
		_ = c.SetReadDeadline(time.Now().Add(time.Minute))
		out, _ := io.ReadAll(c)
		c.Close()
		if len(out) > 0 && !json.Valid(out) {
			t.Errorf("%.20q is answered by %q", in, out)
		}
		if len(in) > maxLine && !bytes.Contains(out, []byte("too long")) {
			t.Errorf("a line that is too long is answered by %q", out)
		}
	}
	// Silent clients don't keep others out for good, and a full house is refused.
	var silent []net.Conn
	for range maxClients + 5 {
		if c, err := dial(d.dir); err == nil {
			silent = append(silent, c)
		}
	}
	d.fails(ExitError, "SYSTEM_BUSY", "status")
	for _, c := range silent {
		c.Close()
	}
	deadline := time.Now().Add(time.Minute)
	for {
		if code, _ := d.ctl("status"); code == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the phone no longer answers")
		}
	}
}

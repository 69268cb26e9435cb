package control

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"offhook/app/profile"
)

// A new command is an entry of the table: it runs, it is in the help, it prints what
// it did and answers a script with the snapshot. This test can't run beside others.
func TestANewCommandIsAnEntry(t *testing.T) {
	parked := ""
	commands["park"] = command{args: "[SLOT]", max: 1, help: "park the call", did: "Parked.", run: func(_ context.Context, _ *Server, r request, _ func(any) error) (any, error) {
		parked = strings.Join(r.Args, "")
		return nil, nil
	}}
	defer delete(commands, "park")
	d := newDesk(t, t.TempDir())
	var out, problems strings.Builder
	if code := Main(context.Background(), []string{"--config-dir", d.base, "park", "7"}, &out, &problems); code != ExitOK || parked != "7" || !strings.HasPrefix(out.String(), "Parked. ") {
		t.Errorf("exit %d, %q, %q, parked at %q", code, out.String(), problems.String(), parked)
	}
	if code, text := d.ctl("park", "1", "2"); code != ExitUsage || !strings.Contains(text, "park [SLOT]") {
		t.Errorf("exit %d: %s", code, text)
	}
	out.Reset()
	if Main(context.Background(), []string{"--help"}, &out, &problems); !strings.Contains(out.String(), "park the call") {
		t.Error("it is not in the help")
	}
	for name, c := range commands {
		if c.help == "" || c.did == "" && !answersItself[name] {
			t.Errorf("%s does not say what it does, or has done", name)
		}
	}
}

// answersItself are the commands that print something of their own.
var answersItself = map[string]bool{"status": true, "stats": true, "history": true, "contacts": true, "directory": true, "events": true, "diagnose": true, "upload-logs": true,
	"runtime": true, "quit": true, "settings": true, "desk-api": true}

func TestSettingsByTheirPath(t *testing.T) {
	t.Parallel()
	d := newDesk(t, t.TempDir())
	var got struct {
		Settings []struct {
			Path  string
			Value any
			About string
		}
	}
	read := func(args ...string) {
		t.Helper()
		code, text := d.ctl(args...)
		if err := json.Unmarshal([]byte(text), &got); code != ExitOK || err != nil || len(got.Settings) == 0 {
			t.Fatalf("exit %d: %s", code, text)
		}
	}
	if read("settings"); len(got.Settings) < 25 || got.Settings[0].About == "" {
		t.Errorf("%+v", got)
	}
	if read("settings", "audio.ring_volume", "55"); got.Settings[0].Value != 55.0 || d.phone.Settings().Audio.RingVolume != 55 {
		t.Errorf("%+v", got)
	}
	if read("settings", "appearance.theme", "dark"); d.phone.Settings().Appearance.Theme != "dark" {
		t.Errorf("%+v", got)
	}
	// A state is chosen, with the rules of a choice: this phone is not ready.
	if read("settings", "availability", "busy"); d.phone.Snapshot().Availability != "busy" {
		t.Errorf("%+v", d.phone.Snapshot().AgentState)
	}
	if code, text := d.ctl("settings", "availability", "available"); code != ExitError || !strings.Contains(text, "isn't ready") {
		t.Errorf("exit %d, %s", code, text)
	}
	for _, args := range [][]string{{"settings", "audio.ring_volume", "900"}, {"settings", "appearance.theme", "purple"}, {"settings", "device_id", "x"}, {"settings", "nonsense"}} {
		if code, text := d.ctl(args...); code != ExitUsage {
			t.Errorf("%v: exit %d, %s", args, code, text)
		}
	}
}

// A script may ask whether a phone is ready before it has started; and a report
// can be had without a sign-in.
func TestBeforeTheStartAndWithoutASignIn(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	dir := profile.Dir(base, profile.Default)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	starting, _, err := listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan int, 1)
	go func() {
		var out, problems strings.Builder
		asked <- Main(context.Background(), []string{"--config-dir", base, "status", "--wait", "IDLE", "--timeout", "20s", "--json"}, &out, &problems)
	}()
	early, err := starting.Accept() // it asks before there is a phone
	if err != nil {
		t.Fatal(err)
	}
	_ = early.Close()
	_ = starting.Close()
	d := newDesk(t, base)
	if code := <-asked; code != ExitOK {
		t.Errorf("exit %d", code)
	}
	file := filepath.Join(t.TempDir(), "report.zip")
	if code, text := d.ctl("report", file); code != ExitOK {
		t.Errorf("exit %d: %s", code, text)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if code, _ := d.ctl("report", file); code == ExitOK {
		t.Error("a file that is there is overwritten")
	}
}

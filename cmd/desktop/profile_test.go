package main

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"offhook/app"
)

// tokens have the form of a JSON web token or of a bearer header.
var tokens = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+|[Bb]earer [A-Za-z0-9]`)

// noSecrets looks for tokens in every file below dir, inside archives too.
func noSecrets(t *testing.T, dir string) {
	t.Helper()
	looked := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		looked++
		noSecretsIn(t, path, data)
		if z, err := zip.NewReader(bytes.NewReader(data), int64(len(data))); err == nil {
			for _, f := range z.File {
				r, err := f.Open()
				if err != nil {
					return err
				}
				inner, err := io.ReadAll(r)
				r.Close()
				if err != nil {
					return err
				}
				noSecretsIn(t, path+"/"+f.Name, inner)
			}
		}
		return nil
	})
	if err != nil || looked == 0 {
		t.Errorf("looked into %d files: %v", looked, err)
	}
}

func noSecretsIn(t *testing.T, name string, data []byte) {
	t.Helper()
	if found := tokens.Find(data); found != nil {
		t.Errorf("%s holds a secret: %.12s…", name, found)
	}
}

// A call, a report and an end: nothing of a token is left on the disk, in the
// output or in the upload.
func TestNoSecretIsLeftAnywhere(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	bob := startPhone(t, platform.url, "bob", "null")
	alice := startPhone(t, platform.url, "alice", "null", "--log-level", "debug")
	alice.ready(t)
	bob.ready(t)
	alice.do(t, "dial", "bob", "--wait", "RINGING")
	bob.untilState(t, "INCOMING")
	bob.do(t, "answer", "--wait", "ESTABLISHED")
	alice.do(t, "hangup", "--wait", "ENDED")
	alice.do(t, "upload-logs", "--description", "a test")
	alice.do(t, "feedback", "5")
	alice.quit(t)
	noSecrets(t, alice.remote.ConfigDir)
	noSecretsIn(t, "alice's output", []byte(alice.output.String()))
	uploads := filepath.Join(platform.data(), "platform-uploads")
	if archives, err := filepath.Glob(filepath.Join(uploads, "*")); err != nil || len(archives) != 1 {
		t.Fatalf("uploaded: %q, %v", archives, err)
	}
	noSecrets(t, uploads)
}

// data is the platform's folder, as startPlatform named it.
func (p *platform) data() string {
	for i, a := range p.cmd.Args {
		if a == "--data" {
			return p.cmd.Args[i+1]
		}
	}
	return ""
}

// A phone that is killed in a call knows of it at its next start, and is ready
// again by itself as soon as it has its password.
func TestAKilledPhoneRemembersItsCall(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	dir := t.TempDir()
	args := []string{"--config-dir", filepath.Join(dir, "phone")}
	alice := startPhone(t, platform.url, "alice", "null", args...)
	alice.remote.ConfigDir = args[1]
	alice.ready(t)
	alice.do(t, "dial", "echo", "--wait", "ESTABLISHED")
	alice.until(t, time.Minute, "talking", func(s *app.Snapshot) bool { return s.Call != nil && s.Call.DurationS >= 1 })
	_ = alice.cmd.Process.Kill()
	<-alice.done

	again := startPhone(t, platform.url, "alice", "null", args...)
	again.remote.ConfigDir = args[1]
	again.ready(t)
	var history struct {
		Calls []app.CallRecord `json:"calls"`
	}
	if err := again.ctl(&history, "history"); err != nil {
		t.Fatal(err)
	}
	if len(history.Calls) != 1 || !history.Calls[0].Interrupted || history.Calls[0].RemoteID != "echo" {
		t.Errorf("%+v", history.Calls)
	}
	again.do(t, "dial", "echo", "--wait", "ESTABLISHED")
	again.do(t, "hangup", "--wait", "ENDED")
}

// A second start on the same profile is no second phone.
func TestASecondStartHandsOverAndEnds(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	alice := startPhone(t, platform.url, "alice", "null")
	alice.ready(t)
	second := func(link ...string) (string, error) {
		args := append([]string{"--headless", "--config-dir", alice.remote.ConfigDir, "--profile", "alice"}, link...)
		cmd := exec.Command(program(t, "offhook"), args...)
		cmd.Env = alice.cmd.Env
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := second(); err != nil {
		t.Errorf("raising: %v, %s", err, out)
	}
	if out, err := second("tel:echo"); err != nil {
		t.Errorf("a link: %v, %s", err, out)
	}
	if out, err := second("http://x"); err == nil || !strings.Contains(out, "link") {
		t.Errorf("a wrong link: %v, %s", err, out)
	}
	if s := alice.status(t); !s.Ready || s.Call != nil {
		t.Errorf("a link dialled by itself, though it should only prefill: %+v", s.Call)
	}
}

// A restart needs no password where there is a keyring, and nothing is left in
// it after signing out. The keyring is a real one in a session of its own.
func TestTheKeyringSignsInAgain(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	if err := os.Mkdir(run, 0o700); err != nil {
		t.Fatal(err)
	}
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("demo"), 0o600); err != nil {
		t.Fatal(err)
	}
	script := `set -e
printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
phone() { "$OFFHOOK" --headless --config-dir "$DIR/phone" --audio-in null --audio-out null "$@" & }
ctl() { "$OFFHOOK" ctl --config-dir "$DIR/phone" --profile default "$@"; }
up() { for i in $(seq 100); do ctl status --wait READY --timeout 20s >/dev/null 2>&1 && return 0; sleep 0.1; done; ctl status; return 1; }
phone --server "$SERVER" --account demo --user alice --password-file "$DIR/password"; pid=$!
up; ctl status --json | grep -q '"keyring_missing":false'
ctl quit >/dev/null; wait $pid
echo == restart without a password
phone; pid=$!
up; ctl status --json | grep -q '"user_name":"alice"'
secret-tool search --all service "Offhook (default)" 2>&1 | grep -c '^\[/' | grep -qv '^0$'
ctl sign-out >/dev/null
ctl quit >/dev/null; wait $pid
echo == after signing out
! secret-tool search --all service "Offhook (default)" 2>/dev/null | grep '^\[/'
echo == done`
	cmd := exec.Command("dbus-run-session", "--", "bash", "-c", script)
	cmd.Env = append(home(dir), "OFFHOOK="+program(t, "offhook"), "DIR="+dir, "SERVER="+platform.url, "XDG_DATA_HOME="+filepath.Join(dir, "data"))
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "== done") {
		t.Fatalf("%v\n%s", err, out)
	}
	noSecrets(t, filepath.Join(dir, "phone"))
}

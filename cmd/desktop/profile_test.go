package main

import (
	"archive/zip"
	"bytes"
	"database/sql"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	_ "github.com/mattn/go-sqlite3" // to read what the platform keeps

	"offhook/app"
	"offhook/app/readiness"
)

// tokens have the form of a JSON web token or of a bearer header.
var tokens = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+|[Bb]earer [A-Za-z0-9]`)

// noSecrets looks for tokens, and for secrets that are known, in every file below dir, inside archives too.
func noSecrets(t *testing.T, dir string, secrets ...string) {
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
		noSecretsIn(t, path, data, secrets...)
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
				noSecretsIn(t, path+"/"+f.Name, inner, secrets...)
			}
		}
		return nil
	})
	if err != nil || looked == 0 {
		t.Errorf("looked into %d files: %v", looked, err)
	}
}

func noSecretsIn(t *testing.T, name string, data []byte, secrets ...string) {
	t.Helper()
	for i, secret := range secrets {
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("%s holds secret %d", name, i)
		}
	}
	if found := tokens.Find(data); found != nil {
		t.Errorf("%s holds a secret: %.12s…", name, found)
	}
}

// A call, a crash, a report and an end: nothing of a token, of the passwords or
// of what the profile holds is left on the disk, in the output, in the crash
// report or in the upload.
func TestNoSecretIsLeftAnywhere(t *testing.T) {
	t.Parallel()
	const password = "c0rrect-Horse-8attery"
	platform := startPlatform(t)
	add := exec.Command(program(t, "offhook-demo"), "user", "add", "dora", "--data", platform.data())
	add.Stdin = strings.NewReader(password + "\n")
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	bob := startPhone(t, platform.url, "bob", "null")
	folder := []string{"--config-dir", filepath.Join(t.TempDir(), "phone")}
	phoneOfDora := func() *phone {
		p := startPhoneWith(t, platform.url, "dora", password, append(folder, "--audio-in", "null", "--log-level", "debug")...)
		p.remote.ConfigDir = folder[1]
		p.ready(t)
		return p
	}
	dora := phoneOfDora()
	bob.ready(t)
	dora.do(t, "dial", "bob", "--wait", "RINGING")
	bob.untilState(t, "INCOMING")
	bob.do(t, "answer", "--wait", "ESTABLISHED")
	dora.do(t, "hangup", "--wait", "ENDED")
	bob.do(t, "dial", "dora", "--wait", "RINGING") // a payload's token comes in
	dora.untilState(t, "INCOMING")
	dora.do(t, "answer", "--wait", "ESTABLISHED")
	_ = dora.cmd.Process.Signal(syscall.SIGABRT)
	<-dora.done
	bob.untilEnded(t) // by her phone's last word

	again := phoneOfDora()
	if s := again.status(t); s.Notice == nil || !strings.Contains(s.Notice.Text.String(), "unexpectedly") {
		t.Errorf("the crash is not told of: %+v", s.Notice)
	}
	again.do(t, "dial", "echo", "--wait", "ESTABLISHED")
	again.do(t, "hangup", "--wait", "ENDED")
	again.do(t, "feedback", "5")
	again.do(t, "upload-logs", "--description", "a test")
	again.quit(t)
	uploads := filepath.Join(platform.data(), "platform-uploads")
	archives, err := filepath.Glob(filepath.Join(uploads, "*"))
	if err != nil || len(archives) != 1 {
		t.Fatalf("uploaded: %q, %v", archives, err)
	}
	if names := inside(t, archives[0]); !strings.Contains(names, "crash-") || !strings.Contains(names, "offhook-") {
		t.Errorf("the report holds %s", names)
	}
	secrets := append(sipPasswords(t, platform.data()), password)
	if len(secrets) < 3 {
		t.Fatalf("the platform knows %d SIP passwords", len(secrets)-1)
	}
	for _, dir := range []string{folder[1], uploads} {
		noSecrets(t, dir, secrets...)
	}
	for _, p := range []*phone{dora, again} {
		noSecretsIn(t, "the output", []byte(p.output.String()), secrets...)
	}
}

// sipPasswords are those that the platform gave its subscribers.
func sipPasswords(t *testing.T, data string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(data, "*.db"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range files {
		db, err := sql.Open("sqlite3", "file:"+f+"?mode=ro")
		if err != nil {
			t.Fatal(err)
		}
		rows, err := db.Query("SELECT sip_password FROM subscribers")
		for err == nil && rows.Next() {
			var one string
			if err = rows.Scan(&one); err == nil && one != "" {
				found = append(found, one)
			}
		}
		db.Close()
	}
	return found
}

// inside names what is in an archive.
func inside(t *testing.T, path string) string {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	return strings.Join(names, " ")
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
	alice.until(t, timeout, "talking", func(s *app.Snapshot) bool { return s.Call != nil && s.Call.DurationS >= 1 })
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

// Two profiles in one folder are two phones that call each other, and each keeps
// what is its own.
func TestTwoProfilesSideBySide(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	folder := filepath.Join(t.TempDir(), "phones")
	phones := map[string]*phone{}
	for _, user := range []string{"alice", "bob"} {
		p := startPhone(t, platform.url, user, "null", "--config-dir", folder)
		p.remote.ConfigDir = folder
		phones[user] = p
	}
	alice, bob := phones["alice"], phones["bob"]
	alice.ready(t)
	bob.ready(t)
	alice.do(t, "dial", "bob", "--wait", "RINGING")
	bob.untilState(t, "INCOMING")
	bob.do(t, "answer", "--wait", "ESTABLISHED")
	alice.do(t, "hangup", "--wait", "ENDED")
	bob.untilEnded(t)
	for user, other := range map[string]string{"alice": "bob", "bob": "alice"} {
		var history struct {
			Calls []app.CallRecord `json:"calls"`
		}
		if err := phones[user].ctl(&history, "history"); err != nil {
			t.Fatal(err)
		}
		s := phones[user].status(t)
		if len(history.Calls) != 1 || history.Calls[0].RemoteID != other || s.Profile != user || s.Account.UserName != user {
			t.Errorf("%s: %s, %+v", user, s.Account.UserName, history.Calls)
		}
	}
	alice.quit(t)
	if s := bob.status(t); !s.Ready {
		t.Errorf("bob's phone went with alice's: %+v", s.Conditions)
	}
	bob.quit(t)
}

// One phone has the inbox: the other is told, does not come back by itself, and
// takes it back when its user wants so.
func TestTwoPhonesOfOneUser(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	first := startPhone(t, platform.url, "bob", "null")
	first.ready(t)
	second := startPhone(t, platform.url, "bob", "null")
	second.ready(t)
	loses := func(p *phone) {
		t.Helper()
		p.until(t, timeout, "told that another has the calls", func(s *app.Snapshot) bool {
			for _, c := range s.Conditions {
				if c.Name == readiness.Push && !c.OK && strings.Contains(c.Text.String(), "another phone") && c.Action == readiness.Retry && c.RetryAt == nil {
					return !s.Ready
				}
			}
			return false
		})
	}
	loses(first)
	alice := startPhone(t, platform.url, "alice", "null")
	alice.ready(t)
	alice.do(t, "dial", "bob", "--wait", "RINGING")
	second.untilState(t, "INCOMING")
	second.do(t, "hangup", "--wait", "ENDED")
	alice.untilEnded(t)
	if s := first.status(t); s.Call != nil || s.LastCall != nil || s.Ready {
		t.Errorf("the phone without the inbox: %+v, ready %v", s.LastCall, s.Ready)
	}
	first.do(t, "retry")
	first.ready(t)
	loses(second)
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

package main

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"offhook/internal/papers"
)

// The papers' commands are for a person, whose phone has a window and goes on
// running. Here a stand-in starts the phone without one and returns when it
// can be worked, and the same for the platform.
const standIn = `#!/bin/bash
if [ "$1" = ctl ] || [[ " $* " =~ " --help " || " $* " =~ " --version " ]]; then exec %[1]s/offhook "$@"; fi
%[1]s/offhook --headless --audio-in sine:440 --audio-out null --ring-out null "$@" >>"$HOME/phone.log" 2>&1 &
pid=$!
echo $pid >>"$HOME/pids"
profile=default
[[ " $* " =~ " --demo " ]] && profile=demo
[[ " $* " =~ " --profile "([a-z]+) ]] && profile=${BASH_REMATCH[1]}
until %[1]s/offhook ctl --profile $profile status >/dev/null 2>&1; do
  kill -0 $pid || { cat "$HOME/phone.log" >&2; exit 1; }
  sleep 0.1
done
`

const standInPlatform = `#!/bin/bash
if [ "$1" != serve ]; then exec %[1]s/offhook-demo "$@"; fi
%[1]s/offhook-demo "$@" --json >"$HOME/platform.out" 2>>"$HOME/platform.log" &
pid=$!
echo $pid >>"$HOME/pids"
until [ -s "$HOME/platform.out" ]; do
  kill -0 $pid || { cat "$HOME/platform.log" >&2; exit 1; }
  sleep 0.1
done
`

// Every command in a paper works: in the order in which it stands there, each
// paper on a machine of its own.
func TestThePapersCommands(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Log("the papers' commands are run on Linux")
		return
	}
	files, err := papers.Files("../..")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		blocks, err := papers.Blocks(name, text)
		if err != nil {
			t.Fatal(err)
		}
		var run []papers.Block
		for _, b := range blocks {
			if b.Language == "sh" && b.By == "" {
				run = append(run, b)
			}
		}
		if len(run) > 0 {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				runPaper(t, run)
			})
		}
	}
}

func runPaper(t *testing.T, blocks []papers.Block) {
	program(t, "offhook")
	dir, _ := programs()
	work, err := os.MkdirTemp("", "offhook-paper-") // a short path, for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(work) })
	for name, text := range map[string]string{
		"bin/offhook": fmt.Sprintf(standIn, dir), "bin/offhook-demo": fmt.Sprintf(standInPlatform, dir),
		"password.txt": "demo", "dave.txt": "a password of dave's own",
	} {
		path := filepath.Join(work, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(work, "run"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		pids, err := os.ReadFile(filepath.Join(work, "pids"))
		if err != nil {
			return
		}
		// The phones go first, the platform under them last. One that has ended may wait long for its new parent to notice.
		end := exec.Command("bash", "-c", `for pid in $(tac pids); do kill $pid; for i in $(seq 300); do grep -qs 'State:.[^ZX]' /proc/$pid/status || break; sleep 0.1; done; done; true`)
		end.Dir = work
		if out, err := end.CombinedOutput(); err != nil {
			t.Errorf("ending %s: %v\n%s", strings.Fields(string(pids)), err, out)
		}
	})
	// The papers name ports and folders that a test leaves to others.
	port := freePort(t)
	places := strings.NewReplacer("127.0.0.1:8080", port, "127.0.0.1:8081", freePort(t), "0.0.0.0:8080", port, "192.0.2.10:8080", port,
		"/var/lib/offhook-demo", filepath.Join(work, "platform"), "/etc/offhook/", work+"/")
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	for _, b := range blocks {
		cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", places.Replace(b.Text))
		cmd.Dir = work
		cmd.Env = append(home(work), "PATH="+filepath.Join(work, "bin")+":"+os.Getenv("PATH"))
		cmd.WaitDelay = 10 * time.Second
		// To files, because what goes on running would hold a pipe open.
		out, err := os.Create(filepath.Join(work, "out"))
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdout, cmd.Stderr = out, out
		err = cmd.Run()
		out.Close()
		said, _ := os.ReadFile(out.Name()) // for the message alone
		if err != nil {
			log, _ := os.ReadFile(filepath.Join(work, "phone.log"))
			t.Fatalf("%s: %v\n%s\nsaid:\n%s%s", b, err, b.Text, said, log)
		}
		t.Logf("%s:\n%s→ %s", b, b.Text, said)
	}
}

// freePort is an address that is free for TCP and UDP at this moment.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

var update = flag.Bool("update", false, "write packaging/linux/offhook.1 anew")

// The manual page is what the declarations of the command line say, and README.md
// tells of the same flags as --help.
func TestTheManualIsComplete(t *testing.T) {
	t.Parallel()
	var man, help strings.Builder
	if err := manual(&man); err != nil {
		t.Fatal(err)
	}
	const path = "../../packaging/linux/offhook.1"
	if *update {
		if err := os.WriteFile(path, []byte(man.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != man.String() {
		t.Errorf("%s is not what the declarations say: go test -run TestTheManualIsComplete ./cmd/desktop -update writes it", path)
	}
	if _, err := parseFlags([]string{"--help"}, &help); err == nil {
		t.Fatal("--help is no flag")
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(help.String(), -1) {
		if !strings.Contains(string(readme), "--"+m[1]) {
			t.Errorf("README.md does not tell of --%s", m[1])
		}
	}
	for _, word := range complete([]string{"ctl", ""}) {
		if !strings.Contains(man.String(), "\n.BI "+strings.ReplaceAll(word, "-", `\-`)) {
			t.Errorf("the manual page does not tell of ctl %s", word)
		}
	}
}

// A shell completes commands, flags and choices: bash here, which every machine has.
func TestBashCompletes(t *testing.T) {
	t.Parallel()
	dir, _ := programs()
	program(t, "offhook")
	for _, row := range []struct{ line, want string }{
		{"offhook --head", "--headless"}, {"offhook ct", "ctl"}, {"offhook ctl upload", "upload-logs"}, {"offhook ctl dial bob --mess", "--message"},
		{"offhook ctl availability br", "break"}, {"offhook ctl history --ki", "--kind"}, {"offhook-demo us", "user"}, {"offhook-demo user dea", "deactivate"},
		{"offhook-demo serve --media-l", "--media-listen"},
	} {
		name, _, _ := strings.Cut(row.line, " ")
		program(t, name)
		script := fmt.Sprintf(`PATH=%[1]s:$PATH; source <(%[2]s --completion bash); COMP_WORDS=(%[3]s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _%[4]s; echo "${COMPREPLY[*]}"`,
			dir, name, row.line, strings.ReplaceAll(name, "-", "_"))
		out, err := exec.Command("bash", "-euc", script).CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != row.want {
			t.Errorf("%q becomes %q, not %q: %v", row.line, got, row.want, err)
		}
	}
}

// What a phone leaves in its profile's folder stands in the papers that say what is
// stored and where, and nobody but its user can read any of it.
func TestThePapersNameEveryFile(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	alice := startPhone(t, platform.url, "alice", "null")
	alice.ready(t)
	alice.do(t, "availability", "break")
	alice.do(t, "availability", "available")
	alice.do(t, "dial", "echo", "--wait", "ESTABLISHED")
	alice.do(t, "hangup", "--wait", "ENDED")
	folder := filepath.Join(alice.remote.ConfigDir, alice.user)
	onlyTheUsers(t, folder) // its socket too, while the phone runs
	alice.quit(t)
	onlyTheUsers(t, folder)
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 5 {
		t.Errorf("the phone has left no more than %v", files)
	}
	for _, paper := range []string{"docs/phone.md", "docs/privacy.md"} {
		text, err := os.ReadFile(filepath.Join("../..", paper))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !strings.Contains(string(text), "`"+f.Name()) {
				t.Errorf("%s does not tell of %s", paper, f.Name())
			}
		}
	}
}

// onlyTheUsers looks whether others may read or write a folder or anything in it.
func onlyTheUsers(t *testing.T, folder string) {
	t.Helper()
	looked := 0
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if os.IsNotExist(err) { // the call log's own files come and go
			return nil
		}
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if os.IsNotExist(err) {
			return nil
		}
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("others can get at %s: %v", path, info.Mode())
		}
		looked++
		return err
	})
	if err != nil || looked < 6 {
		t.Errorf("looked at %d files: %v", looked, err)
	}
}

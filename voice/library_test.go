package voice_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"offhook/demo"
	"offhook/internal/papers"
	"offhook/voice"
)

// A program of another module imports the engine, as docs/engine.md has it, and places
// a call: its text, its go.mod and its build are those of the paper.
func TestAnotherModuleCalls(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	paper, err := os.ReadFile(filepath.Join(root, "docs/engine.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := papers.Blocks("docs/engine.md", string(paper))
	if err != nil {
		t.Fatal(err)
	}
	program, commands := "", ""
	for _, b := range blocks {
		switch {
		case b.Language == "go" && strings.HasPrefix(b.Text, "package main"):
			program = b.Text
		case b.By == "TestAnotherModuleCalls":
			commands = b.Text
		}
	}
	if program == "" || commands == "" {
		t.Fatal("docs/engine.md has no program, or does not say how it is built")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	// The paper fetches what the engine needs; here it is there already, in the
	// versions of this repository.
	own, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	needs := regexp.MustCompile(`(?s)require \(.*`).FindString(string(own))
	commands = strings.NewReplacer("/path/to/offhook", root, "go mod tidy", "cat needs >>go.mod; cp "+root+"/go.sum .").Replace(commands)
	if err := os.WriteFile(filepath.Join(dir, "needs"), []byte(needs), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if raceEnabled() { // as this test was built, so that what it shares is built already
		commands = strings.Replace(commands, "go build ", "go build -race ", 1)
	}
	build := exec.CommandContext(ctx, "sh", "-euc", commands)
	build.Dir = dir
	build.Env = append(os.Environ(), "HOME="+voice.UserHome, "GOFLAGS=-mod=mod -trimpath", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	platform := startDemo(t, demo.Config{})
	a := login(t, platform.URL(), "alice", "library")
	postContext(t, platform.URL(), "alice", accessToken(a), "echo")
	account, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(ctx, filepath.Join(dir, "agent"), demo.DemoExophone)
	run.Stdin = strings.NewReader(string(account))
	run.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir)
	out, err := run.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "talking") || !strings.Contains(string(out), "ended: LOCAL_HANGUP") {
		t.Errorf("%v\n%s", err, out)
	}
}

// raceEnabled reports whether this test was built with the race detector.
func raceEnabled() bool {
	info, _ := debug.ReadBuildInfo()
	for _, s := range info.Settings {
		if s.Key == "-race" {
			return s.Value == "true"
		}
	}
	return false
}

package main

import (
	"bufio"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const packaging = "../../packaging/platform/"

// The shipped configuration, unit and container recipe name only flags that
// exist.
func TestShippedConfiguration(t *testing.T) {
	t.Parallel()
	s := settings{command: "serve"}
	if err := s.parse([]string{"--config", packaging + "config"}, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	if s.Listen != "0.0.0.0:443" || s.PublicURL != "https://voice.example.com" || s.DataDir != "/var/lib/offhook-demo" || s.account.APIKey == "" || s.flags.Drain == 0 {
		t.Errorf("settings %+v", s)
	}
	for _, file := range []string{"offhook-demo.service", "Containerfile", "compose.yaml", "../../docs/deploy.md"} {
		text, err := os.ReadFile(filepath.Join(packaging, file))
		if err != nil {
			t.Fatal(err)
		}
		checkFlags(t, file, string(text))
	}
}

var longFlag = regexp.MustCompile(`--([a-z][a-z-]+)`)

// checkFlags looks at every --flag on a line that calls offhook-demo.
func checkFlags(t *testing.T, file, text string) {
	t.Helper()
	known := map[string]bool{"password-file": true, "display-name": true, "help": true}
	s := settings{command: "serve"}
	flags := s.declare()
	lines := bufio.NewScanner(strings.NewReader(text))
	found := 0
	for lines.Scan() {
		_, call, ok := strings.Cut(lines.Text(), "offhook-demo ")
		if !ok {
			_, call, ok = strings.Cut(lines.Text(), "/usr/bin/offhook-demo\",")
		}
		if !ok {
			_, call, ok = strings.Cut(lines.Text(), "command: [")
		}
		if !ok {
			continue
		}
		for _, m := range longFlag.FindAllStringSubmatch(call, -1) {
			found++
			if !flags.Has(m[1]) && !known[m[1]] {
				t.Errorf("%s: there is no flag --%s", file, m[1])
			}
		}
	}
	if found == 0 {
		t.Errorf("%s calls offhook-demo with no flag at all", file)
	}
}

var update = flag.Bool("update", false, "write packaging/platform/offhook-demo.1 anew")

// The manual page is what the declarations of the command line say.
func TestTheManual(t *testing.T) {
	t.Parallel()
	var man strings.Builder
	if err := manual(&man); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(packaging+"offhook-demo.1", []byte(man.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile(packaging + "offhook-demo.1"); err != nil || string(kept) != man.String() {
		t.Errorf("packaging/platform/offhook-demo.1 is not what the declarations say (%v): go test -run TestTheManual ./cmd/demo -update writes it", err)
	}
}

// Every flag of serve is in the table of docs/deploy.md.
func TestFlagsAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/deploy.md")
	if err != nil {
		t.Fatal(err)
	}
	s := settings{command: "serve"}
	for _, name := range s.declare().Complete([]string{"--"}) {
		if !strings.Contains(string(text), "`"+name) {
			t.Errorf("docs/deploy.md does not tell of %s", name)
		}
	}
}

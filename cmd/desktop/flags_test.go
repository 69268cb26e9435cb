package main

import (
	"bytes"
	"context"
	"errors"

	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"offhook/app"

	"offhook/app/control"
	"offhook/internal/cmdline"
)

func TestFlags(t *testing.T) {
	t.Parallel()
	o, err := parseFlags([]string{"--headless", "--profile", "agent7", "--server", "https://h", "--user", "alice", "--audio-in", "sine:440",
		"--audio-out", "file:x.wav", "--log-level", "debug", "tel:+4930"}, io.Discard)
	if err != nil || !o.Headless || o.Profile != "agent7" || o.logLevel != slog.LevelDebug || o.Link != "tel:+4930" {
		t.Fatalf("%+v, %v", o, err)
	}
	if o, err := parseFlags(nil, io.Discard); err != nil || o.Profile != "default" {
		t.Fatalf("%+v, %v", o, err)
	}
	if o, err := parseFlags([]string{"--demo"}, io.Discard); err != nil || o.Profile != "demo" {
		t.Fatalf("%+v, %v", o, err)
	}
	for _, args := range [][]string{
		{"--nonsense"}, {"a:b", "c:d"}, {"bob"}, {"--profile", "../x"}, {"--profile", "a b"}, {"--audio-in", "telepathy"}, {"--audio-in", "sine:-1"},
		{"--log-level", "loud"}, {"--sip-account", "a@b"}, {"--sip-server", "udp://x:1"}, {"--demo", "--server", "http://x"},
	} {
		if o, err := parseFlags(args, io.Discard); err == nil {
			t.Errorf("%q is taken: %+v", args, o)
		}
	}
	var help bytes.Buffer
	if _, err := parseFlags([]string{"--help"}, &help); !errors.Is(err, cmdline.ErrHelp) {
		t.Fatal(err)
	}
	for _, f := range []string{"-demo", "-headless", "-profile", "-config-dir", "-server", "-account", "-user", "-password-file", "-display-name",
		"-sip-account", "-sip-server", "-audio-in", "-audio-out", "-ring-out", "-log-level", "LINK", "ctl"} {
		if !strings.Contains(help.String(), f) {
			t.Errorf("--help does not tell of %s", f)
		}
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, row := range []struct {
		args []string
		code int
	}{
		{[]string{"--version"}, control.ExitOK},
		{[]string{"--help"}, control.ExitOK},
		{[]string{"--nonsense"}, control.ExitUsage},
		{[]string{"ctl"}, control.ExitUsage},
		{[]string{"ctl", "--config-dir", dir, "status"}, control.ExitError},
		{[]string{"--headless", "--config-dir", file}, control.ExitError},
		{[]string{"--headless", "--config-dir", dir, "--password-file", "/nonexistent"}, control.ExitError},
	} {
		var out, errs bytes.Buffer
		if code := run(context.Background(), row.args, &out, &errs); code != row.code {
			t.Errorf("%q: exit %d, want %d; %s%s", row.args, code, row.code, out.String(), errs.String())
		}
		// What the system said may follow on a line of its own.
		first, _, _ := strings.Cut(errs.String(), "\n")
		sentence, code, coded := strings.Cut(first, " [")
		switch {
		case row.code == control.ExitOK:
		case !strings.HasSuffix(sentence, "."):
			t.Errorf("%q: no sentence in %q", row.args, errs.String())
		case !coded || !strings.HasSuffix(code, "]"):
			t.Errorf("%q: no code in %q", row.args, errs.String())
		}
	}
}

// The password of the command line is for the SIP account that is there already, an
// administrator's too, when no server is named.
func TestWhosePasswordItIs(t *testing.T) {
	t.Parallel()
	one := app.Settings{SIPAccounts: []app.SIPAccount{{ID: "a@b"}}}
	two := app.Settings{SIPAccounts: []app.SIPAccount{{ID: "a@b"}, {ID: "c@d"}}}
	subscriber := one.Clone()
	subscriber.Account.UserName = "alice"
	for _, row := range []struct {
		o    options
		set  app.Settings
		want string
	}{
		{options{}, one, "a@b"}, {options{}, two, ""}, {options{}, app.Settings{}, ""}, {options{}, subscriber, ""}, {options{User: "bob"}, one, ""},
		{options{SIPAccount: "c@d"}, two, "c@d"}, {options{SIPAccount: "c@d", SIPServer: "tls://d"}, two, ""}, {options{Demo: true}, one, ""},
	} {
		if id, ok := knownSIPAccount(row.o, row.set); id != row.want && ok || ok != (row.want != "") {
			t.Errorf("%+v: %q, %v", row.o, id, ok)
		}
	}
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"offhook/internal/cmdline"
	"offhook/internal/version"
	"offhook/voice/recording"
)

// The exit codes that scripts rely on.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

const usage = `offhook-demo runs the Offhook demo platform.

Usage:
  offhook-demo serve [flags]    run the platform until SIGTERM or Ctrl-C
  offhook-demo user add|list|password|revoke|deactivate|activate|remove [NAME] --data DIR
                                change who may sign in
  offhook-demo recording-key    print a new key for recordings: put it into a file for --recording-key
  offhook-demo recording-open KEYFILE FILE
                                write what is in a recording to the output
  offhook-demo doctor [flags]   check what serve would run, and say what to do
  offhook-demo healthy [flags]  ask a platform whether calls may come

  offhook-demo --version        print the version
  offhook-demo --manual         print the manual page
  offhook-demo --completion bash|zsh|fish|powershell
                                print what a shell reads to complete commands and flags

Run "offhook-demo COMMAND --help" for the flags of a command.
`

// usageError is an error in how the program was called.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }

// errSaid is a failure that was printed already.
var errSaid = errors.New("said")

// run is main without the process.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	commands := map[string]func(ctx context.Context, args []string, stdout, stderr io.Writer) (asJSON bool, err error){
		"serve": serve, "user": user, "doctor": doctor, "healthy": askHealth,
	}
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	if words, ok := cmdline.Asked(args); ok {
		for _, word := range complete(words) {
			fmt.Fprintln(stdout, word)
		}
		return exitOK
	}
	if shell, ok := strings.CutPrefix(args[0], "--completion"); ok {
		if shell = strings.TrimPrefix(shell, "="); shell == "" && len(args) > 1 {
			shell = args[1]
		}
		if err := cmdline.Script(stdout, "offhook-demo", shell); err != nil {
			report(false, "USAGE", err, stdout, stderr)
			return exitUsage
		}
		return exitOK
	}
	switch args[0] {
	case "recording-key":
		return newKey(args[1:], stdout, stderr)
	case "recording-open":
		return openRecording(args[1:], stdout, stderr)
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
		return exitOK
	case "-manual", "--manual":
		_ = manual(stdout)
		return exitOK
	case "version", "-version", "--version":
		fmt.Fprintln(stdout, "offhook-demo", version.Number())
		return exitOK
	}
	command, ok := commands[args[0]]
	if !ok {
		fmt.Fprintf(stderr, "offhook-demo: there is no command %q\n\n%s", args[0], usage)
		return exitUsage
	}
	asJSON, err := command(ctx, args[1:], stdout, stderr)
	var wrongUse usageError
	switch {
	case err == nil || errors.Is(err, cmdline.ErrHelp):
		return exitOK
	case errors.As(err, &wrongUse):
		report(asJSON, "USAGE", err, stdout, stderr)
		return exitUsage
	}
	if !errors.Is(err, errSaid) {
		report(asJSON, "FAILED", err, stdout, stderr)
	}
	return exitError
}

func report(asJSON bool, code string, err error, stdout, stderr io.Writer) {
	if !asJSON {
		fmt.Fprintln(stderr, "offhook-demo:", err)
		return
	}
	type failure struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	_ = json.NewEncoder(stdout).Encode(map[string]failure{"error": {code, err.Error()}})
}

// newKey prints a key for recordings.
func newKey(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		report(false, "USAGE", errors.New("recording-key takes no arguments"), stdout, stderr)
		return exitUsage
	}
	_, text, err := recording.GenerateKey()
	if err != nil {
		report(false, "FAILED", err, stdout, stderr)
		return exitError
	}
	fmt.Fprint(stdout, text)
	return exitOK
}

// openRecording writes what is in a recording, an Ogg or a WAV file, to the output.
func openRecording(args []string, stdout, stderr io.Writer) int {
	if len(args) != 2 {
		report(false, "USAGE", errors.New("recording-open takes the file of the key and that of the recording"), stdout, stderr)
		return exitUsage
	}
	err := func() error {
		text, err := os.ReadFile(args[0])
		if err != nil {
			return err
		}
		key, err := recording.ParseKey(string(text))
		if err != nil {
			return fmt.Errorf("%s holds %w", args[0], err)
		}
		f, err := os.Open(args[1])
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		r, err := recording.NewReader(f, info.Size(), key)
		if err != nil {
			return fmt.Errorf("%s: %w", args[1], err)
		}
		if _, err = io.Copy(stdout, r); err == nil && !r.Whole {
			err = fmt.Errorf("%s has no end: what recorded it goes on, or was killed; all that is there was written", args[1])
		}
		return err
	}()
	if err != nil {
		report(false, "FAILED", err, stdout, stderr)
		return exitError
	}
	return exitOK
}

// wrongUse is the error of a command line that can't be read.
func wrongUse(err error) error {
	if errors.Is(err, cmdline.ErrHelp) {
		return err
	}
	return usageError{err}
}

// programs are the declarations of the commands.
func programs() map[string]*cmdline.Program {
	return map[string]*cmdline.Program{
		"serve":   (&settings{command: "serve", about: serveAbout}).declare(),
		"user":    (&userFlags{}).declare(),
		"doctor":  (&settings{command: "doctor", about: doctorAbout}).declare(),
		"healthy": (&healthyFlags{}).declare(),
	}
}

// complete lists what may stand in place of the last of the words of a command line.
func complete(words []string) (found []string) {
	if p, ok := programs()[words[0]]; ok && len(words) > 1 {
		return p.Complete(words[1:])
	}
	for _, word := range []string{"doctor", "healthy", "recording-key", "recording-open", "serve", "user", "--completion", "--help", "--manual", "--version"} {
		if len(words) == 1 && strings.HasPrefix(word, words[0]) {
			found = append(found, word)
		}
	}
	return found
}

// manual writes the manual page from the declarations of the command line.
func manual(w io.Writer) error {
	p := programs()
	return cmdline.Man(w, cmdline.Page{Name: "offhook-demo", Purpose: "demo platform of the softphone Offhook",
		Description: "Offhook\\-demo is a whole voice platform in one process: sign\\-in, SIP over WebSocket, media relay, push inbox, console and bots.",
		After:       ".SH EXIT STATUS\n0 for a clean end, 1 for a failure, 2 for a mistake in the command itself.\n.SH SEE ALSO\n.BR offhook (1)\n",
	}, p["serve"], p["doctor"], p["healthy"], p["user"])
}

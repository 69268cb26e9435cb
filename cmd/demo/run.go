package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"offhook/internal/version"
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
  offhook-demo doctor [flags]   check what serve would run, and say what to do

  offhook-demo --version        print the version

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
		"serve": serve, "user": user, "doctor": doctor,
	}
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
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
	case err == nil || errors.Is(err, flag.ErrHelp):
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

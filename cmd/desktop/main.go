// Command offhook is the phone.
//
// It reads the command line, puts the rooms together, and turns what happened
// into an exit code; everything else is in app and ui.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"offhook/app/control"
	"offhook/app/provision"
	"offhook/internal/cmdline"
	_ "offhook/internal/onearena"   // before the Go runtime starts
	_ "offhook/internal/timerslack" // the same
	"offhook/internal/version"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program without its process. It returns the exit code: 0 for a
// clean end, 1 for an error, 2 for wrong use. It must be called on the first
// goroutine, which the window needs.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	args = ctlFirst(args)
	if words, ok := cmdline.Asked(args); ok {
		for _, word := range complete(words) {
			fmt.Fprintln(stdout, word)
		}
		return control.ExitOK
	}
	if len(args) > 0 && args[0] == "ctl" {
		return control.Main(ctx, args[1:], stdout, stderr)
	}
	opts, err := parseFlags(args, stdout)
	switch {
	case errors.Is(err, cmdline.ErrHelp):
		return control.ExitOK
	case err != nil:
		fmt.Fprintf(stderr, "offhook: %s. Try offhook --help. [%s]\n", strings.TrimSuffix(err.Error(), "."), control.CodeUsage)
		return control.ExitUsage
	case opts.Version:
		fmt.Fprintln(stdout, "offhook", version.Number())
		return control.ExitOK
	case opts.Completion != "":
		_ = cmdline.Script(stdout, "offhook", opts.Completion) // the flags were checked
		return control.ExitOK
	case opts.Manual:
		_ = manual(stdout)
		return control.ExitOK
	case opts.PolicySchema:
		schema, err := provision.Schema()
		if err != nil {
			fmt.Fprintln(stderr, "offhook:", err)
			return control.ExitError
		}
		fmt.Fprintf(stdout, "%s\n", schema)
		return control.ExitOK
	}
	if code, done := console(opts, args, stderr); done {
		return code
	}
	if path := slim(opts); path != "" {
		become(path, args)
	}
	var w front
	if err := runPhone(ctx, opts, stdout, &w); err != nil {
		fmt.Fprintln(stderr, "offhook:", sentence(err))
		if !opts.Headless && !w.over && unread(stderr) {
			w.fail(ctx, err, opts)
		}
		return control.ExitError
	}
	return control.ExitOK
}

// ctlFirst lets the flags that say which phone is meant stand before ctl too.
func ctlFirst(args []string) []string {
	for i := 0; i < len(args); i++ {
		name, _, whole := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		switch {
		case args[i] == "ctl":
			return append(append([]string{"ctl"}, args[:i]...), args[i+1:]...)
		case !strings.HasPrefix(args[i], "-") || name != "profile" && name != "config-dir":
			return args
		case !whole:
			i++
		}
	}
	return args
}

// complete lists what may stand in place of the last of the words of a command line.
func complete(words []string) []string {
	if len(words) > 1 && words[0] == "ctl" {
		return control.CommandLine().Complete(words[1:])
	}
	found := declare(&options{}).Complete(words)
	if len(words) == 1 && strings.HasPrefix("ctl", words[0]) {
		found = append(found, "ctl")
	}
	return found
}

package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"offhook/app/profile"
	"offhook/assets/lang"
	"offhook/internal/cmdline"
)

// The exit codes of the command line.
const (
	ExitOK    = 0
	ExitError = 1
	ExitUsage = 2
)

// Main is `offhook ctl`: it runs the command line args against the running
// phone and returns the exit code.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	inv, err := parse(args, stdout)
	asJSON := inv.json
	if errors.Is(err, cmdline.ErrHelp) {
		return ExitOK
	}
	if err == nil {
		err = inv.run(ctx, stdout)
	}
	if err == nil {
		return ExitOK
	}
	f := failureOf(err)
	if errors.Is(err, context.Canceled) {
		f = failure(CodeTimeout, "ctl.interrupted")
	}
	if asJSON {
		_ = json.NewEncoder(stdout).Encode(map[string]*Failure{"error": f})
	} else {
		fmt.Fprintln(stderr, "offhook:", f.Sentence())
	}
	if f.Code == CodeUsage {
		return ExitUsage
	}
	return ExitError
}

// invocation is one command line.
type invocation struct {
	req       request
	json, csv bool
	profile   string
	configDir string
}

// flags is what the command line may hold beside a command and its arguments.
type flags struct {
	Profile      string `placeholder:"NAME" help:"the phone's name"`
	ConfigDir    string `placeholder:"FOLDER" help:"the folder of the profiles"`
	JSON         bool   `name:"json" help:"print one JSON object"`
	CSV          bool   `name:"csv" help:"print the call log as CSV"`
	PasswordFile string `placeholder:"FILE" help:"a file with the password; - is the standard input"`
	options
}

// CommandLine is the declaration of `offhook ctl`, for the manual page and for
// shells that complete it.
func CommandLine() *cmdline.Program { return declare(&flags{}) }

func declare(f *flags) *cmdline.Program {
	var list []cmdline.Command
	for _, name := range names() {
		c := commands[name]
		list = append(list, cmdline.Command{Name: name, Takes: c.args, Help: c.help, Flags: strings.Fields(c.flags)})
	}
	about := fmt.Sprintf("Drives a running phone. Exit codes: %d success, %d the phone refused, %d wrong use.\noffhook ctl COMMAND --help tells what goes with a command.", ExitOK, ExitError, ExitUsage)
	return cmdline.New("offhook ctl", about, f, list...)
}

// parse reads flags and arguments in any order, as people write them.
func parse(args []string, help io.Writer) (invocation, error) {
	var f flags
	line := declare(&f)
	name, words, err := line.Parse(args, help)
	inv := invocation{req: request{Command: name, Args: words, options: f.options}, json: f.JSON, csv: f.CSV, profile: f.Profile, configDir: f.ConfigDir}
	// A wrong flag must not hide that JSON was asked for.
	for _, a := range args {
		if a == "--json" || a == "-json" {
			inv.json = true
		}
	}
	switch {
	case errors.Is(err, cmdline.ErrHelp):
		return inv, err
	case err != nil:
		return inv, lost(sentenceOf(err))
	case name == "":
		return inv, usage("Name a command: " + strings.Join(names(), ", ") + ".")
	}
	c := commands[name]
	switch {
	case len(words) < c.min || len(words) > c.max:
		return inv, usage(strings.TrimSpace("Use: offhook ctl " + name + " " + c.args))
	case f.Timeout <= 0:
		return inv, usage("--timeout is longer than 0.")
	case f.Wait != "" && !validWait(strings.ToUpper(f.Wait)):
		return inv, usage("--wait is a state of a call, READY or IDLE.")
	}
	if name == "events" && !line.Given(args, "timeout") {
		inv.req.Timeout = 0
	}
	if f.PasswordFile != "" {
		password, err := profile.ReadPassword(f.PasswordFile)
		if err != nil {
			return inv, usage("The password file can't be read.")
		}
		inv.req.Password = password
	}
	return inv, nil
}

// lost is wrong use by somebody whom the help would help.
func lost(message string) *Failure {
	return &Failure{Code: CodeUsage, Message: lang.Literal(message), Next: lang.Literal("Try offhook ctl --help.")}
}

func sentenceOf(err error) string {
	s := strings.TrimSuffix(err.Error(), "?")
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// Do runs a command line of `offhook ctl` and returns what --json would print.
// The errors are *Failure. A stream of events is not for it.
func Do(ctx context.Context, args ...string) (json.RawMessage, error) {
	inv, err := parse(args, io.Discard)
	if err != nil {
		return nil, failureOf(err)
	}
	dir, err := inv.find()
	if err != nil {
		return nil, failureOf(err)
	}
	result, err := call(ctx, dir, inv.req, func(json.RawMessage) error { return nil })
	if err != nil {
		return nil, failureOf(err)
	}
	return result, nil
}

func (inv invocation) run(ctx context.Context, stdout io.Writer) error {
	dir, err := inv.find()
	if err != nil {
		return err
	}
	out := &printer{w: stdout, json: inv.json, csv: inv.csv}
	result, err := call(ctx, dir, inv.req, out.item)
	// A phone that is asked whether it is ready may be just starting.
	for end := time.Now().Add(inv.req.limit()); inv.req.Command == "status" && inv.req.Wait != "" && notRunning(err) && time.Now().Before(end); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(startPoll):
		}
		if dir, err = inv.find(); err != nil {
			return err
		}
		result, err = call(ctx, dir, inv.req, out.item)
	}
	if err != nil {
		return err
	}
	return out.result(inv.req.Command, result)
}

// startPoll is how often it is looked whether a phone has started.
const startPoll = 100 * time.Millisecond

func notRunning(err error) bool {
	var f *Failure
	return errors.As(err, &f) && f.Code == CodeNotRunning
}

// find returns the folder of the phone that is meant: the named profile, else
// the default one, else the only one that runs.
func (inv invocation) find() (string, error) {
	base, err := profile.Base(inv.configDir)
	if err != nil {
		return "", err
	}
	if inv.profile != "" {
		if err := profile.Check(inv.profile); err != nil {
			return "", usage(err.Error())
		}
		return profile.Dir(base, inv.profile), nil
	}
	def := profile.Dir(base, profile.Default)
	if Running(def) {
		return def, nil
	}
	var running []string
	for _, name := range profile.List(base) {
		if Running(profile.Dir(base, name)) {
			running = append(running, name)
		}
	}
	switch len(running) {
	case 0:
		return def, nil
	case 1:
		return profile.Dir(base, running[0]), nil
	default:
		return "", usage("Several phones run; name one with --profile: " + strings.Join(running, ", ") + ".")
	}
}

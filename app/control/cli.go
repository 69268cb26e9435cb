package control

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"offhook/app/profile"
	"offhook/assets/lang"
	"offhook/internal/help"
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
	if errors.Is(err, flag.ErrHelp) {
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

// parse reads flags and arguments in any order, as people write them.
func parse(args []string, help io.Writer) (invocation, error) {
	var inv invocation
	var passwordFile string
	fs := flag.NewFlagSet("offhook ctl", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&inv.profile, "profile", "", "the phone's `name`")
	fs.StringVar(&inv.configDir, "config-dir", "", "the `folder` of the profiles")
	fs.BoolVar(&inv.json, "json", false, "print one JSON object")
	fs.BoolVar(&inv.csv, "csv", false, "print the call log as CSV")
	fs.StringVar(&inv.req.Wait, "wait", "", "wait for a `state` of the call, READY or IDLE")
	fs.DurationVar(&inv.req.Timeout, "timeout", DefaultTimeout, "give up after this `time`")
	fs.StringVar(&inv.req.Message, "message", "", "a `text` for the callee's screen")
	fs.StringVar(&inv.req.Line, "line", "", "the SIP `account` to call over")
	fs.StringVar(&inv.req.Description, "description", "", "what went wrong, as `text`")
	fs.StringVar(&inv.req.Note, "note", "", "a `text` for the feedback")
	fs.StringVar(&inv.req.Kind, "kind", "", "incoming, outgoing or missed")
	fs.DurationVar(&inv.req.Since, "since", 0, "how far back, such as 24h")
	fs.BoolVar(&inv.req.IfIdle, "if-idle", false, "do not quit during a call")
	fs.IntVar(&inv.req.Limit, "limit", 0, "at most so many")
	fs.StringVar(&inv.req.UserName, "user", "", "the user `name`")
	fs.StringVar(&passwordFile, "password-file", "", "a `file` with the password")
	fs.StringVar(&inv.req.AccountSID, "account", "", "the account `SID`")
	fs.StringVar(&inv.req.Server, "server", "", "the server's `URL`")
	fs.StringVar(&inv.req.Reason, "reason", "", "the `reason` of a break")
	fs.BoolVar(&inv.req.AllowClearText, "allow-clear-text", false, "sign in without encryption: passwords and calls can be read on the way")
	fs.StringVar(&inv.req.DisplayName, "display-name", "", "the display `name`")

	// A wrong flag must not hide that JSON was asked for.
	for _, a := range args {
		if a == "--json" || a == "-json" {
			inv.json = true
		}
	}
	var words []string
	for rest := args; ; {
		if err := fs.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				printHelp(help, fs)
				return inv, err
			}
			return inv, lost(sentenceOf(err))
		}
		rest = fs.Args()
		if len(rest) == 0 {
			break
		}
		if len(rest) < len(args) && args[len(args)-len(rest)-1] == "--" {
			words = append(words, rest...)
			break
		}
		words, rest = append(words, rest[0]), rest[1:]
	}
	if len(words) == 0 {
		return inv, usage("Name a command: " + strings.Join(names(), ", ") + ".")
	}
	inv.req.Command, inv.req.Args = words[0], words[1:]
	c, ok := commands[inv.req.Command]
	switch {
	case !ok:
		return inv, lost("There is no command “" + inv.req.Command + "”.")
	case len(inv.req.Args) < c.min || len(inv.req.Args) > c.max:
		return inv, usage(strings.TrimSpace("Use: offhook ctl " + inv.req.Command + " " + c.args))
	case inv.req.Timeout <= 0:
		return inv, usage("--timeout is longer than 0.")
	case inv.req.Wait != "" && !validWait(strings.ToUpper(inv.req.Wait)):
		return inv, usage("--wait is a state of a call, READY or IDLE.")
	}
	if inv.req.Command == "events" && !given(fs, "timeout") {
		inv.req.Timeout = 0
	}
	if passwordFile != "" {
		password, err := profile.ReadPassword(passwordFile)
		if err != nil {
			return inv, usage("The password file can't be read.")
		}
		inv.req.Password = password
	}
	return inv, nil
}

// given reports whether a flag was set by hand.
func given(fs *flag.FlagSet, name string) bool {
	set := false
	fs.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

// lost is wrong use by somebody whom the help would help.
func lost(message string) *Failure {
	return &Failure{Code: CodeUsage, Message: lang.Literal(message), Next: lang.Literal("Try offhook ctl --help.")}
}

func sentenceOf(err error) string {
	s := err.Error()
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

func printHelp(w io.Writer, fs *flag.FlagSet) {
	fmt.Fprint(w, "Usage: offhook ctl [flags] COMMAND [ARGUMENT]\n\nCommands:\n")
	for _, n := range names() {
		c := commands[n]
		fmt.Fprintf(w, "  %-34s %s\n", strings.TrimSpace(n+" "+c.args), c.help)
	}
	fmt.Fprint(w, "\nFlags:\n")
	help.Flags(w, fs)
	fmt.Fprintf(w, "\nExit codes: %d success, %d the phone refused, %d wrong use.\n", ExitOK, ExitError, ExitUsage)
}

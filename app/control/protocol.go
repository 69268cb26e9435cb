package control

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"offhook/assets/lang"
	"offhook/voice/fault"
)

// request is the one line that a client sends.
type request struct {
	Command string   `json:"command"`
	Args    []string `json:"args,omitempty"`
	options
}

// limit is how long the command may take.
func (r request) limit() time.Duration {
	if r.Timeout <= 0 {
		return DefaultTimeout
	}
	return r.Timeout
}

// options are the flags of the commands. Which of them belong to a command its row
// says; Wait and Timeout go with all.
type options struct {
	Message     string        `json:"message,omitempty" placeholder:"TEXT" help:"a text for the callee's screen"`
	Line        string        `json:"line,omitempty" placeholder:"ACCOUNT" help:"the SIP account to call over, USER@DOMAIN"`
	Call        string        `json:"call,omitempty" placeholder:"ID" help:"the call that is meant, by its id in status --json or history --json"`
	Hold        bool          `json:"hold,omitempty" help:"put the call that was talking on hold"`
	Description string        `json:"description,omitempty" placeholder:"TEXT" help:"what went wrong"`
	Note        string        `json:"note,omitempty" placeholder:"TEXT" help:"a text for the feedback or the outcome"`
	Kind        string        `json:"kind,omitempty" placeholder:"KIND" help:"incoming, outgoing or missed"`
	Limit       int           `json:"limit,omitempty" placeholder:"NUMBER" help:"at most so many"`
	Since       When          `json:"since,omitempty" placeholder:"WHEN" help:"from when: a time ago such as 24h, a date such as 2026-11-30, or a date and time"`
	Until       When          `json:"until,omitempty" placeholder:"WHEN" help:"to when, as --since; a date is the whole day"`
	IfIdle      bool          `json:"if_idle,omitempty" help:"do not quit during a call"`
	Wait        string        `json:"wait,omitempty" placeholder:"STATE" help:"wait for a state of the call, READY or IDLE"`
	Timeout     time.Duration `json:"timeout,omitempty" placeholder:"TIME" default:"30s" help:"give up after this time"`
	UserName    string        `json:"user,omitempty" name:"user" placeholder:"NAME" help:"the user name"`
	Password    string        `json:"password,omitempty" kong:"-"`
	AccountSID  string        `json:"account,omitempty" name:"account" placeholder:"SID" help:"the account's SID"`
	Server      string        `json:"server,omitempty" placeholder:"URL" help:"the server's URL"`
	DisplayName string        `json:"display_name,omitempty" placeholder:"NAME" help:"the display name"`
	// Reason is that of a break.
	Reason   string `json:"reason,omitempty" placeholder:"REASON" help:"the reason of a break"`
	Callback string `json:"callback,omitempty" placeholder:"WHEN" help:"when the other side wants to be called again: 15:00, 2026-11-30 15:00, or a time with its zone"`
	// AllowClearText says that the user knows that the sign-in is not encrypted.
	AllowClearText bool `json:"allow_clear_text,omitempty" help:"sign in without encryption: passwords and calls can be read on the way"`
}

// answer is each line that the phone sends back: any number of Items, then a
// Result or an Error.
type answer struct {
	Item   json.RawMessage `json:"item,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  *Failure        `json:"error,omitempty"`
}

// Failure is why a command failed, as `--json` prints it.
type Failure struct {
	// Code is an ErrorType of the reference or one of this package's codes.
	Code    string    `json:"code"`
	Message lang.Text `json:"message"`
	// Next says what to do, if there is something.
	Next lang.Text `json:"next,omitzero"`
}

// The codes that are not ErrorTypes. CodeEnded: the call ended before it came
// to the state that was waited for.
const (
	CodeUsage      = "USAGE"
	CodeNotRunning = "NOT_RUNNING"
	CodeTimeout    = "TIMEOUT"
	CodeEnded      = "CALL_ENDED"
)

// Error returns the code and the sentence.
func (f *Failure) Error() string { return f.Code + ": " + f.Message.String() }

// Sentence returns the message, the next step and the code, as shown to a person.
func (f *Failure) Sentence() string {
	return lang.Join(f.Message, f.Next).String() + " [" + f.Code + "]"
}

// failure is a failure that is no ErrorType of the reference.
func failure(code, text string, args ...any) *Failure {
	said := lang.Of(text, args...)
	return &Failure{Code: code, Message: said, Next: said.Next()}
}

// usage is a wrong command line. It is said in English, as the help is.
func usage(message string) *Failure { return &Failure{Code: CodeUsage, Message: lang.Literal(message)} }

// failureOf makes any error fit for a script.
func failureOf(err error) *Failure {
	var f *Failure
	var known *fault.Error
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &known):
		return failure(string(known.Type), known.Code, known.Args...)
	case errors.Is(err, context.DeadlineExceeded):
		return failure(CodeTimeout, "ctl.not-in-time")
	case errors.Is(err, context.Canceled):
		return failure(CodeNotRunning, "phone.closing")
	default:
		internal := fault.From(err)
		return failure(string(internal.Type), internal.Code, internal.Args...)
	}
}

// maxLine bounds a request; maxAnswer an answer, such as a whole call log.
const (
	maxLine   = 64 << 10
	maxAnswer = 64 << 20
)

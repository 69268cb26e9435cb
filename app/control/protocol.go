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

// options are the flags of the commands.
type options struct {
	Message     string        `json:"message,omitempty"`
	Line        string        `json:"line,omitempty"`
	Description string        `json:"description,omitempty"`
	Note        string        `json:"note,omitempty"`
	Kind        string        `json:"kind,omitempty"`
	Limit       int           `json:"limit,omitempty"`
	Since       time.Duration `json:"since,omitempty"`
	IfIdle      bool          `json:"if_idle,omitempty"`
	Wait        string        `json:"wait,omitempty"`
	Timeout     time.Duration `json:"timeout,omitempty"`
	UserName    string        `json:"user,omitempty"`
	Password    string        `json:"password,omitempty"`
	AccountSID  string        `json:"account,omitempty"`
	Server      string        `json:"server,omitempty"`
	DisplayName string        `json:"display_name,omitempty"`
	// Reason is that of a break.
	Reason string `json:"reason,omitempty"`
	// AllowClearText says that the user knows that the sign-in is not encrypted.
	AllowClearText bool `json:"allow_clear_text,omitempty"`
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

package lang

import (
	"encoding/json"
	"log/slog"
	"reflect"
)

// Text is something that the phone says to a person: the code of a message, and
// the values of its places. A value may be a Text itself. The zero Text says
// nothing.
type Text struct {
	Code string
	Args []any
}

// Of returns the Text of a code.
func Of(code string, args ...any) Text { return Text{Code: code, Args: args} }

// Literal returns a Text that says words as they are in every language, such as
// those of a server or of another program.
func Literal(words string) Text {
	if words == "" {
		return Text{}
	}
	return Text{Code: literal, Args: []any{words}}
}

// literal is the code of words that are no message.
const literal = "literal"

// Empty reports whether there is nothing to say.
func (t Text) Empty() bool { return t.Code == "" }

// String says it in English, for logs, scripts and the command line.
func (t Text) String() string {
	if t.Empty() {
		return ""
	}
	return English().Say(t)
}

// Next returns what a person can do about it, empty if there is nothing.
func (t Text) Next() Text {
	next := t.Code + ".next"
	if _, ok := English().messages[next]; !ok {
		return Text{}
	}
	return Text{Code: next, Args: t.Args}
}

// WithNext returns the text and what a person can do about it.
func (t Text) WithNext() Text { return Join(t, t.Next()) }

// Or returns t, or the text of a code if t says nothing.
func (t Text) Or(code string) Text {
	if t.Empty() {
		return Of(code)
	}
	return t
}

// Join returns a Text that says several ones after another.
func Join(texts ...Text) Text {
	var said []any
	for _, t := range texts {
		if !t.Empty() {
			said = append(said, t)
		}
	}
	switch len(said) {
	case 0:
		return Text{}
	case 1:
		return said[0].(Text)
	}
	return Text{Code: joined, Args: said}
}

// joined is the code of a Text whose values are said one after another.
const joined = "joined"

// Equal reports whether both say the same.
func (t Text) Equal(o Text) bool {
	return t.Code == o.Code && (len(t.Args) == 0 && len(o.Args) == 0 || reflect.DeepEqual(t.Args, o.Args))
}

// LogValue logs the English words.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalJSON writes the English words, which scripts read.
func (t Text) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// UnmarshalJSON takes words as they are.
func (t *Text) UnmarshalJSON(data []byte) error {
	var words string
	err := json.Unmarshal(data, &words)
	*t = Literal(words)
	return err
}

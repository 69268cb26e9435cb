package screen

import (
	"errors"

	"offhook/voice/fault"
)

// Sentence is what err says to a person, in their language, or "" if it says
// nothing fit to show.
func (e *Env) Sentence(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return ""
	}
	return e.Words.Sentence(f.Sentence())
}

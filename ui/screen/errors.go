package screen

import (
	"errors"

	"offhook/voice/fault"
)

// sentenceOf is what err says to a person, or "" if it says nothing fit to show.
func sentenceOf(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Sentence()
	}
	return ""
}

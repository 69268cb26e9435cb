package report

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"
)

// anonymiser takes people out of a report: names and numbers that the phone
// knows, and what has the form of a number or an address. Each keeps one label
// through the report, so that a call can still be followed.
type anonymiser struct {
	known  *strings.Replacer
	labels map[string]string
	number int
}

// The forms of addresses and numbers that nobody told us of: the user of a SIP
// address, an address without a scheme, and international numbers.
var (
	sipUser       = regexp.MustCompile(`(?i)(sips?:|tel:)([^@\s"'<>;,?]+)`)
	address       = regexp.MustCompile(`[A-Za-z0-9.!#$%&*+/=?^_~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*`)
	international = regexp.MustCompile(`\+\d{7,15}\b`)
)

var moduleVersion = regexp.MustCompile(`@v\d+\.\d+`)

// shortestName is the length in runes from which a name or number is looked for;
// shorter ones are parts of ordinary words.
const shortestName = 3

// newAnonymiser knows the people of these names and numbers.
func newAnonymiser(names, numbers []string) *anonymiser {
	a := &anonymiser{labels: map[string]string{}}
	a.learn("name", names)
	a.learn("number", numbers)
	a.known = a.replacer()
	return a
}

func (a *anonymiser) learn(kind string, words []string) {
	n := 0
	for _, w := range words {
		if w = strings.TrimSpace(w); utf8.RuneCountInString(w) < shortestName || a.labels[w] != "" {
			continue
		}
		n++
		a.labels[w] = fmt.Sprintf("[%s %d]", kind, n)
	}
	if kind == "number" {
		a.number = n
	}
}

// replacer replaces the longest first: a name may be part of another.
func (a *anonymiser) replacer() *strings.Replacer {
	words := make([]string, 0, len(a.labels))
	for w := range a.labels {
		words = append(words, w)
	}
	sort.Slice(words, func(i, j int) bool {
		if len(words[i]) != len(words[j]) {
			return len(words[i]) > len(words[j])
		}
		return words[i] < words[j]
	})
	pairs := make([]string, 0, 2*len(words))
	for _, w := range words {
		pairs = append(pairs, w, a.labels[w])
	}
	return strings.NewReplacer(pairs...)
}

// clean returns line without people.
func (a *anonymiser) clean(line string) string {
	line = a.known.Replace(line)
	if strings.Contains(line, ":") {
		line = sipUser.ReplaceAllStringFunc(line, func(found string) string {
			scheme, user, _ := strings.Cut(found, ":")
			if strings.HasPrefix(user, "[") {
				return found // replaced already
			}
			return scheme + ":" + a.label(user)
		})
	}
	if strings.Contains(line, "@") {
		line = address.ReplaceAllStringFunc(line, func(found string) string {
			if moduleVersion.MatchString(found) {
				return found // of a library, in the trace of a crash
			}
			return a.label(found)
		})
	}
	if strings.Contains(line, "+") {
		line = international.ReplaceAllStringFunc(line, a.label)
	}
	return line
}

// label names a number that was not known before.
func (a *anonymiser) label(number string) string {
	if l := a.labels[number]; l != "" {
		return l
	}
	a.number++
	a.labels[number] = fmt.Sprintf("[number %d]", a.number)
	return a.labels[number]
}

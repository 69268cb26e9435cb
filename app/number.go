package app

import (
	"net/url"
	"regexp"
	"strings"

	"offhook/voice/fault"
)

// The two forms of a number (reference, section 6). A name is at most 16
// characters on the subscriber line, a telephone number at most 20 digits.
var (
	namePattern  = regexp.MustCompile(`^[A-Za-z0-9]{1,20}$`)
	phonePattern = regexp.MustCompile(`^\+[0-9]{1,20}$`)
	longPattern  = regexp.MustCompile(`^\+?[A-Za-z0-9]+$`)
)

// anythingPattern is what a SIP account dials: whatever its server may
// understand, but no spaces, controls or header characters.
var anythingPattern = regexp.MustCompile(`^[A-Za-z0-9+*#._~!$&'()=,;:@%/?-]{1,128}$`)

var (
	errEmptyNumber = fault.New(fault.InvalidDialInfo, "dial.empty")
	errBadNumber   = fault.New(fault.InvalidDialInfo, "dial.wrong-characters")
	errOneself     = fault.New(fault.InvalidDialInfo, "dial.oneself")
	errLongNumber  = fault.New(fault.InvalidDialInfo, "dial.too-long")
)

// cleanNumber turns what was typed, pasted or linked into what is dialled:
// without the scheme, the host, the parameters and the separators that people
// put between digits.
func cleanNumber(s string) string {
	// Only blanks are forgiven around it: a line break or a control character
	// means that something else than a number was pasted.
	s = strings.Trim(s, blanks)
	lower := strings.ToLower(s)
	link := ""
	for _, scheme := range []string{"sips:", "sip:", "tel:", "callto:"} {
		if strings.HasPrefix(lower, scheme) {
			link = scheme
			s = s[len(scheme):]
			break
		}
	}
	if link != "" {
		s = strings.TrimPrefix(s, "//")
		s, _, _ = strings.Cut(s, "?")
		s, _, _ = strings.Cut(s, ";")
		s, _, _ = strings.Cut(s, "@")
		if u, err := url.PathUnescape(s); err == nil {
			s = u
		}
		s = strings.TrimRight(s, "/")
	}
	// "+49 (30) 123-45/6" is a number; "bob smith" is not one name.
	if i := strings.IndexAny(s, "0123456789+("); i == 0 && strings.Trim(s, "0123456789+-./() \u00a0\u202f\u2011") == "" {
		plus := ""
		if strings.HasPrefix(strings.TrimLeft(s, "("), "+") {
			plus = "+"
		}
		s = plus + strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, s)
	}
	return strings.Trim(s, blanks)
}

// blanks are the spaces that come along with a pasted number: space, no-break
// spaces, and the direction marks that some programs put around it.
const blanks = " \u00a0\u202f\u200e\u200f\u202a\u202c"

// checkNumber holds the rules of the dial field for a cleaned number.
func checkNumber(number, own string, sipAccount bool) error {
	switch {
	case number == "":
		return errEmptyNumber
	case number == own:
		return errOneself
	case sipAccount:
		if !anythingPattern.MatchString(number) {
			return errBadNumber
		}
		return nil
	case namePattern.MatchString(number), phonePattern.MatchString(number):
		return nil
	case len(number) > 20 && longPattern.MatchString(number):
		return errLongNumber
	default:
		return errBadNumber
	}
}

// linkNumber returns the number of a tel:, sip: or sips: link. ok is false for
// anything else, so that no other argument is ever dialled.
func linkNumber(link string) (number string, ok bool) {
	lower := strings.ToLower(strings.TrimSpace(link))
	for _, scheme := range []string{"tel:", "sip:", "sips:", "callto:"} {
		if strings.HasPrefix(lower, scheme) {
			n := cleanNumber(link)
			return n, n != ""
		}
	}
	return "", false
}

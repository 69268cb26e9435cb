package dialplan

import (
	"net/url"
	"regexp"
	"strings"

	"offhook/voice/fault"
)

// MaxText bounds what Parse looks at, in bytes; MaxTarget bounds what is dialled.
const (
	MaxText   = 1024
	MaxTarget = 128
)

// The bounds of the subscriber line (reference, section 6).
const (
	maxName   = 20
	maxDigits = 20
)

// Line is how numbers are meant on one line. The zero Line is the subscriber line
// of somebody without a name in a country that is not known.
type Line struct {
	// SIP says that the line is a SIP account: it dials addresses and feature
	// codes, too.
	SIP bool
	// Hosts are the names of the line's own server. An address there is told by its
	// user part alone.
	Hosts []string
	// Country is the ISO 3166 code of the country in which a number without a
	// country's code is meant, or "".
	Country string
	// Own is the user's own name, which can't be called, or "".
	Own string
}

// Number is what somebody meant.
type Number struct {
	// Target is what is dialled: a name, a number, or a sip: or sips: URI with a
	// host that is not the line's own.
	Target string
	// Shown is Target for a person.
	Shown string
	// Key is the same for all ways to write one number: its E.164 form where the
	// country is known, else Shown in lower case.
	Key string
	// AfterAnswer are the digits to be sent once the call is answered, with a comma
	// for a pause of 2 s, or "". An extension has one before it.
	AfterAnswer string
}

// String writes the number so that Parse understands it again.
func (n Number) String() string {
	if n.AfterAnswer == "" {
		return n.Target
	}
	if at := strings.LastIndexByte(n.Target, '@'); at >= 0 {
		return n.Target[:at] + ";postd=" + n.AfterAnswer + n.Target[at:]
	}
	return n.Target + n.AfterAnswer
}

var (
	errEmpty     = fault.New(fault.InvalidDialInfo, "dial.empty")
	errTooLong   = fault.New(fault.InvalidDialInfo, "dial.too-long")
	errOneself   = fault.New(fault.InvalidDialInfo, "dial.oneself")
	errBad       = fault.New(fault.InvalidDialInfo, "dial.wrong-characters")
	errNoAddress = fault.New(fault.InvalidDialInfo, "dial.bad-address")
)

var (
	// namePattern and phonePattern are what the subscriber line dials.
	namePattern  = regexp.MustCompile(`^[A-Za-z0-9]+$`)
	phonePattern = regexp.MustCompile(`^\+[0-9]+$`)
	// userPattern is the user part of a SIP URI (RFC 3261, section 25.1), without
	// the parameters that a number may have.
	userPattern = regexp.MustCompile(`^(?:[A-Za-z0-9_.!~*'()&=+$,/#-]|%[0-9A-Fa-f]{2})+$`)
	hostPattern = regexp.MustCompile(`^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$`)
)

// Parse returns what text means on the line. Its errors are INVALID_DIAL_INFO with
// the sentence for the person who typed it.
func (l Line) Parse(text string) (Number, error) {
	if len(text) > MaxText {
		return Number{}, errTooLong
	}
	text, ok := plain(text)
	if !ok {
		return Number{}, errBad
	}
	scheme, rest := cutScheme(cutLabel(text))
	user, host, after, err := split(scheme, rest)
	if err != nil {
		return Number{}, err
	}
	n := l.number(scheme, user, host)
	n.AfterAnswer = after
	return n, l.check(n, user)
}

// split takes a text apart that has lost its scheme: into the user part, as it is
// dialled, the host, and the digits for after the answer.
func split(scheme, text string) (user, host, after string, err error) {
	if scheme != "" {
		text, _, _ = strings.Cut(text, "?") // a link may not smuggle headers
		text = strings.TrimRight(strings.TrimPrefix(text, "//"), "/")
	}
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		text, host = text[:at], text[at+1:]
		host, _, _ = strings.Cut(host, ";") // nor parameters, such as ;method=
		host = strings.ToLower(strings.TrimSpace(host))
		if !hostPattern.MatchString(host) {
			return "", "", "", errNoAddress
		}
	}
	params := ""
	if scheme != "" || host != "" {
		text, params, _ = strings.Cut(text, ";")
		if text, err = unescape(text, host == ""); err != nil {
			return "", "", "", err
		}
	}
	text, after = cutExtension(text)
	for _, p := range strings.Split(params, ";") {
		name, value, _ := strings.Cut(p, "=")
		switch value = strings.Map(afterAnswer, value); strings.ToLower(name) {
		case "ext":
			after += "," + value
		case "postd":
			after += value
		}
	}
	if len(after) > MaxTarget {
		return "", "", "", errTooLong
	}
	if user = cutSeparators(text); !isNumber(user) {
		after = "" // only a number has an extension
	}
	if strings.Trim(after, ",") == "" {
		after = ""
	}
	return user, host, after, nil
}

// unescape decodes the escapes of a user part where what they hide can be dialled
// as it is, or where nothing else is left of the address. An escaped control
// character is a trick.
func unescape(user string, whole bool) (string, error) {
	decoded, err := url.PathUnescape(user)
	if err != nil {
		return user, nil
	}
	decoded, ok := plain(decoded)
	switch {
	case !ok:
		return "", errBad
	case whole || looksDialled(decoded):
		return decoded, nil
	}
	return user, nil
}

// looksDialled reports whether a decoded user part is a number or a name, which
// need no escapes.
func looksDialled(text string) bool {
	return strings.Trim(text, "0123456789+-.() ") == "" || namePattern.MatchString(text)
}

// number puts the parts together.
func (l Line) number(scheme, user, host string) Number {
	n := Number{Target: user, Shown: user}
	if l.SIP && host != "" && !l.own(host) {
		if scheme != "sips:" {
			scheme = "sip:"
		}
		n.Target, n.Shown = scheme+user+"@"+host, user+"@"+host
		n.Key = strings.ToLower(n.Shown)
		return n
	}
	n.Key = l.keyOf(user)
	return n
}

// check holds the rules of the line.
func (l Line) check(n Number, user string) error {
	switch {
	case user == "":
		return errEmpty
	case n.Target == user && l.Own != "" && strings.EqualFold(user, l.Own):
		return errOneself
	case l.SIP && len(n.Target) > MaxTarget:
		return errTooLong
	case l.SIP && !userPattern.MatchString(user):
		return errBad
	case l.SIP:
		return nil
	case !namePattern.MatchString(user) && !phonePattern.MatchString(user):
		return errBad
	case len(strings.TrimPrefix(user, "+")) > min(maxName, maxDigits):
		return errTooLong
	}
	return nil
}

// own reports whether a host is the line's server.
func (l Line) own(host string) bool {
	for _, h := range l.Hosts {
		if strings.EqualFold(h, host) || strings.EqualFold(h, withoutPort(host)) || strings.EqualFold(withoutPort(h), host) {
			return true
		}
	}
	return false
}

func withoutPort(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		return host[:i]
	}
	return host
}

// Caller returns who an address is that a server tells, such as that of a caller.
// What a server calls a number is a number, whatever host stands behind it: a
// switchboard writes its own address there. It never fails; what can't be
// understood is shown as it is.
func (l Line) Caller(address string) Number {
	if len(address) > MaxText {
		address = address[:MaxText]
	}
	address, _ = plain(address) // nobody is to be fooled by what can't be seen
	_, rest := cutScheme(address)
	user, host, _, err := split("sip:", rest)
	if err != nil || user == "" {
		return Number{Target: address, Shown: rest, Key: strings.ToLower(rest)}
	}
	if strings.Trim(user, "+0123456789*#") == "" {
		host = ""
	}
	l.SIP = true
	return l.number("sip:", user, host)
}

// Key returns the key of a text, as Parse would, and for a text that can't be
// dialled the text itself in lower case.
func (l Line) Key(text string) string {
	l.Own = ""
	if n, err := l.Parse(text); err == nil {
		return n.Key
	}
	text = text[:min(len(text), MaxText)]
	return strings.ToLower(strings.TrimSpace(text))
}

// IsLink reports whether a text is a tel:, sip:, sips: or callto: link with
// something behind it, so that no other argument is ever dialled.
func IsLink(text string) bool {
	if len(text) > MaxText {
		return false
	}
	text, ok := plain(text)
	scheme, rest := cutScheme(text)
	return ok && scheme != "" && strings.Trim(rest, "/ ") != ""
}

// isNumber reports whether a user part is a telephone number or an extension.
func isNumber(user string) bool {
	digits := strings.TrimPrefix(user, "+")
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}

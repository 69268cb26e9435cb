package dialplan

import (
	"regexp"
	"strings"
	"unicode"
)

// plain writes a text with the letters, digits, dashes and blanks of ASCII, and
// without what can't be seen. ok is false for a text with a line break or another
// control character inside: more than a number was pasted.
func plain(text string) (out string, ok bool) {
	text = strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	ok = true
	out = strings.Map(func(r rune) rune {
		switch {
		case r >= ' ' && r <= '~':
			return r
		case r == '\t', unicode.Is(unicode.Zs, r):
			return ' '
		case unicode.IsControl(r), r == '\u2028', r == '\u2029', r == unicode.ReplacementChar:
			ok = false
			return -1
		case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Mn, r) && r == '\ufe0f':
			return -1
		case r >= '\uff01' && r <= '\uff5e': // full-width forms
			return r - '\uff01' + '!'
		case unicode.Is(unicode.Pd, r), r == '\u2212', r == '\u2043':
			return '-'
		case r == '\ufe62', r == '\u207a', r == '\u2795':
			return '+'
		case r == '\u00b7', r == '\u2022', r == '\u2024':
			return '.'
		case r == '\u2044', r == '\u2215':
			return '/'
		}
		if d, isDigit := digitOf(r); isDigit {
			return d
		}
		return r
	}, text)
	return strings.TrimSpace(out), ok
}

// digitOf returns the ASCII digit that a decimal digit of another script means.
// Unicode keeps the ten digits of a script together and in order.
func digitOf(r rune) (digit rune, ok bool) {
	for _, t := range unicode.Nd.R16 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10, true
		}
	}
	for _, t := range unicode.Nd.R32 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10, true
		}
	}
	return 0, false
}

// schemes are the URI schemes that name somebody to call.
var schemes = []string{"sips:", "sip:", "tel:", "callto:"}

// cutScheme returns the scheme of a link in lower case and what follows it.
func cutScheme(text string) (scheme, rest string) {
	for _, s := range schemes {
		if len(text) >= len(s) && strings.EqualFold(text[:len(s)], s) {
			return s, strings.TrimSpace(text[len(s):])
		}
	}
	return "", text
}

// label is what people write before a number. It counts only where a number
// follows: somebody may be called "tel".
var label = regexp.MustCompile(`(?i)^(?:[☎☏✆📞📱📲]|(?:tel|telephone|telefon|tel[ée]fono|t[ée]l[ée]phone|tfno|ph|phone|mob|mobile|m[óo]vil|cell|handy|fon|call|fax|t|m|फ़ोन|फोन|दूरभाष|मोबाइल)(?:\.\s*:?|\s*:|\s))\s*`)

// cutLabel takes words such as "Tel.:" from before a number.
func cutLabel(text string) string {
	for range 3 { // "☎ Tel.: +49"
		at := label.FindString(text)
		rest := text[len(at):]
		if at == "" || rest == "" {
			break
		}
		if scheme, _ := cutScheme(text); scheme != "" && !strings.HasSuffix(strings.TrimSpace(at), ".:") {
			break
		}
		if !strings.ContainsAny(rest[:1], "+(0123456789") && label.FindString(rest) == "" {
			break
		}
		text = rest
	}
	return text
}

var (
	// extension is an extension behind a number: "ext. 567", "x567"; its digits may be
	// missing.
	extension = regexp.MustCompile(`(?i)^(\+?[0-9][-0-9 ./()]*?)[ ,;]*(?:extension|extn?|xtn?|x|durchwahl|dw|anexo|int)[.:= ]*([0-9*#]{0,16})$`)
	// postDial are the digits behind a pause: "+1212,,567#".
	postDial = regexp.MustCompile(`^(\+?[0-9][-0-9 ./()]*?) *([,;][0-9*#,; ]*)$`)
	// vanity is a number of which a part is written in letters: "1-800-FLOWERS".
	vanity = regexp.MustCompile(`^\+?[0-9][-0-9 .()]*[-. ][A-Za-z](?:-?[A-Za-z]){2,}$`)
	// separated is a number with what people put between its digits.
	separated = regexp.MustCompile(`^[(]?\+?[-0-9 ./()]*$`)
)

// cutExtension returns a number without what is dialled after the answer.
func cutExtension(text string) (number, after string) {
	if m := extension.FindStringSubmatch(text); m != nil {
		return m[1], "," + m[2]
	}
	if m := postDial.FindStringSubmatch(text); m != nil {
		return m[1], strings.Map(afterAnswer, m[2])
	}
	return text, ""
}

// afterAnswer keeps the digits and pauses of what is sent after the answer; a wait
// for the user becomes a pause.
func afterAnswer(r rune) rune {
	switch {
	case r >= '0' && r <= '9', r == '*', r == '#', r == ',':
		return r
	case r == ';', r == 'p', r == 'w':
		return ','
	}
	return -1
}

// keypad are the digits of the letters (E.161).
const keypad = "22233344455566677778889999"

// cutSeparators returns a number without what is not dialled of it; anything else
// stays as it is.
func cutSeparators(text string) string {
	if vanity.MatchString(text) {
		text = strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) {
				return rune(keypad[unicode.ToLower(r)-'a'])
			}
			return r
		}, text)
	}
	if !separated.MatchString(text) || !strings.ContainsAny(text, "0123456789") {
		return text
	}
	text = cutNationalPrefix(text)
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, text)
}

// inBrackets is a number with a country's code, and the digits in brackets behind
// it.
var inBrackets = regexp.MustCompile(`^((?:\+|00)[-. ]?([0-9]{1,3})[-. /]*)\(([0-9]{1,2})\)`)

// cutNationalPrefix drops the prefix that is dialled only within the country, as
// in +49 (0)30. Italy has none: its 0 is a part of the number.
func cutNationalPrefix(text string) string {
	m := inBrackets.FindStringSubmatch(text)
	if m == nil {
		return text
	}
	if c := ofCode(m[2]); c != nil && c.trunk == m[3] {
		return m[1] + text[len(m[0]):]
	}
	return text
}

package sip

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	sipmsg "github.com/emiago/sipgo/sip"
)

// guard looks at every message before sipgo does. sipgo closes a connection on
// which a message does not parse, and stumbles over much that RFC 3261 allows:
// compact names, folded lines, spaces around a semicolon. So every message is
// put into its plain form here; what is not SIP is dropped, and a broken
// request is told so by send if that is possible.
func (f *Flow) guard(message []byte, send func([]byte) error) []byte {
	plain, err := inspect(message)
	if err == nil {
		return plain
	}
	f.cfg.Logger.Warn("refused a message", "bytes", len(message), "reason", err)
	var bad *malformed
	if errors.As(err, &bad) {
		if answer := bad.answer(); answer != nil {
			_ = send(answer)
		}
	}
	return nil
}

// Limits of a message, far above what a call needs.
const (
	maxHeaderLines = 256
	maxVias        = 70
)

// malformed is a message that is not taken in, and what its sender is told.
type malformed struct {
	status int // 0 tells nobody
	why    string
	lines  []headerLine
	method string
}

func (m *malformed) Error() string { return m.why }

// headerLine is one header line, unfolded, with its name in full.
type headerLine struct{ name, value string }

// inspect returns a message in its plain form. It never panics; the error is a
// *malformed where an answer is due.
func inspect(message []byte) (plain []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			plain, err = nil, errUnparsable
		}
	}()
	start, lines, body, err := split(message)
	if err != nil {
		return nil, err
	}
	bad := &malformed{lines: lines}
	if bad.method, err = checkStart(start); err != nil {
		return nil, bad.because(err)
	}
	if body, err = checkLines(bad.method, lines, body); err != nil {
		return nil, bad.because(err)
	}
	plain = assemble(start, lines, body)
	parsed, err := sipmsg.NewParser().ParseSIP(plain)
	if err != nil {
		return nil, bad.because(errUnparsable)
	}
	if err := checkParsed(parsed); err != nil {
		return nil, bad.because(err)
	}
	return plain, nil
}

// because makes the refusal of a request from an error; a response is only
// dropped.
func (m *malformed) because(err error) error {
	var version *versionError
	m.why, m.status = err.Error(), sipmsg.StatusBadRequest
	switch {
	case errors.As(err, &version):
		m.status = sipmsg.StatusVersionNotSupported
	case errors.Is(err, errScheme):
		m.status = 416
	}
	if m.method == "" || m.method == "ACK" {
		m.status = 0
	}
	return m
}

// answer is the response to a request that was refused, nil if none can be made
// that is itself valid: what is wrong with a request may be what a response
// must repeat.
func (m *malformed) answer() []byte {
	if m.status == 0 {
		return nil
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "SIP/2.0 %d %s\r\n", m.status, reasonOf(m.status))
	seen := map[string]bool{}
	for _, l := range m.lines {
		switch l.name {
		case "Via":
		case "From", "To", "Call-ID", "CSeq":
			if seen[l.name] {
				continue
			}
			seen[l.name] = true
		default:
			continue
		}
		fmt.Fprintf(&b, "%s: %s\r\n", l.name, l.value)
	}
	b.WriteString("Content-Length: 0\r\n\r\n")
	plain, err := inspect(b.Bytes())
	if err != nil {
		return nil
	}
	return plain
}

// split takes a message apart and unfolds its header lines (RFC 3261, 7.3.1).
func split(message []byte) (start string, lines []headerLine, body []byte, err error) {
	message = bytes.TrimLeft(message, "\r\n")
	head, body, ok := bytes.Cut(message, crlfcrlf)
	if !ok {
		return "", nil, nil, errUnparsable
	}
	rows := strings.Split(string(head), "\r\n")
	if len(rows) > maxHeaderLines || bytes.ContainsAny(head, "\x00") {
		return "", nil, nil, errUnparsable
	}
	for _, row := range rows[1:] {
		if row == "" || strings.ContainsAny(row, "\r\n") {
			return "", nil, nil, errUnparsable
		}
		if row[0] == ' ' || row[0] == '\t' {
			if len(lines) == 0 {
				return "", nil, nil, errUnparsable
			}
			last := &lines[len(lines)-1]
			last.value = strings.TrimSpace(last.value + " " + strings.TrimSpace(row))
			continue
		}
		name, value, ok := strings.Cut(row, ":")
		name = strings.TrimRight(name, " \t")
		if !ok || !isToken(name) {
			return "", nil, nil, errUnparsable
		}
		lines = append(lines, headerLine{fullName(name), strings.TrimSpace(value)})
	}
	return rows[0], lines, body, nil
}

var crlfcrlf = []byte("\r\n\r\n")

// assemble writes the plain form.
func assemble(start string, lines []headerLine, body []byte) []byte {
	var b bytes.Buffer
	b.WriteString(start + "\r\n")
	for _, l := range lines {
		value := l.value
		switch l.name {
		case "Content-Length":
			continue
		case "Via", "From", "To", "Contact", "Route", "Record-Route", "Refer-To", "Referred-By":
			value = tidy(value, l.name == "Via")
		case "CSeq":
			value = strings.Join(strings.Fields(value), " ")
		}
		b.WriteString(l.name + ": " + value + "\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", len(body))
	b.Write(body)
	return b.Bytes()
}

// tidy takes the white space out that may stand around the separators of
// parameters, and puts the parameters' names into lower case. Quoted strings
// and what stands between < and > stay as they are.
func tidy(value string, via bool) string {
	var b strings.Builder
	name := false // in the name of a parameter
	separators := ";=,"
	if via {
		separators += "/:"
	}
	for i := 0; i < len(value); i++ {
		ch := value[i]
		switch {
		case ch == '"' || ch == '<':
			end := skip(value, i)
			b.WriteString(value[i:end])
			i = end - 1
		case ch == ' ' || ch == '\t':
			rest := strings.TrimLeft(value[i:], " \t")
			i += len(value[i:]) - len(rest) - 1
			if rest != "" && b.Len() > 0 && strings.IndexByte(separators, rest[0]) < 0 &&
				strings.IndexByte(separators, b.String()[b.Len()-1]) < 0 {
				b.WriteByte(' ')
			}
		default:
			switch ch {
			case ';':
				name = true
			case '=', ',':
				name = false
			}
			if name && 'A' <= ch && ch <= 'Z' {
				ch += 'a' - 'A'
			}
			b.WriteByte(ch)
		}
	}
	return b.String()
}

// skip returns the position after the quoted string or the bracket that begins
// at i; the end of the value if it is not closed.
func skip(value string, i int) int {
	if value[i] == '<' {
		if end := strings.IndexByte(value[i:], '>'); end >= 0 {
			return i + end + 1
		}
		return len(value)
	}
	for j := i + 1; j < len(value); j++ {
		switch value[j] {
		case '\\':
			j++
		case '"':
			return j + 1
		}
	}
	return len(value)
}

// compact are the short forms of header names (RFC 3261, 7.3.3, and the
// registry of header fields).
var compact = map[string]string{
	"a": "Accept-Contact", "b": "Referred-By", "c": "Content-Type", "d": "Request-Disposition", "e": "Content-Encoding",
	"f": "From", "i": "Call-ID", "j": "Reject-Contact", "k": "Supported", "l": "Content-Length", "m": "Contact",
	"n": "Identity-Info", "o": "Event", "r": "Refer-To", "s": "Subject", "t": "To", "u": "Allow-Events", "v": "Via",
	"x": "Session-Expires", "y": "Identity",
}

// canonical are the names whose spelling matters to sipgo or to us.
var canonical = func() map[string]string {
	m := map[string]string{}
	for _, name := range []string{"Route", "Record-Route", "CSeq", "Max-Forwards", "Require", "WWW-Authenticate", "Proxy-Authenticate",
		"Retry-After", "Allow", "Min-SE", "RSeq", "RAck", "Content-Disposition", "Replaces", "Event", "Privacy", "Diversion",
		"P-Asserted-Identity", "Remote-Party-ID", "Call-Info", "Alert-Info", "Answer-Mode", "Priv-Answer-Mode", "Expires", "Min-Expires", "Service-Route"} {
		m[strings.ToLower(name)] = name
	}
	for short, name := range compact {
		m[short], m[strings.ToLower(name)] = name, name
	}
	return m
}()

func fullName(name string) string {
	if full, ok := canonical[strings.ToLower(name)]; ok {
		return full
	}
	return name
}

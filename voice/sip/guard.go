package sip

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	sipmsg "github.com/emiago/sipgo/sip"
)

// Every message is read once, here. sipgo stumbles over much that RFC 3261 allows
// or that others write: compact names, folded lines, spaces around a semicolon,
// names without quotes. So a message is put into its plain form first. What is
// not SIP is dropped, and a request that can't be repaired is answered with what
// is wrong.

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

// parse reads a message. It never panics; the error is a *malformed where an
// answer is due.
func parse(message []byte) (sipmsg.Message, error) {
	_, m, err := inspect(message)
	return m, err
}

// inspect returns a message in its plain form, and as sipgo reads that.
func inspect(message []byte) (plain []byte, m sipmsg.Message, err error) {
	defer func() {
		if r := recover(); r != nil {
			plain, m, err = nil, nil, errUnparsable
		}
	}()
	start, lines, body, broken := split(message)
	bad := &malformed{lines: lines}
	if bad.method, err = checkStart(start); err != nil {
		return nil, nil, bad.because(err)
	}
	if broken != nil {
		return nil, nil, bad.because(broken)
	}
	start = repairStart(start)
	for i := range lines {
		repair(&lines[i])
	}
	if body, err = checkLines(bad.method, lines, body); err != nil {
		return nil, nil, bad.because(err)
	}
	plain = assemble(start, lines, body)
	m, err = sipmsg.NewParser().ParseSIP(plain)
	if err != nil {
		return nil, nil, bad.because(errUnparsable)
	}
	if err := checkParsed(m); err != nil {
		return nil, nil, bad.because(err)
	}
	return plain, m, nil
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

// answerTo is the response that an error of parse asks for, nil if none does. What
// is wrong with the request may be what a response must repeat: it is repeated as
// it came.
func answerTo(err error) []byte {
	var m *malformed
	if !errors.As(err, &m) || m.status == 0 {
		return nil
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "SIP/2.0 %d %s\r\n", m.status, reasonOf(m.status))
	seen := map[string]bool{}
	for _, l := range m.lines {
		value := l.value
		switch l.name {
		case "Via":
			seen[l.name] = true
		case "From", "To", "Call-ID", "CSeq":
			if seen[l.name] {
				continue
			}
			seen[l.name] = true
			if l.name == "To" && !strings.Contains(strings.ToLower(strings.ReplaceAll(value, " ", "")), ";tag=") {
				value += ";tag=" + newTag()
			}
		default:
			continue
		}
		fmt.Fprintf(&b, "%s: %s\r\n", l.name, value)
	}
	if !seen["Via"] {
		return nil // nobody could tell what it answers
	}
	b.WriteString("Content-Length: 0\r\n\r\n")
	return b.Bytes()
}

// split takes a message apart and unfolds its header lines (RFC 3261, 7.3.1).
// What is wrong with one line does not keep the others from being read: they are
// needed for an answer.
func split(message []byte) (start string, lines []headerLine, body []byte, err error) {
	message = bytes.TrimLeft(message, "\r\n\x00")
	head, body := cutHead(message)
	rows := strings.Split(string(head), "\n")
	if len(rows) > maxHeaderLines {
		rows, err = rows[:maxHeaderLines], errUnparsable
	}
	start = strings.TrimSuffix(rows[0], "\r")
	for _, row := range rows[1:] {
		row = strings.TrimSuffix(row, "\r")
		if strings.ContainsAny(row, "\r\x00") {
			err = errUnparsable
			row = strings.NewReplacer("\r", " ", "\x00", " ").Replace(row)
		}
		if row != "" && (row[0] == ' ' || row[0] == '\t') {
			if len(lines) == 0 {
				err = errUnparsable
				continue
			}
			last := &lines[len(lines)-1]
			last.value = strings.TrimSpace(last.value + " " + strings.TrimSpace(row))
			continue
		}
		name, value, ok := strings.Cut(row, ":")
		name = strings.TrimRight(name, " \t")
		if !ok || !isToken(name) {
			continue // it means nothing
		}
		lines = append(lines, headerLine{fullName(name), strings.TrimSpace(value)})
	}
	return start, lines, body, err
}

// cutHead cuts a message at its empty line. One without is all head. Bare line
// feeds end lines, too, as some write them.
func cutHead(message []byte) (head, body []byte) {
	for i := 0; i < len(message); {
		end := bytes.IndexByte(message[i:], '\n')
		if end < 0 {
			break
		}
		if line := message[i : i+end]; len(line) == 0 || len(line) == 1 && line[0] == '\r' {
			return bytes.TrimRight(message[:i], "\r\n"), message[i+end+1:]
		}
		i += end + 1
	}
	return bytes.TrimRight(message, "\r\n\x00"), nil
}

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
		"P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "History-Info", "Call-Info", "Alert-Info", "Answer-Mode", "Priv-Answer-Mode", "Expires", "Min-Expires", "Service-Route"} {
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

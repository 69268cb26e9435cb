package sip

import (
	"bytes"
	"errors"
	"net"
	"strconv"
	"strings"

	sipmsg "github.com/emiago/sipgo/sip"
)

// The rules that a message must keep (RFC 3261, sections 7, 8.1.1 and 25; RFC
// 4475 shows how each can be broken).

var (
	errStartLine     = errors.New("the start line is not valid")
	errMandatory     = errors.New("a mandatory header is missing or repeated")
	errNumber        = errors.New("a number is out of its range")
	errMethod        = errors.New("CSeq is for another method")
	errContentLength = errors.New("Content-Length does not fit the body")
	errAddress       = errors.New("an address is not valid")
	errScheme        = errors.New("the Request-URI's scheme is not SIP's")
	errRequestURI    = errors.New("the Request-URI is not valid")
)

// versionError is a request of another SIP than 2.0.
type versionError struct{}

func (*versionError) Error() string { return "the version is not SIP/2.0" }

// isToken says whether s is a token (RFC 3261, 25.1).
func isToken(s string) bool {
	for i := range len(s) {
		ch := s[i]
		if !('a' <= ch && ch <= 'z' || 'A' <= ch && ch <= 'Z' || '0' <= ch && ch <= '9' || strings.IndexByte("-.!%*_+`'~", ch) >= 0) {
			return false
		}
	}
	return s != ""
}

// checkStart checks the start line. method is "" for a response.
func checkStart(start string) (method string, err error) {
	if strings.HasPrefix(start, "SIP/") {
		version, rest, _ := strings.Cut(start, " ")
		status, _, _ := strings.Cut(rest, " ")
		if version != "SIP/2.0" || len(status) != 3 {
			return "", errStartLine
		}
		if n, err := strconv.Atoi(status); err != nil || n < 100 || n > 699 {
			return "", errStartLine
		}
		return "", nil
	}
	parts := strings.Split(start, " ")
	method = parts[0]
	if !isToken(method) {
		return "", errStartLine
	}
	if last := parts[len(parts)-1]; len(parts) >= 3 && strings.HasPrefix(last, "SIP/") && last != "SIP/2.0" {
		return method, &versionError{}
	}
	if len(parts) != 3 || parts[2] != "SIP/2.0" {
		return method, errStartLine
	}
	uri := parts[1]
	scheme, _, ok := strings.Cut(uri, ":")
	if !ok || !isToken(scheme) || strings.ContainsAny(uri, "<>\"\t") {
		return method, errRequestURI
	}
	switch strings.ToLower(scheme) {
	case "sip", "sips", "tel":
	default:
		return method, errScheme
	}
	if strings.Contains(uri[strings.LastIndexByte(uri, '@')+1:], "?") {
		return method, errRequestURI // headers may not stand here (19.1.1)
	}
	return method, nil
}

// checkLines checks the headers that every message has, and returns the part of
// the body that counts.
func checkLines(method string, lines []headerLine, body []byte) ([]byte, error) {
	count := map[string]int{}
	length := -1
	for _, l := range lines {
		count[l.name]++
		switch l.name {
		case "Content-Length":
			n, err := strconv.ParseUint(l.value, 10, 31)
			if err != nil || length >= 0 && int(n) != length {
				return nil, errContentLength
			}
			length = int(n)
		case "CSeq":
			number, of, _ := strings.Cut(strings.Join(strings.Fields(l.value), " "), " ")
			if n, err := strconv.ParseUint(number, 10, 32); err != nil || n >= 1<<31 {
				return nil, errNumber
			}
			if method != "" && of != method || !isToken(of) {
				return nil, errMethod
			}
		case "Max-Forwards":
			if _, err := strconv.ParseUint(l.value, 10, 8); err != nil {
				return nil, errNumber
			}
		case "From", "To", "Contact", "Refer-To":
			if !validAddresses(l.value) {
				return nil, errAddress
			}
		}
	}
	for _, name := range []string{"From", "To", "Call-ID", "CSeq"} {
		if count[name] != 1 {
			return nil, errMandatory
		}
	}
	if count["Via"] == 0 || count["Via"] > maxVias || count["Max-Forwards"] > 1 {
		return nil, errMandatory
	}
	switch {
	case length > len(body):
		return nil, errContentLength
	case length >= 0:
		return body[:length], nil // what follows belongs to nothing (18.3)
	}
	return bytes.TrimRight(body, "\x00"), nil
}

// validAddresses checks a list of name-addr and addr-spec (RFC 3261, 20.10):
// quotes and brackets are closed, an unquoted name consists of tokens, and no
// white space stands in the address.
func validAddresses(value string) bool {
	for value = strings.TrimSpace(value); value != ""; {
		if value == "*" {
			return true
		}
		name := 0
		for name < len(value) && value[name] != '<' && value[name] != ';' && value[name] != ',' {
			if value[name] == '"' {
				if !closed(value, name) {
					return false
				}
				name = skip(value, name)
				continue
			}
			name++
		}
		end := name
		if name < len(value) && value[name] == '<' {
			end = skip(value, name)
			if !closed(value, name) || !validName(value[:name]) || !validSpec(value[name+1:end-1]) {
				return false
			}
		} else if !validSpec(strings.TrimSpace(value[:name])) {
			return false
		}
		// The parameters, up to the next address.
		rest := value[end:]
		i := 0
		for i < len(rest) && rest[i] != ',' {
			if rest[i] == '"' {
				if !closed(rest, i) {
					return false
				}
				i = skip(rest, i)
				continue
			}
			if rest[i] == '<' {
				return false
			}
			i++
		}
		if params := strings.TrimSpace(rest[:i]); params != "" && params[0] != ';' {
			return false
		}
		value = strings.TrimLeft(rest[min(i, len(rest)):], ", \t")
	}
	return true
}

// closed says whether the quoted string or bracket at i has its end.
func closed(value string, i int) bool {
	end := skip(value, i)
	want := byte('"')
	if value[i] == '<' {
		want = '>'
	}
	return end-i >= 2 && value[end-1] == want
}

func validName(name string) bool {
	name = strings.TrimSpace(name)
	if strings.HasPrefix(name, `"`) {
		return skip(name, 0) == len(name)
	}
	for word := range strings.FieldsSeq(name) {
		if !isToken(word) && !beyondASCII(word) {
			return false
		}
	}
	return true
}

// beyondASCII lets names of other alphabets pass that were sent unquoted, as
// many phones do.
func beyondASCII(word string) bool {
	for i := range len(word) {
		if word[i] < 0x80 && !isToken(word[i:i+1]) {
			return false
		}
	}
	return true
}

func validSpec(spec string) bool {
	scheme, rest, ok := strings.Cut(spec, ":")
	return ok && rest != "" && isToken(scheme) && !strings.ContainsAny(spec, " \t<>\"")
}

// isHost says whether s is the name or the address of a host.
func isHost(s string) bool {
	if net.ParseIP(s) != nil {
		return true
	}
	for i := range len(s) {
		ch := s[i]
		if !('a' <= ch && ch <= 'z' || 'A' <= ch && ch <= 'Z' || '0' <= ch && ch <= '9' || ch == '.' || ch == '-' || ch == '_') {
			return false
		}
	}
	return s != ""
}

// isPlace says whether a URI of SIP names a host; other schemes need none.
func isPlace(uri sipmsg.Uri) bool {
	switch strings.ToLower(uri.Scheme) {
	case "sip", "sips":
		return isHost(strings.Trim(uri.Host, "[]"))
	}
	return true
}

// checkParsed makes sipgo look at every header that is used later: it does so
// lazily, and a header that it cannot read is as good as none.
func checkParsed(m sipmsg.Message) error {
	if m.Via() == nil || m.From() == nil || m.To() == nil || m.CallID() == nil || m.CSeq() == nil {
		return errMandatory
	}
	if !isPlace(m.From().Address) || !isPlace(m.To().Address) {
		return errAddress
	}
	for _, h := range m.GetHeaders("Via") {
		hop, ok := h.(*sipmsg.ViaHeader)
		if !ok || !isHost(strings.Trim(hop.Host, "[]")) || hop.ProtocolName == "" || !isToken(hop.Transport) || hop.Port < 0 || hop.Port > 65535 {
			return errMandatory
		}
	}
	return nil
}

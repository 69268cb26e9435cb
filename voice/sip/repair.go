package sip

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// repairStart gives the status line of a response the blank behind its status (RFC 3261,
// section 7.2), which is left out where there is no phrase.
func repairStart(start string) string {
	if strings.HasPrefix(start, "SIP/2.0 ") && strings.Count(start, " ") == 1 {
		return start + " "
	}
	return start
}

// repair puts what others write into a header into the form that RFC 3261 asks
// for, as far as its meaning is beyond doubt.
func repair(l *headerLine) {
	switch l.name {
	case "From", "To":
		l.value = repairAddress(l.value)
	case "Contact", "Route", "Record-Route", "Refer-To", "Referred-By", "P-Asserted-Identity", "P-Preferred-Identity",
		"Remote-Party-ID", "Diversion", "History-Info":
		l.value = repairAddresses(l.value)
	}
}

// repairAddress quotes the display name of an address if it is no token: names
// with commas, brackets, "&" and "@" are sent without quotes by many. The address
// is what stands in the last brackets that hold one.
func repairAddress(value string) string {
	open := addressBracket(value)
	if open < 0 {
		return value
	}
	end := strings.IndexByte(value[open:], '>')
	if end < 0 {
		return value
	}
	uri := strings.TrimSpace(value[open+1 : open+end])
	name := strings.TrimSpace(value[:open])
	switch {
	case name == "":
	case quoted(name):
	case validName(name) && !strings.Contains(name, `"`):
	default:
		name = quote(name)
	}
	if name != "" {
		name += " "
	}
	return name + "<" + uri + ">" + value[open+end+1:]
}

// addressBracket finds the bracket that opens an address; -1 if there is none.
// Brackets may stand in a name, quoted or not.
func addressBracket(value string) int {
	from := 0
	if strings.HasPrefix(value, `"`) && closed(value, 0) {
		if rest := strings.TrimLeft(value[skip(value, 0):], " \t"); strings.HasPrefix(rest, "<") {
			from = len(value) - len(rest)
		}
	}
	for i := from; i < len(value); i++ {
		if value[i] != '<' {
			continue
		}
		scheme, _, ok := strings.Cut(strings.TrimSpace(value[i+1:]), ":")
		if ok && isToken(scheme) {
			return i
		}
	}
	return -1
}

// repairAddresses is repairAddress for a list. A comma within a name that is not
// quoted ends no address.
func repairAddresses(value string) string {
	parts := slices.DeleteFunc(splitList(value), func(part string) bool { return part == "" })
	var out []string
	pending := ""
	for i, part := range parts {
		if pending != "" {
			part = pending + ", " + part
		}
		pending = ""
		scheme, _, spec := strings.Cut(part, ":")
		if addressBracket(part) < 0 && !(spec && isToken(strings.TrimSpace(scheme))) && part != "*" && i < len(parts)-1 {
			pending = part
			continue
		}
		out = append(out, repairAddress(part))
	}
	if len(parts) == len(out) && len(out) == 1 {
		return out[0]
	}
	return strings.Join(out, ", ")
}

// quoted says whether a name is a whole quoted string.
func quoted(name string) bool {
	return strings.HasPrefix(name, `"`) && closed(name, 0) && skip(name, 0) == len(name)
}

// quote makes a quoted string of a name as it was written.
func quote(name string) string {
	name = strings.Trim(name, "\" \t")
	return `"` + strings.NewReplacer(`\"`, `\"`, `\\`, `\\`, `"`, `\"`, `\`, `\\`).Replace(name) + `"`
}

// shownName is a display name as a person reads it: without quotes and the
// backslashes of quoted pairs (RFC 3261, section 25.1). Names in Latin-1 become
// readable, too.
func shownName(name string) string {
	name = strings.TrimSpace(name)
	if quoted(name) {
		name = name[1 : len(name)-1]
	}
	if !utf8.ValidString(name) {
		var b strings.Builder
		for i := range len(name) {
			b.WriteRune(rune(name[i]))
		}
		name = b.String()
	}
	var b strings.Builder
	escaped := false
	for _, r := range name {
		if r == '\\' && !escaped {
			escaped = true
			continue
		}
		escaped = false
		if r >= ' ' && r != 0x7f {
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}

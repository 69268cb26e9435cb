package sip

import "strings"

// HeaderOf is the value of the first header of that name, without the white space around
// it, or "".
func HeaderOf(headers []Header, name string) string {
	for _, h := range headers {
		if strings.EqualFold(h.Name, name) {
			return strings.TrimSpace(h.Value)
		}
	}
	return ""
}

// AnsweredElsewhere reports whether a CANCEL came because another phone took the call,
// which is what a Reason of SIP with cause 200 says (RFC 3326, section 2).
func AnsweredElsewhere(headers []Header) bool {
	for _, h := range headers {
		if !strings.EqualFold(h.Name, "Reason") {
			continue
		}
		// What is quoted is for people, and may have any of the signs.
		bare := ""
		for i, part := range strings.Split(h.Value, `"`) {
			if i%2 == 0 {
				bare += part
			}
		}
		for value := range strings.SplitSeq(bare, ",") {
			protocol, params, _ := strings.Cut(value, ";")
			if !strings.EqualFold(strings.TrimSpace(protocol), "SIP") {
				continue
			}
			for p := range strings.SplitSeq(params, ";") {
				name, cause, _ := strings.Cut(p, "=")
				if strings.EqualFold(strings.TrimSpace(name), "cause") && strings.TrimSpace(cause) == "200" {
					return true
				}
			}
		}
	}
	return false
}

package sip

import (
	"fmt"
	"mime"
	"strings"
)

// dtmfRelay is the content type of a digit in an INFO (reference, section 7).
const dtmfRelay = "application/dtmf-relay"

// DigitInfo is the content type and the body of an INFO that carries a digit.
func DigitInfo(digit rune) (contentType, body string) {
	return dtmfRelay, fmt.Sprintf("Signal=%c\r\nDuration=240\r\n", digit)
}

// Digit reads the digit that an INFO carries, one of 0-9 * # A-D; false if it carries
// none. It is Signal=5 in application/dtmf-relay, or the digit alone in
// application/dtmf.
func (ev Informed) Digit() (rune, bool) {
	kind, _, err := mime.ParseMediaType(ev.ContentType)
	if err != nil {
		return 0, false
	}
	signal := ""
	switch kind {
	case "application/dtmf":
		signal = ev.Body
	case dtmfRelay:
		for line := range strings.Lines(ev.Body) {
			name, value, ok := strings.Cut(line, "=")
			if ok && strings.EqualFold(strings.TrimSpace(name), "Signal") {
				signal = value
			}
		}
	}
	switch signal = strings.ToUpper(strings.TrimSpace(signal)); signal {
	case "10":
		signal = "*"
	case "11":
		signal = "#"
	}
	if len(signal) != 1 || !strings.Contains("0123456789*#ABCD", signal) {
		return 0, false
	}
	return rune(signal[0]), true
}

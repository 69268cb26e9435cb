package exophone

import (
	"bytes"
	"fmt"

	"github.com/emiago/sipgo/sip"
)

// Limits of one SIP message.
const (
	maxMessage = 32 << 10
	maxHeaders = 64
	maxLine    = 4 << 10
)

// acceptable looks at a message before the SIP stack does, which would close
// the connection over one that it cannot read. The error says why the message
// is dropped. It never panics.
func acceptable(message []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("unreadable: %v", r)
		}
	}()
	if len(message) <= 4 && len(bytes.Trim(message, "\r\n")) == 0 {
		return nil // a keepalive (RFC 5626, 3.5.1)
	}
	if len(message) > maxMessage {
		return fmt.Errorf("%d bytes", len(message))
	}
	head, _, ok := bytes.Cut(message, []byte("\r\n\r\n"))
	if !ok {
		return fmt.Errorf("no end of headers")
	}
	lines := bytes.Split(head, []byte("\r\n"))
	if len(lines) > maxHeaders {
		return fmt.Errorf("%d header lines", len(lines))
	}
	for _, l := range lines {
		if len(l) > maxLine {
			return fmt.Errorf("a header line of %d bytes", len(l))
		}
		if bytes.IndexByte(l, 0) >= 0 {
			return fmt.Errorf("a header with a NUL")
		}
	}
	m, err := sip.ParseMessage(message)
	if err != nil {
		// The parser's own words quote the message, which may hold secrets.
		return fmt.Errorf("not SIP")
	}
	return readable(m)
}

// readable makes the parser look at every header that is looked at later: it
// does so lazily, and a header that it cannot read is as good as none.
func readable(m sip.Message) error {
	if m.Via() == nil || m.CSeq() == nil || m.From() == nil || m.To() == nil || m.CallID() == nil {
		return fmt.Errorf("a mandatory header is missing or unreadable")
	}
	if l := m.ContentLength(); l != nil && int(*l) != len(m.Body()) {
		return fmt.Errorf("Content-Length does not fit the body")
	}
	return nil
}

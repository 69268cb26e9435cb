package sip

import (
	"bufio"
	"context"
	"strconv"
	"strings"

	sipmsg "github.com/emiago/sipgo/sip"
)

const messageSummary = "application/simple-message-summary"

// MessageSummary is what messages wait for a line (RFC 3842).
type MessageSummary struct {
	// Waiting says that there are new ones, counted or not.
	Waiting bool
	// Account is the URI to call to hear them; empty if the server names none.
	Account string
	// New and Old count the voice messages, NewUrgent and OldUrgent those of them
	// that are urgent.
	New, Old, NewUrgent, OldUrgent int
}

// parseMessageSummary parses the body of a message-summary; false if it is none.
func parseMessageSummary(body string) (MessageSummary, bool) {
	var m MessageSummary
	known := false
	lines := bufio.NewScanner(strings.NewReader(body))
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "messages-waiting":
			known = ok && (strings.EqualFold(value, "yes") || strings.EqualFold(value, "no"))
			m.Waiting = strings.EqualFold(value, "yes")
		case "message-account":
			if clean(value) {
				m.Account = value
			}
		case "voice-message":
			counts, urgent, _ := strings.Cut(value, "(")
			m.New, m.Old = parseCounts(counts)
			m.NewUrgent, m.OldUrgent = parseCounts(strings.TrimSuffix(strings.TrimSpace(urgent), ")"))
		}
	}
	return m, known
}

// parseCounts parses "2/8"; what is no number counts as 0.
func parseCounts(text string) (fresh, old int) {
	number := func(s string) int {
		n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 31)
		if err != nil {
			return 0
		}
		return int(n)
	}
	a, b, _ := strings.Cut(text, "/")
	return number(a), number(b)
}

// serveMessageSummary takes a NOTIFY about waiting messages in that nobody has asked
// for; false if it is about something else.
func (f *Flow) serveMessageSummary(req *sipmsg.Request, tx *serverTx) bool {
	if eventOf(req) != "message-summary" {
		return false
	}
	f.newSubscription("message-summary", messageSummary, req.From().Address, f.takeMessageSummary).serve(req, tx)
	return true
}

// takeMessageSummary tells of waiting messages.
func (f *Flow) takeMessageSummary(body []byte) (status int) {
	m, ok := parseMessageSummary(string(body))
	if !ok {
		return sipmsg.StatusBadRequest
	}
	if f.cfg.MessageSummary != nil {
		f.cfg.MessageSummary(m)
	}
	return sipmsg.StatusOK
}

// watchMessages follows what waits for the line until ctx or the flow ends. A server
// that knows no such event is left alone; it may send what it has unasked.
func (f *Flow) watchMessages(ctx context.Context) {
	who := sipmsg.Uri{Scheme: "sip", User: escapeUser(f.cfg.User), Host: f.cfg.Domain}
	_ = f.newSubscription("message-summary", messageSummary, who, f.takeMessageSummary).run(ctx)
}

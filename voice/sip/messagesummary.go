package sip

import (
	"bufio"
	"context"
	"strconv"
	"strings"
	"time"

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

// serveMessageSummary takes a NOTIFY about waiting messages in, asked for or not; false if
// it is about something else.
func (f *Flow) serveMessageSummary(req *sipmsg.Request, tx *serverTx) bool {
	event, _, _ := strings.Cut(headerValue(req, "Event"), ";")
	if !strings.EqualFold(strings.TrimSpace(event), "message-summary") {
		return false
	}
	kind, _, _ := strings.Cut(contentType(req), ";")
	if len(req.Body()) > 0 && !strings.EqualFold(strings.TrimSpace(kind), messageSummary) {
		_ = f.respond(req, tx, sipmsg.StatusUnsupportedMediaType, sipmsg.NewHeader("Accept", messageSummary))
		return true
	}
	m, ok := parseMessageSummary(string(req.Body()))
	if !ok && len(req.Body()) > 0 {
		_ = f.respond(req, tx, sipmsg.StatusBadRequest)
		return true
	}
	_ = f.respond(req, tx, sipmsg.StatusOK)
	if ok && f.cfg.MessageSummary != nil {
		f.cfg.MessageSummary(m)
	}
	return true
}

// subscription keeps a subscription to the message summary alive over one flow. A server
// that knows no such event is left alone; it may send what it has unasked.
type subscription struct {
	f        *Flow
	key      dialogKey
	seq      uint32
	remote   string // the server's tag
	target   sipmsg.Uri
	routes   []sipmsg.Uri
	lifetime time.Duration
}

// watchMessages runs until ctx or the flow ends, or the server refuses.
func (f *Flow) watchMessages(ctx context.Context) {
	who := sipmsg.Uri{Scheme: "sip", User: escapeUser(f.cfg.User), Host: f.cfg.Domain}
	s := &subscription{
		f: f, key: dialogKey{newTag() + newTag(), newTag()}, seq: firstSeq(),
		target: who, routes: f.startRoutes(), lifetime: time.Hour,
	}
	f.mu.Lock()
	f.summary = s.key
	f.mu.Unlock()
	for {
		granted, err := s.send(ctx)
		if err != nil || granted <= 0 {
			return
		}
		refresh := time.NewTimer(granted * 8 / 10)
		select {
		case <-refresh.C:
		case <-ctx.Done():
			refresh.Stop()
			return
		case <-f.done:
			refresh.Stop()
			return
		}
	}
}

// send sends a SUBSCRIBE (RFC 6665, section 4.1.2) and returns for how long it
// holds.
func (s *subscription) send(ctx context.Context) (time.Duration, error) {
	var tried attempt
	f := s.f
	for {
		s.seq++
		req := f.newRequest(sipmsg.SUBSCRIBE, s.target)
		for _, r := range s.routes {
			req.AppendHeader(&sipmsg.RouteHeader{Address: r})
		}
		who := sipmsg.Uri{Scheme: "sip", User: escapeUser(f.cfg.User), Host: f.cfg.Domain}
		from := &sipmsg.FromHeader{DisplayName: f.cfg.DisplayName, Address: who, Params: sipmsg.NewParams()}
		from.Params.Add("tag", s.key.localTag)
		to := &sipmsg.ToHeader{Address: who, Params: sipmsg.NewParams()}
		if s.remote != "" {
			to.Params.Add("tag", s.remote)
		}
		id := sipmsg.CallIDHeader(s.key.callID)
		for _, h := range []sipmsg.Header{
			from, to, &id, &sipmsg.CSeqHeader{SeqNo: s.seq, MethodName: sipmsg.SUBSCRIBE}, f.contact(),
			sipmsg.NewHeader("Event", "message-summary"), sipmsg.NewHeader("Accept", messageSummary),
			sipmsg.NewHeader("Expires", strconv.Itoa(int(s.lifetime/time.Second))), sipmsg.NewHeader("User-Agent", f.cfg.UserAgent),
		} {
			req.AppendHeader(h)
		}
		limited, cancel := context.WithTimeout(ctx, transactionTime)
		res, err := f.final(limited, req)
		cancel()
		switch {
		case err != nil:
			return 0, err
		case res.IsSuccess():
			s.establish(res)
			n, err := strconv.ParseUint(strings.TrimSpace(headerValue(res, "Expires")), 10, 31)
			if err != nil {
				return s.lifetime, nil
			}
			return min(time.Duration(n)*time.Second, maxSession), nil
		case res.StatusCode == sipmsg.StatusUnauthorized, res.StatusCode == sipmsg.StatusProxyAuthRequired:
			if err := f.creds.learn(res, &tried); err != nil {
				return 0, err
			}
		case res.StatusCode == sipmsg.StatusCallTransactionDoesNotExists && s.remote != "":
			s.remote, s.routes = "", f.startRoutes() // begun anew (RFC 6665, 4.1.2.2)
			s.target = who
		default:
			return 0, &StatusError{Status: res.StatusCode, Reason: res.Reason}
		}
	}
}

// establish takes over the dialog that a 2xx makes.
func (s *subscription) establish(res *sipmsg.Response) {
	if s.remote != "" {
		return
	}
	d := &Dialog{}
	d.target = s.target
	d.establish(res, res.GetHeaders("Record-Route"), true)
	s.remote, s.target = tagOf(res.To()), d.target
	if len(d.routes) > 0 {
		s.routes = d.routes
	}
}

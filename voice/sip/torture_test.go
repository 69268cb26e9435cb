package sip

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

// tortureMessage is a message of RFC 4475, with what becomes of it: the status
// with which the phone answers it, or 0 if it is dropped without a word. For
// a response "understood" says whether it gets past the guard.
type tortureMessage struct {
	section, name string
	status        int
	understood    bool
	text          string
}

func (m tortureMessage) wire() []byte {
	text := strings.TrimPrefix(m.text, "\n")
	return []byte(strings.ReplaceAll(text, "\n", "\r\n"))
}

// torture are the messages of RFC 4475. Their Content-Length is written as @ where
// it is the true one, which the test fills in.
var torture = slices.Concat(tortureValid, tortureInvalid, tortureLayers)

func TestTortureIsWhole(t *testing.T) {
	t.Parallel()
	// The messages of each section of RFC 4475.
	want := map[string]int{"3.1.1": 13, "3.1.2": 19, "3.2": 1, "3.3": 15, "3.4": 1}
	seen := map[string]bool{}
	for _, m := range torture {
		if seen[m.section] {
			t.Errorf("%s twice", m.section)
		}
		seen[m.section] = true
		want[m.section[:strings.LastIndex(m.section, ".")]]--
	}
	for section, missing := range want {
		if missing != 0 {
			t.Errorf("%s: %d missing", section, missing)
		}
	}
}

func (m tortureMessage) filled() []byte {
	wire := string(m.wire())
	head, body, _ := strings.Cut(wire, "\r\n\r\n")
	head = strings.Replace(head, ": @", fmt.Sprintf(": %d", len(body)), 1)
	return []byte(head + "\r\n\r\n" + body)
}

// answeredByGuard is the status with which the guard itself answers, 0 if it
// does not.
func answeredByGuard(err error) int {
	var bad *malformed
	if errors.As(err, &bad) && answerTo(err) != nil {
		return bad.status
	}
	return 0
}

func TestTortureMessagesAtTheGuard(t *testing.T) {
	t.Parallel()
	for _, m := range torture {
		plain, _, err := inspect(m.filled())
		if (err == nil) != m.understood {
			t.Errorf("%s %s: %v", m.section, m.name, err)
			continue
		}
		if err != nil {
			if got := answeredByGuard(err); got != m.status {
				t.Errorf("%s %s: answered with %d, want %d (%v)", m.section, m.name, got, m.status, err)
			}
			continue
		}
		// The plain form is a fixed point.
		if again, _, err := inspect(plain); err != nil || string(again) != string(plain) {
			t.Errorf("%s %s: %v\n%q\n%q", m.section, m.name, err, plain, again)
		}
	}
}

// What the guard lets pass is understood as it was meant.
func TestTortureMessagesAreUnderstood(t *testing.T) {
	t.Parallel()
	parsed := map[string]sipmsg.Message{}
	for _, m := range torture {
		if plain, _, err := inspect(m.filled()); err == nil {
			if parsed[m.section], err = sipmsg.ParseMessage(plain); err != nil {
				t.Errorf("%s: %v", m.section, err)
			}
		}
	}
	tag := func(p sipmsg.HeaderParams) string { s, _ := p.Get("tag"); return s }
	short := parsed["3.1.1.1"].(*sipmsg.Request)
	if tag(short.From().Params) != "98asjd8" || tag(short.To().Params) != "1918181833n" || short.CSeq().SeqNo != 9 ||
		len(short.GetHeaders("Via")) != 3 || short.Via().Host != "192.0.2.2" || *short.MaxForwards() != 68 ||
		len(short.Body()) < 100 || short.Route().Address.Host != "services.example.com" || short.Contact().Address.User != "jdrosen" {
		t.Errorf("the tortuous INVITE is understood as\n%s", short)
	}
	if q, _ := short.Contact().Params.Get("q"); q != "0.33" {
		t.Errorf("q of Contact is %q", q)
	}
	wide := parsed["3.1.1.2"].(*sipmsg.Request)
	if tag(wide.From().Params) != "_token~1'+`*%!-." || wide.CSeq().SeqNo != 139122385 {
		t.Errorf("the wide range is understood as\n%s", wide)
	}
	if escaped := parsed["3.1.1.3"].(*sipmsg.Request); escaped.Recipient.User != "sips%3Auser%40example.com" || escaped.Recipient.Host != "example.net" {
		t.Errorf("%s", escaped)
	}
	if nulls := parsed["3.1.1.4"].(*sipmsg.Request); len(nulls.GetHeaders("Contact")) != 2 {
		t.Errorf("%s", nulls)
	}
	if percent := parsed["3.1.1.5"].(*sipmsg.Request); percent.Method != "RE%47IST%45R" || len(percent.GetHeaders("Contact")) != 2 {
		t.Errorf("%s", percent)
	}
	if near := parsed["3.1.1.6"].(*sipmsg.Request); near.From().DisplayName != "caller" {
		t.Errorf("%s", near)
	}
	if long := parsed["3.1.1.7"].(*sipmsg.Request); len(long.GetHeaders("Via")) != 15 || len(long.Body()) == 0 {
		t.Errorf("%s", long)
	}
	if double := parsed["3.1.1.8"].(*sipmsg.Request); len(double.Body()) != 0 {
		t.Errorf("%s", double)
	}
	if semi := parsed["3.1.1.9"].(*sipmsg.Request); semi.Recipient.User != "user;par=u%40example.net" {
		t.Errorf("%s", semi)
	}
	if res := parsed["3.1.1.12"].(*sipmsg.Response); res.StatusCode != 200 || len(res.Body()) == 0 {
		t.Errorf("%s", res)
	}
}

// All of them on the socket of a phone that is in a call.
func TestTortureMessagesInACall(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	d, l := place(t, s, s.connect(), legs)
	there := <-s.conns
	for _, m := range torture {
		if err := there.Send(m.filled()); err != nil {
			t.Fatalf("%s %s: %v", m.section, m.name, err)
		}
		if m.status != 0 {
			select {
			case line := <-s.answers:
				if !strings.HasPrefix(line, fmt.Sprintf("SIP/2.0 %d ", m.status)) {
					t.Errorf("%s %s: answered with %s, want %d", m.section, m.name, line, m.status)
				}
			case <-time.After(timeout):
				t.Errorf("%s %s: not answered", m.section, m.name)
			}
		}
		if err := d.Info(limited(t), "text/plain", "x"); err != nil {
			t.Fatalf("after %s %s: %v", m.section, m.name, err)
		}
		l.expect(sipmsg.INFO)
	}
	select {
	case line := <-s.answers:
		t.Errorf("an answer too many: %s", line)
	default:
	}
	if err := d.Hangup(limited(t)); err != nil {
		t.Error(err)
	}
}

// Each message on the wire, to a phone that is registered there: it is answered as RFC
// 4475 says, or as the table in docs/sip.md has it, and the phone goes on.
func TestTortureMessagesOnTheWire(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"udp", "tcp"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			h := newByHand(t, scheme)
			for _, m := range torture {
				if scheme == "tcp" { // some leave no way to go on with the stream
					h = newByHand(t, scheme)
				}
				if err := h.conn.Write(m.filled()); err != nil {
					t.Fatal(err)
				}
				want := m.status
				if want == 480 {
					want = 404 // it is for somebody else
				}
				if want != 0 {
					h.await(fmt.Sprintf("%d to %s %s", want, m.section, m.name), func(m sipmsg.Message) bool {
						res, ok := m.(*sipmsg.Response)
						return ok && res.StatusCode == want
					})
					h.kept = nil
				}
				if scheme == "tcp" && slices.Contains([]string{"3.1.1.8", "3.1.2.2", "3.1.2.3"}, m.section) {
					<-h.f.Done()
					continue
				}
				c := h.call()
				h.send(c.text("OPTIONS", 1, "", ""))
				h.response(c.id, sipmsg.OPTIONS, 1, 200)
			}
		})
	}
}

func FuzzInspect(f *testing.F) {
	for _, m := range torture {
		f.Add(m.filled())
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		plain, _, err := inspect(message)
		if err != nil {
			if answer := answerTo(err); answer != nil && !bytes.HasSuffix(answer, []byte("\r\nContent-Length: 0\r\n\r\n")) {
				t.Fatalf("the answer is no message: %q", answer)
			}
			return
		}
		m, err := sipmsg.ParseMessage(plain)
		if err != nil {
			t.Fatalf("sipgo does not understand what the guard let pass: %v", err)
		}
		if m.Via() == nil || m.CSeq() == nil || m.From() == nil || m.To() == nil || m.CallID() == nil {
			t.Fatalf("a mandatory header is unreadable in %q", plain)
		}
		if req, ok := m.(*sipmsg.Request); ok && !req.IsAck() {
			answer := sipmsg.NewResponseFromRequest(req, 486, "Busy Here", nil).String()
			if _, _, err := inspect([]byte(answer)); err != nil {
				t.Fatalf("the answer cannot be understood: %v\n%q\n%q", err, plain, answer)
			}
		}
		again, _, err := inspect(plain)
		if err != nil {
			t.Fatalf("the plain form is refused: %v\n%q", err, plain)
		}
		if string(again) != string(plain) {
			t.Fatalf("the plain form is not plain:\n%q\n%q", plain, again)
		}
	})
}

package sip

import (
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

func TestParseMessageSummary(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		body string
		want MessageSummary
		ok   bool
	}{
		{"Messages-Waiting: yes\r\nMessage-Account: sip:vm@pbx\r\nVoice-Message: 2/8 (0/2)\r\n", MessageSummary{true, "sip:vm@pbx", 2, 8, 0, 2}, true},
		{"messages-waiting:no\nvoice-message: 0/3", MessageSummary{Old: 3}, true},
		{"Messages-Waiting: yes\r\nFax-Message: 5/5\r\n", MessageSummary{Waiting: true}, true},
		{"Messages-Waiting: perhaps\r\n", MessageSummary{}, false},
		{"Voice-Message: -1/x (", MessageSummary{}, false},
		{"", MessageSummary{}, false},
	} {
		if got, ok := parseMessageSummary(tc.body); ok != tc.ok || ok && got != tc.want {
			t.Errorf("%q: %+v, %v", tc.body, got, ok)
		}
	}
}

// notify makes a NOTIFY of the server, about waiting messages; to has the tag of the
// subscription if there is one.
func notify(f *Flow, source string, subscribe *sipmsg.Request, body string) *sipmsg.Request {
	req := sipmsg.NewRequest(sipmsg.NOTIFY, f.contact().Address)
	req.SetTransport("WS")
	req.SetDestination(source)
	via := &sipmsg.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: "WS", Host: "exchange.invalid", Params: sipmsg.NewParams()}
	via.Params.Add("branch", "z9hG4bK"+newTag())
	from := &sipmsg.FromHeader{Address: sipmsg.Uri{Scheme: "sip", User: "vm", Host: "sip.example"}, Params: sipmsg.NewParams()}
	from.Params.Add("tag", "vm")
	to := &sipmsg.ToHeader{Address: sipmsg.Uri{Scheme: "sip", User: "alice", Host: "sip.example"}, Params: sipmsg.NewParams()}
	id := sipmsg.CallIDHeader("unasked")
	if subscribe != nil {
		id = *subscribe.CallID()
		tag, _ := subscribe.From().Params.Get("tag")
		to.Params.Add("tag", tag)
	}
	for _, h := range []sipmsg.Header{via, from, to, &id, &sipmsg.CSeqHeader{SeqNo: 1, MethodName: sipmsg.NOTIFY},
		sipmsg.NewHeader("Event", "message-summary"), sipmsg.NewHeader("Subscription-State", "active"), sipmsg.NewHeader("Content-Type", messageSummary)} {
		req.AppendHeader(h)
	}
	req.SetBody([]byte(body))
	return req
}

func TestMessageSummary(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	subscribed := make(chan *sipmsg.Request, 8)
	r.s.subscribe = func(req *sipmsg.Request, tx *sipmsg.ServerTx) {
		res := sipmsg.NewResponseFromRequest(req, 200, "OK", nil)
		res.AppendHeader(sipmsg.NewHeader("Expires", "1"))
		res.AppendHeader(&sipmsg.ContactHeader{Address: sipmsg.Uri{Scheme: "sip", User: "vm", Host: "exchange.invalid"}})
		_ = tx.Respond(res)
		subscribed <- req
	}
	boxes := make(chan MessageSummary, 8)
	a := r.account(t, func(c *AccountConfig) { c.MessageSummary = func(m MessageSummary) { boxes <- m } })
	a.phase(Registered)
	source := r.s.source()
	first := <-subscribed
	if headerValue(first, "Event") != "message-summary" || first.Recipient.User != "alice" {
		t.Errorf("%s", first)
	}
	send := func(subscribe *sipmsg.Request, body string) int {
		t.Helper()
		tx, err := r.s.transactions.Request(limited(t), notify(a.Flow(), source, subscribe, body))
		if err != nil {
			t.Fatal(err)
		}
		select {
		case res := <-tx.Responses():
			return res.StatusCode
		case <-time.After(timeout):
			t.Fatal("no answer")
		}
		return 0
	}
	if status := send(first, "Messages-Waiting: yes\r\nVoice-Message: 1/0\r\n"); status != 200 {
		t.Errorf("%d", status)
	}
	if m := <-boxes; !m.Waiting || m.New != 1 {
		t.Errorf("%+v", m)
	}
	if status := send(nil, "Messages-Waiting: no\r\n"); status != 200 {
		t.Errorf("unasked: %d", status)
	}
	if m := <-boxes; m.Waiting {
		t.Errorf("%+v", m)
	}
	if status := send(first, "nonsense"); status != 400 {
		t.Errorf("%d", status)
	}
	// It is refreshed inside its dialog.
	again := <-subscribed
	if again.CallID().Value() != first.CallID().Value() || tagOf(again.To()) == "" || again.CSeq().SeqNo <= first.CSeq().SeqNo || again.Recipient.User != "vm" {
		t.Errorf("%s", again)
	}
}

// A server that knows no such thing is asked once.
func TestMessageSummaryRefused(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	asked := make(chan struct{}, 8)
	r.s.subscribe = func(req *sipmsg.Request, tx *sipmsg.ServerTx) {
		_ = tx.Respond(sipmsg.NewResponseFromRequest(req, 489, "Bad Event", nil))
		asked <- struct{}{}
	}
	a := r.account(t, func(c *AccountConfig) { c.MessageSummary = func(MessageSummary) {} })
	a.phase(Registered)
	<-asked
	r.next()
	a.Retry()
	r.next()
	a.stop()
	if len(asked) != 0 {
		t.Error("asked again")
	}
}

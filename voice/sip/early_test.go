package sip

import (
	"strings"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

// A dialog that is not answered yet is one: of a call to us.
func TestEarlyDialogOfTheCalled(t *testing.T) {
	t.Parallel()
	h := newByHand(t, "udp")
	c := h.call()
	in := c.ring("")
	h.send(c.text("UPDATE", 2, "P-Asserted-Identity: \"Bob\" <sip:bob@lab.test>\n", ""))
	h.response(c.id, sipmsg.UPDATE, 2, 200)
	if who := event[Identified](t, in.Dialog); who.Name != "Bob" || who.URI != "sip:bob@lab.test" {
		t.Errorf("%+v", who)
	}
	h.send(c.text("UPDATE", 3, "", offer)) // the first offer has no answer yet (RFC 3311, 5.2)
	if res := h.response(c.id, sipmsg.UPDATE, 3, 500); headerValue(res, "Retry-After") == "" {
		t.Error("no Retry-After")
	}
	h.send(c.text("INFO", 4, "Content-Type: application/dtmf\n", "5"), c.text("NOTIFY", 5, "Event: talk\n", ""), c.text("PRACK", 6, "RAck: 1 1 INVITE\n", ""),
		c.text("OPTIONS", 7, "", ""), c.text("INVITE", 8, "", offer))
	h.response(c.id, sipmsg.INFO, 4, 200)
	h.response(c.id, sipmsg.NOTIFY, 5, 200)
	h.response(c.id, sipmsg.PRACK, 6, 481)
	h.response(c.id, sipmsg.OPTIONS, 7, 200)
	h.response(c.id, sipmsg.INVITE, 8, 500)
	event[Informed](t, in.Dialog)
	h.send(c.text("BYE", 9, "", ""))
	h.response(c.id, sipmsg.BYE, 9, 200)
	h.response(c.id, sipmsg.INVITE, 1, 487)
	if ev := event[Failed](t, in.Dialog); !ev.ByRemote {
		t.Errorf("%+v", ev)
	}
}

// And of a call of ours, where the far side has answered with early media.
func TestEarlyDialogOfTheCaller(t *testing.T) {
	t.Parallel()
	h := newByHand(t, "tcp")
	d, err := h.f.Invite(limited(t), Invitation{Target: "peer", Offer: offer})
	if err != nil {
		t.Fatal(err)
	}
	inv := h.request(sipmsg.INVITE)
	ours, _ := inv.From().Params.Get("tag")
	c := &callByHand{h: h, id: inv.CallID().Value(), toTag: ours}
	respond := func(status int, body string) {
		res := sipmsg.NewResponseFromRequest(inv, status, "Fine", nil)
		res.To().Params.Add("tag", "far")
		res.AppendHeader(sipmsg.NewHeader("Contact", "<sip:peer@192.0.2.9>"))
		setBody(res, sdpType, body)
		text := strings.ReplaceAll(res.String(), "\r\n", "\n")
		head, rest, _ := strings.Cut(text, "\n\n")
		lines := strings.Split(head, "\n")
		kept := lines[:0]
		for _, l := range lines {
			if !strings.HasPrefix(l, "Content-Length") {
				kept = append(kept, l)
			}
		}
		h.send(strings.Join(kept, "\n") + "\n\n" + rest)
	}
	h.send(c.text("UPDATE", 1, "", offer)) // before anything was said of the offer
	h.response(c.id, sipmsg.UPDATE, 1, 491)
	respond(183, answer)
	if ev := event[Provisional](t, d); ev.Body != answer || ev.Reason != "Fine" {
		t.Errorf("%+v", ev)
	}
	h.send(c.text("UPDATE", 2, "", ""), c.text("UPDATE", 3, "", offer))
	h.response(c.id, sipmsg.UPDATE, 2, 200)
	if err := event[Reoffered](t, d).Reply(200, answer); err != nil {
		t.Error(err)
	}
	h.response(c.id, sipmsg.UPDATE, 3, 200)
	h.send(c.text("INFO", 4, "Content-Type: application/dtmf\n", "5"), c.text("NOTIFY", 5, "Event: talk\n", ""))
	h.response(c.id, sipmsg.INFO, 4, 200)
	h.response(c.id, sipmsg.NOTIFY, 5, 200)
	event[Informed](t, d)
	respond(200, "")
	event[Answered](t, d)
	h.request(sipmsg.ACK)
	go func() { _ = d.Hangup(limited(t)) }()
	h.request(sipmsg.BYE)
}

// An ACK with the INVITE's own branch ends the wait for it (RFC 6026, 7.1), of a
// re-INVITE, too.
func TestAckWithTheBranchOfItsInvite(t *testing.T) {
	t.Parallel()
	for _, scheme := range everyTransport {
		h := newByHand(t, scheme)
		c := h.call()
		in := c.ring("")
		branch := c.branch
		if err := in.Dialog.Accept(answer); err != nil {
			t.Fatal(err)
		}
		h.response(c.id, sipmsg.INVITE, 1, 200)
		h.send(c.textWith(branch, "ACK", 1, "", ""))
		event[Answered](t, in.Dialog)
		h.send(c.text("INVITE", 2, "", ""))
		if err := event[Reoffered](t, in.Dialog).Reply(200, offer); err != nil {
			t.Fatal(err)
		}
		h.response(c.id, sipmsg.INVITE, 2, 200)
		h.send(c.textWith(c.branch, "ACK", 2, "", answer))
		if ev := event[Reanswered](t, in.Dialog); ev.Answer != answer {
			t.Errorf("%+v", ev)
		}
		in.Dialog.acksMu.Lock()
		if len(in.Dialog.acks) != 0 {
			t.Error("an ACK is still waited for")
		}
		in.Dialog.acksMu.Unlock()
	}
}

// A caller that requires reliable provisional responses gets them (RFC 3262).
func TestReliableRinging(t *testing.T) {
	t.Parallel()
	h := newByHand(t, "udp")
	c := h.call()
	h.send(c.text("INVITE", 1, "Require: 100rel\n", offer))
	in := h.incoming()
	if err := in.Dialog.Ring(180, ""); err != nil {
		t.Fatal(err)
	}
	res := h.response(c.id, sipmsg.INVITE, 1, 180)
	if !hasToken(res, "Require", "100rel") || headerValue(res, "RSeq") == "" {
		t.Fatalf("%s", res)
	}
	again := h.response(c.id, sipmsg.INVITE, 1, 180) // until it is acknowledged
	c.toTag = tagOf(res.To())
	h.send(c.text("PRACK", 2, "RAck: "+headerValue(again, "RSeq")+" 1 INVITE\n", ""))
	h.response(c.id, sipmsg.PRACK, 2, 200)
	h.send(c.text("PRACK", 3, "RAck: "+headerValue(again, "RSeq")+" 1 INVITE\n", ""), c.text("PRACK", 4, "RAck: x\n", ""))
	h.response(c.id, sipmsg.PRACK, 3, 481)
	h.response(c.id, sipmsg.PRACK, 4, 400)
	if err := in.Dialog.Accept(answer); err != nil {
		t.Fatal(err)
	}
	h.response(c.id, sipmsg.INVITE, 1, 200)
	h.send(c.text("ACK", 1, "", ""))
	event[Answered](t, in.Dialog)
}

func TestInvitesThatAreNotShown(t *testing.T) {
	t.Parallel()
	h := newByHand(t, "tcp")
	refused := func(status int, message string, c *callByHand) {
		t.Helper()
		h.send(message)
		h.response(c.id, sipmsg.INVITE, 1, status)
		h.send(c.textWith(c.branch, "ACK", 1, "", ""))
	}
	c := h.call()
	refused(404, strings.Replace(c.text("INVITE", 1, "", offer), "sip:desk@phone", "sip:nobody@phone", 1), c)
	c = h.call()
	refused(415, c.text("INVITE", 1, "Content-Type: text/html\n", "<p>"), c)
	c = h.call()
	refused(420, c.text("INVITE", 1, "Require: precondition\n", offer), c)
	c = h.call()
	refused(400, c.text("INVITE", 1, "Content-Type: multipart/mixed\n", "x"), c)
	select {
	case in := <-h.calls:
		t.Errorf("%+v", in)
	default:
	}
	// The same INVITE by another way (RFC 3261, 8.2.2.2).
	c = h.call()
	in := c.ring("")
	other := &callByHand{h: h, id: c.id}
	h.send(other.text("INVITE", 1, "", offer))
	h.response(c.id, sipmsg.INVITE, 1, 482)
	if err := in.Dialog.Refuse(486); err != nil {
		t.Error(err)
	}
	// One that expires.
	c = h.call()
	start := time.Now()
	in = c.ring("Expires: 1\n")
	h.response(c.id, sipmsg.INVITE, 1, 487)
	if ev := event[Failed](t, in.Dialog); !ev.ByRemote || time.Since(start) < time.Second {
		t.Errorf("%+v", ev)
	}
}

// Of several that ring for one call each may leave; the call is over with the last.
func TestByeWhileSeveralRing(t *testing.T) {
	t.Parallel()
	legs, onInvite := answering()
	s := newServer(t, onInvite)
	d := invite(t, s.connect())
	l := <-legs
	rings := func(tag string) {
		l.tag = tag
		l.respond(180, "")
		event[Provisional](t, d)
	}
	leaves := func() {
		if res, err := l.request(sipmsg.BYE, "", ""); err != nil || res.StatusCode != 200 {
			t.Fatalf("%v %v", res, err)
		}
	}
	rings("one")
	rings("two")
	leaves()
	rings("three")
	leaves()
	l.tag = "one"
	leaves()
	if ev := event[Failed](t, d); !ev.ByRemote || ev.Status != 487 {
		t.Errorf("%+v", ev)
	}
}

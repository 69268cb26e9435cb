package sip

import (
	"fmt"
	"testing"

	sipmsg "github.com/emiago/sipgo/sip"
)

// What follows right behind something else is handled behind it, 100 times of 100,
// on every transport.
func TestOrderOfMessages(t *testing.T) {
	t.Parallel()
	for _, scheme := range everyTransport {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			summaries := make(chan MessageSummary, 1000)
			h := newByHand(t, scheme, func(c *Config) { c.MessageSummary = func(m MessageSummary) { summaries <- m } })
			for range 100 {
				// A CANCEL right behind its INVITE, and the next INVITE behind that.
				c := h.call()
				invite := c.text("INVITE", 1, "", offer)
				next := h.call()
				h.send(invite, c.textWith(c.branch, "CANCEL", 1, "", ""), next.text("INVITE", 1, "", offer))
				h.response(c.id, sipmsg.CANCEL, 1, 200)
				h.response(c.id, sipmsg.INVITE, 1, 487)
				h.send(c.textWith(c.branch, "ACK", 1, "", ""))
				if ev := event[Failed](t, h.incoming().Dialog); !ev.ByRemote || ev.Status != 487 {
					t.Fatalf("%+v", ev)
				}
				in := h.incoming()
				if err := in.Dialog.Accept(answer); err != nil {
					t.Fatal(err)
				}
				next.toTag = tagOf(h.response(next.id, sipmsg.INVITE, 1, 200).To())
				// Ten digits behind the ACK, a BYE behind them, and a call behind that.
				messages := []string{next.text("ACK", 1, "", "")}
				for digit := range 10 {
					messages = append(messages, next.text("INFO", 2+digit, "Content-Type: application/dtmf\n", fmt.Sprint(digit)))
				}
				last := h.call()
				h.send(append(messages, next.text("BYE", 20, "", ""), last.text("INVITE", 1, "", offer))...)
				event[Answered](t, in.Dialog)
				for digit := range 10 {
					if ev := event[Informed](t, in.Dialog); ev.Body != fmt.Sprint(digit) {
						t.Fatalf("digit %q came in the place of %d", ev.Body, digit)
					}
				}
				if ev := event[Ended](t, in.Dialog); !ev.ByRemote {
					t.Fatalf("%+v", ev)
				}
				ended := h.incoming()
				if err := ended.Dialog.Refuse(486); err != nil {
					t.Fatal(err)
				}
				h.response(last.id, sipmsg.INVITE, 1, 486)
				h.send(last.textWith(last.branch, "ACK", 1, "", ""))
				// Two NOTIFYs.
				n := h.call()
				h.send(n.text("NOTIFY", 1, "Event: message-summary\nContent-Type: application/simple-message-summary\n", "Messages-Waiting: yes\nVoice-Message: 3/0\n"),
					n.text("NOTIFY", 2, "Event: message-summary\nContent-Type: application/simple-message-summary\n", "Messages-Waiting: no\nVoice-Message: 0/3\n"))
				if a, b := <-summaries, <-summaries; a.New != 3 || b.New != 0 {
					t.Fatalf("%+v came before %+v", a, b)
				}
			}
		})
	}
}

func TestLowerSequenceNumber(t *testing.T) {
	t.Parallel()
	h := newByHand(t, "tcp")
	c := h.call()
	in := c.establish("")
	h.send(c.text("INFO", 7, "Content-Type: text/plain\n", "x"), c.text("INFO", 6, "Content-Type: text/plain\n", "y"), c.text("UPDATE", 7, "", offer), c.text("INVITE", 3, "", offer), c.text("NOTIFY", 8, "Event: talk\n", ""))
	h.response(c.id, sipmsg.INFO, 7, 200)
	h.response(c.id, sipmsg.INFO, 6, 500)
	h.response(c.id, sipmsg.UPDATE, 7, 500)
	h.response(c.id, sipmsg.INVITE, 3, 500)
	h.response(c.id, sipmsg.NOTIFY, 8, 200)
	if ev := event[Informed](t, in.Dialog); ev.Body != "x" {
		t.Errorf("%+v", ev)
	}
	h.send(c.text("BYE", 9, "", ""))
	event[Ended](t, in.Dialog)
}

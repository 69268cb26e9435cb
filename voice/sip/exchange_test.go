package sip

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

var exchanges = flag.Int("exchanges", 400, "how many exchanges TestReorderedExchanges mixes up on each transport; make mutations takes 10000")

// Exchanges whose messages come in any order, twice or not at all: every INVITE gets
// one final answer, and no dialog is left over.
func TestReorderedExchanges(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"udp", "tcp"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			r := rand.New(rand.NewPCG(seed, 3))
			h := newByHand(t, scheme)
			var calls []*Dialog
			driven, stop := make(chan struct{}), make(chan struct{})
			go func() { // the user
				defer close(driven)
				for {
					select {
					case in := <-h.calls:
						calls = append(calls, in.Dialog)
						switch len(calls) % 4 {
						case 0:
							_ = in.Dialog.Accept(answer)
						case 1:
							_ = in.Dialog.Refuse(486)
						case 2:
							_ = in.Dialog.Ring(180, "")
						}
					case <-stop:
						return
					}
				}
			}()
			for range *exchanges {
				c := h.call()
				invite := c.text("INVITE", 1, "", offer)
				branch := c.branch
				cancel := c.textWith(branch, "CANCEL", 1, "", "")
				other := &callByHand{h: h, id: c.id, toTag: "guessed"}
				messages := []string{
					invite, invite, cancel, c.textWith(branch, "ACK", 1, "", ""),
					other.text("INFO", 2, "", ""), other.text("BYE", 3, "", ""), other.text("UPDATE", 4, "", offer),
				}
				r.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
				// One INVITE comes in any case, and a CANCEL behind it.
				h.send(append(messages[:r.IntN(len(messages))], invite, cancel)...)
				res := h.response(c.id, sipmsg.INVITE, 1, 0)
				if res.IsSuccess() {
					c.toTag = tagOf(res.To())
					h.send(c.text("ACK", 1, "", ""), c.text("BYE", 9, "", ""))
					h.response(c.id, sipmsg.BYE, 9, 200)
				} else {
					h.send(c.textWith(branch, "ACK", 1, "", ""))
				}
				h.kept = nil // what was said to the rest of it
			}
			close(stop)
			<-driven
			for n, d := range calls {
				select {
				case <-d.Done():
				case <-time.After(timeout):
					t.Fatalf("call %d of %d has no end", n, len(calls))
				}
			}
			if len(calls) > *exchanges {
				t.Errorf("%d calls of %d exchanges", len(calls), *exchanges)
			}
			h.f.mu.Lock()
			if left := len(h.f.dialogs); left != 0 {
				t.Errorf("%d dialogs are left", left)
			}
			h.f.mu.Unlock()
		})
	}
}

// A ring group is answered here 200 times, each time in the moment in which the server
// could take the call elsewhere: every call that got a 200 lives, and all at once.
func TestRingGroupAnswered(t *testing.T) {
	t.Parallel()
	h := newByHand(t, "tcp")
	type live struct {
		c  *callByHand
		in Incoming
	}
	var calls []live
	for range 200 {
		c := h.call()
		h.send(c.text("INVITE", 1, "", offer))
		in := h.incoming()
		if err := in.Dialog.Ring(180, ""); err != nil {
			t.Fatal(err)
		}
		if err := in.Dialog.Accept(answer); err != nil {
			t.Fatal(err)
		}
		h.send(c.textWith(c.branch, "CANCEL", 1, "Reason: SIP;cause=200\n", "")) // too late
		res := h.response(c.id, sipmsg.INVITE, 1, 200)
		h.response(c.id, sipmsg.CANCEL, 1, 200)
		c.toTag = tagOf(res.To())
		h.send(c.text("ACK", 1, "", ""))
		event[Answered](t, in.Dialog)
		calls = append(calls, live{c, in})
	}
	for _, l := range calls {
		h.send(l.c.text("UPDATE", 2, "", ""))
		h.response(l.c.id, sipmsg.UPDATE, 2, 200)
	}
	for _, l := range calls {
		h.send(l.c.text("BYE", 3, "", ""))
		h.response(l.c.id, sipmsg.BYE, 3, 200)
		if ev := event[Ended](t, l.in.Dialog); !ev.ByRemote {
			t.Errorf("%+v", ev)
		}
	}
}

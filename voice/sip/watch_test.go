package sip

import (
	"fmt"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

// watchedServer grants subscriptions to dialog-info, but to users that begin by no.
func watchedServer(t *testing.T) (r *registrar, subscribed chan *sipmsg.Request) {
	r = newRegistrar(t)
	subscribed = make(chan *sipmsg.Request, 64)
	r.s.subscribe = func(req *sipmsg.Request, tx *sipmsg.ServerTx) {
		status := 200
		if req.Recipient.User == "nobody" {
			status = 404
		}
		res := sipmsg.NewResponseFromRequest(req, status, "X", nil)
		res.AppendHeader(sipmsg.NewHeader("Expires", headerValue(req, "Expires")))
		res.AppendHeader(&sipmsg.ContactHeader{Address: sipmsg.Uri{Scheme: "sip", User: req.Recipient.User, Host: "exchange.invalid"}})
		_ = tx.Respond(res)
		subscribed <- req
	}
	return r, subscribed
}

// tell sends a NOTIFY of dialog-info and returns the answer's status.
func (r *registrar) tell(t *testing.T, a *Account, source string, subscribe *sipmsg.Request, seq uint32, state, body string) int {
	t.Helper()
	req := notify(a.Flow(), source, subscribe, body)
	for name, value := range map[string]string{"Event": "dialog", "Content-Type": dialogInfoType, "Subscription-State": state} {
		req.RemoveHeader(name)
		req.AppendHeader(sipmsg.NewHeader(name, value))
	}
	req.CSeq().SeqNo = seq
	tx, err := r.s.transactions.Request(limited(t), req)
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

func call(version int, kind, state string) string {
	return fmt.Sprintf(`<dialog-info version="%d" state="%s"><dialog id="1" call-id="c" local-tag="l" remote-tag="r" direction="recipient"><state>%s</state></dialog></dialog-info>`, version, kind, state)
}

// Extensions are followed from the registration on, by parts and by the whole, until
// they are not watched any more; a refusal is not asked again at once.
func TestWatchedExtensions(t *testing.T) {
	t.Parallel()
	r, subscribed := watchedServer(t)
	seen := make(chan Extension, 64)
	a := r.account(t, func(c *AccountConfig) { c.OnExtension = func(e Extension) { seen <- e } })
	a.Watch([]string{"601"})
	a.phase(Registered)
	source := r.s.source()
	first := <-subscribed
	if headerValue(first, "Event") != "dialog" || first.Recipient.User != "601" || headerValue(first, "Accept") != dialogInfoType {
		t.Errorf("%s", first)
	}
	expect := func(want ExtensionState) Extension {
		t.Helper()
		select {
		case e := <-seen:
			if e.State != want || e.User != "601" {
				t.Errorf("%+v, want %q", e, want)
			}
			return e
		case <-time.After(timeout):
			t.Fatalf("never %q", want)
		}
		return Extension{}
	}
	say := func(seq uint32, body string, want int) {
		t.Helper()
		if status := r.tell(t, a.Account, source, first, seq, "active;expires=600", body); status != want {
			t.Errorf("%d: %d, want %d", seq, status, want)
		}
	}
	say(1, call(0, "full", "early"), 200)
	if e := expect(ExtensionRinging); e.Replaces != "c;to-tag=l;from-tag=r;early-only" {
		t.Errorf("%+v", e)
	}
	say(2, call(1, "partial", "confirmed"), 200)
	expect(ExtensionBusy)
	say(3, "<nonsense", 400)
	say(1, call(0, "full", "early"), 500) // late
	// Part 3 of the story is missing: the whole is asked for in the same dialog.
	say(4, call(4, "partial", "terminated"), 200)
	again := <-subscribed
	if again.CallID().Value() != first.CallID().Value() || tagOf(again.To()) == "" {
		t.Errorf("%s", again)
	}
	say(5, call(5, "full", "terminated"), 200)
	expect(ExtensionFree)
	// The server ends the subscription: it is begun anew.
	if status := r.tell(t, a.Account, source, first, 6, "terminated;reason=deactivated", ""); status != 200 {
		t.Errorf("%d", status)
	}
	anew := <-subscribed
	if anew.CallID().Value() == first.CallID().Value() || tagOf(anew.To()) != "" {
		t.Errorf("%s", anew)
	}
	first = anew
	say(1, call(0, "full", "confirmed"), 200)
	expect(ExtensionBusy)
	// Another is watched instead, of whom the server does not know.
	a.Watch([]string{"nobody"})
	users := map[string]string{}
	for range 2 {
		req := <-subscribed
		users[req.To().Address.User] = headerValue(req, "Expires")
	}
	if users["601"] != "0" || users["nobody"] != "3600" {
		t.Errorf("%v", users)
	}
	for e := range seen {
		if e.State != ExtensionUnknown {
			t.Errorf("%+v", e)
		}
		if e.User == "601" {
			return
		}
	}
}

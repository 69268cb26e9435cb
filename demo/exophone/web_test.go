package exophone_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/demo/relay/relaytest"
)

// register makes h a web client; expires is the Expires header.
func (h *phone) register(expires string) *sip.Response {
	h.t.Helper()
	h.invited = make(chan *sip.Request, 10)
	c := h.prepare(h.name)
	send := func() {
		c.send("REGISTER", "", append([]string{"Expires", expires}, c.authorization("REGISTER")...)...)
	}
	send()
	res := c.response()
	if res.StatusCode != 401 {
		h.t.Fatalf("REGISTER: %d, want 401", res.StatusCode)
	}
	if first := res.GetHeaders("WWW-Authenticate")[0].Value(); !strings.Contains(first, "MD5") {
		h.t.Errorf("a web client looks at the first challenge only: %s", first)
	}
	c.challenged(res)
	send()
	return c.response()
}

// next waits for a request of the platform.
func (h *phone) next(method sip.RequestMethod) *sip.Request {
	h.t.Helper()
	select {
	case r := <-h.invited:
		if r.Method != method {
			h.t.Fatalf("%s, want %s", r.Method, method)
		}
		return r
	case <-time.After(waitTime):
		h.t.Fatalf("%s waits in vain for %s", h.name, method)
		return nil
	}
}

// reply answers an INVITE of the platform and returns its dialog as a call.
func (h *phone) reply(req *sip.Request, status int, tag, body string) {
	h.t.Helper()
	res := sip.NewResponseFromRequest(req, status, "Because", nil)
	res.To().Params.Add("tag", tag)
	res.AppendHeader(sip.NewHeader("Contact", "<sip:"+h.name+"@"+h.name+".invalid;transport=ws>"))
	res.AppendHeader(sip.NewHeader("Allow", "INVITE, ACK, BYE, CANCEL"))
	if body != "" {
		res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
		res.SetBody([]byte(body))
	}
	h.write(res.String())
}

// A web client registers, is called by a subscriber's phone, answers; both hear
// each other; it hangs up. It also calls out.
func TestWebClient(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	web := p.connect("bob")
	res := web.register("300")
	if res.StatusCode != 200 || !strings.Contains(value(res, "Contact"), "expires=300") {
		t.Fatalf("REGISTER: %d, Contact %q", res.StatusCode, value(res, "Contact"))
	}
	out := p.connect("alice").dial("bob")
	invite := web.next(sip.INVITE)
	if from := invite.From(); from.Address.User != "alice" || from.DisplayName != "ALICE" {
		t.Errorf("From: %v", from)
	}
	media := relaytest.New(t, relaytest.Options{})
	in := web.prepare("alice")
	in.media = media
	web.mu.Lock()
	delete(web.calls, in.id)
	in.id = invite.CallID().Value()
	web.calls[in.id] = in
	web.mu.Unlock()
	web.reply(invite, 180, in.tag, "")
	out.expect(180)
	if n := len(p.x.Live()); n != 1 || p.x.Live()[0].Ringing.IsZero() {
		t.Errorf("%d calls live", n)
	}
	web.reply(invite, 200, in.tag, media.Answer(string(invite.Body())))
	out.expect(200)
	web.next(sip.ACK)
	p.connected(out.media, media)
	said := relaytest.Speech(t)
	done := make(chan struct{})
	go func() { defer close(done); media.Speak(said, nil) }()
	out.media.Speak(said, nil)
	<-done
	media.WaitPackets(len(said)/960 - 2)
	out.media.WaitPackets(len(said)/960 - 2)
	in.toTag, _ = invite.From().Params.Get("tag")
	in.cseq = 100
	in.hangup()
	if got := out.ended(); got != "" {
		t.Errorf("X-End-Reason %q", got)
	}
	if r := p.over(); r.EndedBy != "callee" || r.Codec != "opus" {
		t.Errorf("record: %+v", r)
	}

	call := web.start("echo", relaytest.Options{}).invite()
	call.expect(200)
	call.hangup()
}

func TestWebClientDeclines(t *testing.T) {
	t.Parallel()
	for status, reason := range map[int]string{486: "busy", 603: "declined", 480: "declined"} {
		p := newPlatform(t, nil)
		p.pushErr = errors.New("no inbox") // a web client rings all the same
		web := p.connect("bob")
		web.register("300")
		out := p.connect("alice").dial("bob")
		invite := web.next(sip.INVITE)
		web.reply(invite, status, "t", "")
		web.next(sip.ACK)
		if got := value(out.expect(486), "X-End-Reason"); got != reason {
			t.Errorf("%d: X-End-Reason %q, want %q", status, got, reason)
		}
	}
}

// A web client that rings is told by CANCEL that it need not any more.
func TestWebClientIsCancelled(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	web, phone := p.connect("bob"), p.connect("bob")
	web.register("300")
	for _, how := range []string{"caller gives up", "answered elsewhere"} {
		out := p.connect("alice").dial("bob")
		invite := web.next(sip.INVITE)
		web.reply(invite, 180, "t", "")
		out.expect(180)
		token, c := p.pushed("bob")
		switch how {
		case "caller gives up":
			out.giveUp()
			out.expect(200)
			out.expect(487)
		default:
			in := phone.joinWith(token, c.SessionID, false)
			in.expect(200)
			out.expect(200)
			defer in.hangup()
		}
		cancel := web.next(sip.CANCEL)
		web.reply(cancel, 200, "t", "")
		web.reply(invite, 487, "t", "")
		web.next(sip.ACK)
	}
}

// Registrations end with their time, with Expires 0, with "*", and with their
// connection; none is made in another's name or for too short a time.
func TestRegistration(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, nil)
	web := p.connect("bob")
	if got := web.register("5").StatusCode; got != 423 {
		t.Errorf("5 s: %d, want 423", got)
	}
	rings := func(want bool, after string) {
		t.Helper()
		out := p.connect("alice").dial("bob")
		p.pushed("bob")
		got := false
		// A phone that does not ring has nothing to wait for.
		wait := time.After(waitTime)
		if !want {
			wait = time.After(0)
		}
		select {
		case r := <-web.invited:
			got = r.Method == sip.INVITE
			web.reply(r, 486, "t", "")
			web.next(sip.ACK)
			out.expect(486)
		case <-wait:
			out.giveUp()
			out.expect(200)
			out.expect(487)
			select {
			case <-web.invited:
				got = true
			default:
			}
		}
		if got != want {
			t.Errorf("after %s it rings: %v", after, got)
		}
	}
	rings(false, "a refusal")
	web.register("300")
	rings(true, "registration")
	if res := web.register("0"); res.StatusCode != 200 || value(res, "Contact") != "" {
		t.Errorf("unregistered: %d, Contact %q", res.StatusCode, value(res, "Contact"))
	}
	rings(false, "unregistration")
	web.register("300")
	web.reopen()
	rings(false, "the loss of its connection")

	idle := p.connect("idle")
	if got := idle.register("300").StatusCode; got != 403 {
		t.Errorf("inactive: %d, want 403", got)
	}
}

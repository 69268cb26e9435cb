package sip

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

// caller is the server's side of a call that it makes to the phone.
type caller struct {
	*leg
	invite *sipmsg.Request
	tx     *sipmsg.ClientTx
}

// call sends an INVITE to the phone at the other end of a connection.
func (s *server) call(f *Flow, source, body string, headers ...sipmsg.Header) *caller {
	s.t.Helper()
	// The leg is made of an INVITE as the phone would have sent it, so that
	// leg's requests fit: To and From change places.
	id := sipmsg.CallIDHeader(newTag())
	contact := f.contact()
	asked := sipmsg.NewRequest(sipmsg.INVITE, contact.Address)
	from := &sipmsg.FromHeader{Address: sipmsg.Uri{Scheme: "sip", User: "alice", Host: "sip.example"}, Params: sipmsg.NewParams()}
	to := &sipmsg.ToHeader{DisplayName: "Bob B.", Address: sipmsg.Uri{Scheme: "sip", User: "bob", Host: "sip.example"}}
	asked.SetTransport("WS")
	asked.AppendHeader(from)
	asked.AppendHeader(to)
	asked.AppendHeader(&id)
	asked.AppendHeader(contact)
	l := &leg{s: s, req: asked, tag: newTag(), source: source, seq: 10, inbox: make(chan *sipmsg.Request, 64)}
	s.mu.Lock()
	s.legs[id.Value()] = l
	s.mu.Unlock()
	c := &caller{leg: l, invite: l.build(sipmsg.INVITE, body, headers...)}
	c.invite.From().DisplayName = "Bob B."
	tx, err := s.transactions.Request(context.Background(), c.invite)
	if err != nil {
		s.t.Fatal(err)
	}
	c.tx = tx
	return c
}

// response waits for the next response above 100.
func (c *caller) response() *sipmsg.Response {
	c.s.t.Helper()
	limit := time.After(timeout)
	for {
		select {
		case res := <-c.tx.Responses():
			if res.StatusCode > 100 {
				return res
			}
		case <-limit:
			c.s.t.Fatal("no response")
		}
	}
}

// ack acknowledges a 2xx; what follows carries the phone's tag.
func (c *caller) ack(res *sipmsg.Response, body string) {
	c.leg.req.From().Params.Add("tag", tagOf(res.To()))
	ack := c.build(sipmsg.ACK, body)
	ack.CSeq().SeqNo = c.invite.CSeq().SeqNo
	if err := c.s.transport.WriteMsg(ack); err != nil {
		c.s.t.Error(err)
	}
}

func (c *caller) cancel(more ...sipmsg.Header) {
	req := hopRequest(sipmsg.CANCEL, c.invite, nil)
	req.SetTransport(c.invite.Transport())
	req.SetDestination(c.invite.Destination())
	for _, h := range more {
		req.AppendHeader(h)
	}
	tx, err := c.s.transactions.Request(context.Background(), req)
	if err != nil {
		c.s.t.Fatal(err)
	}
	go func() {
		for {
			select {
			case <-tx.Responses():
			case <-tx.Done():
				return
			}
		}
	}()
}

func called(t *testing.T) (*server, *Flow, string, chan Incoming) {
	t.Helper()
	s := newServer(t, func(*leg) {})
	calls := make(chan Incoming, 16)
	f := s.connect(func(c *Config) { c.Incoming = func(in Incoming) { calls <- in } })
	return s, f, s.source(), calls
}

// source is the address of the connection that was opened last, once sipgo
// knows it.
func (s *server) source() string {
	s.t.Helper()
	addr := (<-s.conns).RemoteAddr().String()
	for limit := time.Now().Add(timeout); ; time.Sleep(time.Millisecond) {
		if c := s.transport.Pool("ws").Get(addr); c != nil {
			_, _ = c.TryClose()
			return addr
		}
		if time.Now().After(limit) {
			s.t.Fatal("the server does not know its connection")
		}
	}
}

func TestIncomingCall(t *testing.T) {
	t.Parallel()
	s, f, source, calls := called(t)
	for _, offered := range []string{offer, ""} {
		c := s.call(f, source, offered, sipmsg.NewHeader("X-Thing", "1"), sipmsg.NewHeader("Session-Expires", "600"), sipmsg.NewHeader("Supported", "timer"))
		in := <-calls
		if in.Caller != "sip:bob@sip.example" || in.CallerName != "Bob B." || in.Called != "sip:alice@sip.example" || in.Offer != offered || header(t, in.Headers, "X-Thing") != "1" {
			t.Errorf("%+v", in)
		}
		d := in.Dialog
		if err := d.Ring(180, "", Header{"X-A", "b"}); err != nil {
			t.Fatal(err)
		}
		ringing := c.response()
		if ringing.StatusCode != 180 || tagOf(ringing.To()) == "" {
			t.Errorf("%s", ringing)
		}
		if err := d.Ring(200, ""); !errors.Is(err, ErrNotProvisional) {
			t.Error(err)
		}
		if err := d.Accept(answer); err != nil {
			t.Fatal(err)
		}
		res := c.response()
		if res.StatusCode != 200 || string(res.Body()) != answer || tagOf(res.To()) != tagOf(ringing.To()) || res.Contact() == nil ||
			res.GetHeader("Session-Expires").Value() != "600;refresher=uac" || res.GetHeader("Require").Value() != "timer" {
			t.Errorf("%s", res)
		}
		c.ack(res, map[bool]string{true: "answer in the ACK"}[offered == ""])
		if a := event[Answered](t, d); (a.Body == "answer in the ACK") != (offered == "") {
			t.Errorf("%+v", a)
		}
		for _, err := range []error{d.Accept(answer), d.Ring(180, ""), d.Refuse(486)} {
			if !errors.Is(err, ErrReplied) {
				t.Errorf("deciding twice: %v", err)
			}
		}
		// From here it is a dialog like any other.
		if err := d.Info(limited(t), "text/plain", "hi"); err != nil {
			t.Error(err)
		}
		if info := c.expect(sipmsg.INFO); info.Recipient.User != "exchange2" || tagOf(info.To()) != c.tag {
			t.Errorf("%s", info)
		}
		if got, err := d.Reinvite(limited(t), "new offer"); err != nil {
			t.Errorf("%q %v", got, err)
		}
		if offered == "" {
			if err := d.Hangup(limited(t)); err != nil {
				t.Error(err)
			}
			c.expect(sipmsg.BYE)
			event[Ended](t, d)
		} else {
			if res, err := c.request(sipmsg.BYE, "", ""); err != nil || res.StatusCode != 200 {
				t.Errorf("%v %v", res, err)
			}
			if e := event[Ended](t, d); !e.ByRemote {
				t.Errorf("%+v", e)
			}
		}
		finished(t, d)
	}
}

func TestIncomingCallRefused(t *testing.T) {
	t.Parallel()
	s, f, source, calls := called(t)
	for _, refuse := range []func(*Dialog) error{
		func(d *Dialog) error { return d.Refuse(486, Header{"Reason", "busy"}) },
		func(d *Dialog) error { return d.Hangup(limited(t)) },
	} {
		c := s.call(f, source, offer)
		d := (<-calls).Dialog
		if err := d.Refuse(200); !errors.Is(err, ErrNotFinal) {
			t.Error(err)
		}
		if err := refuse(d); err != nil {
			t.Error(err)
		}
		if res := c.response(); res.StatusCode != 486 {
			t.Errorf("%s", res)
		}
		if e := event[Failed](t, d); e.Status != 486 || !e.Cancelled || e.ByRemote {
			t.Errorf("%+v", e)
		}
		finished(t, d)
	}
}

func TestIncomingCallCancelled(t *testing.T) {
	t.Parallel()
	s, f, source, calls := called(t)
	c := s.call(f, source, offer)
	d := (<-calls).Dialog
	if err := d.Ring(180, ""); err != nil {
		t.Fatal(err)
	}
	c.response()
	const taken = `SIP;cause=200;text="Call completed elsewhere"`
	c.cancel(sipmsg.NewHeader("Reason", taken))
	if res := c.response(); res.StatusCode != 487 {
		t.Errorf("%s", res)
	}
	if e := event[Failed](t, d); e.Status != 487 || !e.ByRemote || e.Cancelled || !slices.Contains(e.Headers, Header{"Reason", taken}) {
		t.Errorf("%+v", e)
	}
	finished(t, d)
	if err := d.Accept(answer); !errors.Is(err, ErrDialogEnded) {
		t.Errorf("accepting a cancelled call: %v", err)
	}
	// The flow goes while it rings.
	s.call(f, source, offer)
	d = (<-calls).Dialog
	_ = f.Close()
	if e := event[Failed](t, d); !errors.Is(e.Err, ErrFlowLost) {
		t.Errorf("%+v", e)
	}
	finished(t, d)
}

func TestIncomingCallWithoutAnyoneToTakeIt(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(*leg) {})
	f := s.connect()
	c := s.call(f, s.source(), offer)
	if res := c.response(); res.StatusCode != 480 {
		t.Errorf("%s", res)
	}
}

package sip

import (
	"sync"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

// Incoming is an INVITE from the far side. Its dialog is answered by Ring,
// Accept and Refuse; its events are Failed if the caller gives up, and Answered
// once the caller has acknowledged the Accept.
type Incoming struct {
	Dialog *Dialog
	// CallerName and Caller are the display name and the URI of From. Called is
	// the URI of To.
	CallerName, Caller, Called string
	// Asserted is who calls according to the servers on the way; it must not be
	// shown if Private.
	Asserted []Identity
	// Private says that the caller wants to stay unknown.
	Private bool
	// Diverted are those who were called first, the last of them first.
	Diverted []Redirection
	// AutoAnswer says that the caller asks for an answer by itself, AnswerAfter
	// when: an intercom does. It is for the user to allow.
	AutoAnswer  bool
	AnswerAfter time.Duration
	// Replaces is the dialog whose place the call is to take (RFC 3891), nil if it
	// is a call like any other. Whoever accepts it hangs the other one up.
	Replaces *Dialog
	// Offer is the SDP offer, empty if Accept is to make one.
	Offer   string
	Headers []Header
}

// inbound is the INVITE of a dialog that the far side began.
type inbound struct {
	req     *sipmsg.Request
	tx      *sipmsg.ServerTx
	decided chan struct{} // closed by the final response
	once    sync.Once
	// accepted is the 2xx, set before decided is closed.
	accepted *sipmsg.Response
}

// isDecided reports whether a final response was sent.
func (in *inbound) isDecided() bool {
	select {
	case <-in.decided:
		return true
	default:
		return false
	}
}

// serveInvite makes the dialog of an INVITE and follows it to its ACK.
func (f *Flow) serveInvite(req *sipmsg.Request, tx *sipmsg.ServerTx) {
	remoteTag, _ := req.From().Params.Get("tag")
	if f.cfg.Incoming == nil || remoteTag == "" {
		_ = f.respond(req, tx, sipmsg.StatusTemporarilyUnavailable)
		return
	}
	if interval, _, asked := parseSession(headerValue(req, "Session-Expires")); asked && interval < minSession {
		_ = f.respond(req, tx, 422, tooBrief())
		return
	}
	target, ok := targetOf(req.Contact())
	if !ok {
		_ = f.respond(req, tx, sipmsg.StatusBadRequest)
		return
	}
	other, refusal := f.replaced(req)
	if refusal != 0 {
		_ = f.respond(req, tx, refusal)
		return
	}
	d := newDialog(f, req.CallID().Value(), newTag())
	d.local = party{req.To().DisplayName, *req.To().Address.Clone()}
	d.remote = party{req.From().DisplayName, *req.From().Address.Clone()}
	d.remoteTag, d.offerSeq, d.seq = remoteTag, req.CSeq().SeqNo, firstSeq()
	d.establish(req, req.GetHeaders("Record-Route"), false)
	d.target = target
	d.inbound = &inbound{req: req, tx: tx, decided: make(chan struct{})}
	acked := make(chan string, 1)
	d.acks[req.CSeq().SeqNo] = acked
	if !f.add(d) {
		return
	}
	tx.OnCancel(func(cancel *sipmsg.Request) {
		d.finish(Failed{Status: sipmsg.StatusRequestTerminated, Reason: "Cancelled", ByRemote: true, Headers: headersOf(cancel)})
	})
	after, auto := answerAfter(req)
	f.cfg.Incoming(Incoming{
		Asserted: identities(req), Private: private(req), Diverted: redirections(req),
		AutoAnswer: auto, AnswerAfter: after, Replaces: other,
		Dialog: d, CallerName: d.remote.name, Caller: d.remote.uri.String(), Called: d.local.uri.String(),
		Offer: string(req.Body()), Headers: headersOf(req),
	})
	select {
	case <-d.inbound.decided:
	case <-d.done:
		return
	case <-tx.Done():
		// Refuse and Accept decide under mu: the far side's ACK may end the
		// transaction before they have said so.
		d.mu.Lock()
		undecided := !d.inbound.isDecided()
		d.mu.Unlock()
		if undecided {
			d.finish(Failed{Err: d.lossOf(f, ErrFlowLost)})
			return
		}
	}
	if d.inbound.accepted == nil {
		return
	}
	body, ok := d.awaitAck(tx, d.inbound.accepted, acked)
	d.mu.Lock()
	delete(d.acks, req.CSeq().SeqNo)
	if ok {
		d.emitLocked(Answered{Body: body}, 2)
	}
	d.mu.Unlock()
	if !ok && !f.lost() {
		d.sessionExpired() // RFC 3261, 13.3.1.4: a BYE, and the end
	}
}

// response is a response to the INVITE, with the tag of this dialog.
func (d *Dialog) inviteResponse(status int, body string, headers []Header) *sipmsg.Response {
	all := []sipmsg.Header{}
	if status < 300 {
		all = append(abilities(), d.flow.contact())
	}
	for _, h := range headers {
		all = append(all, sipmsg.NewHeader(h.Name, h.Value))
	}
	res := d.flow.response(d.inbound.req, status, body, all...)
	res.To().Params.Add("tag", d.localTag)
	return res
}

// Ring sends a provisional response to an incoming INVITE: 180, or 183 with an
// SDP answer for early media.
func (d *Dialog) Ring(status int, body string, headers ...Header) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.undecided(headers); err != nil {
		return err
	}
	if status <= 100 || status > 199 {
		return ErrNotProvisional
	}
	return d.inbound.tx.Respond(d.inviteResponse(status, body, headers))
}

// Accept answers an incoming INVITE with 200 and an SDP answer, or an offer if
// the INVITE had none. Answered follows when the caller has acknowledged it.
func (d *Dialog) Accept(body string, headers ...Header) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.undecided(headers); err != nil {
		return err
	}
	res := d.inviteResponse(sipmsg.StatusOK, body, headers)
	if interval, refresher, ok := parseSession(headerValue(d.inbound.req, "Session-Expires")); ok {
		for _, h := range d.startSessionAs(interval, refresher, d.inbound.req) {
			res.AppendHeader(h)
		}
	}
	if err := d.inbound.tx.Respond(res); err != nil {
		d.stopSession()
		return err
	}
	d.state, d.localSDP = answered, body
	d.inbound.accepted = res
	d.inbound.once.Do(func() { close(d.inbound.decided) })
	return nil
}

// Refuse answers an incoming INVITE with a status from 300, 486 for instance.
// The dialog's last event is Failed with that status.
func (d *Dialog) Refuse(status int, headers ...Header) error {
	if status < 300 || status > 699 {
		return ErrNotFinal
	}
	d.mu.Lock()
	if err := d.undecided(headers); err != nil {
		d.mu.Unlock()
		return err
	}
	err := d.inbound.tx.Respond(d.inviteResponse(status, "", headers))
	d.inbound.once.Do(func() { close(d.inbound.decided) })
	d.mu.Unlock()
	d.finish(Failed{Status: status, Reason: reasonOf(status), Cancelled: true})
	return err
}

// undecided says whether the incoming INVITE may still be answered, under mu.
func (d *Dialog) undecided(headers []Header) error {
	switch {
	case d.inbound == nil:
		return ErrReplied
	case d.state == over:
		return ErrDialogEnded
	case d.state == answered:
		return ErrReplied
	}
	return checkHeaders(headers)
}

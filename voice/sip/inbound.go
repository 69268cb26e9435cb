package sip

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/internal/crash"
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
	// is a call like any other. What accepts it hangs the other one up.
	Replaces *Dialog
	// Offer is the SDP offer, empty if Accept is to make one.
	Offer   string
	Headers []Header
}

// inbound is the INVITE of a dialog that the far side began.
type inbound struct {
	req *sipmsg.Request
	tx  *serverTx
	// reliable says that the caller requires provisional responses that it can
	// acknowledge (RFC 3262).
	reliable bool
	// decided says that a final response was chosen: it may be acknowledged before
	// the dialog has ended.
	decided bool
	rseq    uint32
	waiting *provisional // the one that waits for its PRACK
	expiry  *time.Timer  // of the INVITE
}

// serveInvite makes the dialog of an INVITE and hands it over.
func (f *Flow) serveInvite(req *sipmsg.Request, tx *serverTx) {
	remoteTag, _ := req.From().Params.Get("tag")
	switch {
	case f.cfg.Incoming == nil:
		_ = f.respond(req, tx, sipmsg.StatusTemporarilyUnavailable)
		return
	case !f.isOurs(req.Recipient):
		_ = f.respond(req, tx, sipmsg.StatusNotFound)
		return
	}
	if tooShort(req) {
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
	d.remoteTag, d.seq = remoteTag, firstSeq()
	d.remoteSeq[remoteTag] = req.CSeq().SeqNo
	d.establish(req, req.GetHeaders("Record-Route"), false)
	d.target = target
	d.inbound = &inbound{req: req, tx: tx, reliable: hasToken(req, "Require", "100rel")}
	d.identity = identityOf(req)
	if !f.add(d) || !f.enter() {
		return
	}
	tx.cancelled = d.callerGone
	if seconds, err := strconv.ParseUint(strings.TrimSpace(headerValue(req, "Expires")), 10, 31); err == nil {
		d.inbound.expiry = time.AfterFunc(time.Duration(seconds)*time.Second, crash.Guarded(func() { d.callerGone(nil) }))
	}
	offer, _ := description(req)
	after, auto := answerAfter(req)
	f.cfg.Incoming(Incoming{
		Asserted: identities(req), Private: private(req), Diverted: redirections(req),
		AutoAnswer: auto, AnswerAfter: after, Replaces: other,
		Dialog: d, CallerName: shownName(d.remote.name), Caller: d.remote.uri.String(), Called: d.local.uri.String(),
		Offer: offer, Headers: headersOf(req),
	})
	go func() {
		defer crash.Guard()
		defer f.leave()
		select {
		case <-d.done:
		case <-tx.done:
			if d.unanswered() {
				d.end(Failed{Err: d.lossOf(f, ErrFlowLost)})
			}
		}
	}()
}

// isOurs says whether a Request-URI names this line (RFC 3261, section 8.2.2.1):
// its user is the account's. A server that names no user means the one who is here.
func (f *Flow) isOurs(uri sipmsg.Uri) bool {
	user, err := url.PathUnescape(uri.User)
	if err != nil {
		user = uri.User
	}
	user, _, _ = strings.Cut(user, ";")
	return user == "" || strings.EqualFold(user, f.cfg.User) || strings.EqualFold(user, f.cfg.AuthUser)
}

// callerGone ends an INVITE that is not answered yet with 487: its CANCEL came, a
// BYE, or its Expires has passed (RFC 3261, section 13.3.1).
func (d *Dialog) callerGone(req *sipmsg.Request) {
	ev := Failed{Status: sipmsg.StatusRequestTerminated, Reason: reasonOf(sipmsg.StatusRequestTerminated), ByRemote: true}
	if req != nil {
		ev.Headers = headersOf(req)
	}
	d.mu.Lock()
	if d.state != calling || d.inbound == nil || d.inbound.decided {
		d.mu.Unlock()
		return
	}
	d.inbound.decided = true
	res := d.inviteResponse(sipmsg.StatusRequestTerminated, "", nil)
	d.mu.Unlock()
	_ = d.inbound.tx.respond(res)
	d.end(ev)
}

// unanswered says whether an incoming INVITE has no final response yet.
func (d *Dialog) unanswered() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state == calling && !d.inbound.decided
}

// inviteResponse is a response to the INVITE, with the tag of this dialog.
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
	res := d.inviteResponse(status, body, headers)
	if d.inbound.reliable {
		return d.ringReliably(res)
	}
	return d.inbound.tx.respond(res)
}

// Accept answers an incoming INVITE with 200 and an SDP answer, or an offer if
// the INVITE had none. Answered follows when the caller has acknowledged it.
func (d *Dialog) Accept(body string, headers ...Header) error {
	d.mu.Lock()
	if err := d.undecided(headers); err != nil {
		d.mu.Unlock()
		return err
	}
	res := d.inviteResponse(sipmsg.StatusOK, body, headers)
	d.state, d.localSDP = answered, body
	d.inbound.stop()
	for _, h := range d.agreeSessionAs(d.inbound.req) {
		res.AppendHeader(h)
	}
	f, tx := d.flow, d.inbound.tx
	d.mu.Unlock()
	return d.accepted(f, tx, res, func(body string, ok bool) {
		if ok {
			d.mu.Lock()
			d.emitLocked(Answered{Body: body}, 2)
			d.mu.Unlock()
			return
		}
		if !f.lost() {
			d.sessionExpired() // RFC 3261, 13.3.1.4: a BYE, and the end
		}
	})
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
	res, tx := d.inviteResponse(status, "", headers), d.inbound.tx
	d.inbound.decided = true
	d.mu.Unlock()
	err := tx.respond(res)
	d.end(Failed{Status: status, Reason: reasonOf(status), Cancelled: true})
	return err
}

func (in *inbound) stop() {
	if in.expiry != nil {
		in.expiry.Stop()
	}
	if in.waiting != nil {
		in.waiting.stop()
	}
}

// undecided says whether the incoming INVITE may still be answered, under mu.
func (d *Dialog) undecided(headers []Header) error {
	switch {
	case d.inbound == nil:
		return ErrReplied
	case d.state == ended:
		return ErrDialogEnded
	case d.state == answered, d.inbound.decided:
		return ErrReplied
	}
	return checkHeaders(headers)
}

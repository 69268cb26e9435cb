package exophone

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"offhook/demo/relay"
	"offhook/voice/wire"
)

// guarded keeps a request that breaks something from breaking more than itself,
// and answers what no handler need see.
func (x *Exchange) guarded(handle sipgo.RequestHandler) sipgo.RequestHandler {
	return func(req *sip.Request, tx sip.ServerTransaction) {
		defer func() {
			if r := recover(); r != nil {
				x.log.Error("SIP request broke its handler", "method", req.Method, "panic", r)
				_ = tx.Respond(respond(req, 500))
			}
		}()
		if err := wellFormed(req); err != nil {
			x.log.Debug("bad SIP request", "method", req.Method, "error", err)
			_ = tx.Respond(respond(req, 400))
			return
		}
		// No extension may be required of this exchange (RFC 3261, 8.2.2.3).
		if r := header(req, "Require"); r != "" && req.Method != sip.CANCEL {
			_ = tx.Respond(respond(req, 420, "Unsupported", r))
			return
		}
		handle(req, tx)
	}
}

// authenticate returns who sent the request, or has answered it.
func (x *Exchange) authenticate(req *sip.Request, tx sip.ServerTransaction) (Subscriber, bool) {
	sub, v, stale, err := x.auth.check(x.ctx, req)
	switch {
	case err != nil:
		x.log.Error("directory failed", "error", err)
		_ = tx.Respond(respond(req, 503, "Retry-After", "5"))
	case v == challenged:
		_ = tx.Respond(x.auth.challenge(req, stale, req.Method == sip.REGISTER || x.registrar.reachedOver(req.Source())))
	case v == throttled:
		_ = tx.Respond(respond(req, 429, "Retry-After", "10"))
	case v == denied:
		_ = tx.Respond(respond(req, 403))
	case req.From().Address.User != sub.Name:
		x.log.Warn("SIP request in another's name", "remote", hostOf(req.Source()), "subscriber", sub.Name)
		_ = tx.Respond(respond(req, 403))
	default:
		x.conns.proven(req.Source(), sub.Name)
		return sub, true
	}
	return Subscriber{}, false
}

// onInvite takes new calls, answers to calls, and re-INVITEs.
func (x *Exchange) onInvite(req *sip.Request, tx sip.ServerTransaction) {
	if dialogOf(req).local != "" {
		x.onInDialog(req, tx)
		return
	}
	sub, ok := x.authenticate(req, tx)
	if !ok {
		return
	}
	// The tag is set before the first answer, so that all of them carry the same
	// (RFC 3261, 8.2.6.2), and in a copy, since the stack answers 100 from the
	// request itself, in its own time.
	req = req.Clone()
	req.To().Params.Add("tag", x.newTag())
	_ = tx.Respond(respond(req, 100))
	refuse := func(status int, headers ...string) { _ = tx.Respond(respond(req, status, headers...)) }
	switch {
	case !sub.Active:
		refuse(403)
	case !strings.EqualFold(req.Recipient.Host, x.cfg.Domain):
		refuse(404)
	case len(req.Body()) > 0 && contentType(req) != typeSDP:
		refuse(415, "Accept", typeSDP)
	default:
		offer, err := relay.ParseOffer(string(req.Body()))
		if err != nil {
			x.log.Info("offer refused", "subscriber", sub.Name, "error", err)
			refuse(488)
			return
		}
		if token := header(req, wire.HeaderSessionToken); token != "" {
			x.onAnsweringInvite(req, tx, sub, offer, token)
		} else {
			x.onCallingInvite(req, tx, sub, offer)
		}
	}
}

// onCallingInvite places a call. It returns when the INVITE is answered.
func (x *Exchange) onCallingInvite(req *sip.Request, tx sip.ServerTransaction, sub Subscriber, offer *relay.Offer) {
	if !x.limits.Allow(sub.Name) {
		x.log.Warn("too many calls", "subscriber", sub.Name)
		next := time.Duration(float64(time.Second) / x.cfg.CallRate)
		_ = tx.Respond(respond(req, 429, "Retry-After", seconds(next)))
		return
	}
	direct, begin := "", (*session).route
	if user := req.Recipient.User; user == probeName {
		begin = (*session).probe
	} else if user != x.cfg.Exophone {
		if !validName(user) {
			_ = tx.Respond(respond(req, 484))
			return
		}
		direct = user
	}
	s := x.newSession(party{name: sub.Name, display: sub.DisplayName, offer: offer}, header(req, wire.HeaderCustomField))
	s.direct, s.placedBy = direct, sub.Name
	if about := x.session(header(req, wire.HeaderConsultsFor)); about != nil {
		if r := about.snapshot(); slices.Contains(r.Parties, sub.Name) {
			s.prefers, s.record.ConsultsFor = r.Codec, about.id
		}
	}
	s.unrecorded = req.Recipient.User == probeName
	d := x.newDialog(req, tx, s, sub.Name)
	d.id.local, _ = req.To().Params.Get("tag")
	s.caller.dialog = d
	if status := x.add(s); status != 0 {
		x.log.Warn("call refused", "subscriber", sub.Name, "status", status)
		_ = tx.Respond(respond(req, status, "Retry-After", "10"))
		return
	}
	x.addDialog(d)
	go s.run()
	s.post(func() { begin(s) })
	tx.OnCancel(func(*sip.Request) { s.post(s.callerCancelled) })
	if d.cancelled() || !x.conns.alive(d.sourceNow()) {
		s.post(s.callerCancelled)
	}
	<-d.finished
}

// onAnsweringInvite joins a phone that was called to its session. It returns
// when the INVITE is answered, which it is at once.
func (x *Exchange) onAnsweringInvite(req *sip.Request, tx sip.ServerTransaction, sub Subscriber, offer *relay.Offer, token string) {
	refuse := func(status int, why string, headers ...string) {
		x.log.Info("answer refused", "subscriber", sub.Name, "session", req.Recipient.User, "status", status, "why", why)
		_ = tx.Respond(respond(req, status, headers...))
	}
	claims, err := x.cfg.Payloads.Verify(token)
	switch {
	case err != nil:
		refuse(403, "token: "+err.Error())
		return
	case claims.Subject != sub.Name:
		refuse(403, "another's token")
		return
	case claims.SessionID != req.Recipient.User:
		refuse(403, "another session's token")
		return
	}
	state := x.states.find(claims.SessionID, sub.Name)
	if state == nil {
		reason := ""
		if claims.IssuedAt != nil && claims.IssuedAt.Before(x.began) {
			reason = wire.ReasonPlatformLost
		}
		refuse(410, "session forgotten", wire.HeaderCallSid, claims.SessionID, wire.HeaderEndReason, reason)
		return
	}
	s := x.session(claims.SessionID)
	if now, reason := state.get(); now != wire.CallRinging || s == nil {
		if now == wire.CallAnswered {
			refuse(403, "token spent")
		} else {
			refuse(487, "too late", wire.HeaderCallSid, claims.SessionID, wire.HeaderEndReason, reason)
		}
		return
	}
	d := x.newDialog(req, tx, s, sub.Name)
	d.id.local, _ = req.To().Params.Get("tag")
	x.addDialog(d)
	later := strings.EqualFold(header(req, wire.HeaderAnswer), wire.AnswerLater)
	if !s.post(func() { s.calleeInvite(d, offer, later) }) {
		x.removeDialog(d)
		refuse(487, "too late", wire.HeaderCallSid, claims.SessionID)
		return
	}
	<-d.finished
}

// onInDialog takes every request within a dialog.
func (x *Exchange) onInDialog(req *sip.Request, tx sip.ServerTransaction) {
	id := dialogOf(req)
	d := x.dialog(id)
	if d == nil {
		// A dialog of this run has ended; one of another was lost with it.
		reason := ""
		if !strings.HasPrefix(id.local, x.run) {
			reason = wire.ReasonPlatformLost
		}
		_ = tx.Respond(respond(req, 481, wire.HeaderEndReason, reason))
		return
	}
	// The phone has proven itself on the connection that the dialog is bound
	// to; on any other it does so first, and the dialog moves there.
	if source := req.Source(); source != d.sourceNow() && !x.conns.isProven(source, d.subscriber) {
		sub, ok := x.authenticate(req, tx)
		if !ok {
			return
		}
		if sub.Name != d.subscriber || !sub.Active {
			_ = tx.Respond(respond(req, 403))
			return
		}
	}
	if !d.fresh(req.CSeq().SeqNo) {
		_ = tx.Respond(respond(req, 500, "Retry-After", "0"))
		return
	}
	d.bind(req)
	if req.Method == sip.BYE {
		_ = tx.Respond(respond(req, 200))
		x.removeDialog(d)
		d.mu.Lock()
		d.bye = true
		d.mu.Unlock()
		select {
		case d.rebound <- struct{}{}:
		default:
		}
		d.post(func(s *session) { s.phoneBye(d) })
		return
	}
	if d.isEnding() {
		_ = tx.Respond(respond(req, 481))
		return
	}
	_ = tx.Respond(d.ask(req))
}

// onAck takes the answer to an offer of ours, which a re-INVITE without SDP was
// given. Nothing else in an ACK is of interest, and none is ever answered.
func (x *Exchange) onAck(req *sip.Request, _ sip.ServerTransaction) {
	if len(req.Body()) == 0 || contentType(req) != typeSDP || wellFormed(req) != nil {
		return
	}
	d := x.dialog(dialogOf(req))
	if d == nil || req.Source() != d.sourceNow() {
		return
	}
	d.post(func(s *session) { s.acknowledged(d, string(req.Body())) })
}

func (x *Exchange) newTag() string { return x.run + sip.GenerateTagN(16) }

func (d *dialog) isEnding() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ending
}

// onOptions tells what this exchange can do (RFC 3261, 11); within a dialog it
// also tells whether the dialog is there.
func (x *Exchange) onOptions(req *sip.Request, tx sip.ServerTransaction) {
	if dialogOf(req).local != "" {
		x.onInDialog(req, tx)
		return
	}
	_ = tx.Respond(options(req))
}

func options(req *sip.Request) *sip.Response {
	return respond(req, 200, "Allow", allowed, "Accept", typeSDP)
}

// onStrayCancel answers a CANCEL whose INVITE is unknown or answered.
func (x *Exchange) onStrayCancel(req *sip.Request, tx sip.ServerTransaction) {
	_ = tx.Respond(respond(req, 481))
}

func (x *Exchange) onOther(req *sip.Request, tx sip.ServerTransaction) {
	_ = tx.Respond(respond(req, 405, "Allow", allowed))
}

func seconds(d time.Duration) string {
	return strconv.Itoa(int((d + time.Second - 1) / time.Second))
}

// validName reports whether s may be a subscriber's name (reference, section
// 10.9).
func validName(s string) bool {
	if len(s) < 1 || len(s) > 16 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

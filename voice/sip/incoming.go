package sip

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

// handle is called by sipgo, in a goroutine of its own, for every request.
func (f *Flow) handle(req *sipmsg.Request, tx *sipmsg.ServerTx) {
	if !f.enter() {
		tx.Terminate()
		return
	}
	defer f.leave()
	defer tx.TerminateGracefully()
	defer func() {
		if r := recover(); r != nil {
			f.cfg.Logger.Error("a request broke its handler", "method", req.Method, "panic", r, "stack", string(debug.Stack()))
			_ = f.respond(req, tx, sipmsg.StatusInternalServerError)
		}
	}()
	if req.CallID() == nil || req.From() == nil || req.To() == nil || req.CSeq() == nil {
		_ = f.respond(req, tx, sipmsg.StatusBadRequest)
		return
	}
	if status, headers := unwilling(req); status != 0 {
		if req.Method != sipmsg.ACK {
			_ = f.respond(req, tx, status, headers...)
		}
		return
	}
	if tag := tagOf(req.To()); tag != "" {
		f.handleInside(req, tx, tag)
		return
	}
	switch req.Method {
	case sipmsg.OPTIONS:
		_ = f.respond(req, tx, sipmsg.StatusOK, abilities()...)
	case sipmsg.ACK:
	case sipmsg.CANCEL, sipmsg.BYE, sipmsg.INFO, sipmsg.UPDATE, sipmsg.PRACK:
		_ = f.respond(req, tx, sipmsg.StatusCallTransactionDoesNotExists)
	case sipmsg.INVITE:
		f.serveInvite(req, tx)
	case sipmsg.NOTIFY:
		if !f.serveMailbox(req, tx) {
			_ = f.respond(req, tx, sipmsg.StatusOK)
		}
	default:
		_ = f.respond(req, tx, sipmsg.StatusMethodNotAllowed, abilities()...)
	}
}

// unwilling checks what a request asks for before its meaning (RFC 3261,
// section 8.2): its extensions and the kind of its body. 0 is willing.
func unwilling(req *sipmsg.Request) (status int, headers []sipmsg.Header) {
	if req.Method == sipmsg.CANCEL {
		return 0, nil
	}
	var unknown []string
	for _, h := range req.GetHeaders("Require") {
		for tag := range strings.SplitSeq(h.Value(), ",") {
			if tag = strings.TrimSpace(tag); tag != "" && !slices.Contains(extensions, strings.ToLower(tag)) {
				unknown = append(unknown, tag)
			}
		}
	}
	if len(unknown) > 0 {
		return sipmsg.StatusBadExtension, []sipmsg.Header{sipmsg.NewHeader("Unsupported", strings.Join(unknown, ", "))}
	}
	if (req.Method == sipmsg.INVITE || req.Method == sipmsg.UPDATE) && len(req.Body()) > 0 {
		kind, _, _ := strings.Cut(contentType(req), ";")
		if !strings.EqualFold(strings.TrimSpace(kind), sdpType) || headerValue(req, "Content-Encoding") != "" {
			return sipmsg.StatusUnsupportedMediaType, abilities()
		}
	}
	return 0, nil
}

// extensions are the option tags that we understand.
var extensions = []string{"timer", "replaces"}

// handleInside routes a request to its dialog.
func (f *Flow) handleInside(req *sipmsg.Request, tx *sipmsg.ServerTx, localTag string) {
	f.mu.Lock()
	mailbox := f.mailbox == dialogKey{req.CallID().Value(), localTag}
	f.mu.Unlock()
	if mailbox && req.Method == sipmsg.NOTIFY && f.serveMailbox(req, tx) {
		return
	}
	d := f.find(req.CallID().Value(), localTag)
	if d == nil || !d.isFrom(req) {
		if req.Method != sipmsg.ACK {
			_ = f.respond(req, tx, sipmsg.StatusCallTransactionDoesNotExists)
		}
		return
	}
	switch req.Method {
	case sipmsg.ACK:
		d.acknowledged(req)
	case sipmsg.BYE:
		_ = f.respond(req, tx, sipmsg.StatusOK)
		d.mu.Lock()
		byRemote := !d.hungUp
		d.mu.Unlock()
		d.finish(Ended{ByRemote: byRemote, Headers: headersOf(req)})
	case sipmsg.INFO:
		status := sipmsg.StatusOK
		if !d.emit(Informed{ContentType: contentType(req), Body: string(req.Body())}) {
			status = sipmsg.StatusServiceUnavailable
		}
		_ = f.respond(req, tx, status)
	case sipmsg.INVITE:
		d.serveOffer(f, req, tx)
	case sipmsg.UPDATE:
		if len(req.Body()) > 0 {
			d.serveOffer(f, req, tx)
			return
		}
		headers, ok := d.serveSession(req)
		if !ok {
			_ = f.respond(req, tx, 422, tooBrief())
			return
		}
		d.refresh(req.Contact())
		_ = f.respond(req, tx, sipmsg.StatusOK, append(headers, f.contact())...)
	case sipmsg.OPTIONS:
		_ = f.respond(req, tx, sipmsg.StatusOK, abilities()...)
	case sipmsg.NOTIFY:
		d.serveNotify(f, req, tx)
	case sipmsg.REFER:
		d.serveRefer(f, req, tx)
	case sipmsg.CANCEL, sipmsg.PRACK:
		_ = f.respond(req, tx, sipmsg.StatusCallTransactionDoesNotExists)
	default:
		_ = f.respond(req, tx, sipmsg.StatusMethodNotAllowed, abilities()...)
	}
}

// tooBrief is what a 422 demands instead.
func tooBrief() sipmsg.Header {
	return sipmsg.NewHeader("Min-SE", strconv.Itoa(int(minSession/time.Second)))
}

// isFrom says whether a request comes from the far side of this dialog.
func (d *Dialog) isFrom(req *sipmsg.Request) bool {
	tag, _ := req.From().Params.Get("tag")
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state == answered && tag == d.remoteTag
}

func abilities() []sipmsg.Header {
	return []sipmsg.Header{sipmsg.NewHeader("Allow", allowed), sipmsg.NewHeader("Accept", sdpType), sipmsg.NewHeader("Supported", supported)}
}

func contentType(req *sipmsg.Request) string {
	if h := req.ContentType(); h != nil {
		return h.Value()
	}
	return ""
}

// respond answers a request.
func (f *Flow) respond(req *sipmsg.Request, tx *sipmsg.ServerTx, status int, headers ...sipmsg.Header) error {
	return tx.Respond(f.response(req, status, "", headers...))
}

func (f *Flow) response(req *sipmsg.Request, status int, body string, headers ...sipmsg.Header) *sipmsg.Response {
	res := sipmsg.NewResponseFromRequest(req, status, reasonOf(status), nil)
	for _, h := range headers {
		res.AppendHeader(h)
	}
	setBody(res, sdpType, body)
	return res
}

// serveOffer hands a re-INVITE or an UPDATE with an offer to the reader of the
// events and answers with what Reply says (RFC 3261, section 14.2).
func (d *Dialog) serveOffer(f *Flow, req *sipmsg.Request, tx *sipmsg.ServerTx) {
	seq := req.CSeq().SeqNo
	d.mu.Lock()
	late, ours := seq <= d.offerSeq, d.weOffer
	d.mu.Unlock()
	if interval, _, asked := parseSession(headerValue(req, "Session-Expires")); asked && interval < minSession {
		_ = f.respond(req, tx, 422, tooBrief())
		return
	}
	if late {
		_ = f.respond(req, tx, sipmsg.StatusInternalServerError)
		return
	}
	if !d.takeTheirOffer(ours) {
		if ours {
			_ = f.respond(req, tx, sipmsg.StatusRequestPending)
		} else {
			_ = f.respond(req, tx, sipmsg.StatusInternalServerError, sipmsg.NewHeader("Retry-After", "2"))
		}
		return
	}
	release := sync.OnceFunc(func() { <-d.offer })
	defer release()
	acked := make(chan string, 1)
	d.mu.Lock()
	d.offerSeq = seq
	if req.IsInvite() {
		d.acks[seq] = acked
	}
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		delete(d.acks, seq)
		d.mu.Unlock()
	}()

	r := &reply{d: d, f: f, req: req, tx: tx, given: make(chan struct{}), release: release}
	if !d.emit(Reoffered{Offer: string(req.Body()), Reply: r.reply}) {
		_ = f.respond(req, tx, sipmsg.StatusInternalServerError, sipmsg.NewHeader("Retry-After", "2"))
		return
	}
	select {
	case <-r.given:
	case <-tx.Done(): // cancelled, or the flow is lost
		return
	case <-d.done:
		_ = r.reply(sipmsg.StatusRequestTerminated, "")
		return
	}
	if req.IsInvite() && r.accepted != nil {
		if body, ok := d.awaitAck(tx, r.accepted, acked); ok && len(req.Body()) == 0 {
			d.emit(Reanswered{Answer: body})
		}
	}
}

// takeTheirOffer begins an offer of the far side, unless another is open. One of
// its own may look open for a moment: its ACK is overtaken by the next request,
// because sipgo gives each a goroutine.
func (d *Dialog) takeTheirOffer(ours bool) bool {
	patience := sipmsg.T1
	if ours {
		patience = 0
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case d.offer <- struct{}{}:
		return true
	default:
	}
	select {
	case d.offer <- struct{}{}:
		return true
	case <-limit.C:
	case <-d.done:
	}
	return false
}

// reply is the one answer to an offer.
type reply struct {
	d        *Dialog
	f        *Flow
	req      *sipmsg.Request
	tx       *sipmsg.ServerTx
	once     sync.Once
	given    chan struct{}
	release  func()           // makes way for the next offer
	accepted *sipmsg.Response // set before given is closed
}

func (r *reply) reply(status int, body string) error {
	err := ErrReplied
	if status < 200 || status > 699 {
		return fmt.Errorf("sip: %d is no final status", status)
	}
	r.once.Do(func() {
		defer close(r.given)
		select {
		case <-r.tx.Done():
			return
		default:
		}
		if status >= 300 || !r.req.IsInvite() {
			r.release() // before the far side, which may offer again at once, hears
		}
		if status >= 300 {
			err = r.f.respond(r.req, r.tx, status)
			return
		}
		r.d.refresh(r.req.Contact())
		session, _ := r.d.serveSession(r.req)
		r.d.mu.Lock()
		r.d.localSDP = body
		r.d.mu.Unlock()
		res := r.f.response(r.req, status, body, append(append(abilities(), session...), r.f.contact())...)
		r.accepted = res
		err = r.tx.Respond(res)
	})
	return err
}

// awaitAck sends a 2xx again until its ACK is there, and returns the ACK's body
// (RFC 3261, 13.3.1.4).
func (d *Dialog) awaitAck(tx *sipmsg.ServerTx, res *sipmsg.Response, acked <-chan string) (body string, ok bool) {
	pause := sipmsg.T1
	limit := time.NewTimer(transactionTime)
	defer limit.Stop()
	for {
		again := time.NewTimer(pause)
		select {
		case body := <-acked:
			again.Stop()
			return body, true
		case <-again.C:
			_ = tx.Respond(res)
			pause = min(2*pause, sipmsg.T2)
			continue
		case <-limit.C:
		case <-d.done:
		case <-tx.Done():
		}
		again.Stop()
		return "", false
	}
}

// acknowledged routes an ACK to the offer that waits for it.
func (d *Dialog) acknowledged(req *sipmsg.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if acked := d.acks[req.CSeq().SeqNo]; acked != nil {
		select {
		case acked <- string(req.Body()):
		default:
		}
	}
}

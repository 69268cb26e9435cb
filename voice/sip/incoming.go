package sip

import (
	"slices"
	"strconv"
	"strings"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
)

// handle serves a request that is new. It must not wait: what waits goes into a
// goroutine of its own.
func (f *Flow) handle(req *sipmsg.Request, tx *serverTx) {
	if status, headers := unwilling(req); status != 0 {
		_ = f.respond(req, tx, status, headers...)
		return
	}
	if tag := tagOf(req.To()); tag != "" {
		f.handleInside(req, tx, tag)
		return
	}
	switch req.Method {
	case sipmsg.OPTIONS:
		_ = f.respond(req, tx, sipmsg.StatusOK, abilities()...)
	case sipmsg.BYE, sipmsg.INFO, sipmsg.UPDATE, sipmsg.PRACK:
		_ = f.respond(req, tx, sipmsg.StatusCallTransactionDoesNotExists)
	case sipmsg.INVITE:
		f.serveInvite(req, tx)
	case sipmsg.NOTIFY:
		if !f.serveMessageSummary(req, tx) {
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
	if req.Method == sipmsg.INVITE && !takesDescriptions(req) {
		return sipmsg.StatusNotAcceptable, nil
	}
	if req.Method == sipmsg.INVITE || req.Method == sipmsg.UPDATE {
		if _, status := description(req); status == sipmsg.StatusUnsupportedMediaType {
			return status, abilities()
		} else if status != 0 {
			return status, nil
		}
	}
	return 0, nil
}

// takesDescriptions says whether the sender of an INVITE takes a session description
// in the answer (RFC 3261, section 20.1).
func takesDescriptions(req *sipmsg.Request) bool {
	listed := req.GetHeaders("Accept")
	for _, h := range listed {
		for part := range strings.SplitSeq(h.Value(), ",") {
			media, _, _ := strings.Cut(part, ";")
			switch strings.ToLower(strings.TrimSpace(media)) {
			case sdpType, "application/*", "*/*":
				return true
			}
		}
	}
	return len(listed) == 0
}

// extensions are the option tags that we understand.
var extensions = []string{"timer", "replaces", "100rel"}

// handleInside routes a request to its dialog, which may be an early one.
func (f *Flow) handleInside(req *sipmsg.Request, tx *serverTx, localTag string) {
	f.mu.Lock()
	subscribed := f.subscriptions[dialogKey{req.CallID().Value(), localTag}]
	f.mu.Unlock()
	if subscribed != nil && req.Method == sipmsg.NOTIFY {
		subscribed.serve(req, tx)
		return
	}
	d := f.find(req.CallID().Value(), localTag)
	if d == nil || !d.isFrom(req) {
		_ = f.respond(req, tx, sipmsg.StatusCallTransactionDoesNotExists)
		return
	}
	if !d.inOrder(req) {
		_ = f.respond(req, tx, sipmsg.StatusInternalServerError) // RFC 3261, section 12.2.2
		return
	}
	switch req.Method {
	case sipmsg.BYE:
		d.serveBye(f, req, tx)
	case sipmsg.INFO:
		status := sipmsg.StatusOK
		if !d.emit(Informed{ContentType: contentType(req), Body: string(req.Body())}) {
			status = sipmsg.StatusServiceUnavailable
		}
		_ = f.respond(req, tx, status)
	case sipmsg.INVITE:
		d.serveOffer(f, req, tx)
	case sipmsg.UPDATE:
		if offer, _ := description(req); offer != "" {
			d.serveOffer(f, req, tx)
			return
		}
		headers, ok := d.serveSession(req)
		if !ok {
			_ = f.respond(req, tx, 422, tooBrief())
			return
		}
		d.refresh(req.Contact())
		d.identify(req)
		_ = f.respond(req, tx, sipmsg.StatusOK, append(headers, f.contact())...)
	case sipmsg.OPTIONS:
		_ = f.respond(req, tx, sipmsg.StatusOK, abilities()...)
	case sipmsg.NOTIFY:
		d.serveNotify(f, req, tx)
	case sipmsg.REFER:
		d.serveRefer(f, req, tx)
	case sipmsg.PRACK:
		d.servePrack(f, req, tx)
	default:
		_ = f.respond(req, tx, sipmsg.StatusMethodNotAllowed, abilities()...)
	}
}

// serveBye ends the dialog. In an early one the INVITE is over with it (RFC 3261,
// section 15.1.2).
func (d *Dialog) serveBye(f *Flow, req *sipmsg.Request, tx *serverTx) {
	_ = f.respond(req, tx, sipmsg.StatusOK)
	d.mu.Lock()
	byRemote, early := !d.hungUp, d.state == calling
	in := d.inbound
	d.mu.Unlock()
	switch {
	case !early:
		d.end(Ended{ByRemote: byRemote, Headers: headersOf(req)})
	case in != nil:
		d.callerGone(req)
	default:
		// The one who is called has no right to it, but is gone all the same; where others
		// ring, too, they go on.
		tag, _ := req.From().Params.Get("tag")
		d.mu.Lock()
		delete(d.invite.early, tag)
		if len(d.invite.early) > 0 {
			d.mu.Unlock()
			return
		}
		d.cancelLocked()
		d.mu.Unlock()
		d.end(Failed{Status: sipmsg.StatusRequestTerminated, Reason: reasonOf(sipmsg.StatusRequestTerminated), ByRemote: true, Headers: headersOf(req)})
	}
}

// tooBrief is what a 422 demands instead.
func tooBrief() sipmsg.Header {
	return sipmsg.NewHeader("Min-SE", strconv.Itoa(int(minSession/time.Second)))
}

// isFrom says whether a request comes from the far side of this dialog. Of a call
// of ours that nobody has answered yet several may be the far side.
func (d *Dialog) isFrom(req *sipmsg.Request) bool {
	tag, _ := req.From().Params.Get("tag")
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.state == ended:
		return false
	case d.state == calling && d.inbound == nil:
		return tag != "" && d.invite != nil
	}
	return tag == d.remoteTag
}

// inOrder notes the CSeq of a request; false if it is lower than that of one
// before. Each far side of a call that is not answered yet counts for itself.
func (d *Dialog) inOrder(req *sipmsg.Request) bool {
	tag, _ := req.From().Params.Get("tag")
	d.mu.Lock()
	defer d.mu.Unlock()
	last, known := d.remoteSeq[tag]
	if known && req.CSeq().SeqNo <= last {
		return false
	}
	if len(d.remoteSeq) < maxForks {
		d.remoteSeq[tag] = req.CSeq().SeqNo
	}
	return true
}

// maxForks limits how many far sides of one call are followed.
const maxForks = 64

func abilities() []sipmsg.Header {
	return []sipmsg.Header{sipmsg.NewHeader("Allow", allowed), sipmsg.NewHeader("Accept", accepted), sipmsg.NewHeader("Supported", supported)}
}

func contentType(req *sipmsg.Request) string {
	if h := req.ContentType(); h != nil {
		return h.Value()
	}
	return ""
}

// respond answers a request.
func (f *Flow) respond(req *sipmsg.Request, tx *serverTx, status int, headers ...sipmsg.Header) error {
	return tx.respond(f.response(req, status, "", headers...))
}

func (f *Flow) response(req *sipmsg.Request, status int, body string, headers ...sipmsg.Header) *sipmsg.Response {
	res := sipmsg.NewResponseFromRequest(req, status, reasonOf(status), nil)
	for _, h := range headers {
		res.AppendHeader(h)
	}
	setBody(res, sdpType, body)
	return res
}

package sip

import (
	"fmt"
	"sync"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/internal/crash"
)

// serveOffer hands a re-INVITE or an UPDATE with an offer to the reader of the
// events, which answers by Reply (RFC 3261, section 14.2, and RFC 3311).
func (d *Dialog) serveOffer(f *Flow, req *sipmsg.Request, tx *serverTx) {
	if tooShort(req) {
		_ = f.respond(req, tx, 422, tooBrief())
		return
	}
	offer, _ := description(req)
	d.mu.Lock()
	early, ours := d.state == calling, d.weOffer
	answered := d.invite != nil && d.invite.described
	d.mu.Unlock()
	switch {
	case early && (d.inbound != nil || req.IsInvite()):
		// The offer of the INVITE has no answer yet (RFC 3311, section 5.2).
		_ = f.respond(req, tx, sipmsg.StatusInternalServerError, sipmsg.NewHeader("Retry-After", "2"))
		return
	case early && !answered:
		_ = f.respond(req, tx, sipmsg.StatusRequestPending)
		return
	}
	if !d.takeTheirOffer() {
		if ours {
			_ = f.respond(req, tx, sipmsg.StatusRequestPending)
		} else {
			_ = f.respond(req, tx, sipmsg.StatusInternalServerError, sipmsg.NewHeader("Retry-After", "2"))
		}
		return
	}
	r := &reply{d: d, f: f, req: req, tx: tx, offered: offer != "", given: make(chan struct{}), release: sync.OnceFunc(func() { <-d.offer })}
	if req.IsInvite() {
		tx.cancelled = func(*sipmsg.Request) { _ = r.reply(sipmsg.StatusRequestTerminated, "") }
	}
	d.identify(req)
	if !d.emit(Reoffered{Offer: offer, Reply: r.reply}) {
		r.release()
		_ = f.respond(req, tx, sipmsg.StatusInternalServerError, sipmsg.NewHeader("Retry-After", "2"))
		return
	}
	if !f.enter() {
		return
	}
	go func() {
		defer crash.Guard()
		defer f.leave()
		select {
		case <-r.given:
		case <-tx.done: // the flow is lost, or nobody has answered in time
			r.release()
		case <-d.done:
			_ = r.reply(sipmsg.StatusRequestTerminated, "")
		}
	}()
}

// takeTheirOffer begins an offer of the far side, unless another is open.
func (d *Dialog) takeTheirOffer() bool {
	select {
	case d.offer <- struct{}{}:
		return true
	default:
		return false
	}
}

// reply is the one answer to an offer.
type reply struct {
	d       *Dialog
	f       *Flow
	req     *sipmsg.Request
	tx      *serverTx
	offered bool
	once    sync.Once
	given   chan struct{}
	release func() // makes way for the next offer
}

func (r *reply) reply(status int, body string) error {
	err := ErrReplied
	if status < 200 || status > 699 {
		return fmt.Errorf("sip: %d is no final status", status)
	}
	r.once.Do(func() {
		defer close(r.given)
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
		if !r.req.IsInvite() {
			err = r.tx.respond(res)
			return
		}
		err = r.d.accepted(r.f, r.tx, res, func(body string, ok bool) {
			if ok && !r.offered {
				r.d.emit(Reanswered{Answer: body})
			}
			r.release()
		})
	})
	return err
}

// unacked is a 2xx that waits for its ACK.
type unacked struct {
	// done is called once: by the ACK, before anything that comes after it is
	// handled, or when none came.
	done    func(body string, ok bool)
	stopped chan struct{}
}

// accepted sends a 2xx to an INVITE, and again until its ACK is there (RFC 3261,
// 13.3.1.4); then it calls done.
func (d *Dialog) accepted(f *Flow, tx *serverTx, res *sipmsg.Response, done func(body string, ok bool)) error {
	seq := tx.req.CSeq().SeqNo
	u := &unacked{done: done, stopped: make(chan struct{})}
	d.acksMu.Lock()
	d.acks[seq] = u
	d.acksMu.Unlock()
	if !f.enter() {
		d.takeAck(seq)
		done("", false)
		return ErrFlowLost
	}
	err := tx.respond(res)
	go func() {
		defer crash.Guard()
		defer f.leave()
		delay := t1
		limit := time.NewTimer(transactionTime)
		defer limit.Stop()
		for {
			again := time.NewTimer(delay)
			select {
			case <-u.stopped:
				again.Stop()
				return
			case <-again.C:
				_ = tx.respond(res)
				delay = min(2*delay, t2)
				continue
			case <-limit.C:
			case <-d.done:
			case <-tx.done:
			}
			again.Stop()
			if d.takeAck(seq) != nil {
				done("", false)
			}
			return
		}
	}()
	return err
}

// takeAck ends the wait for an ACK; nil if it has ended before.
func (d *Dialog) takeAck(seq uint32) *unacked {
	d.acksMu.Lock()
	defer d.acksMu.Unlock()
	u := d.acks[seq]
	delete(d.acks, seq)
	return u
}

// acknowledged takes the ACK of a 2xx in.
func (d *Dialog) acknowledged(req *sipmsg.Request) {
	if u := d.takeAck(req.CSeq().SeqNo); u != nil {
		close(u.stopped)
		body, _ := description(req)
		u.done(body, true)
	}
}

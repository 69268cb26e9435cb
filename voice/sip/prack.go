package sip

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/internal/crash"
)

// acknowledgeProvisional sends the PRACK of a provisional response that wants
// one (RFC 3262, section 4). It returns false for a response that came before
// or out of order, which is to be dropped: it will be sent again.
func (d *Dialog) acknowledgeProvisional(f *Flow, res *sipmsg.Response) bool {
	if !hasToken(res, "Require", "100rel") || res.StatusCode == sipmsg.StatusTrying {
		return true
	}
	number, err := strconv.ParseUint(strings.TrimSpace(headerValue(res, "RSeq")), 10, 32)
	tag := tagOf(res.To())
	if err != nil || number == 0 || tag == "" {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	last, known := d.invite.reliable[tag]
	if known && uint32(number) != last+1 || !f.enter() {
		return false
	}
	if d.invite.reliable == nil {
		d.invite.reliable = make(map[string]uint32)
	}
	d.invite.reliable[tag] = uint32(number)
	invite := d.invite.req.CSeq().SeqNo
	early := d.fork(f, res)
	go func() {
		defer crash.Guard()
		defer f.leave()
		d.requestAside(f, func() *sipmsg.Request {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.seq++
			req := early.build(f, sipmsg.PRACK, d.seq)
			req.AppendHeader(sipmsg.NewHeader("RAck", fmt.Sprintf("%d %d INVITE", number, invite)))
			return req
		})
	}()
	return true
}

// fork is the dialog of one response to the INVITE, under mu.
func (d *Dialog) fork(f *Flow, res *sipmsg.Response) *Dialog {
	other := newDialog(f, d.callID, d.localTag)
	other.local, other.remote, other.target = d.local, d.remote, d.target
	other.seq = d.invite.req.CSeq().SeqNo
	other.remoteTag = tagOf(res.To())
	other.establish(res, res.GetHeaders("Record-Route"), true)
	return other
}

// provisional is a response of ours that waits for its PRACK.
type provisional struct {
	number uint32
	again  *time.Timer
	limit  *time.Timer
}

func (p *provisional) stop() {
	p.again.Stop()
	p.limit.Stop()
}

// ringReliably sends a provisional response that the caller must acknowledge, and
// again until it does (RFC 3262, section 3), under mu. One that comes before the
// last is acknowledged takes its place.
func (d *Dialog) ringReliably(res *sipmsg.Response) error {
	in := d.inbound
	if in.waiting != nil {
		in.waiting.stop()
	}
	if in.rseq == 0 {
		in.rseq = firstSeq()
	}
	in.rseq++
	res.AppendHeader(sipmsg.NewHeader("Require", "100rel"))
	res.AppendHeader(sipmsg.NewHeader("RSeq", strconv.FormatUint(uint64(in.rseq), 10)))
	p := &provisional{number: in.rseq}
	delay := t1
	p.again = time.AfterFunc(delay, func() {
		defer crash.Guard()
		_ = in.tx.respond(res)
		d.mu.Lock()
		defer d.mu.Unlock()
		if in.waiting == p && d.state == calling {
			delay *= 2
			p.again.Reset(delay)
		}
	})
	p.limit = time.AfterFunc(transactionTime, func() {
		defer crash.Guard()
		d.mu.Lock()
		late := in.waiting == p
		d.mu.Unlock()
		if late {
			_ = d.Refuse(sipmsg.StatusGatewayTimeout)
		}
	})
	in.waiting = p
	return in.tx.respond(res)
}

// servePrack takes the acknowledgement of a provisional response of ours in.
func (d *Dialog) servePrack(f *Flow, req *sipmsg.Request, tx *serverTx) {
	var number, seq uint32
	var method string
	_, err := fmt.Sscan(headerValue(req, "RAck"), &number, &seq, &method)
	d.mu.Lock()
	in := d.inbound
	known := err == nil && in != nil && in.waiting != nil && in.waiting.number == number &&
		seq == in.req.CSeq().SeqNo && strings.EqualFold(method, "INVITE")
	if known {
		in.waiting.stop()
		in.waiting = nil
	}
	d.mu.Unlock()
	switch {
	case err != nil:
		_ = f.respond(req, tx, sipmsg.StatusBadRequest)
	case !known:
		_ = f.respond(req, tx, sipmsg.StatusCallTransactionDoesNotExists)
	default:
		_ = f.respond(req, tx, sipmsg.StatusOK)
	}
}

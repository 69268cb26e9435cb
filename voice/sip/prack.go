package sip

import (
	"fmt"
	"strconv"
	"strings"

	sipmsg "github.com/emiago/sipgo/sip"
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
		defer f.leave()
		d.quietly(f, func() *sipmsg.Request {
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

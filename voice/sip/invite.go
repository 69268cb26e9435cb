package sip

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/voice/fault"
)

const sdpType = "application/sdp"

// inviteAttempt is the INVITE transaction that is running. It is guarded by the
// dialog's mutex.
type inviteAttempt struct {
	tx         *sipmsg.ClientTx
	req        *sipmsg.Request
	proceeding bool // a provisional response came: a CANCEL may be sent
	cancelled  bool // Hangup was called before the answer
	cancelSent bool
	deadline   *time.Timer // of the answer to a CANCEL
	// reliable is the last RSeq of each fork (RFC 3262).
	reliable map[string]uint32
	// session is the interval that a server demanded by 422.
	session time.Duration
	// ack is that of the answer; until it is sent, further answers wait in
	// repeats.
	ack     *sipmsg.Request
	repeats []*sipmsg.Response
}

// maxRepeats bounds the answers that wait for the first one's ACK: who goes
// without one sends its answer again (RFC 3261, section 13.3.1.4).
const maxRepeats = 16

func (i *inviteAttempt) stop() {
	if i.deadline != nil {
		i.deadline.Stop()
	}
}

// Invite sends an INVITE and returns at once; what becomes of it comes as the
// dialog's events. ctx limits the sending only: Hangup cancels.
func (f *Flow) Invite(ctx context.Context, inv Invitation) (*Dialog, error) {
	target, err := f.resolve(inv.Target)
	if err != nil {
		return nil, err
	}
	if err := checkHeaders(inv.Headers); err != nil {
		return nil, err
	}
	d := newDialog(f, strings.ToLower(rand.Text()), newTag())
	d.local = party{f.cfg.DisplayName, sipmsg.Uri{Scheme: "sip", User: escapeUser(f.cfg.User), Host: f.cfg.Domain}}
	if inv.Anonymous {
		inv.Headers = append(slices.Clip(inv.Headers), Header{"Privacy", "id"}, Header{"P-Preferred-Identity", "<" + d.local.uri.String() + ">"})
		d.local = party{"Anonymous", sipmsg.Uri{Scheme: "sip", User: "anonymous", Host: "anonymous.invalid"}}
	}
	d.remote = party{"", target}
	d.target = target
	d.routes = f.startRoutes()
	d.seq = firstSeq()
	d.invite = &inviteAttempt{}
	if !f.enter() {
		return nil, f.lostFault()
	}
	if !f.add(d) {
		f.leave()
		return nil, f.lostFault()
	}
	if err := d.sendInvite(ctx, f, inv); err != nil {
		f.remove(d)
		f.leave()
		return nil, f.lostFault()
	}
	go d.runInvite(f, inv)
	return d, nil
}

// checkHeaders refuses headers that would break the message.
func checkHeaders(headers []Header) error {
	for _, h := range headers {
		if !isToken(h.Name) || !clean(h.Value) {
			return fault.New(fault.InvalidParameter, "The call carries text that cannot be sent.", "Use plain text without line breaks.")
		}
	}
	return nil
}

func (f *Flow) lostFault() error {
	return fault.Wrap(errors.Join(ErrFlowLost, f.Err()), fault.NetworkError, "The connection to the SIP server is lost.", "Try again in a moment.")
}

// firstSeq is a random first sequence number below 2^31 (RFC 3261, 8.1.1.5).
func firstSeq() uint32 {
	var b [2]byte
	_, _ = rand.Read(b[:])
	return 1 + uint32(binary.BigEndian.Uint16(b[:]))
}

// resolve makes the Request-URI of a target.
func (f *Flow) resolve(target string) (sipmsg.Uri, error) {
	bad := fault.New(fault.InvalidDialInfo, "This number or address cannot be dialled.", "Check what you typed.")
	if target == "" || len(target) > 512 || !clean(target) {
		return sipmsg.Uri{}, bad
	}
	lower := strings.ToLower(target)
	if !strings.HasPrefix(lower, "sip:") && !strings.HasPrefix(lower, "sips:") {
		user, host, whole := strings.Cut(target, "@")
		if !whole {
			return sipmsg.Uri{Scheme: "sip", User: escapeUser(user), Host: f.cfg.Domain}, nil
		}
		target = "sip:" + escapeUser(user) + "@" + host
	}
	var uri sipmsg.Uri
	if err := sipmsg.ParseUri(target, &uri); err != nil || uri.Host == "" || strings.ContainsAny(target, " <>\"") {
		return sipmsg.Uri{}, bad
	}
	uri.Headers = nil // a dialled URI may not smuggle headers (RFC 3261, 19.1.5)
	return uri, nil
}

// sendInvite sends the INVITE, the first or one with credentials.
func (d *Dialog) sendInvite(ctx context.Context, f *Flow, inv Invitation) error {
	d.mu.Lock()
	d.seq++
	req := d.build(f, sipmsg.INVITE, d.seq)
	session := d.invite.session
	d.localSDP = inv.Offer
	d.mu.Unlock()
	req.AppendHeader(sipmsg.NewHeader("Supported", supported+", 100rel"))
	if session > 0 {
		req.AppendHeader(sipmsg.NewHeader("Session-Expires", strconv.Itoa(int(session/time.Second))))
		req.AppendHeader(sipmsg.NewHeader("Min-SE", strconv.Itoa(int(session/time.Second))))
	}
	req.AppendHeader(sipmsg.NewHeader("Allow", allowed))
	req.AppendHeader(sipmsg.NewHeader("Accept", sdpType))
	for _, h := range inv.Headers {
		req.AppendHeader(sipmsg.NewHeader(h.Name, h.Value))
	}
	setBody(req, sdpType, inv.Offer)
	tx, err := f.begin(ctx, req)
	if err != nil {
		return err
	}
	// A second answer may follow the first before that one has its ACK, and
	// sipgo drops what nobody listens for: one listens before the first is read.
	tx.OnRetransmission(func(res *sipmsg.Response) { d.acceptAgain(f, res) })
	d.mu.Lock()
	defer d.mu.Unlock()
	d.invite.tx, d.invite.req, d.invite.proceeding = tx, req, false
	return nil
}

// runInvite reads the responses to the INVITE until the final one. sipgo hands
// responses over from a goroutine each, so their order is not to be trusted:
// a 100 may come after a 180, and what is late is dropped.
func (d *Dialog) runInvite(f *Flow, inv Invitation) {
	defer f.leave()
	var a attempt
	var r redirects
	for {
		res, err := f.next(context.Background(), d.inviteTx())
		switch {
		case err != nil:
			d.failInvite(nil, d.lossOf(f, err))
			return
		case res.IsProvisional():
			d.proceed(f)
			if !d.acknowledgeProvisional(f, res) {
				continue
			}
			if res.StatusCode > sipmsg.StatusTrying {
				d.emit(Provisional{Status: res.StatusCode, Body: string(res.Body()), Headers: headersOf(res)})
			}
		case res.IsSuccess():
			d.accept(f, res)
			return
		case res.StatusCode == sipmsg.StatusUnauthorized, res.StatusCode == sipmsg.StatusProxyAuthRequired:
			if err := f.creds.learn(res, &a); err != nil || d.cancelled() {
				d.failInvite(res, err)
				return
			}
			if err := d.sendInvite(context.Background(), f, inv); err != nil {
				d.failInvite(nil, d.lossOf(f, err))
				return
			}
			d.cancelAgain(f)
		case res.StatusCode == 422 && d.widen(res):
			if err := d.sendInvite(context.Background(), f, inv); err != nil {
				d.failInvite(nil, d.lossOf(f, err))
				return
			}
			d.cancelAgain(f)
		case !inv.StayPut && d.redirect(&r, res):
			a = attempt{}
			if err := d.sendInvite(context.Background(), f, inv); err != nil {
				d.failInvite(nil, d.lossOf(f, err))
				return
			}
			d.cancelAgain(f)
		default:
			d.failInvite(res, nil)
			return
		}
	}
}

// widen takes the interval that a 422 demands (RFC 4028, section 7.3); false if
// it was taken before.
func (d *Dialog) widen(res *sipmsg.Response) bool {
	interval, _, ok := parseSession(headerValue(res, "Min-SE"))
	d.mu.Lock()
	defer d.mu.Unlock()
	if !ok || d.invite.cancelled || interval <= d.invite.session {
		return false
	}
	d.invite.session = interval
	return true
}

func (d *Dialog) inviteTx() *sipmsg.ClientTx {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.invite.tx
}

func (d *Dialog) cancelled() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.invite.cancelled
}

// lossOf replaces the general ErrFlowLost by why the flow ended.
func (d *Dialog) lossOf(f *Flow, err error) error {
	if errors.Is(err, ErrFlowLost) && f.conn.Err() != nil {
		return errors.Join(ErrFlowLost, f.conn.Err())
	}
	return err
}

func (d *Dialog) failInvite(res *sipmsg.Response, err error) {
	ev := Failed{Err: err, Cancelled: d.cancelled()}
	if res != nil {
		ev.Status, ev.Reason, ev.RetryAfter, ev.Headers = res.StatusCode, res.Reason, retryAfter(res), headersOf(res)
	}
	d.finish(ev)
}

// accept takes the 2xx in and acknowledges it.
func (d *Dialog) accept(f *Flow, res *sipmsg.Response) {
	d.mu.Lock()
	d.remoteTag = tagOf(res.To())
	d.establish(res, res.GetHeaders("Record-Route"), true)
	ack := d.ackFor(f, d.invite.req)
	d.invite.stop()
	d.mu.Unlock()

	// The far side may hang up as soon as it has the ACK: the dialog must stand by then.
	taken := d.answer(res)
	_ = f.transport.WriteMsg(ack)
	d.mu.Lock()
	d.invite.ack = ack
	repeats := d.invite.repeats
	d.invite.repeats = nil
	d.mu.Unlock()
	for _, again := range repeats {
		d.acceptAgain(f, again)
	}
	if taken {
		return
	}
	// The answer crossed our CANCEL: the call must be ended by a BYE.
	d.quietly(f, func() *sipmsg.Request {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.seq++
		return d.build(f, sipmsg.BYE, d.seq)
	})
	d.finish(Failed{Status: sipmsg.StatusRequestTerminated, Reason: "Cancelled", Cancelled: true})
}

// acceptAgain sees to a 2xx that came after the first: the same one wants its
// ACK again, that of another fork is acknowledged and ended (RFC 3261, section
// 13.2.2.4).
func (d *Dialog) acceptAgain(f *Flow, res *sipmsg.Response) {
	d.mu.Lock()
	ack, tag := d.invite.ack, d.remoteTag
	if ack == nil && len(d.invite.repeats) < maxRepeats {
		d.invite.repeats = append(d.invite.repeats, res)
	}
	d.mu.Unlock()
	switch {
	case ack == nil:
	case tagOf(res.To()) == tag:
		_ = f.transport.WriteMsg(ack.Clone())
	case f.enter():
		go func() {
			defer f.leave()
			d.dropFork(f, res)
		}()
	}
}

// answer makes the dialog an answered one, unless it was cancelled.
func (d *Dialog) answer(res *sipmsg.Response) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.invite.cancelled {
		return false
	}
	d.state = answered
	d.agreeSession(res)
	return d.emitLocked(Answered{Body: string(res.Body()), Headers: headersOf(res)}, 2)
}

// establish takes the remote target and the route set from a message, under mu.
// The route set of the side that called is the other way round (12.1.2).
func (d *Dialog) establish(m sipmsg.Message, recorded []sipmsg.Header, reverse bool) {
	if c, ok := m.(interface {
		Contact() *sipmsg.ContactHeader
	}); ok {
		if target, ok := targetOf(c.Contact()); ok {
			d.target = target
		}
	}
	d.routes = nil
	for _, h := range recorded {
		if rr, ok := h.(*sipmsg.RecordRouteHeader); ok {
			d.routes = append(d.routes, *rr.Address.Clone())
		}
	}
	if reverse {
		slices.Reverse(d.routes)
	}
	d.updates = hasToken(m, "Allow", "UPDATE")
}

// ackFor builds the ACK to a 2xx, with the credentials of the INVITE (RFC 3261,
// section 13.2.2.4), under mu.
func (d *Dialog) ackFor(f *Flow, invite *sipmsg.Request) *sipmsg.Request {
	ack := d.build(f, sipmsg.ACK, invite.CSeq().SeqNo)
	for _, name := range []string{"Authorization", "Proxy-Authorization"} {
		for _, h := range invite.GetHeaders(name) {
			ack.AppendHeader(sipmsg.NewHeader(name, h.Value()))
		}
	}
	ack.SetBody(nil)
	return ack
}

// dropFork ends the dialog of a second answer to the same INVITE.
func (d *Dialog) dropFork(f *Flow, res *sipmsg.Response) {
	d.mu.Lock()
	other := d.fork(f, res)
	ack := other.ackFor(f, d.invite.req)
	d.mu.Unlock()
	_ = f.transport.WriteMsg(ack)
	d.quietly(f, func() *sipmsg.Request {
		other.seq++
		return other.build(f, sipmsg.BYE, other.seq)
	})
}

// quietly sends a request of which nobody waits to hear: its answer is waited
// for, through challenges, but not reported.
func (d *Dialog) quietly(f *Flow, build func() *sipmsg.Request) {
	var a attempt
	for {
		ctx, cancel := context.WithTimeout(context.Background(), transactionTime)
		res, err := f.final(ctx, build())
		cancel()
		if err != nil {
			return
		}
		if res.StatusCode != sipmsg.StatusUnauthorized && res.StatusCode != sipmsg.StatusProxyAuthRequired ||
			f.creds.learn(res, &a) != nil {
			return
		}
	}
}

// cancelLocked begins a CANCEL, or notes that one is to follow the first
// provisional response (RFC 3261, section 9.1).
func (d *Dialog) cancelLocked() {
	d.invite.cancelled = true
	d.sendCancelLocked(d.flow)
}

// proceed notes a provisional response.
func (d *Dialog) proceed(f *Flow) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.invite.proceeding = true
	if d.invite.cancelled {
		d.sendCancelLocked(f)
	}
}

// cancelAgain is called when the INVITE went out once more.
func (d *Dialog) cancelAgain(f *Flow) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.invite.cancelSent = false
	if d.invite.cancelled {
		d.sendCancelLocked(f)
	}
}

func (d *Dialog) sendCancelLocked(f *Flow) {
	inv := d.invite
	if !inv.proceeding || inv.cancelSent || d.state != calling || !f.enter() {
		return
	}
	inv.cancelSent = true
	tx := inv.tx
	// A server may never answer the INVITE it cancelled (section 9.1).
	inv.deadline = time.AfterFunc(transactionTime, tx.Terminate)
	req := cancelOf(inv.req)
	go func() {
		defer f.leave()
		ctx, stop := context.WithTimeout(context.Background(), transactionTime)
		defer stop()
		_, _ = f.finalUnsigned(ctx, req)
	}()
}

// cancelOf is the CANCEL of a request: the same Request-URI, Via, Route, From,
// To, Call-ID and CSeq number (RFC 3261, section 9.1).
func cancelOf(invite *sipmsg.Request) *sipmsg.Request {
	req := sipmsg.NewRequest(sipmsg.CANCEL, *invite.Recipient.Clone())
	req.SetTransport(invite.Transport())
	req.SetDestination(invite.Destination())
	req.Laddr = invite.Laddr
	for _, name := range []string{"Via", "Route", "Max-Forwards", "From", "To", "Call-ID"} {
		for _, h := range invite.GetHeaders(name) {
			req.AppendHeader(sipmsg.HeaderClone(h))
			if name == "Via" {
				break
			}
		}
	}
	req.AppendHeader(&sipmsg.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: sipmsg.CANCEL})
	req.SetBody(nil)
	return req
}

func tagOf(to *sipmsg.ToHeader) string {
	if to == nil {
		return ""
	}
	tag, _ := to.Params.Get("tag")
	return tag
}

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

	"offhook/internal/crash"
	"offhook/voice/fault"
)

const sdpType = "application/sdp"

// inviteAttempt is the INVITE of a dialog that we began. It is guarded by the
// dialog's mutex.
type inviteAttempt struct {
	inv        Invitation
	tx         *clientTx
	req        *sipmsg.Request
	proceeding bool // a provisional response came: a CANCEL may be sent
	cancelled  bool // Hangup was called before the answer
	cancelSent bool
	deadline   *time.Timer // of the answer to a CANCEL
	// reliable is the last RSeq of each fork (RFC 3262).
	reliable map[string]uint32
	// early are the early dialogs, by the tags of the provisional responses that made
	// them, with where each of them answers; the zero value where that is not said.
	early map[string]sipmsg.Uri
	// described says that the offer was answered by a provisional response.
	described bool
	// session is the interval that a server demanded by 422.
	session time.Duration
	// tried and redirects follow the INVITE through its challenges and its 3xx.
	tried     attempt
	redirects redirects
	// ack is that of the answer.
	ack *sipmsg.Request
}

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
	d.invite = &inviteAttempt{inv: inv}
	if ctx.Err() != nil || !f.add(d) {
		return nil, f.lostFault()
	}
	if err := d.sendInvite(f); err != nil {
		f.remove(d)
		return nil, f.lostFault()
	}
	return d, nil
}

// checkHeaders refuses headers that would break the message.
func checkHeaders(headers []Header) error {
	for _, h := range headers {
		if !isToken(h.Name) || !clean(h.Value) {
			return fault.New(fault.InvalidParameter, "call.unsendable-text")
		}
	}
	return nil
}

func (f *Flow) lostFault() error {
	return fault.Wrap(errors.Join(ErrFlowLost, f.Err()), fault.NetworkError, "sip.connection-lost")
}

// firstSeq is a random first sequence number below 2^31 (RFC 3261, 8.1.1.5).
func firstSeq() uint32 {
	var b [2]byte
	_, _ = rand.Read(b[:])
	return 1 + uint32(binary.BigEndian.Uint16(b[:]))
}

// resolve makes the Request-URI of a target.
func (f *Flow) resolve(target string) (sipmsg.Uri, error) {
	bad := fault.New(fault.InvalidDialInfo, "dial.bad-address")
	if target == "" || len(target) > 512 || !clean(target) {
		return sipmsg.Uri{}, bad
	}
	lower := strings.ToLower(target)
	if number, ok := strings.CutPrefix(lower, "tel:"); ok {
		number, _, _ = strings.Cut(number, ";")
		target = strings.NewReplacer("-", "", ".", "", "(", "", ")", "", " ", "").Replace(number) // RFC 3966, section 5.1.1
		if target == "" {
			return sipmsg.Uri{}, bad
		}
		lower = target
	}
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
func (d *Dialog) sendInvite(f *Flow) error {
	d.mu.Lock()
	inv := d.invite.inv
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
	req.AppendHeader(sipmsg.NewHeader("Accept", accepted))
	for _, h := range inv.Headers {
		req.AppendHeader(sipmsg.NewHeader(h.Name, h.Value))
	}
	setBody(req, sdpType, inv.Offer)
	f.creds.sign(req)
	var tx *clientTx
	tx = f.newClientTx(req, func(res *sipmsg.Response, err error) { d.onInvite(f, tx, res, err) })
	d.mu.Lock()
	d.invite.tx, d.invite.req, d.invite.proceeding, d.invite.described = tx, req, false, false
	d.invite.early = nil
	d.mu.Unlock()
	return tx.start()
}

// onInvite takes a response to the INVITE in, or the reason why there is none.
func (d *Dialog) onInvite(f *Flow, tx *clientTx, res *sipmsg.Response, err error) {
	d.mu.Lock()
	current, begun := d.invite.tx == tx, d.state != calling
	d.mu.Unlock()
	switch {
	case !current:
	case err != nil:
		d.failInvite(nil, d.lossOf(f, err))
	case res.IsSuccess() && begun:
		d.acceptAgain(f, res)
	case begun:
	case res.IsProvisional():
		d.proceed(f)
		if !d.acknowledgeProvisional(f, res) || res.StatusCode == sipmsg.StatusTrying {
			return
		}
		body, _ := description(res)
		d.mu.Lock()
		if tag := tagOf(res.To()); tag != "" {
			if d.invite.early == nil {
				d.invite.early = make(map[string]sipmsg.Uri)
			}
			d.invite.early[tag], _ = targetOf(res.Contact())
		}
		d.invite.described = d.invite.described || body != ""
		d.mu.Unlock()
		d.identify(res)
		d.emit(Provisional{Status: res.StatusCode, Reason: res.Reason, Body: body, Headers: headersOf(res)})
	case res.IsSuccess():
		d.accept(f, res)
	case d.again(f, res):
		if !f.enter() {
			d.failInvite(nil, d.lossOf(f, ErrFlowLost))
			return
		}
		// A long INVITE may wait for a connection of TCP.
		go func() {
			defer crash.Guard()
			defer f.leave()
			if err := d.sendInvite(f); err != nil {
				d.failInvite(nil, d.lossOf(f, err))
				return
			}
			d.cancelAgain(f)
		}()
	}
}

// again says whether the INVITE is to be sent once more after a final response: to
// a challenge, with a longer session interval, or to another address. If not, the
// dialog has failed.
func (d *Dialog) again(f *Flow, res *sipmsg.Response) bool {
	switch {
	case res.StatusCode == sipmsg.StatusUnauthorized, res.StatusCode == sipmsg.StatusProxyAuthRequired:
		if err := f.creds.learn(res, &d.invite.tried); err != nil || d.cancelled() {
			d.failInvite(res, err)
			return false
		}
		return true
	case res.StatusCode == 422 && d.widen(res):
		return true
	case !d.invite.inv.StayPut && d.redirect(&d.invite.redirects, res):
		d.invite.tried = attempt{}
		return true
	}
	d.failInvite(res, nil)
	return false
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
		ev.Status, ev.Reason, ev.Said, ev.RetryAfter, ev.Headers = res.StatusCode, res.Reason, saidBy(res), retryAfter(res), headersOf(res)
	}
	d.end(ev)
}

// accept takes the 2xx in and acknowledges it.
func (d *Dialog) accept(f *Flow, res *sipmsg.Response) {
	d.mu.Lock()
	d.remoteTag = tagOf(res.To())
	d.establish(res, res.GetHeaders("Record-Route"), true)
	ack := d.ackFor(f, d.invite.req)
	d.invite.ack = ack
	d.invite.stop()
	d.mu.Unlock()
	d.identify(res)

	// The far side may hang up as soon as it has the ACK: the dialog must stand by then.
	taken := d.answer(res)
	_ = f.send(ack)
	if taken {
		return
	}
	// The answer crossed our CANCEL: the call must be ended by a BYE.
	f.aside(func() {
		d.requestAside(f, func() *sipmsg.Request {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.seq++
			return d.build(f, sipmsg.BYE, d.seq)
		})
		d.end(Failed{Status: sipmsg.StatusRequestTerminated, Reason: "Cancelled", Cancelled: true})
	})
}

// acceptAgain sees to a 2xx that came after the first, or after the call was given
// up: the same one wants its ACK again, that of another fork is acknowledged and
// ended (RFC 3261, section 13.2.2.4).
func (d *Dialog) acceptAgain(f *Flow, res *sipmsg.Response) {
	d.mu.Lock()
	ack, tag := d.invite.ack, d.remoteTag
	d.mu.Unlock()
	if ack != nil && tagOf(res.To()) == tag {
		_ = f.send(ack)
		return
	}
	d.dropFork(f, res)
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
	body, _ := description(res)
	return d.emitLocked(Answered{Body: body, Headers: headersOf(res)}, 2)
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
	_ = f.send(ack)
	f.aside(func() {
		d.requestAside(f, func() *sipmsg.Request {
			other.seq++
			return other.build(f, sipmsg.BYE, other.seq)
		})
	})
}

// requestAside sends a request whose outcome nobody asks for: its answer is waited
// for, through challenges, but not reported.
func (d *Dialog) requestAside(f *Flow, build func() *sipmsg.Request) {
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
	inv.deadline = time.AfterFunc(transactionTime, crash.Guarded(func() { tx.fail(ErrTimeout) }))
	f.cancel(tx)
	f.leave()
}

// cancel sends the CANCEL of a request, the way that the request went. Its answer
// says nothing that the answer to the request does not.
func (f *Flow) cancel(of *clientTx) {
	of.mu.Lock()
	req, conn, reliable := hopRequest(sipmsg.CANCEL, of.req, nil), of.conn, of.reliable
	of.mu.Unlock()
	tx := f.newClientTx(req, func(*sipmsg.Response, error) {})
	tx.conn, tx.reliable = conn, reliable
	_ = tx.start()
}

func tagOf(to *sipmsg.ToHeader) string {
	if to == nil {
		return ""
	}
	tag, _ := to.Params.Get("tag")
	return tag
}

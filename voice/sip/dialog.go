package sip

import (
	"context"
	"errors"
	"strings"
	"sync"

	sipmsg "github.com/emiago/sipgo/sip"
)

// eventQueue is how many events may wait for their reader. A reader that falls
// further behind makes the far side wait: its requests are refused for now.
const eventQueue = 64

type dialogState int

const (
	calling dialogState = iota
	answered
	ended
)

// Dialog is one call's signalling, from its INVITE to its end (RFC 3261,
// section 12). It outlives the flow under it. All methods may be called from
// anywhere.
type Dialog struct {
	callID, localTag string
	events           chan DialogEvent
	done             chan struct{}
	// offer is held while an offer waits for its answer, in either direction.
	offer chan struct{}

	mu        sync.Mutex
	flow      *Flow
	moved     chan struct{} // closed and replaced by Rebind
	state     dialogState
	hungUp    bool // Hangup was called
	weOffer   bool // who holds offer
	local     party
	remote    party
	remoteTag string
	target    sipmsg.Uri
	routes    []sipmsg.Uri
	seq       uint32            // of our last request
	remoteSeq map[string]uint32 // of the far side's last request, by its tag
	updates   bool              // the far side takes UPDATE
	identity  Identified        // who is there, as far as was told
	invite    *inviteAttempt    // of a dialog that we began
	inbound   *inbound          // of one that the far side began
	session   sessionTimer
	localSDP  string // what we offered or answered last
	referred  int    // the status that was told last of a REFER of ours

	acksMu sync.Mutex
	acks   map[uint32]*unacked // by the CSeq of their INVITE
}

// party is one side as From or To name it.
type party struct {
	name string
	uri  sipmsg.Uri
}

func newDialog(f *Flow, callID, localTag string) *Dialog {
	return &Dialog{
		callID: callID, localTag: localTag, flow: f,
		events: make(chan DialogEvent, eventQueue),
		done:   make(chan struct{}),
		offer:  make(chan struct{}, 1),
		moved:  make(chan struct{}),
		acks:   make(map[uint32]*unacked),

		remoteSeq: make(map[string]uint32),
	}
}

func (d *Dialog) key() dialogKey { return dialogKey{d.callID, d.localTag} }

// CallID is the Call-ID, for logs.
func (d *Dialog) CallID() string { return d.callID }

// Events delivers what happens, in order; it is closed after Ended or Failed.
// It must be read: with 64 events waiting the far side's requests are refused.
func (d *Dialog) Events() <-chan DialogEvent { return d.events }

// Done is closed when the dialog is over.
func (d *Dialog) Done() <-chan struct{} { return d.done }

// emit queues an event that may be left out; false if there is no room, some
// being kept for the events that must not be lost.
func (d *Dialog) emit(ev DialogEvent) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.emitLocked(ev, 8)
}

func (d *Dialog) emitLocked(ev DialogEvent, keep int) bool {
	if d.state == ended || len(d.events) >= eventQueue-keep {
		return false
	}
	d.events <- ev
	return true
}

// end ends the dialog with its last event, once.
func (d *Dialog) end(ev DialogEvent) bool {
	d.mu.Lock()
	first := d.endLocked(ev)
	f := d.flow
	d.mu.Unlock()
	if first {
		f.remove(d)
	}
	return first
}

func (d *Dialog) endLocked(ev DialogEvent) bool {
	if d.state == ended {
		return false
	}
	d.events <- ev // its place was kept
	d.state = ended
	close(d.events)
	close(d.done)
	if d.invite != nil {
		d.invite.stop()
	}
	if d.inbound != nil {
		d.inbound.stop()
	}
	d.stopSession()
	return true
}

// endUnknown ends the dialog because a request found nothing at the far side.
func (d *Dialog) endUnknown(status int, m *sipmsg.Response) {
	ev := Ended{Status: status}
	if m != nil {
		ev.Headers = headersOf(m)
	}
	d.end(ev)
}

// flowLost is told by a flow that is over. A dialog that is not answered fails
// in its own loop.
func (d *Dialog) flowLost(f *Flow, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.flow == f && d.state == answered {
		d.emitLocked(FlowLost{Err: err}, 2)
	}
}

// Rebind moves the dialog to another flow, after FlowLost or before. Nothing is
// sent: the next request inside the dialog, a Reinvite or a Refresh, shows the
// far side the new way.
func (d *Dialog) Rebind(f *Flow) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.state == ended:
		return ErrDialogEnded
	case d.state == calling:
		return ErrNotAnswered
	case d.flow == f:
		return nil
	case !f.add(d):
		return ErrFlowLost
	}
	d.flow.remove(d)
	d.flow = f
	close(d.moved)
	d.moved = make(chan struct{})
	return nil
}

// build makes a request inside the dialog (RFC 3261, section 12.2.1.1). It is
// called under mu.
func (d *Dialog) build(f *Flow, method sipmsg.RequestMethod, seq uint32) *sipmsg.Request {
	uri, routes := d.target, d.routes
	if len(routes) > 0 && !routes[0].UriParams.Has("lr") {
		// A strict router comes first: it wants itself as Request-URI.
		uri = routes[0]
		routes = append(append([]sipmsg.Uri(nil), routes[1:]...), d.target)
	}
	req := f.newRequest(method, uri)
	for _, r := range routes {
		req.AppendHeader(&sipmsg.RouteHeader{Address: r})
	}
	from := &sipmsg.FromHeader{DisplayName: d.local.name, Address: d.local.uri, Params: sipmsg.NewParams()}
	from.Params.Add("tag", d.localTag)
	to := &sipmsg.ToHeader{DisplayName: d.remote.name, Address: d.remote.uri, Params: sipmsg.NewParams()}
	if d.remoteTag != "" {
		to.Params.Add("tag", d.remoteTag)
	}
	id := sipmsg.CallIDHeader(d.callID)
	for _, h := range []sipmsg.Header{from, to, &id, &sipmsg.CSeqHeader{SeqNo: seq, MethodName: method}} {
		req.AppendHeader(h)
	}
	if method != sipmsg.BYE && method != sipmsg.CANCEL {
		req.AppendHeader(f.contact())
	}
	req.AppendHeader(sipmsg.NewHeader("User-Agent", f.cfg.UserAgent))
	return req
}

// refresh takes over what a target refresh carries (RFC 3261, section 12.2.1.2).
func (d *Dialog) refresh(contact *sipmsg.ContactHeader) {
	target, ok := targetOf(contact)
	if !ok {
		return
	}
	d.mu.Lock()
	d.target = target
	d.mu.Unlock()
}

// targetOf is the Request-URI that a Contact asks for: of SIP, with a host, and
// without the headers that it may carry (RFC 3261, 19.1.1).
func targetOf(contact *sipmsg.ContactHeader) (sipmsg.Uri, bool) {
	if contact == nil || contact.Address.Wildcard || contact.Address.Host == "" || !isPlace(contact.Address) {
		return sipmsg.Uri{}, false
	}
	target := *contact.Address.Clone()
	if s := strings.ToLower(target.Scheme); s != "sip" && s != "sips" {
		return sipmsg.Uri{}, false
	}
	target.Headers = nil
	return target, true
}

// current returns the flow if a request may be sent now.
func (d *Dialog) current() (*Flow, error) {
	switch {
	case d.state == ended:
		return nil, ErrDialogEnded
	case d.state == calling:
		return nil, ErrNotAnswered
	case d.flow.lost():
		return nil, ErrFlowLost
	}
	return d.flow, nil
}

// request sends a request inside the dialog and waits for its final response,
// through challenges. A 481, a 408 or silence ends the dialog.
func (d *Dialog) request(ctx context.Context, method sipmsg.RequestMethod, fill func(*sipmsg.Request)) (*sipmsg.Response, error) {
	var a attempt
	for {
		d.mu.Lock()
		f, err := d.current()
		if err != nil {
			d.mu.Unlock()
			return nil, err
		}
		d.seq++
		req := d.build(f, method, d.seq)
		d.mu.Unlock()
		if fill != nil {
			fill(req)
		}
		if !f.enter() {
			return nil, ErrFlowLost
		}
		res, err := f.final(ctx, req)
		f.leave()
		if err != nil {
			if errors.Is(err, ErrTimeout) {
				d.endUnknown(sipmsg.StatusRequestTimeout, nil)
			}
			return nil, err
		}
		if again, err := d.judge(f, res, &a); !again {
			return res, err
		}
	}
}

// judge says whether a final response asks for the request again, with
// credentials, and turns a refusal into an error.
func (d *Dialog) judge(f *Flow, res *sipmsg.Response, a *attempt) (again bool, err error) {
	switch {
	case res.IsSuccess():
		return false, nil
	case res.StatusCode == sipmsg.StatusUnauthorized, res.StatusCode == sipmsg.StatusProxyAuthRequired:
		err := f.creds.learn(res, a)
		return err == nil, err
	case res.StatusCode == sipmsg.StatusCallTransactionDoesNotExists, res.StatusCode == sipmsg.StatusRequestTimeout:
		d.endUnknown(res.StatusCode, res)
	}
	return false, &StatusError{Status: res.StatusCode, Reason: res.Reason, RetryAfter: retryAfter(res)}
}

// Info sends an INFO (RFC 6086) and waits for its answer.
func (d *Dialog) Info(ctx context.Context, contentType, body string) error {
	_, err := d.request(ctx, sipmsg.INFO, func(req *sipmsg.Request) { setBody(req, contentType, body) })
	return err
}

// Refresh shows the far side that the dialog lives, over the flow it has now:
// with an UPDATE without an offer if the far side takes one (RFC 3311), else
// with an OPTIONS.
func (d *Dialog) Refresh(ctx context.Context) error {
	d.mu.Lock()
	method, headers := sipmsg.OPTIONS, []sipmsg.Header(nil)
	if d.updates {
		method, headers = sipmsg.UPDATE, d.sessionHeaders()
	}
	d.mu.Unlock()
	res, err := d.request(ctx, method, func(req *sipmsg.Request) {
		for _, h := range headers {
			req.AppendHeader(h)
		}
	})
	if err == nil && method == sipmsg.UPDATE {
		d.refresh(res.Contact())
		d.mu.Lock()
		d.agreeSession(res)
		d.mu.Unlock()
	}
	return err
}

// Hangup ends the dialog: with CANCEL before the answer (486 if the call is
// incoming), with BYE after it. A
// CANCEL is only begun, Failed with Cancelled comes later; a BYE is answered
// when Hangup returns. While the flow is lost Hangup waits for a Rebind. When
// ctx ends first the dialog is over all the same, and the error says that the
// far side may not know. Hanging up twice is no error.
func (d *Dialog) Hangup(ctx context.Context) error {
	d.mu.Lock()
	if d.state == calling && d.inbound != nil {
		d.mu.Unlock()
		return d.Refuse(sipmsg.StatusBusyHere)
	}
	if d.state == calling {
		d.cancelLocked()
		d.mu.Unlock()
		return nil
	}
	first := !d.hungUp
	d.hungUp = true
	d.mu.Unlock()
	if !first {
		select {
		case <-d.done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for {
		d.mu.Lock()
		moved := d.moved
		d.mu.Unlock()
		res, err := d.request(ctx, sipmsg.BYE, nil)
		if errors.Is(err, ErrDialogEnded) {
			return nil
		}
		if errors.Is(err, ErrFlowLost) {
			select {
			case <-moved:
				continue
			case <-d.done:
				return nil
			case <-ctx.Done():
			}
		}
		ev := Ended{}
		if res != nil && !res.IsSuccess() {
			ev.Status = res.StatusCode
		}
		d.end(ev)
		var refused *StatusError
		if errors.As(err, &refused) {
			return nil // refused or not, the call is over
		}
		return err
	}
}

func setBody(m sipmsg.Message, contentType, body string) {
	if body == "" {
		return
	}
	m.AppendHeader(sipmsg.NewHeader("Content-Type", contentType))
	m.SetBody([]byte(body))
}

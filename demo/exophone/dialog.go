package exophone

import (
	"context"
	"offhook/voice/wire"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/emiago/sipgo/sip"
)

// dialog is the SIP side of one phone's leg. A subscriber's phone has sent the
// INVITE itself, when it called and when it was called; only a web client gets
// one of ours.
type dialog struct {
	x          *Exchange
	id         dialogID
	owner      atomic.Pointer[session] // a conference and a transfer take over dialogs of other calls
	subscriber string
	device     string
	us         sip.FromHeader // in requests of ours
	them       sip.ToHeader
	invite     *sip.Request // nil if it was ours
	tx         sip.ServerTransaction
	finished   chan struct{}
	finishOnce sync.Once

	mu      sync.Mutex
	source  string
	target  sip.Uri
	cseq    uint32          // of our own requests
	sent    <-chan struct{} // closed once the last of them, but INVITE and ACK, has left
	turns   map[uint32]turn // of those that have not
	highest uint32          // of the phone's requests
	seen    uint64          // bit i: highest-i has been handled
	ending  bool
	rebound chan struct{}
	allow   []string // what the phone takes
	bye     bool     // the phone has said BYE itself
}

// newDialog makes the dialog of an INVITE and gives it its tag.
func (x *Exchange) newDialog(req *sip.Request, tx sip.ServerTransaction, s *session, subscriber string) *dialog {
	id := dialogOf(req)
	d := &dialog{
		x: x, id: id, subscriber: subscriber, device: header(req, wire.HeaderDeviceID),
		invite: req, tx: tx, finished: make(chan struct{}), rebound: make(chan struct{}, 1),
		source: req.Source(), target: contactOf(req), highest: req.CSeq().SeqNo, seen: 1,
		us: req.To().AsFrom(), them: req.From().AsTo(),
	}
	d.owner.Store(s)
	for _, h := range req.GetHeaders("Allow") {
		d.allow = append(d.allow, h.Value())
	}
	return d
}

func contactOf(req *sip.Request) sip.Uri {
	if c := req.Contact(); c != nil && !c.Address.Wildcard {
		return *c.Address.Clone()
	}
	return *req.From().Address.Clone()
}

// respond answers the INVITE. A final response lets its handler go.
func (d *dialog) respond(status int, body string, headers ...string) error {
	res := respond(d.invite, status, headers...)
	if status > 100 && status < 300 {
		res.AppendHeader(d.x.contact())
		res.AppendHeader(sip.NewHeader("Allow", allowed))
	}
	err := d.tx.Respond(withSDP(res, body))
	if status >= 200 {
		d.finish()
	}
	return err
}

// finish lets the handler of the INVITE return.
func (d *dialog) finish() { d.finishOnce.Do(func() { close(d.finished) }) }

// cancelled reports whether the phone's CANCEL has won: the stack has sent 487.
func (d *dialog) cancelled() bool { return d.tx != nil && d.tx.Err() == sip.ErrTransactionCanceled }

// fresh notes the number of a request and reports whether it is new. The stack
// hands over each request on its own goroutine, so that they may overtake each
// other: only one that was seen before is refused (RFC 3261, 12.2.2).
func (d *dialog) fresh(seq uint32) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch delta := int64(seq) - int64(d.highest); {
	case delta > 0:
		if delta > 63 {
			d.seen = 0
		} else {
			d.seen <<= uint(delta)
		}
		d.highest, d.seen = seq, d.seen|1
		return true
	case delta < -63 || d.seen&(1<<uint(-delta)) != 0:
		return false
	default:
		d.seen |= 1 << uint(-delta)
		return true
	}
}

// bind moves the dialog to the connection that a request of it came over.
func (d *dialog) bind(req *sip.Request) {
	d.mu.Lock()
	moved := d.source != req.Source()
	d.source = req.Source()
	if req.Contact() != nil && (req.Method == sip.INVITE || req.Method == sip.UPDATE) {
		d.target = contactOf(req)
	}
	ending := d.ending
	d.mu.Unlock()
	if moved {
		d.x.log.Info("dialog moved to another connection", "session", d.owner.Load().id, "subscriber", d.subscriber)
		d.post(func(s *session) {
			if p := s.partyOf(d); p != nil {
				s.mirrorHold(p)
				s.informAgain(p)
			}
		})
	}
	if moved || ending {
		select {
		case d.rebound <- struct{}{}:
		default:
		}
	}
}

// post hands f to the session that has the dialog, which may have become another one
// by the time that f would run. It never waits and may be called from anywhere.
func (d *dialog) post(f func(s *session)) {
	for {
		s := d.owner.Load()
		taken := s.post(func() {
			if d.owner.Load() != s {
				d.post(f)
				return
			}
			f(s)
		})
		if taken || d.owner.Load() == s {
			return
		}
	}
}

// ask has the session that has the dialog answer a request of the phone's.
func (d *dialog) ask(req *sip.Request) *sip.Response {
	for {
		s := d.owner.Load()
		res := s.ask(func() *sip.Response {
			if d.owner.Load() != s {
				return nil
			}
			return s.inDialog(d, req)
		})
		switch {
		case res != nil:
			return res
		case d.owner.Load() == s:
			return respond(req, 481)
		}
	}
}

func (d *dialog) sourceNow() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.source
}

// request builds a request of ours within the dialog.
func (d *dialog) request(method sip.RequestMethod, headers ...string) *sip.Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cseq == 0 {
		d.cseq = 1
	} else {
		d.cseq++
	}
	req := sip.NewRequest(method, *d.target.Clone())
	to, from := d.them, d.us
	to.Params, from.Params = to.Params.Clone(), from.Params.Clone()
	id := sip.CallIDHeader(d.id.callID)
	forwards := sip.MaxForwardsHeader(70)
	for _, h := range []sip.Header{&from, &to, &id, &sip.CSeqHeader{SeqNo: d.cseq, MethodName: method}, &forwards, d.x.contact()} {
		req.AppendHeader(h)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] != "" {
			req.AppendHeader(sip.NewHeader(headers[i], headers[i+1]))
		}
	}
	req.SetBody(nil)
	if method != sip.INVITE && method != sip.ACK {
		left := make(chan struct{})
		if d.turns == nil {
			d.turns = make(map[uint32]turn)
		}
		d.turns[d.cseq] = turn{after: d.sent, left: left}
		d.sent = left
	}
	req.SetTransport("WS")
	req.SetDestination(d.source)
	return req
}

// turn is the place of a request among those of its dialog: a phone refuses one that
// is overtaken by a later one (RFC 3261, 12.2.2).
type turn struct {
	after <-chan struct{} // closed once the one before has left
	left  chan<- struct{}
}

// inTurn sends a request once those that were made before it have left.
func (d *dialog) inTurn(ctx context.Context, req *sip.Request, send func()) {
	d.mu.Lock()
	t, waits := d.turns[req.CSeq().SeqNo]
	delete(d.turns, req.CSeq().SeqNo)
	d.mu.Unlock()
	if waits && t.after != nil {
		select {
		case <-t.after:
		case <-ctx.Done():
		}
	}
	send()
	if waits {
		close(t.left)
	}
}

// contact is where the phone sends its requests within a dialog: the exchange
// itself, reached over the phone's own connection.
func (x *Exchange) contact() sip.Header {
	return sip.NewHeader("Contact", "<sip:"+x.cfg.Exophone+"@"+strings.ToLower(x.cfg.Domain)+";transport=ws>")
}

package sip

import (
	"strconv"
	"strings"
	"sync"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/internal/crash"
	"offhook/voice/sip/transport"
)

// serverKey finds the transaction of a request (section 17.2.3). An ACK belongs
// to that of its INVITE.
func serverKey(req *sipmsg.Request, method sipmsg.RequestMethod) string {
	if method == sipmsg.ACK {
		method = sipmsg.INVITE
	}
	via := req.Via()
	branch := branchOf(via)
	if strings.HasPrefix(branch, "z9hG4bK") && len(branch) > len("z9hG4bK") {
		return branch + "\n" + strings.ToLower(via.Host) + ":" + strconv.Itoa(via.Port) + "\n" + string(method)
	}
	from, _ := req.From().Params.Get("tag") // RFC 2543
	return strings.Join([]string{"", from, req.CallID().Value(), strconv.FormatUint(uint64(req.CSeq().SeqNo), 10), via.Host + ":" + strconv.Itoa(via.Port), branch, string(method)}, "\n")
}

// mergeKey is the same for all copies of a request that begins something.
func mergeKey(req *sipmsg.Request) string {
	from, _ := req.From().Params.Get("tag")
	return strings.Join([]string{req.CallID().Value(), from, strconv.FormatUint(uint64(req.CSeq().SeqNo), 10), string(req.Method)}, "\n")
}

// cancelEarly notes a CANCEL whose INVITE has not come. Over UDP it may be the one
// that was faster.
func (t *transactions) cancelEarly(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, at := range t.cancelled {
		if time.Since(at) > t4 || len(t.cancelled) > inboxSize {
			delete(t.cancelled, k)
		}
	}
	t.cancelled[key] = time.Now()
}

// wasCancelled says whether the CANCEL of an INVITE has come before it.
func (t *transactions) wasCancelled(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, ok := t.cancelled[key]
	delete(t.cancelled, key)
	return ok && time.Since(at) < t4
}

// serverTx is a request of the far side.
type serverTx struct {
	f        *Flow
	req      *sipmsg.Request
	conn     transport.Conn
	reliable bool
	// done is closed when nothing can be answered any more.
	done chan struct{}
	// cancelled is called by the CANCEL of an INVITE that has no final response
	// yet, acked by its ACK. Both are set before the next message is handled.
	cancelled func(cancel *sipmsg.Request)

	mu       sync.Mutex
	state    txState
	last     []byte // the last response
	interval time.Duration
	again    *time.Timer
	limit    *time.Timer
}

// newServerTx makes the transaction of a request; nil if the flow is over.
func (f *Flow) newServerTx(req *sipmsg.Request, conn transport.Conn) *serverTx {
	tx := &serverTx{f: f, req: req, conn: conn, reliable: !f.datagrams() || conn != f.conn, done: make(chan struct{}), interval: t1}
	t := f.transactions
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil
	}
	t.server[serverKey(req, req.Method)] = tx
	if tagOf(req.To()) == "" {
		t.merged[mergeKey(req)] = tx
	}
	t.mu.Unlock()
	if req.IsInvite() {
		tx.mu.Lock()
		tx.again = time.AfterFunc(tryingDelay, crash.Guarded(func() { _ = tx.respond(f.response(req, sipmsg.StatusTrying, "")) }))
		tx.mu.Unlock()
	}
	return tx
}

// respond sends a response. ErrReplied says that a final one was sent before.
func (tx *serverTx) respond(res *sipmsg.Response) error {
	message := []byte(res.String())
	tx.mu.Lock()
	invite := tx.req.IsInvite()
	switch {
	case tx.state == txAccepted && res.IsSuccess(): // once more, until its ACK is there
		tx.mu.Unlock()
		return tx.conn.Write(message)
	case tx.state == txTerminated:
		tx.mu.Unlock()
		return ErrFlowLost
	case tx.state > txProceeding:
		tx.mu.Unlock()
		return ErrReplied
	case res.StatusCode == sipmsg.StatusTrying && tx.state != txCalling:
		tx.mu.Unlock()
		return nil
	}
	if tx.again != nil {
		tx.again.Stop()
	}
	tx.last = message
	ended := false
	switch {
	case res.IsProvisional():
		tx.state = txProceeding
	case invite && res.IsSuccess():
		tx.state = txAccepted
		tx.limit = time.AfterFunc(transactionTime, crash.Guarded(tx.terminate))
	default:
		tx.state = txCompleted
		tx.limit = time.AfterFunc(transactionTime, crash.Guarded(tx.terminate))
		if invite && !tx.reliable {
			tx.again = time.AfterFunc(tx.interval, crash.Guarded(tx.resend))
		}
		ended = !invite && tx.reliable
	}
	tx.mu.Unlock()
	err := tx.conn.Write(message)
	if ended {
		tx.terminate()
	}
	if err != nil {
		return ErrFlowLost
	}
	return nil
}

// resend repeats a refusal of an INVITE on UDP (timer G).
func (tx *serverTx) resend() {
	tx.mu.Lock()
	if tx.state != txCompleted {
		tx.mu.Unlock()
		return
	}
	tx.interval = min(2*tx.interval, t2)
	tx.again.Reset(tx.interval)
	message := tx.last
	tx.mu.Unlock()
	_ = tx.conn.Write(message)
}

// repeated answers a repetition of the request as before.
func (tx *serverTx) repeated() {
	tx.mu.Lock()
	message := tx.last
	if tx.state != txProceeding && tx.state != txCompleted {
		message = nil
	}
	tx.mu.Unlock()
	if message != nil {
		_ = tx.conn.Write(message)
	}
}

// acknowledged takes an ACK with the branch of the INVITE in. It says whether the
// INVITE was accepted: then the ACK is one of the dialog (RFC 6026, section 7.1).
func (tx *serverTx) acknowledged() (accepted bool) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.state == txCompleted {
		tx.state = txConfirmed
		tx.again.Stop()
		tx.limit.Stop()
		// On a stream, too: what comes twice must not ring again.
		tx.limit = time.AfterFunc(t4, crash.Guarded(tx.terminate))
	}
	return tx.state == txAccepted
}

// open says whether no final response was sent yet.
func (tx *serverTx) open() bool {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	return tx.state <= txProceeding
}

// terminate forgets the transaction.
func (tx *serverTx) terminate() {
	tx.mu.Lock()
	if tx.state == txTerminated {
		tx.mu.Unlock()
		return
	}
	tx.state = txTerminated
	for _, t := range []*time.Timer{tx.again, tx.limit} {
		if t != nil {
			t.Stop()
		}
	}
	close(tx.done)
	tx.mu.Unlock()
	t := tx.f.transactions
	t.mu.Lock()
	if key := serverKey(tx.req, tx.req.Method); t.server[key] == tx {
		delete(t.server, key)
	}
	if key := mergeKey(tx.req); t.merged[key] == tx {
		delete(t.merged, key)
	}
	t.mu.Unlock()
}

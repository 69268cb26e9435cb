package sip

import (
	"sync"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/internal/crash"
	"offhook/voice/sip/transport"
)

// Transactions (RFC 3261, section 17, with RFC 6026). sipgo has them, too, but
// hands each message over in a goroutine of its own, so that a CANCEL overtakes
// its INVITE. Here what comes is handled by the one goroutine that reads the
// flow, in its order, and what a transaction passes on is passed on by a call.

// The timers of RFC 3261, table 4.
const (
	t1 = 500 * time.Millisecond
	t2 = 4 * time.Second
	t4 = 5 * time.Second
	// transactionTime is 64*T1, the life of a transaction.
	transactionTime = 64 * t1
	// tryingDelay is how long an INVITE may stay without any answer.
	tryingDelay = 200 * time.Millisecond
)

type txState int

const (
	txCalling    txState = iota // of a client: nothing was heard; of a server: nothing was said
	txProceeding                // a provisional response
	txCompleted                 // a final response, other than a 2xx to an INVITE
	txConfirmed                 // and its ACK
	txAccepted                  // a 2xx to an INVITE (RFC 6026)
	txTerminated
)

// transactions are those of one flow.
type transactions struct {
	mu     sync.Mutex
	client map[string]*clientTx
	server map[string]*serverTx
	// merged finds a request that came by several ways (RFC 3261, 8.2.2.2).
	merged map[string]*serverTx
	// cancelled are the INVITEs whose CANCEL has overtaken them, by their keys.
	cancelled map[string]time.Time
	closed    bool
}

func newTransactions() *transactions {
	return &transactions{client: map[string]*clientTx{}, server: map[string]*serverTx{}, merged: map[string]*serverTx{}, cancelled: map[string]time.Time{}}
}

// close ends every transaction; err is told to those of a client.
func (t *transactions) close(err error) {
	t.mu.Lock()
	t.closed = true
	clients, servers := make([]*clientTx, 0, len(t.client)), make([]*serverTx, 0, len(t.server))
	for _, tx := range t.client {
		clients = append(clients, tx)
	}
	for _, tx := range t.server {
		servers = append(servers, tx)
	}
	t.mu.Unlock()
	for _, tx := range clients {
		tx.fail(err)
	}
	for _, tx := range servers {
		tx.terminate()
	}
}

func branchOf(via *sipmsg.ViaHeader) string {
	branch, _ := via.Params.Get("branch")
	return branch
}

func clientKey(via *sipmsg.ViaHeader, method sipmsg.RequestMethod) string {
	return branchOf(via) + "\n" + string(method)
}

// clientTx is a request of ours.
type clientTx struct {
	f    *Flow
	req  *sipmsg.Request
	conn transport.Conn
	// on is told each response, but for repetitions, and ErrTimeout or ErrFlowLost
	// where no final one came. It must not block.
	on func(res *sipmsg.Response, err error)

	mu       sync.Mutex
	state    txState
	reliable bool
	interval time.Duration
	again    *time.Timer // the request goes out once more
	limit    *time.Timer
	ack      []byte // of a refused INVITE
}

// newClientTx makes a transaction; start sends its request.
func (f *Flow) newClientTx(req *sipmsg.Request, on func(*sipmsg.Response, error)) *clientTx {
	if req.ContentLength() == nil {
		req.SetBody(req.Body())
	}
	return &clientTx{f: f, req: req, on: on, interval: t1}
}

func (tx *clientTx) key() string { return clientKey(tx.req.Via(), tx.req.Method) }

// start sends the request.
func (tx *clientTx) start() error {
	t := tx.f.transactions
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return ErrFlowLost
	}
	t.client[tx.key()] = tx
	t.mu.Unlock()
	message := []byte(tx.req.String())
	conn := tx.f.conn
	if tx.conn != nil {
		conn = tx.conn // a CANCEL goes the way of its INVITE
	} else if tx.f.datagrams() && len(message) > maxDatagram {
		if side := tx.f.sideStream(); side != nil {
			conn = side
			tx.req.Via().Transport = "TCP"
			message = []byte(tx.req.String())
		}
	}
	tx.mu.Lock()
	tx.conn, tx.reliable = conn, !tx.f.datagrams() || conn != tx.f.conn
	if tx.state == txCalling {
		switch {
		case !tx.reliable:
			tx.again = time.AfterFunc(tx.interval, crash.Guarded(tx.resend))
		case conn != tx.f.conn:
			tx.again = time.AfterFunc(sideTimeout, crash.Guarded(tx.fallBack))
		}
		tx.limit = time.AfterFunc(transactionTime, crash.Guarded(func() { tx.fail(ErrTimeout) }))
	}
	tx.mu.Unlock()
	if err := conn.Write(message); err != nil {
		if conn != tx.f.conn {
			tx.fallBack()
			return nil
		}
		tx.terminate()
		return ErrFlowLost
	}
	return nil
}

// resend repeats a request on UDP (timers A and E).
func (tx *clientTx) resend() {
	tx.mu.Lock()
	if tx.state > txProceeding || tx.state == txProceeding && tx.req.IsInvite() {
		tx.mu.Unlock()
		return
	}
	switch {
	case tx.req.IsInvite():
		tx.interval *= 2
	case tx.state == txProceeding:
		tx.interval = t2
	default:
		tx.interval = min(2*tx.interval, t2)
	}
	tx.again.Reset(tx.interval)
	conn := tx.conn
	message := []byte(tx.req.String())
	tx.mu.Unlock()
	_ = conn.Write(message)
}

// fallBack sends a request that went over TCP as a datagram, too, because nobody
// answers there. Its branch stays, so that a server that had it after all knows
// it again.
func (tx *clientTx) fallBack() {
	tx.mu.Lock()
	if tx.state != txCalling || !tx.reliable {
		tx.mu.Unlock()
		return
	}
	tx.conn, tx.reliable = tx.f.conn, false
	tx.req.Via().Transport = "UDP"
	if tx.again != nil {
		tx.again.Stop()
	}
	tx.again = time.AfterFunc(tx.interval, crash.Guarded(tx.resend))
	message := []byte(tx.req.String())
	tx.mu.Unlock()
	tx.f.barSideStream()
	_ = tx.f.conn.Write(message)
}

// receive takes a response in.
func (tx *clientTx) receive(res *sipmsg.Response) {
	tx.mu.Lock()
	invite := tx.req.IsInvite()
	switch {
	case tx.state == txTerminated, tx.state == txCompleted && !invite:
		tx.mu.Unlock()
		return
	case tx.state == txCompleted:
		ack := tx.ack
		tx.mu.Unlock()
		if res.StatusCode >= 300 {
			_ = tx.conn.Write(ack)
		}
		return
	case tx.state == txAccepted:
		tx.mu.Unlock()
		if res.IsSuccess() {
			tx.on(res, nil) // the same once more, or another fork's
		}
		return
	case res.IsProvisional():
		tx.state = txProceeding
		if invite {
			tx.stopLocked()
		}
		if tx.reliable && tx.again != nil {
			tx.again.Stop()
		}
		tx.mu.Unlock()
		tx.on(res, nil)
		return
	}
	tx.stopLocked()
	var ack []byte
	linger := transactionTime
	switch {
	case invite && res.IsSuccess():
		tx.state = txAccepted
	case invite:
		tx.state = txCompleted
		ack = []byte(hopRequest(sipmsg.ACK, tx.req, res).String())
		tx.ack = ack
		if tx.reliable {
			linger = 0
		}
	default:
		tx.state = txCompleted
		if linger = t4; tx.reliable {
			linger = 0
		}
	}
	if linger > 0 {
		tx.limit = time.AfterFunc(linger, crash.Guarded(tx.terminate))
	}
	tx.mu.Unlock()
	if ack != nil {
		_ = tx.conn.Write(ack)
	}
	if linger == 0 {
		tx.terminate()
	}
	tx.on(res, nil)
}

func (tx *clientTx) stopLocked() {
	for _, t := range []*time.Timer{tx.again, tx.limit} {
		if t != nil {
			t.Stop()
		}
	}
}

// terminate forgets the transaction and tells nobody.
func (tx *clientTx) terminate() { tx.end() }

// fail ends a transaction that has no final response.
func (tx *clientTx) fail(err error) {
	if tx.end() <= txProceeding {
		tx.on(nil, err)
	}
}

func (tx *clientTx) end() (was txState) {
	tx.mu.Lock()
	was = tx.state
	tx.state = txTerminated
	tx.stopLocked()
	key := tx.key()
	tx.mu.Unlock()
	t := tx.f.transactions
	t.mu.Lock()
	if t.client[key] == tx {
		delete(t.client, key)
	}
	t.mu.Unlock()
	return was
}

// hopRequest is the CANCEL of a request, or the ACK of an INVITE that was
// refused with res: the same Request-URI, Via, Route, From, To, Call-ID and CSeq
// number (RFC 3261, sections 9.1 and 17.1.1.3).
func hopRequest(method sipmsg.RequestMethod, of *sipmsg.Request, res *sipmsg.Response) *sipmsg.Request {
	req := sipmsg.NewRequest(method, *of.Recipient.Clone())
	for _, name := range []string{"Via", "Route", "Max-Forwards", "From", "To", "Call-ID"} {
		from := of.GetHeaders(name)
		if name == "To" && res != nil {
			from = res.GetHeaders(name)
		}
		for _, h := range from {
			req.AppendHeader(sipmsg.HeaderClone(h))
			if name == "Via" {
				break
			}
		}
	}
	req.AppendHeader(&sipmsg.CSeqHeader{SeqNo: of.CSeq().SeqNo, MethodName: method})
	req.SetBody(nil)
	return req
}

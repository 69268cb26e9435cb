package sip

import (
	"runtime/debug"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/voice/sip/transport"
)

// inboxSize is how many messages may wait until they are handled; what comes
// beyond waits in the network.
const inboxSize = 256

// arrived is a message as it came, and how. The last of a flow has no connection,
// but says why nothing more comes.
type arrived struct {
	conn    transport.Conn
	message []byte
	err     error
}

// readAll reads the flow to its end.
func (f *Flow) readAll() {
	f.inbox <- arrived{err: f.read(f.conn)}
}

// read reads a connection to its end.
func (f *Flow) read(conn transport.Conn) error {
	for {
		message, err := conn.Read()
		if err != nil {
			return err
		}
		select {
		case f.inbox <- arrived{conn: conn, message: message}:
		case <-f.done:
			return f.Err()
		}
	}
}

// handleAll handles what comes, one after the other: nothing overtakes anything.
// So whatever is done here must not wait.
func (f *Flow) handleAll() {
	for a := range f.inbox {
		if a.conn == nil {
			f.conn.End(a.err) // what had come before is answered
			f.end()
			return
		}
		f.take(a.conn, a.message)
	}
}

// take handles one message.
func (f *Flow) take(conn transport.Conn, message []byte) {
	var req *sipmsg.Request
	defer func() {
		if r := recover(); r != nil {
			f.cfg.Logger.Error("a message broke its handler", "panic", r, "stack", string(debug.Stack()))
			if req != nil && req.Method != sipmsg.ACK {
				_ = conn.Write([]byte(f.response(req, sipmsg.StatusInternalServerError, "").String()))
			}
		}
	}()
	m, err := parse(message)
	if err != nil {
		f.cfg.Logger.Warn("refused a message", "bytes", len(message), "reason", err)
		if answer := answerTo(err); answer != nil {
			_ = conn.Write(answer)
		}
		return
	}
	switch m := m.(type) {
	case *sipmsg.Request:
		req = m
		req.SetSource(conn.RemoteAddr().String())
		f.takeRequest(conn, req)
	case *sipmsg.Response:
		f.takeResponse(m)
	}
}

func (f *Flow) takeResponse(res *sipmsg.Response) {
	f.transactions.mu.Lock()
	tx := f.transactions.client[clientKey(res.Via(), res.CSeq().MethodName)]
	f.transactions.mu.Unlock()
	if tx != nil {
		tx.receive(res)
	}
}

// takeRequest finds the transaction of a request, or makes one (RFC 3261, section
// 17.2.3).
func (f *Flow) takeRequest(conn transport.Conn, req *sipmsg.Request) {
	t := f.transactions
	t.mu.Lock()
	known := t.server[serverKey(req, req.Method)]
	var of, same *serverTx
	if req.Method == sipmsg.CANCEL {
		of = t.server[serverKey(req, sipmsg.INVITE)]
	} else if tagOf(req.To()) == "" {
		same = t.merged[mergeKey(req)]
	}
	t.mu.Unlock()
	switch {
	case req.Method == sipmsg.ACK:
		if known == nil || known.acknowledged() {
			f.acknowledged(req)
		}
		return
	case known != nil:
		known.repeated()
		return
	}
	if req.Method == sipmsg.CANCEL && of == nil {
		t.cancelEarly(serverKey(req, sipmsg.INVITE))
		_ = conn.Write([]byte(f.response(req, sipmsg.StatusCallTransactionDoesNotExists, "").String()))
		return
	}
	tx := f.newServerTx(req, conn)
	switch {
	case tx == nil: // the flow is over
	case req.IsInvite() && t.wasCancelled(serverKey(req, sipmsg.INVITE)):
		_ = f.respond(req, tx, sipmsg.StatusRequestTerminated)
	case req.Method == sipmsg.CANCEL:
		_ = f.respond(req, tx, sipmsg.StatusOK)
		if of.cancelled != nil && of.open() {
			of.cancelled(req)
		}
	case same != nil:
		_ = f.respond(req, tx, sipmsg.StatusLoopDetected)
	default:
		f.handle(req, tx)
	}
}

// acknowledged hands the ACK of a 2xx to its dialog.
func (f *Flow) acknowledged(req *sipmsg.Request) {
	if d := f.find(req.CallID().Value(), tagOf(req.To())); d != nil {
		d.acknowledged(req)
	}
}

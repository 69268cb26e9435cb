package sip

import (
	"context"
	"errors"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/voice/sip/transport"
)

// A registration is proven all the time: a server that hangs or dies is noticed
// within proofInterval and twice proofTimeout.
const (
	proofInterval = 9 * time.Second
	proofTimeout  = 4 * time.Second
	// confirmInterval is the time after which a registration over UDP is told anew. A
	// server that starts again within a second has lost it, and nothing shows that: no
	// connection breaks, and OPTIONS is answered as before. A REGISTER without Contact
	// would only ask (RFC 3261, section 10.2.3), but FreeSWITCH, for one, refuses it.
	confirmInterval = 2 * proofInterval
)

// prove asks the server for its life where the connection itself can't, until the
// flow is over: by an OPTIONS, whenever nothing was heard for a while. Any answer
// does, whatever it says (RFC 3261, section 11). Servers that leave OPTIONS
// unanswered answer a REGISTER: doubt asks for one.
func (f *Flow) prove(doubt chan<- struct{}) {
	interval, timeout := f.cfg.PingInterval, f.cfg.PongTimeout
	if interval == 0 {
		interval = proofInterval
	}
	if timeout == 0 {
		timeout = proofTimeout
	}
	deaf := false // to OPTIONS
	var unreachable <-chan struct{}
	if d, ok := f.conn.(*transport.Datagrams); ok {
		unreachable = d.Unreachable()
	}
	for {
		told := false
		timer := time.NewTimer(max(interval-time.Since(f.conn.LastHeard()), interval/8))
		select {
		case <-timer.C:
		case <-unreachable:
			told = true
		case <-f.done:
			timer.Stop()
			return
		}
		timer.Stop()
		if !told && (f.conn.Answers() || time.Since(f.conn.LastHeard()) < interval) {
			continue
		}
		if !deaf && !told {
			sent := time.Now()
			ctx, cancel := context.WithTimeout(context.Background(), timeout)
			res, err := f.final(ctx, f.optionsRequest())
			cancel()
			if errors.Is(err, ErrFlowLost) {
				return
			}
			refused := err == nil && (res.StatusCode == sipmsg.StatusRequestTimeout || res.StatusCode == sipmsg.StatusGatewayTimeout)
			if !refused && !f.conn.LastHeard().Before(sent) {
				continue
			}
			deaf = true
		}
		select {
		case doubt <- struct{}{}:
		default:
		}
	}
}

// Prove asks the server for a sign of life and fails if there was none before ctx
// ended. Any answer to an OPTIONS is one, and so is anything else that is heard.
func (f *Flow) Prove(ctx context.Context) error {
	sent := time.Now()
	_, err := f.final(ctx, f.optionsRequest())
	if err == nil || !errors.Is(err, ErrFlowLost) && f.conn.LastHeard().After(sent) {
		return nil
	}
	return err
}

// optionsRequest asks the server what it can do.
func (f *Flow) optionsRequest() *sipmsg.Request {
	req := f.newRequest(sipmsg.OPTIONS, sipmsg.Uri{Scheme: "sip", Host: f.cfg.Domain})
	who := sipmsg.Uri{Scheme: "sip", User: escapeUser(f.cfg.User), Host: f.cfg.Domain}
	from := &sipmsg.FromHeader{Address: who, Params: sipmsg.NewParams()}
	from.Params.Add("tag", newTag())
	id := sipmsg.CallIDHeader(newTag() + newTag())
	for _, r := range f.startRoutes() {
		req.AppendHeader(&sipmsg.RouteHeader{Address: r})
	}
	for _, h := range []sipmsg.Header{
		from, &sipmsg.ToHeader{Address: sipmsg.Uri{Scheme: "sip", Host: f.cfg.Domain}}, &id,
		&sipmsg.CSeqHeader{SeqNo: firstSeq(), MethodName: sipmsg.OPTIONS}, f.contact(),
		sipmsg.NewHeader("Accept", sdpType), sipmsg.NewHeader("User-Agent", f.cfg.UserAgent),
	} {
		req.AppendHeader(h)
	}
	return req
}

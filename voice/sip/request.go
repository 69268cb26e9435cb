package sip

import (
	"context"
	"crypto/rand"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/internal/backoff"
	"offhook/internal/crash"
)

// allowed are the methods that a dialog of ours understands.
const allowed = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, NOTIFY, REFER"

// accepted are the bodies that we understand.
const accepted = sdpType + ", multipart/mixed"

// supported are the extensions that we understand in an answer of ours.
const supported = "timer, replaces"

// newRequest makes a request with what every request has, but for From, To,
// Call-ID and CSeq (RFC 3261, section 8.1.1).
func (f *Flow) newRequest(method sipmsg.RequestMethod, to sipmsg.Uri) *sipmsg.Request {
	req := sipmsg.NewRequest(method, to)
	f.newBranch(req)
	hops := sipmsg.MaxForwardsHeader(70)
	req.AppendHeader(&hops)
	return req
}

// newBranch gives a request the Via of a new transaction.
func (f *Flow) newBranch(req *sipmsg.Request) {
	req.RemoveHeader("Via")
	via := &sipmsg.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: f.viaTransport(),
		Host: bracketed(f.host), Port: f.port, Params: sipmsg.NewParams(),
	}
	via.Params.Add("branch", "z9hG4bK"+rand.Text())
	if f.datagrams() {
		via.Params.Add("rport", "") // RFC 3581: answer where this came from
	}
	req.PrependHeader(via)
}

func (f *Flow) viaTransport() string { return strings.ToUpper(f.at.scheme) }

// contact is where the far side reaches us: over this very flow.
func (f *Flow) contact() *sipmsg.ContactHeader {
	transport := f.at.scheme
	if transport == "wss" {
		transport = "ws" // RFC 7118, section 5
	}
	params := sipmsg.NewParams()
	params.Add("transport", transport)
	return &sipmsg.ContactHeader{Address: sipmsg.Uri{
		Scheme: "sip", User: escapeUser(f.cfg.User), Host: bracketed(f.host), Port: f.port, UriParams: params,
	}}
}

// bracketed is a host as a URI has it: an address of IPv6 in brackets.
func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// proxyRoute is the route set of what begins a dialog: the outbound proxy, if
// there is one.
func proxyRoute(cfg *Config) []sipmsg.Uri {
	at, err := cfg.parseAddress(cfg.OutboundProxy)
	if err != nil {
		return nil
	}
	params := sipmsg.NewParams()
	params.Add("transport", at.scheme)
	params.Add("lr", "")
	uri := sipmsg.Uri{Scheme: "sip", Host: bracketed(at.host), UriParams: params}
	if at.port {
		_, port, _ := net.SplitHostPort(at.hostPort)
		uri.Port, _ = strconv.Atoi(port)
	}
	return []sipmsg.Uri{uri}
}

// startRoutes are the Route headers of what begins a dialog or stands outside
// of any.
func (f *Flow) startRoutes() []sipmsg.Uri {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.routes)
}

// newTag makes a tag of a dialog's side (RFC 3261, section 19.3).
func newTag() string { return strings.ToLower(rand.Text()[:16]) }

// escapeUser escapes what may not stand in the user part of a URI (RFC 3261,
// section 25.1).
func escapeUser(user string) string {
	const plain = "-_.!~*'()&=+$,;?/"
	var b strings.Builder
	for i := range len(user) {
		ch := user[i]
		switch {
		case 'a' <= ch && ch <= 'z', 'A' <= ch && ch <= 'Z', '0' <= ch && ch <= '9', strings.IndexByte(plain, ch) >= 0:
			b.WriteByte(ch)
		default:
			b.WriteString("%" + strings.ToUpper(strconv.FormatUint(0x100|uint64(ch), 16)[1:]))
		}
	}
	return b.String()
}

// send sends an ACK, which has no transaction.
func (f *Flow) send(ack *sipmsg.Request) error { return f.conn.Write([]byte(ack.String())) }

// aside does what must wait, beside the handling of what comes.
func (f *Flow) aside(do func()) {
	if !f.enter() {
		return
	}
	go func() {
		defer crash.Guard()
		defer f.leave()
		do()
	}()
}

// final sends a request other than INVITE, signed for the realms that are known,
// and waits for its final response.
func (f *Flow) final(ctx context.Context, req *sipmsg.Request) (*sipmsg.Response, error) {
	type outcome struct {
		res *sipmsg.Response
		err error
	}
	f.creds.sign(req)
	final := make(chan outcome, 1)
	tx := f.newClientTx(req, func(res *sipmsg.Response, err error) {
		if err != nil || !res.IsProvisional() {
			final <- outcome{res, err} // there is one
		}
	})
	if f.lost() {
		return nil, ErrFlowLost
	}
	if err := tx.start(); err != nil {
		return nil, err
	}
	select {
	case o := <-final:
		return o.res, o.err
	case <-ctx.Done():
		tx.terminate()
		return nil, ctx.Err()
	}
}

func retryAfter(m sipmsg.Message) time.Duration {
	return backoff.RetryAfter(headerValue(m, "Retry-After"), time.Now(), 24*time.Hour)
}

func headerValue(m sipmsg.Message, name string) string {
	if hs := m.GetHeaders(name); len(hs) > 0 {
		return hs[0].Value()
	}
	return ""
}

// headersOf copies the headers of a message, so that nothing of sipgo's gets
// out.
func headersOf(m interface{ Headers() []sipmsg.Header }) []Header {
	all := m.Headers()
	out := make([]Header, 0, len(all))
	for _, h := range all {
		out = append(out, Header{Name: h.Name(), Value: h.Value()})
	}
	return out
}

// hasToken says whether a header that lists tokens, such as Allow, has one.
func hasToken(m sipmsg.Message, name, token string) bool {
	for _, h := range m.GetHeaders(name) {
		for t := range strings.SplitSeq(h.Value(), ",") {
			if strings.EqualFold(strings.TrimSpace(t), token) {
				return true
			}
		}
	}
	return false
}

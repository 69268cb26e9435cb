package sip

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"

	"offhook/demo/wsconn"
)

const timeout = 30 * time.Second

// server is a SIP server behind the path /sip of a web server. It challenges
// with digest and hands every INVITE that passes to onInvite.
type server struct {
	t            testing.TB
	ping         time.Duration
	web          *httptest.Server
	listener     *wsconn.Listener
	transport    *sipmsg.TransportLayer
	transactions *sipmsg.TransactionLayer
	onInvite     func(*leg)
	// challenge decides how a request is challenged; nil asks nobody.
	challenge func(req *sipmsg.Request) *sipmsg.Response
	conns     chan *wsconn.Conn
	register  func(*sipmsg.Request, *sipmsg.ServerTx)
	subscribe func(*sipmsg.Request, *sipmsg.ServerTx)
	answers   chan string // the status lines of the clients' responses

	mu   sync.Mutex
	legs map[string]*leg
	seen []string // methods in the order of arrival
}

type serverOption func(*server)

func withDigest(algorithms ...string) serverOption {
	return func(s *server) { s.challenge = digestChallenge("sip.example", "secret", algorithms...) }
}

func newServer(t testing.TB, onInvite func(*leg), options ...serverOption) *server {
	t.Helper()
	return serve(t, httptest.NewServer, onInvite, options...)
}

func serve(t testing.TB, start func(http.Handler) *httptest.Server, onInvite func(*leg), options ...serverOption) *server {
	t.Helper()
	s := &server{t: t, onInvite: onInvite, legs: map[string]*leg{}, conns: make(chan *wsconn.Conn, 16), answers: make(chan string, 4096)}
	for _, o := range options {
		o(s)
	}
	mux := http.NewServeMux()
	s.web = start(mux)
	s.listener = wsconn.NewListener(s.web.Listener.Addr(), wsconn.ListenerConfig{
		Conn: wsconn.Config{PingInterval: s.ping, Accept: s.note, Rewrite: func(m []byte) []byte {
			// The server needs the guard too, or an answer to rubbish would end it.
			plain, _, _ := inspect(m)
			return plain
		}},
		OnConn: func(c *wsconn.Conn, _ *http.Request) { s.conns <- c },
	})
	mux.Handle("/sip", s.listener)
	quiet := slog.New(slog.DiscardHandler)
	s.transport = sipmsg.NewTransportLayer(net.DefaultResolver, sipmsg.NewParser(), nil, sipmsg.WithTransportLayerLogger(quiet))
	s.transactions = sipmsg.NewTransactionLayer(s.transport, sipmsg.WithTransactionLayerLogger(quiet))
	s.transactions.OnRequest(s.handle)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = s.transport.ServeWS(s.listener)
	}()
	t.Cleanup(func() {
		_ = s.listener.Close()
		<-served
		s.transactions.Close()
		// Not that of UDP: what is under way would find no socket and open one.
		_ = s.transport.Pool("ws").Clear()
		_ = s.transport.Pool("tcp").Clear()
		s.web.Close()
	})
	return s
}

// note sees every message of a client before sipgo does.
func (s *server) note(message []byte) bool {
	if line, _, _ := strings.Cut(string(message), "\r\n"); strings.HasPrefix(line, "SIP/2.0 ") {
		select {
		case s.answers <- line:
		default:
		}
	}
	return true
}

func (s *server) url() string {
	return "ws" + strings.TrimPrefix(s.web.URL, "http") + "/sip"
}

func (s *server) config() Config {
	return Config{URL: s.url(), Domain: "sip.example", User: "alice", Password: "secret", DisplayName: "Alice A."}
}

// connect opens a flow that is closed at the end of the test.
func (s *server) connect(change ...func(*Config)) *Flow {
	s.t.Helper()
	cfg := s.config()
	for _, c := range change {
		c(&cfg)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	f, err := Connect(ctx, cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = f.Close() })
	return f
}

func (s *server) handle(req *sipmsg.Request, tx *sipmsg.ServerTx) {
	s.mu.Lock()
	s.seen = append(s.seen, req.Method.String())
	l := s.legs[req.CallID().Value()]
	s.mu.Unlock()
	if req.Method == sipmsg.ACK {
		tx.Terminate() // or sipgo takes the next ACK for a repetition
	}
	if s.challenge != nil && req.Method != sipmsg.ACK && req.Method != sipmsg.CANCEL {
		if res := s.challenge(req); res != nil {
			_ = tx.Respond(res)
			return
		}
	}
	if l != nil {
		l.inside(req, tx)
		return
	}
	switch req.Method {
	case sipmsg.REGISTER:
		s.register(req, tx)
	case sipmsg.SUBSCRIBE:
		s.subscribe(req, tx)
	case sipmsg.INVITE:
		l := &leg{s: s, req: req, tx: tx, source: req.Source(), tag: newTag(), inbox: make(chan *sipmsg.Request, 4096), seq: 100}
		s.mu.Lock()
		s.legs[req.CallID().Value()] = l
		s.mu.Unlock()
		s.onInvite(l)
	case sipmsg.ACK:
	default:
		_ = tx.Respond(sipmsg.NewResponseFromRequest(req, 481, "Gone", nil))
	}
}

// digestChallenge checks credentials; algorithms are offered in their order.
func digestChallenge(realm, password string, algorithms ...string) func(*sipmsg.Request) *sipmsg.Response {
	return func(req *sipmsg.Request) *sipmsg.Response {
		if h := req.GetHeader("Authorization"); h != nil {
			cred, err := digest.ParseCredentials(h.Value())
			if err == nil && cred.URI == req.Recipient.String() {
				want, err := digest.Digest(&digest.Challenge{Realm: realm, Nonce: cred.Nonce, Algorithm: cred.Algorithm, QOP: []string{"auth"}},
					digest.Options{Method: req.Method.String(), URI: cred.URI, Username: cred.Username, Password: password, Cnonce: cred.Cnonce, Count: cred.Nc})
				if err == nil && want.Response == cred.Response && cred.Username == "alice" {
					return nil
				}
			}
		}
		res := sipmsg.NewResponseFromRequest(req, 401, "Unauthorized", nil)
		for _, a := range algorithms {
			ch := digest.Challenge{Realm: realm, Nonce: "nonce-" + newTag(), Algorithm: a, QOP: []string{"auth"}}
			res.AppendHeader(sipmsg.NewHeader("WWW-Authenticate", ch.String()))
		}
		return res
	}
}

// leg is the server's side of one dialog.
type leg struct {
	s      *server
	req    *sipmsg.Request
	tx     *sipmsg.ServerTx
	tag    string
	inbox  chan *sipmsg.Request // what came inside the dialog
	kept   []*sipmsg.Request
	onReq  func(*sipmsg.Request, *sipmsg.ServerTx) bool
	mu     sync.Mutex
	source string // the connection that the client was last heard on
	seq    uint32
}

// on makes f answer what comes inside the dialog, if it returns true.
func (l *leg) on(f func(*sipmsg.Request, *sipmsg.ServerTx) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.onReq = f
}

// inside answers what comes inside the dialog with 200, unless onReq does.
func (l *leg) inside(req *sipmsg.Request, tx *sipmsg.ServerTx) {
	l.mu.Lock()
	l.source = req.Source()
	on := l.onReq
	l.mu.Unlock()
	l.inbox <- req
	if req.Method == sipmsg.ACK || on != nil && on(req, tx) {
		return
	}
	_ = tx.Respond(l.response(req, 200, ""))
}

func (l *leg) response(req *sipmsg.Request, status int, body string, headers ...sipmsg.Header) *sipmsg.Response {
	res := sipmsg.NewResponseFromRequest(req, status, "Status", nil)
	res.To().Params.Add("tag", l.tag)
	if status > 100 && status < 300 {
		res.AppendHeader(&sipmsg.ContactHeader{Address: sipmsg.Uri{Scheme: "sip", User: "exchange", Host: "exchange.invalid"}})
		res.AppendHeader(sipmsg.NewHeader("Allow", "INVITE, ACK, CANCEL, BYE, INFO, UPDATE, OPTIONS"))
	}
	for _, h := range headers {
		res.AppendHeader(h)
	}
	setBody(res, sdpType, body)
	return res
}

// respond answers the INVITE.
func (l *leg) respond(status int, body string, headers ...sipmsg.Header) {
	if err := l.tx.Respond(l.response(l.req, status, body, headers...)); err != nil {
		l.s.t.Errorf("responding %d: %v", status, err)
	}
}

// expect waits for a request of a method inside the dialog, ACK for instance.
// sipgo may hand over a BYE before the ACK that it followed: what is passed
// over is kept for the next expect.
func (l *leg) expect(method sipmsg.RequestMethod) *sipmsg.Request {
	l.s.t.Helper()
	for i, req := range l.kept {
		if req.Method == method {
			l.kept = slices.Delete(l.kept, i, i+1)
			return req
		}
	}
	limit := time.After(timeout)
	for {
		select {
		case req := <-l.inbox:
			if req.Method == method {
				return req
			}
			l.kept = append(l.kept, req)
		case <-limit:
			l.s.t.Fatalf("no %s came", method)
		}
	}
}

// build makes a request from the server to the client inside the dialog.
func (l *leg) build(method sipmsg.RequestMethod, body string, headers ...sipmsg.Header) *sipmsg.Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	req := sipmsg.NewRequest(method, l.req.Contact().Address)
	req.SetTransport(l.req.Transport())
	req.SetDestination(l.source)
	via := &sipmsg.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: l.req.Transport(), Host: "exchange.invalid", Params: sipmsg.NewParams()}
	via.Params.Add("branch", "z9hG4bK"+newTag())
	req.AppendHeader(via)
	from := &sipmsg.FromHeader{Address: l.req.To().Address, Params: sipmsg.NewParams()}
	from.Params.Add("tag", l.tag)
	to := l.req.From().AsTo()
	id := *l.req.CallID()
	req.AppendHeader(from)
	req.AppendHeader(&to)
	req.AppendHeader(&id)
	req.AppendHeader(&sipmsg.CSeqHeader{SeqNo: l.seq, MethodName: method})
	req.AppendHeader(&sipmsg.ContactHeader{Address: sipmsg.Uri{Scheme: "sip", User: "exchange2", Host: "exchange.invalid"}})
	for _, h := range headers {
		req.AppendHeader(h)
	}
	setBody(req, sdpType, body)
	if body == "" {
		req.SetBody(nil)
	}
	return req
}

// request sends a request to the client and returns its final response; a 2xx
// to an INVITE is acknowledged with ackBody.
func (l *leg) request(method sipmsg.RequestMethod, body, ackBody string, headers ...sipmsg.Header) (*sipmsg.Response, error) {
	req := l.build(method, body, headers...)
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	tx, err := l.s.transactions.Request(ctx, req)
	if err != nil {
		return nil, err
	}
	for {
		select {
		case res := <-tx.Responses():
			if res.IsProvisional() {
				continue
			}
			if method == sipmsg.INVITE && res.IsSuccess() {
				ack := l.build(sipmsg.ACK, ackBody)
				ack.CSeq().SeqNo = req.CSeq().SeqNo
				if err := l.s.transport.WriteMsg(ack); err != nil {
					return nil, err
				}
			}
			return res, nil
		case <-tx.Done():
			return nil, errors.Join(errors.New("transaction over"), tx.Err())
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// event waits for the next event of a dialog and checks its kind.
func event[E DialogEvent](t *testing.T, d *Dialog) E {
	t.Helper()
	select {
	case ev, open := <-d.Events():
		if !open {
			t.Fatalf("the events ended, want %T", *new(E))
		}
		want, ok := ev.(E)
		if !ok {
			t.Fatalf("got %T %+v, want %T", ev, ev, want)
		}
		return want
	case <-time.After(timeout):
		t.Fatalf("no event, want %T", *new(E))
	}
	panic("unreachable")
}

// finished checks that no event follows.
func finished(t *testing.T, d *Dialog) {
	t.Helper()
	select {
	case ev, open := <-d.Events():
		if open {
			t.Fatalf("an event after the end: %T %+v", ev, ev)
		}
	case <-time.After(timeout):
		t.Fatal("the events did not end")
	}
	<-d.Done()
}

func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	t.Cleanup(cancel)
	return ctx
}

func tlsServer(h http.Handler) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of refused certificates
	s.StartTLS()
	return s
}

func trusting(s *server) func(*Config) {
	return func(c *Config) {
		c.TLS = s.web.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		c.TLS.NextProtos = nil
		c.TLS.MinVersion = tls.VersionTLS12
	}
}

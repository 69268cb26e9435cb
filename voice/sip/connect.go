package sip

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"
	"github.com/gobwas/ws"

	"offhook/voice/fault"
	"offhook/voice/sip/wsconn"
)

// sipgo finds connections by address. A flow has exactly one, so the addresses
// are placeholders (RFC 5737): no name is looked up twice, none leaks into a
// Via, and a connection made through a proxy or a pipe is as good as any.
var (
	placeRemote = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1).To4(), Port: 5060}
	placeLocal  = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 2).To4()}
)

// placedConn shows the placeholder addresses.
type placedConn struct{ net.Conn }

func (placedConn) LocalAddr() net.Addr  { return placeLocal }
func (placedConn) RemoteAddr() net.Addr { return placeRemote }

// Connect opens a flow: one connection that is kept alive with pings. It returns
// when the connection is up, or with a *fault.Error; ctx limits the time until
// then and has no meaning after it. Of several addresses that the server's name
// stands for the next is tried when one fails. A flow of UDP is up as soon as
// there is a socket: only an answer shows whether a server is there.
func Connect(ctx context.Context, cfg Config) (*Flow, error) {
	at, err := cfg.check()
	if err != nil {
		return nil, err
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = "Offhook"
	}
	servers, err := cfg.locate(ctx, at)
	if err != nil {
		return nil, connectFault(err)
	}
	if cfg.shunned != nil {
		slices.SortStableFunc(servers, func(a, b string) int { return cfg.shunned(a).Compare(cfg.shunned(b)) })
	}
	var failure error
	for i, server := range servers {
		f := newFlow(cfg, at)
		f.server, f.others = server, len(servers)-1
		trying, cancel := withShare(ctx, len(servers)-i)
		err := f.connect(trying)
		cancel()
		if err == nil {
			return f, nil
		}
		cfg.Logger.Debug("a server was not reached", "server", server, "reason", err)
		// The first failure is that of the server that should have answered.
		if failure = cmp.Or(failure, connectFault(err)); ctx.Err() != nil {
			break
		}
	}
	return nil, failure
}

// withShare gives the next of n attempts its part of the time that ctx has.
func withShare(ctx context.Context, n int) (context.Context, context.CancelFunc) {
	end, limited := ctx.Deadline()
	if !limited || n < 2 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(end)/time.Duration(n))
}

// connect opens the flow to f.server.
func (f *Flow) connect(ctx context.Context) error {
	network := "tcp"
	if f.datagrams() {
		network = "udp"
	}
	raw, err := f.dial(ctx, network)
	if err != nil {
		return err
	}
	if f.at.stream {
		f.reachable(raw.LocalAddr())
	}
	switch {
	case f.datagrams():
		err = f.openDatagrams(raw)
	case f.at.stream:
		raw = bridged(raw)
		err = f.open(ctx, raw)
	default:
		err = f.open(ctx, raw)
	}
	if err != nil {
		_ = raw.Close()
	}
	return err
}

// dial opens the connection and, for wss and tls, TLS on it.
func (f *Flow) dial(ctx context.Context, network string) (net.Conn, error) {
	open := f.cfg.Dial
	if open == nil {
		open = (&net.Dialer{}).DialContext
	}
	raw, err := open(ctx, network, f.server)
	if err != nil || !f.at.secure {
		return raw, err
	}
	conf := &tls.Config{}
	if f.cfg.TLS != nil {
		conf = f.cfg.TLS.Clone()
	}
	if conf.ServerName == "" {
		// The name that was asked for, whatever SRV made of it (RFC 5922, section 7).
		conf.ServerName = f.at.host
	}
	if conf.MinVersion == 0 {
		conf.MinVersion = tls.VersionTLS12
	}
	if conf.NextProtos = []string{"http/1.1"}; f.at.stream {
		conf.NextProtos = nil
	}
	secured := tls.Client(raw, conf)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return secured, nil
}

// open makes sipgo shake hands over raw, with a wsconn.Conn in between.
func (f *Flow) open(ctx context.Context, raw net.Conn) error {
	var refused *HandshakeError
	// sipgo would dial again for a request after the connection is gone.
	var dialled atomic.Bool
	f.layers(func(status int, resp io.Reader) {
		refused = &HandshakeError{Status: status}
		if res, err := http.ReadResponse(bufio.NewReader(resp), nil); err == nil {
			refused.RetryAfter = parseRetryAfter(res.Header.Get("Retry-After"))
			_ = res.Body.Close()
		}
	}, func(context.Context) (net.Conn, error) {
		if dialled.Swap(true) {
			return nil, ErrFlowLost
		}
		conn := f.wrap(raw)
		f.conn = conn
		return conn, nil
	})
	// sipgo opens a connection for a request only. This one is never sent.
	probe := f.newRequest(sipmsg.OPTIONS, sipmsg.Uri{Scheme: "sip", Host: f.cfg.Domain})
	if _, err := f.transport.ClientRequestConnection(ctx, probe); err != nil {
		if refused != nil {
			return refused
		}
		return err
	}
	go f.watch()
	return nil
}

// layers makes sipgo's transports and transactions; dial opens a connection that
// speaks WebSocket.
func (f *Flow) layers(refused func(status int, resp io.Reader), dial func(context.Context) (net.Conn, error)) {
	transport := &sipmsg.TransportWS{
		// The scheme is ws for wss too: TLS is ours.
		DialURI: func(string) string { return "ws://" + f.at.hostPort + "/" + strings.TrimPrefix(f.at.path, "/") },
		DialerCreate: func(net.Addr) ws.Dialer {
			return ws.Dialer{
				Protocols:     sipmsg.WebSocketProtocols,
				Header:        ws.HandshakeHeaderHTTP(f.cfg.Header),
				NetDial:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
				OnStatusError: func(status int, _ []byte, resp io.Reader) { refused(status, resp) },
			}
		},
	}
	quiet := slog.New(slog.DiscardHandler) // sipgo logs whole messages
	f.transport = sipmsg.NewTransportLayer(net.DefaultResolver, sipmsg.NewParser(), nil,
		sipmsg.WithTransportLayerLogger(quiet),
		sipmsg.WithTransportLayerTransports(sipmsg.TransportsConfig{WS: transport}))
	f.transactions = sipmsg.NewTransactionLayer(f.transport,
		sipmsg.WithTransactionLayerLogger(quiet),
		sipmsg.WithTransactionLayerTerminateOnConnClose(),
		sipmsg.WithTransactionLayerUnhandledResponseHandler(func(*sipmsg.Response) {}))
	f.transactions.OnRequest(f.handle)
	f.closed = func() { _ = f.transport.Close() }
}

func (f *Flow) wrap(raw net.Conn) *wsconn.Conn {
	var conn *wsconn.Conn
	conn = wsconn.New(placedConn{raw}, wsconn.Config{
		Role:         wsconn.Client,
		PingInterval: f.cfg.PingInterval,
		PongTimeout:  f.cfg.PongTimeout,
		PongDelay:    f.cfg.PongDelay,
		Rewrite:      func(message []byte) []byte { return f.guard(message, conn.Send) },
		Logger:       f.cfg.Logger,
	})
	return conn
}

// openDatagrams puts sipgo's UDP on a connected socket.
func (f *Flow) openDatagrams(raw net.Conn) error {
	there, err := netip.ParseAddrPort(raw.RemoteAddr().String())
	if err != nil || f.port == 0 {
		return errors.New("sip: the dialler gives no connected socket of UDP")
	}
	f.peer = netip.AddrPortFrom(there.Addr().WithZone(""), there.Port()).String()
	f.layers(func(int, io.Reader) {}, f.dialStream)
	var d *datagrams
	d = newDatagrams(raw, &f.cfg, func(message []byte) []byte { return f.guard(message, d.Send) })
	// sipgo forgets a socket that it reads no more, and would open one of its own
	// for what is still under way. What it finds instead is ours, by another name.
	pool, local := f.transport.Pool("udp"), d.LocalAddr().String()
	last := &sipmsg.UDPConnection{PacketConn: d, PacketAddr: local, Listener: true}
	d.unread = func() {
		pool.Add(local, last)
		pool.Add(f.peer, last)
	}
	f.conn = d
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = f.transport.ServeUDP(d)
	}()
	<-d.ready // sipgo has the socket in its pool
	f.closed = func() { <-served }
	go f.watch()
	return nil
}

// dialStream opens a connection beside the datagrams, for requests that are too
// long for one. It ends with the flow.
func (f *Flow) dialStream(ctx context.Context) (net.Conn, error) {
	if f.lost() {
		return nil, ErrFlowLost
	}
	raw, err := f.dial(ctx, "tcp")
	if err != nil {
		return nil, err
	}
	if !f.enter() {
		_ = raw.Close()
		return nil, ErrFlowLost
	}
	stream := f.wrap(bridged(raw))
	go func() {
		defer f.leave()
		select {
		case <-f.conn.Done():
			_ = stream.Close()
		case <-stream.Done():
		}
	}()
	return stream, nil
}

// fit moves a request that is too long for a datagram to TCP (RFC 3261, section
// 18.1.1). A server that has no TCP gets the datagram all the same.
func (f *Flow) fit(ctx context.Context, req *sipmsg.Request) {
	if !f.datagrams() || req.Transport() != "UDP" || len(req.String()) <= maxDatagram {
		return
	}
	f.mu.Lock()
	barred := time.Now().Before(f.noStream)
	f.mu.Unlock()
	if barred {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	local := req.Laddr
	req.SetTransport("WS")
	req.SetDestination(placeRemote.String())
	req.Laddr = sipmsg.Addr{}
	conn, err := f.transport.ClientRequestConnection(ctx, req)
	if err == nil {
		_, _ = conn.TryClose()
		req.Via().Transport = "TCP"
		return
	}
	f.cfg.Logger.Debug("no TCP for a long request", "reason", err)
	req.SetTransport("UDP")
	req.SetDestination(f.peer)
	req.Laddr = local
	f.mu.Lock()
	f.noStream = time.Now().Add(5 * time.Minute)
	f.mu.Unlock()
}

// connectFault puts an error of connecting into a sentence.
func connectFault(err error) error {
	var (
		refused  *HandshakeError
		dns      *net.DNSError
		hostname x509.HostnameError
		unknown  x509.UnknownAuthorityError
		expired  x509.CertificateInvalidError
		told     *fault.Error
	)
	if errors.As(err, &told) {
		return told // whoever dials, a proxy for instance, has said it better
	}
	wrap := func(t fault.Type, message, next string) error { return fault.Wrap(err, t, message, next) }
	switch {
	case errors.As(err, &refused):
		switch {
		case refused.Status == http.StatusUnauthorized, refused.Status == http.StatusForbidden:
			return wrap(fault.AuthenticationInvalidToken, "The SIP server does not let this phone in.", "Sign in again.")
		case refused.Status == http.StatusNotFound:
			return wrap(fault.ConfigurationInvalid, "There is no SIP service at this address.", "Check the server's address.")
		}
		return wrap(fault.ServerError, "The SIP server refused the connection.", "Try again in a moment.")
	case errors.As(err, &hostname):
		return wrap(fault.NetworkError, "The SIP server's certificate is for another name.", "Check the server's address; do not go on if it is right.")
	case errors.As(err, &unknown):
		return wrap(fault.NetworkError, "The SIP server's certificate is not from a trusted authority.", "Ask your administrator.")
	case errors.As(err, &expired):
		return wrap(fault.NetworkError, "The SIP server's certificate is not valid now.", "Check the date of this computer, or ask your administrator.")
	case errors.As(err, &dns):
		return wrap(fault.NetworkError, "The SIP server's name cannot be found.", "Check the server's address and the network.")
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return wrap(fault.NetworkError, "The SIP server does not answer.", "Check the network and try again.")
	case strings.Contains(err.Error(), "refused"):
		return wrap(fault.NetworkError, "Nothing answers at the SIP server's address.", "Check the server's address and the network.")
	}
	return wrap(fault.NetworkError, "The connection to the SIP server failed.", "Check the network and try again.")
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

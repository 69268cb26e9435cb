package sip

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"

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
// then and has no meaning after it.
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
	raw, err := dial(ctx, &cfg, at)
	if err != nil {
		return nil, connectFault(err)
	}
	f := newFlow(cfg, at)
	if at.stream {
		f.reachable(raw.LocalAddr())
		raw = bridged(raw)
	}
	if err := f.open(ctx, raw, at); err != nil {
		_ = raw.Close()
		return nil, connectFault(err)
	}
	return f, nil
}

// dial opens the TCP connection and, for wss, TLS on it.
func dial(ctx context.Context, cfg *Config, at address) (net.Conn, error) {
	open := cfg.Dial
	if open == nil {
		open = (&net.Dialer{}).DialContext
	}
	raw, err := open(ctx, "tcp", at.hostPort)
	if err != nil || !at.secure {
		return raw, err
	}
	conf := &tls.Config{}
	if cfg.TLS != nil {
		conf = cfg.TLS.Clone()
	}
	if conf.ServerName == "" {
		conf.ServerName = at.host
	}
	if conf.MinVersion == 0 {
		conf.MinVersion = tls.VersionTLS12
	}
	if conf.NextProtos = []string{"http/1.1"}; at.stream {
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
func (f *Flow) open(ctx context.Context, raw net.Conn, at address) error {
	var refused *HandshakeError
	// sipgo would dial again for a request after the connection is gone.
	var dialled atomic.Bool
	transport := &sipmsg.TransportWS{
		// The scheme is ws for wss too: TLS is ours.
		DialURI: func(string) string { return "ws://" + at.hostPort + "/" + strings.TrimPrefix(at.path, "/") },
		DialerCreate: func(net.Addr) ws.Dialer {
			return ws.Dialer{
				Protocols: sipmsg.WebSocketProtocols,
				Header:    ws.HandshakeHeaderHTTP(f.cfg.Header),
				NetDial: func(context.Context, string, string) (net.Conn, error) {
					if dialled.Swap(true) {
						return nil, ErrFlowLost
					}
					return f.wrap(raw), nil
				},
				OnStatusError: func(status int, _ []byte, resp io.Reader) {
					refused = &HandshakeError{Status: status}
					if res, err := http.ReadResponse(bufio.NewReader(resp), nil); err == nil {
						refused.RetryAfter = parseRetryAfter(res.Header.Get("Retry-After"))
						_ = res.Body.Close()
					}
				},
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

func (f *Flow) wrap(raw net.Conn) net.Conn {
	f.conn = wsconn.New(placedConn{raw}, wsconn.Config{
		Role:         wsconn.Client,
		PingInterval: f.cfg.PingInterval,
		PongTimeout:  f.cfg.PongTimeout,
		PongDelay:    f.cfg.PongDelay,
		Rewrite:      f.guard,
		Logger:       f.cfg.Logger,
	})
	return f.conn
}

// connectFault puts an error of connecting into a sentence.
func connectFault(err error) error {
	var (
		refused  *HandshakeError
		dns      *net.DNSError
		hostname x509.HostnameError
		unknown  x509.UnknownAuthorityError
		expired  x509.CertificateInvalidError
	)
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

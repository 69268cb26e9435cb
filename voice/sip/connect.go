package sip

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"offhook/internal/crash"
	"offhook/internal/dscp"
	"offhook/voice/fault"
	"offhook/voice/sip/transport"
)

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
	keep := transport.Config{
		PingInterval: f.cfg.PingInterval, PongTimeout: f.cfg.PongTimeout, PongDelay: f.cfg.PongDelay, Logger: f.cfg.Logger,
	}
	switch {
	case f.datagrams() && f.port == 0:
		_ = raw.Close()
		return errors.New("sip: the dialler gives no connected socket of UDP")
	case f.datagrams():
		f.conn = transport.NewDatagrams(raw, keep)
	case f.at.stream:
		f.conn = transport.NewStream(raw, keep)
	default:
		f.conn, err = transport.DialWebSocket(ctx, raw, f.at.hostPort, f.at.path, f.cfg.Header, keep)
		if err != nil {
			return err
		}
	}
	crash.Go(f.readAll)
	crash.Go(f.handleAll)
	return nil
}

// dial opens the connection and, for wss and tls, TLS on it.
func (f *Flow) dial(ctx context.Context, network string) (net.Conn, error) {
	open := f.cfg.Dial
	if open == nil {
		open = (&net.Dialer{}).DialContext
	}
	raw, err := open(ctx, network, f.server)
	if err != nil {
		return nil, err
	}
	dscp.Mark(raw, dscp.Signalling)
	if !f.at.secure {
		return raw, nil
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

// maxDatagram is the size in bytes from which on a request goes over TCP (RFC 3261,
// section 18.1.1).
const maxDatagram = 1300

// sideTimeout is how long TCP beside a flow of UDP has for its first answer.
const sideTimeout = time.Second

// noSideTime is how long requests stay datagrams after TCP has failed.
const noSideTime = 5 * time.Minute

// sideStream is the connection of TCP beside a flow of UDP, for requests that are
// too long for a datagram (RFC 3261, section 18.1.1); nil where the server has
// none. It blocks for up to a second.
func (f *Flow) sideStream() transport.Conn {
	f.mu.Lock()
	side := f.side
	if side != nil && side.Err() != nil {
		side, f.side = nil, nil
	}
	unwanted := side == nil && (f.ended || f.dialling || time.Now().Before(f.noSide))
	if side == nil && !unwanted {
		f.dialling = true
	}
	f.mu.Unlock()
	if side != nil || unwanted {
		return side
	}
	ctx, cancel := context.WithTimeout(context.Background(), sideTimeout)
	defer cancel()
	raw, err := f.dial(ctx, "tcp")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dialling = false
	switch {
	case err != nil:
		f.cfg.Logger.Debug("no TCP for a long request", "reason", err)
		f.noSide = time.Now().Add(noSideTime)
		return nil
	case f.ended:
		_ = raw.Close()
		return nil
	}
	f.side = transport.NewStream(raw, transport.Config{Logger: f.cfg.Logger})
	f.work.Add(1)
	go func(side transport.Conn) {
		defer crash.Guard()
		defer f.leave()
		side.End(f.read(side))
	}(f.side)
	return f.side
}

// barSideStream has long requests stay datagrams for a while.
func (f *Flow) barSideStream() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.noSide = time.Now().Add(noSideTime)
	if f.side != nil {
		crash.Go(func() { _ = f.side.Close() })
		f.side = nil
	}
}

// connectFault puts an error of connecting into a sentence.
func connectFault(err error) error {
	var (
		refused  *transport.HandshakeError
		dns      *net.DNSError
		hostname x509.HostnameError
		unknown  x509.UnknownAuthorityError
		expired  x509.CertificateInvalidError
		told     *fault.Error
	)
	if errors.As(err, &told) {
		return told // what dials, a proxy for instance, has said it better
	}
	wrap := func(t fault.Type, code string) error { return fault.Wrap(err, t, code) }
	switch {
	case errors.As(err, &refused):
		switch {
		case refused.Status == http.StatusUnauthorized, refused.Status == http.StatusForbidden:
			return wrap(fault.AuthenticationInvalidToken, "sip.not-let-in")
		case refused.Status == http.StatusNotFound:
			return wrap(fault.ConfigurationInvalid, "sip.not-there")
		}
		return wrap(fault.ServerError, "sip.connection-refused")
	case errors.As(err, &hostname):
		return wrap(fault.NetworkError, "sip.certificate-name")
	case errors.As(err, &unknown):
		return wrap(fault.NetworkError, "sip.certificate-untrusted")
	case errors.As(err, &expired):
		return wrap(fault.NetworkError, "sip.certificate-expired")
	case errors.As(err, &dns):
		return wrap(fault.NetworkError, "sip.unknown-name")
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return wrap(fault.NetworkError, "sip.no-answer")
	case strings.Contains(err.Error(), "refused"):
		return wrap(fault.NetworkError, "sip.nothing-there")
	}
	return wrap(fault.NetworkError, "sip.connection-failed")
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/transport/v4"
	"github.com/pion/turn/v5"

	"offhook/internal/crash"
)

// ErrUnsupported says that a kind of server can't be asked: TURN over DTLS.
var ErrUnsupported = errors.New("probe: TURN over DTLS is not asked")

// Server asks the STUN or TURN server of an RFC 7064 or RFC 7065 address: a TURN
// server is open if it allocates a relayed address, which is given back at once.
// It returns the time of that and blocks no longer than ctx lasts.
func Server(ctx context.Context, n transport.Net, uri, username, credential string) (time.Duration, error) {
	u, err := stun.ParseURI(uri)
	if err != nil {
		return 0, fmt.Errorf("%q is no STUN or TURN address: %w", uri, err)
	}
	network := "udp"
	if u.Proto == stun.ProtoTypeTCP {
		network = "tcp"
	}
	if u.Scheme == stun.SchemeTypeTURNS && network == "udp" {
		return 0, fmt.Errorf("%s: %w", uri, ErrUnsupported)
	}
	address := net.JoinHostPort(u.Host, strconv.Itoa(u.Port))
	if u.Scheme == stun.SchemeTypeSTUN {
		return STUN(ctx, n, network, address, Credentials{})
	}
	started := time.Now()
	c, err := packets(ctx, n, network, address, u)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, crash.Guarded(func() { _ = c.Close() }))()
	client, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: address, TURNServerAddr: address, Username: username, Password: credential,
		Conn: c, Net: n, LoggerFactory: &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled},
	})
	if err != nil {
		return 0, err
	}
	defer client.Close()
	if err := client.Listen(); err != nil {
		return 0, err
	}
	// The library asks for as long as it takes, and only the end of its socket
	// stops it.
	type result struct {
		relayed net.PacketConn
		err     error
	}
	done := make(chan result, 1)
	go func() {
		defer crash.Guard()
		relayed, err := client.Allocate()
		done <- result{relayed, err}
	}()
	select {
	case r := <-done:
		took := time.Since(started)
		if r.err == nil {
			_ = r.relayed.Close()
		}
		return took, r.err
	case <-ctx.Done():
		client.Close()
		if r := <-done; r.err == nil {
			_ = r.relayed.Close()
		}
		return 0, fmt.Errorf("no answer from %s: %w", address, ctx.Err())
	}
}

// packets is the connection to a TURN server as a packet connection.
func packets(ctx context.Context, n transport.Net, network, address string, u *stun.URI) (net.PacketConn, error) {
	if network == "udp" {
		// The family of the socket is the one that is asked for.
		to, err := n.ResolveUDPAddr("udp", address)
		if err != nil {
			return nil, err
		}
		family := "udp6"
		if to.IP.To4() != nil {
			family = "udp4"
		}
		return n.ListenPacket(family, ":0")
	}
	c, err := dial(ctx, n, "tcp", address)
	if err != nil {
		return nil, err
	}
	if u.Scheme == stun.SchemeTypeTURNS {
		secure := tls.Client(c, &tls.Config{ServerName: u.Host, MinVersion: tls.VersionTLS12})
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = c.Close()
			return nil, err
		}
		c = secure
	}
	return turn.NewSTUNConn(c), nil
}

package relay

import (
	"context"
	"log/slog"
	"net"
)

// Config is what a Relay is made of.
type Config struct {
	// Listen is the UDP address of all media, for instance 127.0.0.1:0.
	Listen string
	// PublicIPs are the addresses put into SDP instead of the one listened on,
	// for a host behind one-to-one NAT.
	PublicIPs []net.IP
	// TCPListener, if there is one, serves ICE-TCP. Its connections begin with
	// the two-byte length of RFC 4571. Relay.Close closes it.
	TCPListener net.Listener
	// TCPPublicPort is the TCP port put into SDP if it is not the listener's.
	TCPPublicPort int
	// Logger discards if it is nil.
	Logger *slog.Logger
}

// Relay is the media side of the platform.
type Relay struct {
	cfg Config
}

// New opens the media port.
func New(cfg Config) (*Relay, error) { return &Relay{cfg: cfg}, nil }

// Addr is the UDP address that is listened on.
func (r *Relay) Addr() net.Addr { return nil }

// Close closes all legs and the ports.
func (r *Relay) Close(ctx context.Context) error { return nil }

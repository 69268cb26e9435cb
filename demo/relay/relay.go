package relay

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3/pkg/crypto/fingerprint"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/ice/v4"

	"offhook/voice/codec"
)

// Config is what a Relay is made of.
type Config struct {
	// Listen is the UDP address of all media, for instance 127.0.0.1:0.
	Listen string
	// PublicIPs are the addresses put into SDP instead of those listened on,
	// for a host behind one-to-one NAT.
	PublicIPs []net.IP
	// TCPListener, if there is one, serves ICE-TCP. Its connections begin with
	// the two-byte length of RFC 4571. Relay.Close closes it.
	TCPListener net.Listener
	// TCPPublicPort is the TCP port put into SDP if it is not the listener's.
	TCPPublicPort int
	// HoldMusic and Notice are what a phone on hold hears, and what says that a call is
	// recorded, 48 kHz mono; nil means tones of the relay's own.
	HoldMusic, Notice []int16
	// Logger discards if it is nil.
	Logger *slog.Logger
}

// Relay is the media side of the platform. All methods may be called from any
// goroutine.
type Relay struct {
	log         *slog.Logger
	pionLog     pionLog
	certificate tls.Certificate
	fingerprint string
	udp         *port
	mux         *oneAddressMux
	tcp         *ice.TCPMuxDefault
	advertised  []ice.Candidate
	address     net.IP
	// What the relay says itself: to callers of the announcer, to who waits for an
	// answer, and to who is on hold.
	speech, ringing, music, notice speech

	noticeLength time.Duration

	received, sent, held atomic.Uint64

	mu     sync.Mutex
	legs   map[*Leg]struct{}
	closed bool

	conferences sync.WaitGroup // those that run
}

// Totals are the relay's figures since its start.
type Totals struct {
	// Legs are those open now.
	Legs int
	// PacketsReceived are the RTP packets that came from phones, PacketsSent
	// those that went to them, PacketsHeld those that a gate or hold stopped.
	PacketsReceived, PacketsSent, PacketsHeld uint64
}

// Totals returns the figures so far.
func (r *Relay) Totals() Totals {
	return Totals{
		Legs: r.Legs(), PacketsReceived: r.received.Load(), PacketsSent: r.sent.Load(), PacketsHeld: r.held.Load(),
	}
}

// ErrClosed says that the relay has been closed.
var ErrClosed = errors.New("relay closed")

// New opens the media port.
func New(cfg Config) (*Relay, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Relay{
		log: cfg.Logger, pionLog: pionLog{cfg.Logger},
		speech: newSpeech(decodeAnnouncement), ringing: newSpeech(ringback.sound), music: newSpeech(hold.sound),
		notice: newSpeech(beeps.sound), legs: make(map[*Leg]struct{}),
	}
	own := func(pcm []int16) func() ([]int16, error) { return func() ([]int16, error) { return pcm, nil } }
	if cfg.HoldMusic != nil {
		r.music = newSpeech(own(cfg.HoldMusic))
	}
	r.noticeLength = time.Duration(beeps.frames) * frameTime
	if cfg.Notice != nil {
		r.notice = newSpeech(own(cfg.Notice))
		r.noticeLength = time.Duration(len(cfg.Notice)) * time.Second / codec.SampleRate
	}
	var err error
	// One certificate for all legs: its fingerprint is the platform's identity
	// in every answer, and making one costs more than a call.
	if r.certificate, err = selfsign.GenerateSelfSigned(); err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(r.certificate.Certificate[0])
	if err != nil {
		return nil, err
	}
	if r.fingerprint, err = fingerprint.Fingerprint(leaf, crypto.SHA256); err != nil {
		return nil, err
	}
	r.fingerprint = strings.ToUpper(r.fingerprint)

	addr, err := net.ResolveUDPAddr("udp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("media address: %w", err)
	}
	if r.udp, err = openPort(addr, socketsWanted()); err != nil {
		return nil, fmt.Errorf("media port: %w", err)
	}
	ips := cfg.PublicIPs
	if len(ips) == 0 {
		if ips, err = ownAddresses(r.udp.LocalAddr().(*net.UDPAddr).IP); err != nil {
			_ = r.udp.Close()
			return nil, err
		}
	}
	r.address = ips[0]
	if err := r.advertise(cfg, ips); err != nil {
		_ = r.udp.Close()
		return nil, err
	}
	r.mux = newOneAddressMux(r.udp, r.pionLog)
	if cfg.TCPListener != nil {
		r.tcp = ice.NewTCPMuxDefault(ice.TCPMuxParams{
			Listener:        cfg.TCPListener,
			Logger:          r.pionLog.NewLogger("ice-tcp"),
			ReadBufferSize:  64,
			WriteBufferSize: 256 << 10,
		})
	}
	return r, nil
}

// advertise makes the candidates of every answer: all addresses over UDP, then
// all over TCP.
func (r *Relay) advertise(cfg Config, ips []net.IP) error {
	port := r.udp.LocalAddr().(*net.UDPAddr).Port
	add := func(network string, tcpType ice.TCPType, port, preference int) error {
		for i, ip := range ips {
			c, err := ice.NewCandidateHost(&ice.CandidateHostConfig{
				Network: network, Address: ip.String(), Port: port, Component: ice.ComponentRTP, TCPType: tcpType,
				// RFC 8445, 5.1.2.1: type preference, local preference, component.
				Priority: uint32(preference)<<24 | uint32(65535-i)<<8 | 255,
			})
			if err != nil {
				return fmt.Errorf("media address %s: %w", ip, err)
			}
			r.advertised = append(r.advertised, c)
		}
		return nil
	}
	if err := add("udp", ice.TCPTypeUnspecified, port, 126); err != nil {
		return err
	}
	if cfg.TCPListener == nil {
		return nil
	}
	tcpPort := cfg.TCPPublicPort
	if tcpPort == 0 {
		a, ok := cfg.TCPListener.Addr().(*net.TCPAddr)
		if !ok {
			return errors.New("ICE-TCP listener has no TCP address")
		}
		tcpPort = a.Port
	}
	return add("tcp", ice.TCPTypePassive, tcpPort, 90)
}

// ownAddresses are the addresses at which a socket bound to ip is reached: ip
// itself, or for the unspecified address those of all interfaces, loopback only
// if there is nothing else.
func ownAddresses(ip net.IP) ([]net.IP, error) {
	if !ip.IsUnspecified() {
		return []net.IP{ip}, nil
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var far, near []net.IP
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		switch {
		case !ok || n.IP.IsLinkLocalUnicast() || ip.To4() != nil && n.IP.To4() == nil:
		case n.IP.IsLoopback():
			near = append(near, n.IP)
		default:
			far = append(far, n.IP)
		}
	}
	if len(far) > 0 {
		return far, nil
	}
	if len(near) == 0 {
		return nil, errors.New("no network address for media")
	}
	return near, nil
}

// Addr is the UDP address that is listened on.
func (r *Relay) Addr() net.Addr { return r.udp.LocalAddr() }

// NoticeLength is how long Notify speaks.
func (r *Relay) NoticeLength() time.Duration { return r.noticeLength }

// Legs is the number of legs that are open.
func (r *Relay) Legs() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.legs)
}

// Close closes all legs and the ports. It returns when their goroutines are
// gone or ctx ends.
func (r *Relay) Close(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	legs := make([]*Leg, 0, len(r.legs))
	for l := range r.legs {
		legs = append(legs, l)
	}
	r.mu.Unlock()
	done := make(chan error, 1)
	go func() {
		for _, l := range legs {
			l.Close()
		}
		r.conferences.Wait()
		err := r.mux.Close()
		if r.tcp != nil {
			err = errors.Join(err, r.tcp.Close())
		}
		err = errors.Join(err, r.udp.Close())
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Relay) add(l *Leg) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrClosed
	}
	r.legs[l] = struct{}{}
	return nil
}

func (r *Relay) remove(l *Leg) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.legs, l)
}

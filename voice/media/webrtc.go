package media

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3/pkg/crypto/fingerprint"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/ice/v4"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"offhook/voice/codec"
	"offhook/voice/sdp"
)

// NewWebRTC makes a session whose media travels by ICE and DTLS-SRTP, as
// browsers do it (RFC 8834, RFC 8835). It opens no socket before the first
// Offer or Answer.
//
// It is built on the parts of pion/webrtc (ice, dtls, srtp, rtcp) and not on
// its PeerConnection: the phone needs the hold, the events on the audio's own
// SSRC, the restart without a gap and the quick nomination that a PeerConnection
// keeps to itself, and half the goroutines.
func NewWebRTC(cfg Config) (Session, error) {
	s, err := newSession(cfg, newWebRTCLink)
	if err != nil {
		return nil, err
	}
	return s, nil
}

type webrtcLink struct {
	cfg   Config
	h     linkHandler
	cert  tls.Certificate
	print sdp.Fingerprint

	ctx    context.Context
	cancel context.CancelFunc
	tasks  sync.WaitGroup
	assocs sync.WaitGroup // end before the legs, to say good-bye

	mu    sync.Mutex // guards what follows
	leg   *leg       // in use, or the first one
	next  *leg       // of an ICE restart under way
	assoc *association

	pipe atomic.Pointer[dtlsPipe]
	out  atomic.Pointer[ice.Conn]
	keys atomic.Pointer[srtpKeys]

	inbound sync.Mutex // two legs may be read for a moment
	inRTP   rtp.Header
	inRTCP  rtcp.Header
	inBuf   [readSize]byte

	outRTP  rtp.Header
	sealed  [rtpHeaderSize + codec.MaxPayload + 32]byte
	outRTCP rtcp.Header
}

// readSize holds any packet of an Ethernet.
const readSize = 1600

func newWebRTCLink(cfg Config, h linkHandler) (link, error) {
	if _, err := serverURLs(cfg.ICEServers); err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	cert, err := selfsign.GenerateSelfSigned()
	if err != nil {
		return nil, fmt.Errorf("media: certificate: %w", err)
	}
	x, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("media: certificate: %w", err)
	}
	value, err := fingerprint.Fingerprint(x, crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("media: certificate: %w", err)
	}
	l := &webrtcLink{cfg: cfg, h: h, cert: cert, print: sdp.Fingerprint{Hash: "sha-256", Value: strings.ToUpper(value)}}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l, nil
}

func (l *webrtcLink) proto() string { return "UDP/TLS/RTP/SAVPF" }

// offer implements link.
func (l *webrtcLink) offer(ctx context.Context, ours *sdp.Media, restart bool) error {
	g, err := l.legFor(ctx, restart)
	if err != nil {
		return err
	}
	l.describe(g, ours, "actpass")
	return nil
}

func (l *webrtcLink) describe(g *leg, ours *sdp.Media, setup string) {
	g.describe(ours)
	ours.RTCPMux = true
	ours.Fingerprints = []sdp.Fingerprint{l.print}
	ours.Setup = setup
}

// legFor is the leg to describe: the present one, or a new one for the first
// description and for a restart.
func (l *webrtcLink) legFor(ctx context.Context, restart bool) (*leg, error) {
	l.mu.Lock()
	present := l.leg
	if l.ctx.Err() == nil {
		l.retire(l.next)
		l.next = nil
	}
	l.mu.Unlock()
	if present != nil && !restart {
		return present, nil
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(l.ctx, stop)()
	g, err := newLeg(ctx, l.cfg, l.onState)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil {
		g.close()
		return nil, ErrClosed
	}
	if l.leg == nil {
		l.leg = g
	} else {
		l.next = g
	}
	return g, nil
}

// retire closes a leg that is no longer needed, apart from the caller, who may
// be one of its own callbacks; l.mu is held.
func (l *webrtcLink) retire(g *leg) {
	if g != nil {
		l.tasks.Go(g.close)
	}
}

// answer implements link.
func (l *webrtcLink) answer(ctx context.Context, peer *sdp.Description, theirs, ours *sdp.Media) error {
	if err := acceptable(theirs); err != nil {
		return err
	}
	l.mu.Lock()
	restart := l.leg != nil && l.leg.peerUfrag != "" && l.leg.peerUfrag != theirs.Ufrag
	l.mu.Unlock()
	g, err := l.legFor(ctx, restart)
	if err != nil {
		return err
	}
	// RFC 8842, section 5.3: active unless the peer insists, and the same role
	// as before while the association stays.
	setup := "active"
	if theirs.Setup == "active" {
		setup = "passive"
	}
	l.mu.Lock()
	if a := l.assoc; a != nil && theirs.Setup == "actpass" && a.same(a.client, theirs.Fingerprints) && !a.client {
		setup = "passive"
	}
	l.mu.Unlock()
	l.describe(g, ours, setup)
	return l.connect(g, peer, theirs, setup == "active", false)
}

// accept implements link.
func (l *webrtcLink) accept(peer *sdp.Description, theirs *sdp.Media) error {
	if err := acceptable(theirs); err != nil {
		return err
	}
	l.mu.Lock()
	g := l.next
	if g == nil {
		g = l.leg
	}
	l.mu.Unlock()
	if g == nil {
		return ErrState
	}
	// The answerer says active or passive; a missing line is active (RFC 4145,
	// section 4.1), and then we are the server.
	return l.connect(g, peer, theirs, theirs.Setup == "passive", true)
}

// acceptable refuses a section that this link can't serve.
func acceptable(m *sdp.Media) error {
	usable := 0
	for _, f := range m.Fingerprints {
		if _, ok := printHash(f); ok {
			usable++
		}
	}
	switch {
	case !m.Secure():
		return fmt.Errorf("%w: %s", ErrNotAcceptable, m.Proto)
	case m.Ufrag == "" || m.Password == "":
		return fmt.Errorf("%w: no ICE credentials", ErrNotAcceptable)
	case usable == 0:
		return fmt.Errorf("%w: no usable fingerprint", ErrNotAcceptable)
	case !m.RTCPMux:
		return fmt.Errorf("%w: no rtcp-mux", ErrNotAcceptable)
	default:
		return nil
	}
}

// printHash is the hash of a fingerprint, if it is one that can still be
// trusted.
func printHash(f sdp.Fingerprint) (crypto.Hash, bool) {
	switch f.Hash {
	case "sha-256":
		return crypto.SHA256, true
	case "sha-384":
		return crypto.SHA384, true
	case "sha-512":
		return crypto.SHA512, true
	default:
		return 0, false
	}
}

// errPeerMoved is the Err of a Failed event when a second answer to one offer
// came from elsewhere: a fork, or a server that moved the media. The sockets are
// bound to the first peer, so an ICE restart has to follow.
var errPeerMoved = errors.New("media: the peer has moved to other ICE credentials")

// connect begins or continues the path that the two descriptions agreed on.
func (l *webrtcLink) connect(g *leg, peer *sdp.Description, theirs *sdp.Media, client, controlling bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.ctx.Err() != nil:
		return ErrClosed
	case g.conn == nil:
		if err := g.start(peer, theirs, controlling); err != nil {
			return err
		}
		l.out.CompareAndSwap(nil, g.conn)
		l.tasks.Go(func() { l.read(g) })
	case g.peerUfrag != theirs.Ufrag:
		l.h.state(Failed, fmt.Errorf("%w: %w", ErrPathLost, errPeerMoved))
		return nil
	default:
		for _, c := range theirs.Candidates {
			g.add(c)
		}
	}
	if !l.assoc.same(client, theirs.Fingerprints) {
		l.associate(client, theirs.Fingerprints)
	}
	return nil
}

// associate prepares a DTLS association; l.mu is held. A server may begin at
// once, a client once packets can pass.
func (l *webrtcLink) associate(client bool, prints []sdp.Fingerprint) {
	if l.assoc != nil {
		l.assoc.cancel()
	}
	ctx, cancel := context.WithCancel(l.ctx)
	a := &association{client: client, prints: prints, cancel: cancel}
	a.pipe = newDTLSPipe(func(b []byte) (int, error) {
		if c := l.out.Load(); c != nil {
			return c.Write(b)
		}
		return 0, ErrPathLost
	})
	l.pipe.Store(a.pipe)
	l.assoc = a
	first := l.leg
	l.assocs.Go(func() {
		defer cancel()
		l.secure(ctx, a, first)
	})
}

// secure runs an association from its handshake to its end.
func (l *webrtcLink) secure(ctx context.Context, a *association, g *leg) {
	select {
	case <-g.connected:
	case <-ctx.Done():
		return
	}
	limit, stop := context.WithTimeout(ctx, dtlsTimeout)
	conn, keys, err := a.handshake(limit, l.cert)
	stop()
	if err != nil {
		_ = a.pipe.Close()
		if ctx.Err() == nil {
			l.h.state(Failed, fmt.Errorf("%w: %w", ErrHandshake, err))
		}
		return
	}
	l.keys.Store(keys)
	l.h.state(Connected, nil)
	// The association lives on: a peer that missed our last flight asks again,
	// and the library answers while somebody reads.
	over := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer over()
	b := make([]byte, 2048)
	for {
		if _, err := conn.Read(b); err != nil {
			_ = conn.Close()
			return
		}
	}
}

// onState follows the ICE agent of a leg.
func (l *webrtcLink) onState(g *leg, s ice.ConnectionState) {
	switch s {
	case ice.ConnectionStateConnected:
		l.switchTo(g)
		g.up()
		if l.keys.Load() != nil {
			l.h.state(Connected, nil)
		}
	case ice.ConnectionStateDisconnected:
		if l.current(g) {
			l.h.state(Disconnected, nil)
		}
	case ice.ConnectionStateFailed:
		if l.current(g) || l.abandon(g) {
			l.h.state(Failed, ErrPathLost)
		}
	}
}

func (l *webrtcLink) current(g *leg) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.leg == g
}

// abandon drops the leg of a restart that found no path.
func (l *webrtcLink) abandon(g *leg) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.next != g {
		return false
	}
	l.next = nil
	l.retire(g)
	return true
}

// switchTo puts a leg that has connected into use.
func (l *webrtcLink) switchTo(g *leg) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch g {
	case l.leg:
	case l.next:
		l.retire(l.leg)
		l.leg, l.next = g, nil
	default:
		return
	}
	l.out.Store(g.conn)
}

// read takes what arrives on a leg until it is closed.
func (l *webrtcLink) read(g *leg) {
	b := make([]byte, readSize)
	for {
		n, err := g.conn.Read(b)
		if err != nil {
			return
		}
		l.demux(b[:n])
	}
}

// demux tells DTLS and SRTP apart by the first byte (RFC 7983, section 7).
func (l *webrtcLink) demux(b []byte) {
	if len(b) == 0 {
		return
	}
	switch {
	case b[0] >= 20 && b[0] <= 63:
		if p := l.pipe.Load(); p != nil {
			_, _ = p.in.Write(b)
		}
	case b[0] >= 128 && b[0] <= 191:
		l.open(b, l.cfg.Now())
	}
}

// open checks and decrypts a packet and hands it on.
func (l *webrtcLink) open(b []byte, at time.Duration) {
	keys := l.keys.Load()
	if keys == nil {
		return
	}
	l.inbound.Lock()
	defer l.inbound.Unlock()
	if isRTCP(b) {
		if p, err := keys.recvRTCP.DecryptRTCP(l.inBuf[:0], b, &l.inRTCP); err == nil {
			l.h.rtcp(p, at)
		}
		return
	}
	if p, err := keys.recvRTP.DecryptRTP(l.inBuf[:0], b, &l.inRTP); err == nil {
		l.h.rtp(p, at)
	}
}

// sendRTP implements link.
func (l *webrtcLink) sendRTP(packet []byte) error {
	conn, keys := l.out.Load(), l.keys.Load()
	if conn == nil || keys == nil {
		return ErrPathLost
	}
	b, err := keys.sendRTP.EncryptRTP(l.sealed[:0], packet, &l.outRTP)
	if err != nil {
		return err
	}
	_, err = conn.Write(b)
	return err
}

// sendRTCP implements link.
func (l *webrtcLink) sendRTCP(packet []byte) error {
	conn, keys := l.out.Load(), l.keys.Load()
	if conn == nil || keys == nil {
		return ErrPathLost
	}
	b, err := keys.sendRTCP.EncryptRTCP(nil, packet, &l.outRTCP)
	if err != nil {
		return err
	}
	_, err = conn.Write(b)
	return err
}

// candidates implements link.
func (l *webrtcLink) candidates() (local, remote string) {
	l.mu.Lock()
	g := l.leg
	l.mu.Unlock()
	if g == nil {
		return "", ""
	}
	return g.names()
}

// close implements link.
func (l *webrtcLink) close() {
	l.cancel()
	l.mu.Lock()
	legs := []*leg{l.leg, l.next}
	l.leg, l.next = nil, nil
	if l.assoc != nil {
		l.assoc.cancel()
	}
	l.mu.Unlock()
	l.assocs.Wait()
	for _, g := range legs {
		if g != nil {
			g.close()
		}
	}
	l.tasks.Wait()
}

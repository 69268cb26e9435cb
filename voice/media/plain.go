package media

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"offhook/internal/crash"
	"offhook/voice/sdp"
)

// NewRTP makes a session of plain RTP, as SIP accounts without WebRTC use it:
// RTP/AVP, or RTP/SAVP with keys in the signalling (RFC 4568) as Config.SDES
// says. It sends where the description says, or where the packets of a far
// side behind a NAT come from; see latch. It opens its sockets before it returns.
//
// A peer that offers ICE with it gets ICE in the answer, in full and for both
// components (RFC 8445, RFC 8839); Config.OfferICE offers it, too. A peer without
// it, or whose addresses were changed on the way, gets symmetric RTP.
func NewRTP(cfg Config) (Session, error) {
	s, err := newSession(cfg, newPlainLink)
	if err != nil {
		return nil, err
	}
	s.nego.jsep = false
	return s, nil
}

// SDES says whether plain RTP is encrypted.
type SDES int

// SDESAccept offers plain RTP and accepts either. SDESRequire offers keys and
// accepts nothing without. SDESRefuse never uses keys.
const (
	SDESAccept SDES = iota
	SDESRequire
	SDESRefuse
)

// plainLink is a link over two UDP sockets, one for RTP and one for RTCP, or
// the first for both where the peer agrees to it (RFC 5761).
type plainLink struct {
	cfg   Config
	h     linkHandler
	media *net.UDPConn
	ctrl  *net.UDPConn
	tasks sync.WaitGroup
	done  chan struct{}
	once  sync.Once

	mu     sync.Mutex   // guards what follows
	ours   []sdp.Crypto // offered
	others []sdp.Crypto // made for suites that only the peer offered
	peer   plainPeer    // as described
	up     bool
	secure bool
	// dtls is the association in force or in the making, nil for none; renewals counts
	// those that it took the place of. certificate is ours, made when first wanted,
	// and print its hash.
	dtls        *plainDTLS
	peerProto   string
	renewals    int
	certificate *tls.Certificate
	print       sdp.Fingerprint
	closed      bool

	// ice is nil before the first use of it. What it holds belongs to Offer,
	// Answer and SetAnswer, which never run at once.
	ice atomic.Pointer[plainICE]

	// Where to send: what the description says, until packets come from
	// elsewhere.
	mediaTo, ctrlTo atomic.Pointer[netip.AddrPort]
	sendBy          atomic.Pointer[sendKeys]
	receiveBy       atomic.Pointer[receiveKeys]
	mux             atomic.Bool
	// keyless says that the keys are still to be agreed: nothing passes till then.
	keyless atomic.Bool

	inbound sync.Mutex // one packet is opened at a time; guards what follows
	latch   latch
	inRTP   rtp.Header
	inRTCP  rtcp.Header
	opened  [readSize]byte

	// Of the sender's goroutine.
	outRTP rtp.Header
	sealed [rtpHeaderSize + redSize + 32]byte
}

// plainPeer is what the peer's description says of its transport.
type plainPeer struct {
	media, ctrl netip.AddrPort
	mux         bool
	crypto      sdp.Crypto
}

func newPlainLink(cfg Config, _ uint32, h linkHandler) (link, error) {
	ours, err := newCryptos()
	if err != nil {
		return nil, err
	}
	l := &plainLink{cfg: cfg, h: h, ours: ours, done: make(chan struct{})}
	if !l.cfg.LocalAddress.IsValid() {
		l.cfg.LocalAddress = localAddress()
	}
	if l.media, l.ctrl, err = listenPair(l.cfg.LocalAddress); err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	l.mux.Store(true)
	l.tasks.Go(crash.Guarded(func() { l.read(l.media, 0) }))
	l.tasks.Go(crash.Guarded(func() { l.read(l.ctrl, 1) }))
	l.tasks.Go(crash.Guarded(l.keepOpen))
	return l, nil
}

// proto implements link.
func (l *plainLink) proto() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cfg.SDES == SDESRequire || l.secure {
		return "RTP/SAVP"
	}
	return "RTP/AVP"
}

// describe writes our end into a section.
func (l *plainLink) describe(ours *sdp.Media) {
	ours.Port = int(l.media.LocalAddr().(*net.UDPAddr).AddrPort().Port())
	ours.Address = l.cfg.LocalAddress
}

// offer implements link.
func (l *plainLink) offer(ctx context.Context, ours *sdp.Media, restart bool) error {
	l.describe(ours)
	ours.RTCPMux = true
	ours.RTCPPort = ours.Port + 1
	l.mu.Lock()
	d, proto := l.dtls, l.peerProto
	l.mu.Unlock()
	if d != nil {
		ours.Proto, ours.Setup = proto, "actpass"
		return l.describeDTLS(ours)
	}
	if strings.Contains(ours.Proto, "SAVP") {
		ours.Cryptos = l.ours
	}
	i := l.ice.Load()
	if i == nil && !l.cfg.OfferICE || i != nil && i.declined {
		return nil
	}
	if i = l.withICE(ctx, restart); i != nil {
		i.describe(ours, !i.started || i.both)
	}
	return ctx.Err()
}

// withICE returns ICE with its candidates gathered, nil if it can't be had.
func (l *plainLink) withICE(ctx context.Context, restart bool) *plainICE {
	i, err := l.ice.Load(), error(nil)
	switch {
	case i == nil:
		i, err = l.newICE(ctx)
	case i.started && (restart || i.lost()):
		err = i.restart(ctx)
	}
	if err != nil {
		l.cfg.Logger.Warn("media: no ICE", "error", err)
		return nil
	}
	return i
}

func (l *plainLink) newICE(ctx context.Context) (*plainICE, error) {
	i, err := newPlainICE(l.cfg, [2]*net.UDPConn{l.media, l.ctrl})
	if err != nil {
		return nil, err
	}
	for n, c := range i.parts {
		c.begun = func(conn *ice.Conn) { l.listen(conn) }
		if n == 0 {
			c.state = l.onICE
		}
	}
	l.mu.Lock()
	closed := l.closed
	if !closed {
		l.ice.Store(i)
	}
	l.mu.Unlock()
	if closed {
		i.close()
		return nil, ErrClosed
	}
	return i, i.gather(ctx)
}

// onICE is what becomes of the way of the sound.
func (l *plainLink) onICE(s ice.ConnectionState) {
	switch s {
	case ice.ConnectionStateConnected:
		l.h.state(Connected, nil)
	case ice.ConnectionStateDisconnected:
		l.h.state(Disconnected, nil)
	case ice.ConnectionStateFailed:
		l.h.state(Failed, ErrPathLost)
	}
}

// answer implements link.
func (l *plainLink) answer(ctx context.Context, peer *sdp.Description, theirs, ours *sdp.Media) error {
	if err := l.acceptable(theirs); err != nil {
		return err
	}
	chosen, err := cryptoOf(theirs), error(nil)
	l.describe(ours)
	ours.RTCPMux = theirs.RTCPMux
	if !ours.RTCPMux {
		ours.RTCPPort = ours.Port + 1
	}
	var key sdp.Crypto
	if dtlsWithoutICE(theirs) {
		if err := l.describeDTLS(ours); err != nil {
			return err
		}
		return l.connectDTLS(peer, theirs, ours)
	}
	if chosen.Suite != "" {
		if key, err = l.keyFor(chosen.Suite); err != nil {
			return err
		}
		key.Tag = chosen.Tag
		ours.Cryptos = []sdp.Crypto{key}
	}
	switch offersICE(theirs, theirs.RTCPMux) {
	case iceMismatched:
		ours.ICEMismatch = true
	case iceUsable:
		i := l.ice.Load()
		if i = l.withICE(ctx, i != nil && i.remote != "" && i.remote != theirs.Ufrag); i == nil {
			break
		}
		i.describe(ours, wantsBoth(theirs))
		ours.RemoteCandidates = "" // an offerer's line
		return l.connect(peer, theirs, key, chosen, i, false)
	}
	return l.connect(peer, theirs, key, chosen, nil, false)
}

// wantsBoth reports whether a peer has a second component for RTCP.
func wantsBoth(theirs *sdp.Media) bool {
	return !theirs.RTCPMux && len(candidatesOf(theirs.Candidates, 2)) > 0
}

// accept implements link.
func (l *plainLink) accept(peer *sdp.Description, theirs *sdp.Media) error {
	if err := l.acceptable(theirs); err != nil {
		return err
	}
	if dtlsWithoutICE(theirs) {
		return l.connectDTLS(peer, theirs, nil)
	}
	chosen, err := cryptoOf(theirs), error(nil)
	var key sdp.Crypto
	if chosen.Suite != "" {
		if key, err = l.keyFor(chosen.Suite); err != nil {
			return err
		}
		if key.Tag != chosen.Tag {
			return fmt.Errorf("%w: the answer's key has a tag that was not offered", ErrNotAcceptable)
		}
	}
	i := l.ice.Load()
	if offersICE(theirs, theirs.RTCPMux) != iceUsable {
		i = nil
	}
	return l.connect(peer, theirs, key, chosen, i, true)
}

// keyFor is our key of a suite; one that is not offered is made when a peer offers
// it, and kept.
func (l *plainLink) keyFor(suite string) (sdp.Crypto, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range append(l.ours, l.others...) {
		if strings.EqualFold(c.Suite, suite) {
			c.Suite = suite // as the peer writes it
			return c, nil
		}
	}
	c, err := newCrypto(0, suite)
	if err == nil {
		l.others = append(l.others, c)
	}
	return c, err
}

// acceptable implements link.
func (l *plainLink) acceptable(m *sdp.Media) error {
	l.mu.Lock()
	secure, byDTLS := l.secure, l.dtls != nil
	l.mu.Unlock()
	if secure && avp(m) || byDTLS && !dtlsWithoutICE(m) {
		// Who is between the two must not be able to end the encryption.
		return fmt.Errorf("%w: the call is encrypted and stays so", ErrNotAcceptable)
	}
	return acceptableRTP(m, l.cfg.SDES)
}

// cryptoOf is the key that is used of a section, without a suite if it has none.
func cryptoOf(m *sdp.Media) sdp.Crypto {
	if avp(m) {
		return sdp.Crypto{}
	}
	c, _ := chooseCrypto(m.Cryptos)
	return c
}

// connect takes up the peer's end, by ICE if i is not nil.
func (l *plainLink) connect(peer *sdp.Description, theirs *sdp.Media, key, chosen sdp.Crypto, i *plainICE, offered bool) error {
	p := plainPeer{media: netip.AddrPortFrom(theirs.Address, uint16(theirs.Port)), mux: theirs.RTCPMux, crypto: chosen}
	p.ctrl = p.media
	if !p.mux {
		p.ctrl = reportsTo(theirs)
	}
	l.mu.Lock()
	if err := l.rekey(key, chosen); err != nil {
		l.mu.Unlock()
		return err
	}
	// A peer that says the same again may long be heard from elsewhere; one that
	// is on hold has no address to send to, but will have again.
	moved := l.mediaTo.Load() == nil || p.media != l.peer.media || p.ctrl != l.peer.ctrl
	if i == nil && theirs.Address.IsValid() && !theirs.Address.IsUnspecified() && moved {
		l.mediaTo.Store(&p.media)
		l.ctrlTo.Store(&p.ctrl)
	}
	l.inbound.Lock()
	l.latch.describe(p.media, p.ctrl, l.cfg.Now())
	l.inbound.Unlock()
	l.mux.Store(p.mux)
	byDTLS := dtlsWithoutICE(theirs)
	l.peer, l.secure = p, chosen.Suite != "" || byDTLS
	first := !l.up
	l.up = true
	l.mu.Unlock()
	if byDTLS {
		l.punch()
		return nil // the handshake tells the rest
	}
	security := Security{}
	if chosen.Suite != "" {
		security.Keys = KeysSDES
	}
	l.h.secured(security)
	if i != nil {
		return l.check(i, peer, theirs, offered)
	}
	if i = l.ice.Load(); i != nil {
		i.decline()
	}
	if first {
		l.h.state(Connected, nil)
	}
	l.punch()
	return nil
}

// reportsTo is where a section without rtcp-mux wants its reports (RFC 3605).
func reportsTo(m *sdp.Media) netip.AddrPort {
	to := m.Address
	if m.RTCPAddress.IsValid() && !m.RTCPAddress.IsUnspecified() {
		to = m.RTCPAddress
	}
	return netip.AddrPortFrom(to, uint16(cmp.Or(m.RTCPPort, m.Port+1)))
}

// check begins the checks of ICE, or tells them of what is new.
func (l *plainLink) check(i *plainICE, peer *sdp.Description, theirs *sdp.Media, offered bool) error {
	if offered && i.remote != "" && i.remote != theirs.Ufrag {
		l.h.state(Failed, fmt.Errorf("%w: %w", ErrPathLost, errPeerMoved))
		return nil
	}
	both := wantsBoth(theirs)
	if !both && !theirs.RTCPMux {
		// Its reports have no candidates: they go where its description says.
		to := reportsTo(theirs)
		l.ctrlTo.Store(&to)
	}
	if err := i.start(offered, peer.ICELite, theirs, both); err != nil {
		return fmt.Errorf("%w: %w", ErrNotAcceptable, err)
	}
	return nil
}

// rekey makes contexts for keys that are new; l.mu is held. The same keys go on
// with their counters.
func (l *plainLink) rekey(key, chosen sdp.Crypto) error {
	if l.dtls != nil {
		return nil
	}
	if chosen.Suite == "" {
		l.sendBy.Store(nil)
		l.receiveBy.Store(nil)
		return nil
	}
	if l.sendBy.Load() != nil && l.peer.crypto == chosen {
		return nil
	}
	in, err := newReceiveKeys(chosen)
	if err != nil {
		return err
	}
	if l.sendBy.Load() == nil || l.peer.crypto.Suite != chosen.Suite {
		out, err := newSendKeys(key)
		if err != nil {
			return err
		}
		l.sendBy.Store(out)
	}
	l.receiveBy.Store(in)
	return nil
}

// listen takes what comes by ICE until the agent ends.
func (l *plainLink) listen(conn *ice.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.tasks.Go(func() {
		defer crash.Guard()
		b := make([]byte, readSize)
		for {
			n, err := conn.Read(b)
			if err != nil {
				return
			}
			l.take(b[:n], netip.AddrPort{}, l.cfg.Now())
		}
	})
}

// close implements link.
func (l *plainLink) close() {
	l.once.Do(func() {
		l.mu.Lock()
		l.closed = true
		l.mu.Unlock()
		d := l.dtls
		close(l.done)
		if d != nil {
			d.end()
		}
		i := l.ice.Load()
		if i == nil {
			_, _ = l.media.Close(), l.ctrl.Close()
			l.tasks.Wait()
			return
		}
		// A relayed candidate says good-bye to its server, which may hang.
		late := time.AfterFunc(closeGrace, crash.Guarded(i.interrupt))
		defer late.Stop()
		if !within(closeLimit, func() {
			i.close()
			_, _ = l.media.Close(), l.ctrl.Close()
			l.tasks.Wait()
		}) {
			l.cfg.Logger.Warn("media: ICE is slow to close", "after", closeLimit)
		}
	})
}

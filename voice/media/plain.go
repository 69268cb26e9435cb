package media

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"offhook/voice/sdp"
)

// NewRTP makes a session of plain RTP, as SIP accounts without WebRTC use it:
// RTP/AVP, or RTP/SAVP with keys in the signalling (RFC 4568) as Config.SDES
// says. It sends where the far side's packets come from, which is what gets
// through NAT (symmetric RTP, RFC 4961). It opens its sockets before it returns.
//
// ICE that a peer offers together with plain RTP is left out of the answer, which
// tells the peer to use the addresses of its m= and c= lines (RFC 8839, section
// 3.2.5). A full agent would need a second stack of sockets for the two
// components that such peers want, and answering checks alone, as ICE-lite, fails
// wherever the phone itself is behind NAT, where symmetric RTP gets through. Who
// wants ICE gets all of it from NewWebRTC.
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

	// Where to send: what the description says, until packets come from
	// elsewhere.
	mediaTo, ctrlTo atomic.Pointer[netip.AddrPort]
	sendBy          atomic.Pointer[sendKeys]
	receiveBy       atomic.Pointer[receiveKeys]
	mux             atomic.Bool

	inbound sync.Mutex // one packet is opened at a time
	latched time.Duration
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
	l.tasks.Go(func() { l.read(l.media) })
	l.tasks.Go(func() { l.read(l.ctrl) })
	l.tasks.Go(l.keepOpen)
	return l, nil
}

// localAddress is an address of the machine that others can reach, or loopback.
func localAddress() netip.Addr {
	best := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err != nil || !p.Addr().IsGlobalUnicast() {
			continue
		}
		if p.Addr().Is4() {
			return p.Addr()
		}
		if best.IsLoopback() {
			best = p.Addr()
		}
	}
	return best
}

// listenPair opens an even port and the odd one above it (RFC 3550, section 11).
// The sockets take packets on every address of the family: the machine may
// move to another network during a call.
func listenPair(local netip.Addr) (media, ctrl *net.UDPConn, err error) {
	any := netip.IPv4Unspecified()
	if local.Is6() {
		any = netip.IPv6Unspecified()
	}
	if local.IsLoopback() {
		any = local // nothing but this machine has any business here
	}
	for range 64 {
		if media, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(any, 0))); err != nil {
			return nil, nil, err
		}
		port := media.LocalAddr().(*net.UDPAddr).AddrPort().Port()
		if port%2 == 0 && port < 65535 {
			if ctrl, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(any, port+1))); err == nil {
				return media, ctrl, nil
			}
		}
		_ = media.Close()
	}
	if err == nil {
		err = errors.New("no free pair of ports")
	}
	return nil, nil, err
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

// offer implements link; there is nothing to restart.
func (l *plainLink) offer(_ context.Context, ours *sdp.Media, _ bool) error {
	l.describe(ours)
	ours.RTCPMux = true
	ours.RTCPPort = ours.Port + 1
	if strings.Contains(ours.Proto, "SAVP") {
		ours.Cryptos = l.ours
	}
	return nil
}

// answer implements link.
func (l *plainLink) answer(_ context.Context, _ *sdp.Description, theirs, ours *sdp.Media) error {
	chosen, err := l.acceptable(theirs)
	if err != nil {
		return err
	}
	l.describe(ours)
	ours.RTCPMux = theirs.RTCPMux
	if !ours.RTCPMux {
		ours.RTCPPort = ours.Port + 1
	}
	var key sdp.Crypto
	if chosen.Suite != "" {
		if key, err = l.keyFor(chosen.Suite); err != nil {
			return err
		}
		key.Tag = chosen.Tag
		ours.Cryptos = []sdp.Crypto{key}
	}
	return l.connect(theirs, key, chosen)
}

// accept implements link.
func (l *plainLink) accept(_ *sdp.Description, theirs *sdp.Media) error {
	chosen, err := l.acceptable(theirs)
	if err != nil {
		return err
	}
	var key sdp.Crypto
	if chosen.Suite != "" {
		if key, err = l.keyFor(chosen.Suite); err != nil {
			return err
		}
		if key.Tag != chosen.Tag {
			return fmt.Errorf("%w: the answer's key has a tag that was not offered", ErrNotAcceptable)
		}
	}
	return l.connect(theirs, key, chosen)
}

// keyFor is our key of a suite; one that is not offered is made when a peer offers
// it, and kept.
func (l *plainLink) keyFor(suite string) (sdp.Crypto, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range append(l.ours, l.others...) {
		if c.Suite == suite {
			return c, nil
		}
	}
	c, err := newCrypto(0, suite)
	if err == nil {
		l.others = append(l.others, c)
	}
	return c, err
}

// acceptable checks the peer's transport against the policy and chooses a key.
func (l *plainLink) acceptable(m *sdp.Media) (sdp.Crypto, error) {
	var none sdp.Crypto
	switch m.Proto {
	case "RTP/AVP", "RTP/AVPF":
		if l.cfg.SDES == SDESRequire {
			return none, fmt.Errorf("%w: not encrypted", ErrNotAcceptable)
		}
		return none, nil
	case "RTP/SAVP", "RTP/SAVPF":
		if l.cfg.SDES == SDESRefuse {
			return none, fmt.Errorf("%w: %s", ErrNotAcceptable, m.Proto)
		}
		if c, ok := chooseCrypto(m.Cryptos); ok {
			return c, nil
		}
		return none, fmt.Errorf("%w: no usable key", ErrNotAcceptable)
	default:
		return none, fmt.Errorf("%w: %s", ErrNotAcceptable, m.Proto)
	}
}

// connect takes up the peer's end.
func (l *plainLink) connect(theirs *sdp.Media, key, chosen sdp.Crypto) error {
	p := plainPeer{media: netip.AddrPortFrom(theirs.Address, uint16(theirs.Port)), mux: theirs.RTCPMux, crypto: chosen}
	p.ctrl = p.media
	if !p.mux {
		port := theirs.Port + 1
		if theirs.RTCPPort != 0 {
			port = theirs.RTCPPort
		}
		p.ctrl = netip.AddrPortFrom(theirs.Address, uint16(port))
	}
	l.mu.Lock()
	if err := l.rekey(key, chosen); err != nil {
		l.mu.Unlock()
		return err
	}
	// A peer that says the same again may long be heard from elsewhere; one that
	// is on hold has no address to send to, but will have again.
	if theirs.Address.IsValid() && !theirs.Address.IsUnspecified() && (p.media != l.peer.media || p.ctrl != l.peer.ctrl) {
		l.mediaTo.Store(&p.media)
		l.ctrlTo.Store(&p.ctrl)
	}
	l.mux.Store(p.mux)
	l.peer, l.secure = p, chosen.Suite != ""
	first := !l.up
	l.up = true
	l.mu.Unlock()
	if first {
		l.h.state(Connected, nil)
	}
	l.punch()
	return nil
}

// rekey makes contexts for keys that are new; l.mu is held. The same keys go on
// with their counters.
func (l *plainLink) rekey(key, chosen sdp.Crypto) error {
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

// holePeriod is how often the path is held open where nothing else does.
const holePeriod = 5 * time.Second

// keepOpen holds NAT bindings open before the first packet of sound and while
// on hold, by empty datagrams, which no receiver takes for sound (RFC 6263,
// section 4.1).
func (l *plainLink) keepOpen() {
	tick := time.NewTicker(holePeriod)
	defer tick.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-tick.C:
			l.punch()
		}
	}
}

func (l *plainLink) punch() {
	if to := l.mediaTo.Load(); to != nil {
		_, _ = l.media.WriteToUDPAddrPort(nil, *to)
	}
}

// read takes what arrives on a socket until it is closed.
func (l *plainLink) read(c *net.UDPConn) {
	b := make([]byte, readSize)
	for {
		n, from, err := c.ReadFromUDPAddrPort(b)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil || n == 0:
			continue // such as a port that is not open yet on the other side
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		l.take(b[:n], from, l.cfg.Now())
	}
}

// take checks, opens and hands on one packet.
func (l *plainLink) take(b []byte, from netip.AddrPort, at time.Duration) {
	l.inbound.Lock()
	defer l.inbound.Unlock()
	if len(b) < 8 || b[0]>>6 != 2 {
		return
	}
	keys := l.receiveBy.Load()
	if isRTCP(b) {
		if keys != nil {
			p, err := keys.rtcp.DecryptRTCP(l.opened[:0], b, &l.inRTCP)
			if err != nil {
				return
			}
			b = p
		}
		l.follow(&l.ctrlTo, from, at, keys != nil)
		l.h.rtcp(b, at)
		return
	}
	if keys != nil {
		p, err := keys.rtp.DecryptRTP(l.opened[:0], b, &l.inRTP)
		if err != nil {
			return
		}
		b = p
	}
	if l.follow(&l.mediaTo, from, at, keys != nil) {
		l.h.rtp(b, at)
	}
}

// followAfter is how long an address must be silent before packets without
// authentication may come from another: a stranger must not take over a call
// that is being heard.
const followAfter = 500 * time.Millisecond

// follow sends to where packets come from, and reports whether the packet is
// from the peer.
func (l *plainLink) follow(to *atomic.Pointer[netip.AddrPort], from netip.AddrPort, at time.Duration, proven bool) bool {
	known := to.Load()
	if known == nil {
		return proven
	}
	isMedia := to == &l.mediaTo
	if *known != from {
		if !proven && l.latched != 0 && at-l.latched < followAfter {
			return false
		}
		to.Store(&from)
		if isMedia && l.mux.Load() {
			l.ctrlTo.Store(&from)
		}
	}
	if isMedia {
		l.latched = at
	}
	return true
}

// sendRTP implements link.
func (l *plainLink) sendRTP(_ rtpHeader, packet []byte) error {
	to := l.mediaTo.Load()
	if to == nil {
		return ErrPathLost
	}
	if keys := l.sendBy.Load(); keys != nil {
		var err error
		if packet, err = keys.rtp.EncryptRTP(l.sealed[:0], packet, &l.outRTP); err != nil {
			return err
		}
	}
	_, err := l.media.WriteToUDPAddrPort(packet, *to)
	return err
}

// sendRTCP implements link.
func (l *plainLink) sendRTCP(packet []byte) error {
	to, socket := l.ctrlTo.Load(), l.ctrl
	if to == nil {
		return ErrPathLost
	}
	if l.mux.Load() {
		socket = l.media
	}
	if keys := l.sendBy.Load(); keys != nil {
		var err error
		if packet, err = keys.rtcp.EncryptRTCP(nil, packet, nil); err != nil {
			return err
		}
	}
	_, err := socket.WriteToUDPAddrPort(packet, *to)
	return err
}

// candidates implements link.
func (l *plainLink) candidates() (local, remote string) {
	to := l.mediaTo.Load()
	if to == nil {
		return "", ""
	}
	port := l.media.LocalAddr().(*net.UDPAddr).Port
	return fmt.Sprintf("host udp %s", netip.AddrPortFrom(l.cfg.LocalAddress, uint16(port))), fmt.Sprintf("host udp %s", to)
}

// close implements link.
func (l *plainLink) close() {
	l.once.Do(func() {
		close(l.done)
		_ = l.media.Close()
		_ = l.ctrl.Close()
	})
	l.tasks.Wait()
}

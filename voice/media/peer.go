package media

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"offhook/voice/sdp"
)

// NewWebRTC makes a session whose media travels by ICE and DTLS-SRTP, as
// browsers do it (RFC 8834, RFC 8835). It opens no socket before the first
// Offer or Answer.
func NewWebRTC(cfg Config) (Session, error) {
	s, err := newSession(cfg, newPeerLink)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// peerLink is a link over a PeerConnection, which serves as transport alone: it
// gathers, checks, agrees keys and moves packets. What is said to the peer is
// written by this package; the PeerConnection is told a description of its own,
// which has the transport of the real one and always the same codecs.
type peerLink struct {
	cfg  Config
	h    linkHandler
	ssrc uint32

	mu   sync.Mutex // guards what follows
	pc   *webrtc.PeerConnection
	peer *peerTransport // as last applied, nil before
	// pending says that an offer of ours waits for its answer.
	pending bool
	closed  bool

	out    atomic.Pointer[outTrack]
	rtcpTo atomic.Pointer[webrtc.PeerConnection]
	pair   atomic.Pointer[[2]string] // names of the candidates in use
	tasks  sync.WaitGroup
	kicks  chan struct{}
	done   chan struct{}
	// interrupt ends what still waits for ICE servers.
	interrupt func()
}

// peerTransport is what the peer's description says of its transport.
type peerTransport struct {
	lite  bool
	setup string
	media sdp.Media
}

// readSize holds any packet of an Ethernet.
const readSize = 1600

// ICE timing. The library's own values suit a browser; a phone would rather
// know soon, and has the engine to restart ICE.
const (
	// iceDisconnected is when a silent peer is reported. Keepalives go three times
	// as often, and the path is given up after 5/3 as long again.
	iceDisconnected = 3 * time.Second
	// Acceptance waits: how long a better kind of path is waited for.
	waitReflexive = 100 * time.Millisecond
	waitRelay     = 300 * time.Millisecond
	// dtlsFlight is the first wait before a flight is sent again (RFC 6347,
	// section 4.2.4 says 1 s and lets a medium with a known round trip use less:
	// ICE has just measured ours).
	dtlsFlight = 200 * time.Millisecond
)

func newPeerLink(cfg Config, ssrc uint32, h linkHandler) (link, error) {
	l := &peerLink{cfg: cfg, h: h, ssrc: ssrc, kicks: make(chan struct{}, 1), done: make(chan struct{}), interrupt: func() {}}
	if err := l.connection(); err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	l.tasks.Go(l.kick)
	return l, nil
}

func (l *peerLink) proto() string { return "UDP/TLS/RTP/SAVPF" }

// connection makes the PeerConnection.
func (l *peerLink) connection() error {
	var media webrtc.MediaEngine
	for _, c := range l.codecs() {
		err := media.RegisterCodec(webrtc.RTPCodecParameters{
			PayloadType: webrtc.PayloadType(c.PayloadType),
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: "audio/" + c.Name, ClockRate: uint32(c.ClockRate), Channels: uint16(c.Channels),
			},
		}, webrtc.RTPCodecTypeAudio)
		if err != nil {
			return err
		}
	}
	// Reports are this package's own: no interceptor stands in the way of a
	// packet.
	settings, err := l.settings()
	if err != nil {
		return err
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(&media), webrtc.WithSettingEngine(settings), webrtc.WithInterceptorRegistry(&interceptor.Registry{}))
	policy := webrtc.ICETransportPolicyAll
	if l.cfg.RelayOnly {
		policy = webrtc.ICETransportPolicyRelay
	}
	var servers []webrtc.ICEServer
	for _, s := range l.cfg.ICEServers {
		servers = append(servers, webrtc.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	pc, err := api.NewPeerConnection(webrtc.Configuration{
		ICEServers: servers, ICETransportPolicy: policy,
		BundlePolicy: webrtc.BundlePolicyMaxBundle, RTCPMuxPolicy: webrtc.RTCPMuxPolicyRequire,
	})
	if err != nil {
		return err
	}
	track := &outTrack{bound: func(t *outTrack) { l.out.Store(t) }}
	sent, err := pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{
		Direction:     webrtc.RTPTransceiverDirectionSendrecv,
		SendEncodings: []webrtc.RTPEncodingParameters{{RTPCodingParameters: webrtc.RTPCodingParameters{SSRC: webrtc.SSRC(l.ssrc)}}},
	})
	if err != nil {
		_ = pc.Close()
		return err
	}
	pc.OnConnectionStateChange(l.onState)
	pc.OnICEConnectionStateChange(l.onICE)
	// Asking the library for the pair in use races with its own start.
	pc.SCTP().Transport().ICETransport().OnSelectedCandidatePairChange(func(p *webrtc.ICECandidatePair) {
		l.pair.Store(&[2]string{candidateName(p.Local), candidateName(p.Remote)})
	})
	pc.OnTrack(func(t *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
		l.tasks.Go(func() { l.readRTCP(r.Read, false) })
		l.readRTP(t)
	})
	l.pc = pc
	l.rtcpTo.Store(pc)
	l.tasks.Go(func() { l.readRTCP(sent.Sender().Read, true) })
	return nil
}

func (l *peerLink) settings() (webrtc.SettingEngine, error) {
	var e webrtc.SettingEngine
	e.SetICETimeouts(l.cfg.patience, l.cfg.patience*5/3, l.cfg.patience/3)
	e.SetHostAcceptanceMinWait(0)
	e.SetSrflxAcceptanceMinWait(waitReflexive)
	e.SetPrflxAcceptanceMinWait(waitReflexive)
	e.SetRelayAcceptanceMinWait(waitRelay)
	if l.cfg.RelayOnly {
		e.SetRelayAcceptanceMinWait(0)
	}
	e.SetSTUNGatherTimeout(l.cfg.GatherTimeout)
	e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6})
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.SetIncludeLoopbackCandidate(l.cfg.Loopback)
	e.SetDTLSRetransmissionInterval(dtlsFlight)
	e.SetHandleUndeclaredSSRCWithoutAnswer(true)
	e.DisableCloseByDTLS(true)
	e.LoggerFactory = quiet{}
	if l.cfg.Network != nil {
		e.SetNet(l.cfg.Network)
		return e, nil
	}
	machine, err := newMachineNet()
	if err != nil {
		return e, err
	}
	l.interrupt = machine.interrupt
	e.SetNet(machine)
	return e, nil
}

// codecs are what the PeerConnection is told to expect: every payload type that
// the phone can ever describe or agree to, by a name that it knows. A packet of
// a type that it was not told of would be lost on the way.
func (l *peerLink) codecs() []sdp.Codec {
	out := []sdp.Codec{
		{PayloadType: 111, Name: "opus", ClockRate: 48000, Channels: 2},
		{PayloadType: 0, Name: "PCMU", ClockRate: 8000, Channels: 1},
		{PayloadType: 8, Name: "PCMA", ClockRate: 8000, Channels: 1},
		{PayloadType: 13, Name: "CN", ClockRate: 8000, Channels: 1},
	}
	for pt := uint8(96); pt < 128; pt++ {
		if pt != 111 {
			out = append(out, sdp.Codec{PayloadType: pt, Name: fmt.Sprintf("x-%d", pt), ClockRate: 48000, Channels: 1})
		}
	}
	return out
}

// outTrack carries packets that are complete already: the audio and the
// telephone-events share its SSRC (RFC 4733, section 2.1).
type outTrack struct {
	bound  func(*outTrack)
	writer atomic.Pointer[webrtc.TrackLocalWriter]
	header rtp.Header // belongs to the sender's goroutine
}

// Bind implements webrtc.TrackLocal.
func (t *outTrack) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	w := c.WriteStream()
	t.writer.Store(&w)
	t.bound(t)
	if params := c.CodecParameters(); len(params) > 0 {
		return params[0], nil
	}
	return webrtc.RTPCodecParameters{}, webrtc.ErrUnsupportedCodec
}

// Unbind implements webrtc.TrackLocal.
func (t *outTrack) Unbind(webrtc.TrackLocalContext) error {
	t.writer.Store(nil)
	return nil
}

// ID implements webrtc.TrackLocal.
func (t *outTrack) ID() string { return "audio" }

// RID implements webrtc.TrackLocal.
func (t *outTrack) RID() string { return "" }

// StreamID implements webrtc.TrackLocal.
func (t *outTrack) StreamID() string { return "offhook" }

// Kind implements webrtc.TrackLocal.
func (t *outTrack) Kind() webrtc.RTPCodecType { return webrtc.RTPCodecTypeAudio }

// sendRTP implements link.
func (l *peerLink) sendRTP(h rtpHeader, packet []byte) error {
	t := l.out.Load()
	if t == nil {
		return ErrPathLost
	}
	w := t.writer.Load()
	if w == nil {
		return ErrPathLost
	}
	t.header = rtp.Header{Version: 2, Marker: h.marker, PayloadType: h.pt, SequenceNumber: h.seq, Timestamp: h.ts, SSRC: h.ssrc}
	_, err := (*w).WriteRTP(&t.header, packet[rtpHeaderSize:])
	return err
}

// sendRTCP implements link.
func (l *peerLink) sendRTCP(packet []byte) error {
	raw := rtcp.RawPacket(packet)
	return l.rtcpTo.Load().WriteRTCP([]rtcp.Packet{&raw})
}

// readRTP takes the packets of one source until it is gone.
func (l *peerLink) readRTP(t *webrtc.TrackRemote) {
	b := make([]byte, readSize)
	for {
		n, _, err := t.Read(b)
		switch {
		case err == nil:
			l.h.rtp(b[:n], l.cfg.Now())
		case n == 0:
			return
		}
	}
}

// readRTCP takes reports until their stream is gone. A report about our stream
// comes by the sender, and again by the receiver if it also tells of the
// peer's: it is taken from the sender.
func (l *peerLink) readRTCP(read func([]byte) (int, interceptor.Attributes, error), aboutUs bool) {
	b := make([]byte, readSize)
	for {
		n, _, err := read(b)
		if err != nil {
			return
		}
		if !aboutUs && l.concernsUs(b[:n]) {
			continue
		}
		l.h.rtcp(b[:n], l.cfg.Now())
	}
}

func (l *peerLink) concernsUs(b []byte) bool {
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		return false
	}
	for _, p := range packets {
		if slices.Contains(p.DestinationSSRC(), l.ssrc) {
			return true
		}
	}
	return false
}

// offer implements link.
func (l *peerLink) offer(ctx context.Context, ours *sdp.Media, restart bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	if err := l.rollback(); err != nil {
		return err
	}
	// A first offer that is made again is the same one.
	if !l.pending {
		d, err := l.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: restart && l.peer != nil})
		if err != nil {
			return err
		}
		if err := l.pc.SetLocalDescription(d); err != nil {
			return err
		}
		l.pending = true
	}
	return l.describe(ctx, ours, "actpass")
}

// rollback gives up an offer that has no answer: it was refused, another one
// replaces it, or the peer's crossed it. The library has no rollback, so the
// PeerConnection is told that the peer answered as it did before. l.mu is held.
func (l *peerLink) rollback() error {
	if !l.pending || l.peer == nil {
		return nil
	}
	if err := l.describePeer(webrtc.SDPTypeAnswer, l.peer); err != nil {
		return err
	}
	l.pending = false
	return nil
}

// describe waits for candidates, until all servers have answered or the timeout
// has passed, and writes our transport into a section.
func (l *peerLink) describe(ctx context.Context, ours *sdp.Media, setup string) error {
	timeout := time.NewTimer(l.cfg.GatherTimeout)
	defer timeout.Stop()
	select {
	case <-webrtc.GatheringCompletePromise(l.pc):
	case <-timeout.C:
	case <-l.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	local := l.pc.LocalDescription()
	if local == nil {
		return ErrClosed
	}
	d, err := sdp.Parse(local.SDP)
	if err != nil {
		return err
	}
	m := &d.Media[0]
	ours.Ufrag, ours.Password = m.Ufrag, m.Password
	ours.Candidates, ours.EndOfCandidates = usable(m.Candidates), true
	ours.Fingerprints, ours.RTCPMux, ours.Setup = m.Fingerprints, true, setup
	ours.Port, ours.Address = standard(m.Candidates)
	return nil
}

// accept implements link.
func (l *peerLink) accept(peer *sdp.Description, theirs *sdp.Media) error {
	if err := acceptable(theirs); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return ErrClosed
	case !l.pending && (l.peer == nil || l.peer.media.Ufrag != theirs.Ufrag):
		l.h.state(Failed, fmt.Errorf("%w: %w", ErrPathLost, errPeerMoved))
		return nil
	case !l.pending:
		for _, c := range theirs.Candidates {
			// One that can't be read is passed over, as RFC 8839, section 5.1
			// asks of unknown transports.
			_ = l.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: c})
		}
		return nil
	}
	// A missing line is active (RFC 4145, section 4.1).
	setup := "active"
	if theirs.Setup == "passive" {
		setup = "passive"
	}
	if err := l.apply(webrtc.SDPTypeAnswer, peer, theirs, setup); err != nil {
		return err
	}
	l.pending = false
	return nil
}

// errPeerMoved is the Err of a Failed event when a second answer to one offer
// came from elsewhere: a fork, or a server that moved the media. The path is
// bound to the first peer, so an ICE restart has to follow.
var errPeerMoved = errors.New("media: the peer has moved to other ICE credentials")

// answer implements link.
func (l *peerLink) answer(ctx context.Context, peer *sdp.Description, theirs, ours *sdp.Media) error {
	if err := acceptable(theirs); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	if err := l.rollback(); err != nil {
		return err
	}
	if err := l.apply(webrtc.SDPTypeOffer, peer, theirs, theirs.Setup); err != nil {
		return err
	}
	d, err := l.pc.CreateAnswer(nil)
	if err != nil {
		return err
	}
	if err := l.pc.SetLocalDescription(d); err != nil {
		return err
	}
	own, err := sdp.Parse(d.SDP)
	if err != nil {
		return err
	}
	return l.describe(ctx, ours, own.Media[0].Setup)
}

// apply takes up the peer's transport; l.mu is held.
func (l *peerLink) apply(kind webrtc.SDPType, peer *sdp.Description, theirs *sdp.Media, setup string) error {
	p := &peerTransport{lite: peer.ICELite, setup: setup, media: *theirs}
	if err := l.describePeer(kind, p); err != nil {
		return fmt.Errorf("%w: %w", ErrNotAcceptable, err)
	}
	if l.peer == nil || l.peer.media.Ufrag != p.media.Ufrag {
		l.pair.Store(nil)
	}
	l.peer = p
	select {
	case l.kicks <- struct{}{}:
	default:
	}
	return nil
}

// describePeer tells the PeerConnection of a peer's transport.
func (l *peerLink) describePeer(kind webrtc.SDPType, p *peerTransport) error {
	sections := []sdp.Media{l.section(p, "0")}
	sections[0].SSRC = p.media.SSRC
	for i, t := range l.pc.GetTransceivers() {
		source := receivedSSRC(t)
		switch {
		case i == 0 && source != 0:
			sections[0].SSRC = source
		case i > 0 && t.Mid() != "":
			// A source that no description declared has a transceiver of its
			// own, and a section in the PeerConnection's offers since.
			m := l.section(p, t.Mid())
			m.SSRC, m.Direction = source, sdp.SendOnly
			sections = append(sections, m)
		}
	}
	d := sdp.Description{SessionID: 1, Version: 1, ICELite: p.lite, Media: sections}
	for i := range sections {
		sections[i].CNAME = "peer"
		d.Bundle = append(d.Bundle, sections[i].MID)
	}
	return l.pc.SetRemoteDescription(webrtc.SessionDescription{Type: kind, SDP: d.String()})
}

// section is the peer's transport as one section for the PeerConnection.
func (l *peerLink) section(p *peerTransport, mid string) sdp.Media {
	return sdp.Media{
		Kind: "audio", Port: 9, Proto: "UDP/TLS/RTP/SAVPF", MID: mid, Direction: sdp.SendRecv,
		Codecs: l.codecs(), RTCPMux: true, Ufrag: p.media.Ufrag, Password: p.media.Password,
		Candidates: p.media.Candidates, Fingerprints: p.media.Fingerprints, Setup: p.setup,
	}
}

func receivedSSRC(t *webrtc.RTPTransceiver) uint32 {
	if r := t.Receiver(); r != nil {
		if track := r.Track(); track != nil {
			return uint32(track.SSRC())
		}
	}
	return 0
}

// acceptable refuses a section that this link can't serve.
func acceptable(m *sdp.Media) error {
	trusted := slices.ContainsFunc(m.Fingerprints, func(f sdp.Fingerprint) bool {
		// The hashes that can still be trusted (RFC 8122, section 5).
		return f.Hash == "sha-256" || f.Hash == "sha-384" || f.Hash == "sha-512"
	})
	switch {
	case !m.Secure():
		return fmt.Errorf("%w: %s", ErrNotAcceptable, m.Proto)
	case m.Ufrag == "" || m.Password == "":
		return fmt.Errorf("%w: no ICE credentials", ErrNotAcceptable)
	case !trusted:
		return fmt.Errorf("%w: no usable fingerprint", ErrNotAcceptable)
	case !m.RTCPMux:
		return fmt.Errorf("%w: no rtcp-mux", ErrNotAcceptable)
	default:
		return nil
	}
}

// onState follows ICE and DTLS together.
func (l *peerLink) onState(s webrtc.PeerConnectionState) {
	switch s {
	case webrtc.PeerConnectionStateConnected:
		l.h.state(Connected, nil)
	case webrtc.PeerConnectionStateFailed:
		err := error(ErrPathLost)
		if l.pc.ICEConnectionState() == webrtc.ICEConnectionStateConnected {
			err = ErrHandshake
		}
		l.h.state(Failed, err)
	}
}

// onICE tells of a path that falls silent.
func (l *peerLink) onICE(s webrtc.ICEConnectionState) {
	if s == webrtc.ICEConnectionStateDisconnected {
		l.h.state(Disconnected, nil)
	}
}

// kick makes ICE look at its checks early and often after each description. On
// its own it looks every 200 ms: it sends checks at one look and nominates at
// the next, so that an answer to a check waits most of that time. A new
// candidate makes it look; one in the discard prefix (RFC 6666) is nobody's.
func (l *peerLink) kick() {
	news := 0
	timer := time.NewTimer(0)
	defer timer.Stop()
	rest := func(d time.Duration) bool {
		timer.Reset(d)
		select {
		case <-timer.C:
			return true
		case <-l.done:
			return false
		}
	}
	for {
		select {
		case <-l.kicks:
		case <-l.done:
			return
		}
		nudge(rest, func() bool { return l.pair.Load() != nil }, func() {
			news++
			// It is refused once the connection is closed, and not needed then.
			_ = l.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: fmt.Sprintf("0 1 udp 1 100::%x 9 typ host", news)})
		})
	}
}

// nudge calls look after ever longer rests, the first of a millisecond, until the
// path stands or the library's own pace is fast enough. rest reports false at the
// end of all.
func nudge(rest func(time.Duration) bool, stands func() bool, look func()) {
	for wait := time.Millisecond; wait < 40*time.Millisecond; wait += wait/2 + time.Millisecond {
		if !rest(wait) || stands() {
			return
		}
		look()
	}
}

// candidates implements link.
func (l *peerLink) candidates() (local, remote string) {
	if p := l.pair.Load(); p != nil {
		return p[0], p[1]
	}
	return "", ""
}

func candidateName(c *webrtc.ICECandidate) string {
	return fmt.Sprintf("%s %s %s", c.Typ, strings.ToLower(c.Protocol.String()), net.JoinHostPort(c.Address, fmt.Sprint(c.Port)))
}

// close implements link.
func (l *peerLink) close() {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	l.closed = true
	close(l.done)
	l.mu.Unlock()
	// A relayed candidate says good-bye to its server, so the sockets are taken
	// away only from what does not end by itself.
	late := time.AfterFunc(closeGrace, l.interrupt)
	if !within(closeLimit, func() {
		_ = l.pc.GracefulClose()
		late.Stop()
		l.interrupt()
		l.tasks.Wait()
	}) {
		l.cfg.Logger.Warn("media: the connection is slow to close", "after", closeLimit)
	}
}

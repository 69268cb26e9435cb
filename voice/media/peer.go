package media

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"

	"offhook/internal/crash"
	"offhook/voice/codec"
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

	// pc is replaced by a new one when the peer comes with other keys.
	pc atomic.Pointer[webrtc.PeerConnection]
	// renewals counts the associations that took the place of another.
	renewals atomic.Int32

	mu   sync.Mutex     // guards what follows
	peer *peerTransport // as last applied, nil before
	// renewDue says that the peer has answered with other keys than before: the next
	// offer has to come from a new association.
	renewDue bool
	// pending says that an offer of ours waits for its answer.
	pending bool
	// role is our side of the DTLS association, "active" or "passive", once the
	// first answer has settled it.
	role string

	out    atomic.Pointer[outTrack]
	pair   atomic.Pointer[[2]string] // names of the candidates in use
	tasks  sync.WaitGroup
	nudges chan struct{}
	// candidate is told that one more has been gathered.
	candidate chan struct{}
	done      chan struct{}
	once      sync.Once // closes done
	// interrupt ends what still waits for ICE servers.
	interrupt atomic.Pointer[func()]
}

// ICE timing. The library's own values suit a browser; a phone would rather
// know soon, and has the engine to restart ICE.
const (
	// iceDisconnected is when a silent peer is reported. Keepalives go three times
	// as often, and the path is given up after 5/3 as long again.
	iceDisconnected = 3 * time.Second
	// Acceptance waits: how long a better kind of path is waited for.
	waitReflexive = 100 * time.Millisecond
	waitRelay     = 300 * time.Millisecond
	// relayTimeout is how long a phone that may name nothing but relays waits
	// for the first: over TLS it is five round trips away.
	relayTimeout = 5 * time.Second
	// dtlsFlight is the first wait before a flight is sent again (RFC 6347,
	// section 4.2.4 says 1 s and lets a medium with a known round trip use less:
	// ICE has just measured ours).
	dtlsFlight = 200 * time.Millisecond
)

func newPeerLink(cfg Config, ssrc uint32, h linkHandler) (link, error) {
	l := &peerLink{cfg: cfg, h: h, ssrc: ssrc, nudges: make(chan struct{}, 1), candidate: make(chan struct{}, 1), done: make(chan struct{})}
	if err := l.connection(); err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	l.tasks.Go(crash.Guarded(l.nudgeICE))
	return l, nil
}

// proto implements link: the peer's own word for it once it is known (RFC 8829,
// section 5.2.2).
func (l *peerLink) proto() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.peer != nil {
		return l.peer.media.Proto
	}
	return "UDP/TLS/RTP/SAVPF"
}

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
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) { l.onState(pc, s) })
	pc.OnICEConnectionStateChange(func(s webrtc.ICEConnectionState) { l.onICE(pc, s) })
	pc.OnICECandidate(func(*webrtc.ICECandidate) {
		select {
		case l.candidate <- struct{}{}:
		default:
		}
	})
	// Asking the library for the pair in use races with its own start.
	pc.SCTP().Transport().ICETransport().OnSelectedCandidatePairChange(func(p *webrtc.ICECandidatePair) {
		l.pair.Store(&[2]string{candidateName(p.Local), candidateName(p.Remote)})
	})
	pc.OnTrack(func(t *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
		l.tasks.Go(crash.Guarded(func() { l.readRTCP(r.Read, false) }))
		l.readRTP(t)
	})
	l.pc.Store(pc)
	l.tasks.Go(crash.Guarded(func() { l.readRTCP(sent.Sender().Read, true) }))
	return nil
}

func (l *peerLink) settings() (webrtc.SettingEngine, error) {
	var e webrtc.SettingEngine
	e.SetICETimeouts(l.cfg.timeout, l.cfg.timeout*5/3, l.cfg.timeout/3)
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
	interrupt := machine.interrupt
	l.interrupt.Store(&interrupt)
	e.SetNet(machine)
	return e, nil
}

// codecs are what the PeerConnection is told to expect: every payload type that
// the phone can ever describe or agree to, by a name that it knows. A packet of
// a type that it was not told of would be lost on the way.
func (l *peerLink) codecs() []sdp.Codec {
	out := []sdp.Codec{
		{PayloadType: comfortType, Name: comfortName, ClockRate: comfortClock, Channels: 1},
		{PayloadType: redType, Name: "x-63", ClockRate: codec.SampleRate, Channels: 1},
	}
	named := map[uint8]bool{}
	for _, i := range codec.Infos() {
		out = append(out, sdp.Codec{PayloadType: i.PayloadType, Name: i.Name, ClockRate: i.ClockRate, Channels: i.Channels})
		named[i.PayloadType] = true
	}
	for pt := uint8(96); pt < 128; pt++ {
		if !named[pt] {
			out = append(out, sdp.Codec{PayloadType: pt, Name: fmt.Sprintf("x-%d", pt), ClockRate: codec.SampleRate, Channels: 1})
		}
	}
	return out
}

// onState follows ICE and DTLS together.
func (l *peerLink) onState(pc *webrtc.PeerConnection, s webrtc.PeerConnectionState) {
	if pc != l.pc.Load() {
		return // of an association that was left
	}
	switch s {
	case webrtc.PeerConnectionStateConnected:
		l.h.state(Connected, nil)
		l.h.secured(Security{Keys: KeysDTLS, Renewals: int(l.renewals.Load())})
	case webrtc.PeerConnectionStateFailed:
		err := error(ErrPathLost)
		if pc.ICEConnectionState() == webrtc.ICEConnectionStateConnected {
			err = ErrHandshake
		}
		l.h.state(Failed, err)
	}
}

// onICE tells of a path that falls silent.
func (l *peerLink) onICE(pc *webrtc.PeerConnection, s webrtc.ICEConnectionState) {
	if pc == l.pc.Load() && s == webrtc.ICEConnectionStateDisconnected {
		l.h.state(Disconnected, nil)
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

// close implements link. It does not wait for l.mu: a description that the library
// is slow to digest must not keep the session from ending.
func (l *peerLink) close() {
	first := false
	l.once.Do(func() { first = true; close(l.done) })
	if !first {
		return
	}
	// A relayed candidate says good-bye to its server, so the sockets are taken
	// away only from what does not end by itself.
	late := time.AfterFunc(closeGrace, crash.Guarded(l.interruptAll))
	if !within(closeLimit, func() {
		_ = l.pc.Load().GracefulClose()
		late.Stop()
		l.interruptAll()
		l.tasks.Wait()
	}) {
		l.cfg.Logger.Warn("media: the connection is slow to close", "after", closeLimit)
	}
}

func (l *peerLink) interruptAll() {
	if f := l.interrupt.Load(); f != nil {
		(*f)()
	}
}

func (l *peerLink) closed() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

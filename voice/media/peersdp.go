package media

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pion/webrtc/v4"

	"offhook/internal/crash"
	"offhook/voice/sdp"
)

// peerTransport is what the peer's description says of its transport.
type peerTransport struct {
	lite  bool
	setup string
	media sdp.Media
}

// acceptable implements link.
func (l *peerLink) acceptable(m *sdp.Media) error { return acceptableWebRTC(m) }

// offer implements link.
func (l *peerLink) offer(ctx context.Context, ours *sdp.Media, restart bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed() {
		return ErrClosed
	}
	if l.renewDue {
		if err := l.renew(); err != nil {
			return err
		}
	}
	if err := l.rollback(); err != nil {
		return err
	}
	// A first offer that is made again is the same one.
	if !l.pending {
		d, err := l.pc.Load().CreateOffer(&webrtc.OfferOptions{ICERestart: restart && l.peer != nil})
		if err != nil {
			return err
		}
		if err := l.pc.Load().SetLocalDescription(d); err != nil {
			return err
		}
		l.pending = true
	}
	return l.describe(ctx, ours, "actpass")
}

// renew leaves the association for a new one, of which nothing is agreed yet. l.mu is
// held.
func (l *peerLink) renew() error {
	old, out := l.pc.Load(), l.out.Load()
	interrupt := l.interrupt.Load()
	if err := l.connection(); err != nil {
		return err
	}
	// What is sent meanwhile must not go to the peer that was left.
	l.out.CompareAndSwap(out, nil)
	l.peer, l.pending, l.role, l.renewDue = nil, false, "", false
	l.renewals.Add(1)
	l.pair.Store(nil)
	l.tasks.Go(func() {
		defer crash.Guard()
		_ = old.GracefulClose()
		if interrupt != nil {
			(*interrupt)()
		}
	})
	if l.closed() {
		_ = l.pc.Load().GracefulClose()
		return ErrClosed
	}
	return nil
}

// sameKeys reports whether two descriptions are of one certificate.
func sameKeys(a, b *sdp.Media) bool {
	return slices.ContainsFunc(a.Fingerprints, func(f sdp.Fingerprint) bool { return slices.Contains(b.Fingerprints, f) })
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

// describe waits for candidates and writes our transport into a section.
func (l *peerLink) describe(ctx context.Context, ours *sdp.Media, setup string) error {
	m, err := l.gather(ctx)
	if err != nil {
		return err
	}
	ours.Ufrag, ours.Password = m.Ufrag, m.Password
	ours.Candidates, ours.EndOfCandidates = usable(m.Candidates), true
	ours.Fingerprints, ours.RTCPMux, ours.Setup = m.Fingerprints, true, setup
	ours.Port, ours.Address = standard(m.Candidates)
	return nil
}

// gather waits until all servers have answered or the timeout has passed, then
// with RelayOnly for a first candidate: without one the peer would have no way
// to us. It returns the library's own description of our end.
func (l *peerLink) gather(ctx context.Context) (*sdp.Media, error) {
	complete := webrtc.GatheringCompletePromise(l.pc.Load())
	timeout := time.NewTimer(l.cfg.GatherTimeout)
	defer timeout.Stop()
	select {
	case <-complete:
	case <-timeout.C:
	case <-l.done:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	timeout.Reset(relayTimeout)
	for over := !l.cfg.RelayOnly; ; {
		local := l.pc.Load().LocalDescription()
		if local == nil {
			return nil, ErrClosed
		}
		d, err := sdp.Parse(local.SDP)
		if err != nil {
			return nil, err
		}
		if over || len(d.Media[0].Candidates) > 0 {
			return &d.Media[0], nil
		}
		select {
		case <-l.candidate:
		case <-complete:
			over = true
		case <-timeout.C:
			over = true
		case <-l.done:
			return nil, ErrClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// accept implements link.
func (l *peerLink) accept(peer *sdp.Description, theirs *sdp.Media) error {
	if err := acceptableWebRTC(theirs); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed():
		return ErrClosed
	case l.peer != nil && !sameKeys(&l.peer.media, theirs),
		!l.pending && (l.peer == nil || l.peer.media.Ufrag != theirs.Ufrag):
		l.renewDue = l.peer != nil && !sameKeys(&l.peer.media, theirs)
		l.h.state(Failed, fmt.Errorf("%w: %w", ErrPathLost, errPeerMoved))
		return nil
	case !l.pending:
		for _, c := range theirs.Candidates {
			// One that can't be read is passed over, as RFC 8839, section 5.1
			// asks of unknown transports.
			_ = l.pc.Load().AddICECandidate(webrtc.ICECandidateInit{Candidate: c})
		}
		return nil
	}
	// A missing line is active (RFC 4145, section 4.1).
	setup, role := "active", "passive"
	if theirs.Setup == "passive" {
		setup, role = role, setup
	}
	if err := l.apply(webrtc.SDPTypeAnswer, peer, theirs, setup); err != nil {
		return err
	}
	l.pending, l.role = false, cmp.Or(l.role, role)
	return nil
}

// errPeerMoved is the Err of a Failed event when a second answer to one offer
// came from elsewhere: a fork, or a server that moved the media. The path is
// bound to the first peer, so an ICE restart has to follow.
var errPeerMoved = errors.New("media: the peer has moved to other ICE credentials")

// answer implements link.
func (l *peerLink) answer(ctx context.Context, peer *sdp.Description, theirs, ours *sdp.Media) error {
	if err := acceptableWebRTC(theirs); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed() {
		return ErrClosed
	}
	if l.peer != nil && !sameKeys(&l.peer.media, theirs) {
		// Another certificate is another association (RFC 8842, section 4). A peer that
		// has one has new ICE credentials as well; without them it is no peer of ours.
		if l.peer.media.Ufrag == theirs.Ufrag {
			return fmt.Errorf("%w: another certificate on the same path", ErrNotAcceptable)
		}
		if err := l.renew(); err != nil {
			return err
		}
	}
	if err := l.rollback(); err != nil {
		return err
	}
	if err := l.apply(webrtc.SDPTypeOffer, peer, theirs, theirs.Setup); err != nil {
		return err
	}
	d, err := l.pc.Load().CreateAnswer(nil)
	if err != nil {
		return err
	}
	if err := l.pc.Load().SetLocalDescription(d); err != nil {
		return err
	}
	own, err := sdp.Parse(d.SDP)
	if err != nil {
		return err
	}
	// The association goes on, and so do its sides, no matter who offers next (RFC 8842,
	// section 5.5). The library always says active; a browser refuses a change.
	l.role = cmp.Or(l.role, own.Media[0].Setup)
	return l.describe(ctx, ours, l.role)
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
	case l.nudges <- struct{}{}:
	default:
	}
	return nil
}

// describePeer tells the PeerConnection of a peer's transport.
func (l *peerLink) describePeer(kind webrtc.SDPType, p *peerTransport) error {
	sections := []sdp.Media{l.section(p, "0")}
	sections[0].SSRC = p.media.SSRC
	for i, t := range l.pc.Load().GetTransceivers() {
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
	return l.pc.Load().SetRemoteDescription(webrtc.SessionDescription{Type: kind, SDP: d.String()})
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

package line

import (
	"log/slog"
	"net/netip"

	"offhook/voice/media"
)

// MediaKind says how the sound of a SIP account's calls travels.
type MediaKind string

// MediaAuto is WebRTC over ws and wss, SRTP over tls, and plain RTP over udp and tcp;
// an incoming call is taken as it is offered. MediaWebRTC is ICE with DTLS-SRTP
// (RFC 8834). MediaRTP is RTP/AVP, encrypted where the caller offers keys;
// MediaSRTP is RTP/SAVP with keys in the signalling (RFC 4568) and nothing
// less.
const (
	MediaAuto   MediaKind = ""
	MediaWebRTC MediaKind = "webrtc"
	MediaRTP    MediaKind = "rtp"
	MediaSRTP   MediaKind = "srtp"
)

// MediaSpec is what a line asks of the media of one leg.
type MediaSpec struct {
	Kind MediaKind
	// Codecs are those to offer in order of preference; all if there are none.
	Codecs []string
	ICE    []media.ICEServer
	// RelayOnly keeps every address to itself but those at a TURN server.
	RelayOnly bool
	// OfferICE offers ICE with plain RTP.
	OfferICE bool
	// Loopback allows this machine's own addresses.
	Loopback bool
	// DTX sends next to nothing in pauses.
	DTX bool
	// Local is the address from which the server is reached, for plain RTP.
	Local netip.Addr
}

// NewMedia makes the media of one leg; network is the machine's if nil.
func NewMedia(spec MediaSpec, network media.Network, log *slog.Logger) (media.Session, error) {
	cfg := media.Config{
		Codecs: spec.Codecs, ICEServers: spec.ICE, RelayOnly: spec.RelayOnly, Loopback: spec.Loopback, LocalAddress: spec.Local, OfferICE: spec.OfferICE,
		DTX: spec.DTX, Network: network, Logger: log,
	}
	switch spec.Kind {
	case MediaRTP:
		return media.NewRTP(cfg)
	case MediaSRTP:
		cfg.SDES = media.SDESRequire
		return media.NewRTP(cfg)
	}
	return media.NewWebRTC(cfg)
}

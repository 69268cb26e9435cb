package media

import (
	"log/slog"
	"net/netip"
	"time"

	"offhook/voice/codec"
)

// ICEServer is a STUN or TURN server (RFC 7064, RFC 7065).
type ICEServer struct {
	// URLs such as stun:host:port or turn:host:port?transport=tcp.
	URLs       []string
	Username   string
	Credential string
}

// Config says how a session is made. The zero value is a working one.
type Config struct {
	// Codecs by name in order of preference; see codec.Lookup. All that the
	// phone speaks if empty.
	Codecs []string
	// Bitrate of Opus in bit/s on a clean network, 16000 to 40000; 0 stands for
	// 40000. Loss and a full link change it within these bounds.
	Bitrate int
	// Complexity of Opus, 1 to 10; 0 stands for 9.
	Complexity int
	// DTX sends next to nothing while nobody speaks: some codecs by themselves, the
	// others as comfort noise (RFC 3389) to a far side that takes it.
	DTX bool
	// DigitDuration is the length of a digit sent, 50 ms to 2 s; 0 stands for
	// 100 ms.
	DigitDuration time.Duration

	// ICEServers to gather from; none is fine where the peer is reachable.
	ICEServers []ICEServer
	// RelayOnly keeps everything but relayed candidates to itself.
	RelayOnly bool
	// Loopback gathers candidates on the loopback interface too.
	Loopback bool
	// GatherTimeout cuts off servers that do not answer; 0 stands for 500 ms. With
	// RelayOnly the first relay is waited for, for 5 s more.
	GatherTimeout time.Duration
	// LocalAddress is what plain RTP writes into its descriptions: the address
	// from which the signalling reaches the peer. One of the machine's if not set.
	LocalAddress netip.Addr
	// SDES says whether plain RTP is encrypted.
	SDES SDES
	// OfferICE offers ICE with plain RTP, too; an offer that has it is answered
	// with it in any case.
	OfferICE bool
	// Network replaces the machine's network in tests.
	Network Network

	// Now is the monotonic clock; nil is the machine's.
	Now func() time.Duration
	// timeout replaces iceDisconnected in tests.
	timeout time.Duration
	// reportEvery replaces reportInterval in tests.
	reportEvery time.Duration
	// Logger gets what support needs; nil drops it.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	if len(c.Codecs) == 0 {
		c.Codecs = codec.Names()
	}
	if c.Bitrate == 0 {
		c.Bitrate = mostBitrate
	}
	c.Bitrate = min(max(c.Bitrate, leastBitrate), mostBitrate)
	if c.Complexity == 0 {
		c.Complexity = 9
	}
	if c.DigitDuration == 0 {
		c.DigitDuration = 100 * time.Millisecond
	}
	c.DigitDuration = min(max(c.DigitDuration, 50*time.Millisecond), 2*time.Second)
	if c.GatherTimeout <= 0 {
		c.GatherTimeout = 500 * time.Millisecond
	}
	if c.timeout == 0 {
		c.timeout = iceDisconnected
	}
	if c.reportEvery == 0 {
		c.reportEvery = reportInterval
	}
	if c.Now == nil {
		start := time.Now()
		c.Now = func() time.Duration { return time.Since(start) }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

package media

import (
	"context"
	"time"

	"offhook/internal/known"
)

// Session is the media of one leg: one peer, one audio stream each way. The
// WebRTC session and the plain RTP session both are one. All methods may be
// called from any goroutine; Push and Pull from a real-time thread.
type Session interface {
	// Offer returns a local SDP offer with its candidates; gathering is cut off
	// after Config.GatherTimeout. restart asks for new ICE credentials.
	Offer(ctx context.Context, restart bool) (string, error)
	// Answer applies a remote offer and returns the SDP answer.
	Answer(ctx context.Context, offer string) (string, error)
	// SetAnswer applies the remote answer to the latest Offer. The same answer
	// twice, or one from a 180 followed by the 200's, is no error.
	SetAnswer(answer string) error

	// OpenSend lets sound from Push go out; until then nothing is sent but what
	// holds the path open. OpenReceive lets received sound reach Pull.
	OpenSend()
	OpenReceive()
	// SetMuted replaces what is sent by digital silence, within one frame.
	SetMuted(bool)
	// Hold puts the direction into the next Offer or Answer and stops both
	// directions of sound.
	Hold(bool)

	// SetTap gives a copy of the sound to t, or to nobody if it is nil.
	SetTap(t Tap)
	// Overlay mixes pcm (48 kHz mono) over what is sent from now on, once; muted or
	// not. The session keeps pcm, and changes nothing in it.
	Overlay(pcm []int16)

	// SendDTMF queues digits (0-9 * # A-D, and ',' for a pause of 2 s) as RFC
	// 4733 events on the audio's SSRC. It does not wait for them to be sent. They
	// go out as soon as the path stands and the far side takes sound, before
	// OpenSend too: a menu that answers in early media wants its digits.
	// It returns an error for any other character, and ErrNoTelephoneEvent if
	// the far side took none.
	SendDTMF(digits string) error

	// Push takes one 10 ms frame (480 samples at 48 kHz) from the microphone,
	// Pull fills one for the loudspeaker. Both are called from real-time
	// threads: they allocate nothing and wait for nothing.
	Push(frame []int16)
	Pull(frame []int16)

	// Events delivers what happens; it is closed by Close. It never blocks the
	// media path.
	Events() <-chan Event
	// Statistics is a snapshot (reference, section 1.8).
	Statistics() Statistics
	// SinceReceived is the time since the far side's last sign of life, or since the
	// session was made if there was none: an RTP packet, or a report (RTCP) while the
	// far side has announced that it sends no sound.
	SinceReceived() time.Duration
	// Close ends the session and returns when its goroutines are gone, or after
	// some seconds if a network call holds one up.
	Close() error
}

// Event is something that happened to a Session.
type Event struct {
	Kind EventKind
	// Digit is set for DTMF.
	Digit rune
	// Err is set for Failed.
	Err error
	// Security is set for Secured.
	Security Security
	At       time.Time
}

// Security is what protects the sound of a session. The zero value is none.
type Security struct {
	Keys Keys
	// Renewals counts how often the far side came with another certificate during the
	// session. It may be another phone then, such as after a transfer.
	Renewals int
}

// Keys says how the keys of SRTP were agreed.
type Keys string

// NoKeys is sound in clear text, KeysSDES keys in the signalling (RFC 4568), which
// are as secret as that is, KeysDTLS a handshake on the path itself (RFC 5764).
const (
	NoKeys   Keys = ""
	KeysSDES Keys = "SDES"
	KeysDTLS Keys = "DTLS"
)

// Encrypted reports whether the sound is encrypted.
func (s Security) Encrypted() bool { return s.Keys != NoKeys }

// EventKind tells the events of a session apart.
type EventKind int

// Connected: the path (ICE, DTLS) is up. FirstSound: the first audio packet
// arrived. DTMF: a digit was received. Disconnected: ICE hears nothing.
// Failed: the path is lost and needs an ICE restart; Err says how. PeerHeld and
// PeerResumed: the far side's description says that it no longer takes sound,
// or takes it again. Secured: Event.Security is what protects the sound from now
// on; it comes with the first path and with each change.
const (
	Connected EventKind = iota
	FirstSound
	DTMF
	Disconnected
	Failed
	PeerHeld
	PeerResumed
	Secured
)

// Statistics of a session (reference, section 1.8; RFC 3550, RFC 3611, G.107).
// Times are in milliseconds, loss is in percent, bitrate in kbit/s.
type Statistics struct {
	AudioCodec            string       `json:"audio_codec"`
	AudioBitrate          float64      `json:"audio_bitrate"`
	AverageJitterMs       float64      `json:"average_jitter_ms"`
	MaxJitterMs           float64      `json:"max_jitter_ms"`
	RTTMs                 float64      `json:"rtt_ms"`
	FractionLost          float64      `json:"fraction_lost"`
	MOS                   known.Figure `json:"mos"`
	CumulativeLost        int64        `json:"cumulative_lost"`
	JitterSamples         int64        `json:"jitter_samples"`
	JitterBufferMs        float64      `json:"jitter_buffer_ms"`
	PreferredJitterBuffer float64      `json:"preferred_jitter_buffer_ms"`
	DiscardedPackets      int64        `json:"discarded_packets"`
	RemoteFractionLoss    float64      `json:"remote_fraction_loss"`
	BytesSent             uint64       `json:"bytes_sent"`
	BytesReceived         uint64       `json:"bytes_received"`
	PacketsSent           uint64       `json:"packets_sent"`
	PacketsReceived       uint64       `json:"packets_received"`
	ExtendedMax           uint32       `json:"extended_max"`
	LastSRTimestamp       uint32       `json:"last_sr_timestamp"`
	// Seconds is the age of the session, Duration the time since sound was first let
	// out: since the answer. Both are in seconds.
	Seconds          float64 `json:"seconds"`
	Duration         float64 `json:"duration"`
	NoPacketsMs      float64 `json:"no_packets_time_ms"`
	AverageLatencyMs float64 `json:"average_latency_ms"`
	// LatencyJitterMs is how far the latency strays from its mean: the mean
	// deviation of half the round trip (as in RFC 6298, section 2).
	LatencyJitterMs       float64 `json:"latency_jitter_ms"`
	CurrentPacketLossRate float64 `json:"current_packet_loss_rate"`
	MediaWaitingTimeMs    float64 `json:"media_waiting_time_ms"`
	ConcealedPercent      float64 `json:"concealed_percent"`
	BurstDensity          float64 `json:"burst_density"`
	DTMFVia               string  `json:"dtmf_via"`
	LocalCandidate        string  `json:"local_candidate"`
	RemoteCandidate       string  `json:"remote_candidate"`
}

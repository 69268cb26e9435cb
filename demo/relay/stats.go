package relay

import "time"

// Stats are the relay's figures of one leg.
type Stats struct {
	// Received from the phone: packets and bytes of RTP payload, packets lost
	// on the way here (RFC 3550, A.3) and interarrival jitter in milliseconds
	// (RFC 3550, 6.4.1).
	PacketsReceived uint64
	BytesReceived   uint64
	PacketsLost     int64
	JitterMs        float64
	// Sent to the phone.
	PacketsSent uint64
	BytesSent   uint64
	// LastReceived is when the phone's latest packet came, zero if none did.
	LastReceived time.Time
	// RemoteLoss is the loss in percent that the phone last reported.
	RemoteLoss float64
	// LocalCandidate and RemoteCandidate are the selected pair, empty if there
	// is none: transport, address and port.
	LocalCandidate, RemoteCandidate string
}

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

// Stats returns the figures so far.
func (l *Leg) Stats() Stats {
	var s Stats
	l.in.mu.Lock()
	s.PacketsReceived, s.BytesReceived = l.in.packets, l.in.bytes
	s.PacketsLost = l.in.lost + l.in.receiver.lost()
	if c := l.in.receiver.clock; c > 0 {
		s.JitterMs = l.in.receiver.jitter * 1000 / float64(c)
	}
	s.LastReceived, s.RemoteLoss = l.in.lastAt, l.in.remoteLoss
	l.in.mu.Unlock()
	l.out.mu.Lock()
	s.PacketsSent, s.BytesSent = l.out.packets, l.out.bytes
	l.out.mu.Unlock()
	if p := l.path.Load(); p != nil {
		s.LocalCandidate, s.RemoteCandidate = p.pair()
	}
	return s
}

package relay

// Tap is given the sound that passes a leg: what its phone says to others, and what
// others say to it, in the codec of the leg. What a gate or hold stops is not among
// it, and neither are digits. It is called in the middle of forwarding, so that it must
// not block, and must not keep the payload.
type Tap func(Tapped)

// Tapped is one packet that passes a leg.
type Tapped struct {
	// FromPhone says that the phone of the leg sent it.
	FromPhone bool
	// Source tells one stream from the next, TS is the RTP timestamp.
	Source, TS uint32
	// Red says that the payload brings earlier packets again (RFC 2198).
	Red     bool
	Payload []byte
}

// SetTap gives a copy of what passes the leg to t, or to nobody if it is nil.
func (l *Leg) SetTap(t Tap) {
	if t == nil {
		l.tap.Store(nil)
		return
	}
	l.tap.Store(&t)
}

// tapped hands a packet to the tap, if there is one.
func (l *Leg) tapped(fromPhone bool, source, ts uint32, k kind, payload []byte) {
	if t := l.tap.Load(); t != nil && (k == sound || k == redundant) {
		(*t)(Tapped{FromPhone: fromPhone, Source: source, TS: ts, Red: k == redundant, Payload: payload})
	}
}

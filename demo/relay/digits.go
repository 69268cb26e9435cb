package relay

// digits reads telephone-events (RFC 4733): one digit for each event, however
// many of its packets arrive.
type digits struct {
	started bool
	ts      uint32
	code    byte
}

const eventDigits = "0123456789*#ABCD"

func (d *digits) take(p packet) (rune, bool) {
	if len(p.payload) < 4 || int(p.payload[0]) >= len(eventDigits) {
		return 0, false
	}
	// An event keeps the timestamp of its beginning through all its packets; a
	// packet of an earlier event may come late.
	if d.started && (d.ts == p.ts || int32(p.ts-d.ts) < 0) {
		return 0, false
	}
	d.started, d.ts, d.code = true, p.ts, p.payload[0]
	return rune(eventDigits[d.code]), true
}

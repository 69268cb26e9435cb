package media

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"time"
)

// digitCodes are the events of RFC 4733, section 3.2, by their number.
const digitCodes = "0123456789*#ABCD"

const (
	pause = ',' // waits 2 s instead of sending

	maxDigits = 256
	// endPackets is how often the last packet of an event is sent (RFC 4733,
	// section 2.5.1.4), pausePackets the length of a pause in packet times.
	endPackets   = 3
	pausePackets = 100
	// Between two digits is as much silence as a digit is long, within these
	// bounds: receivers ask for 40 ms at least (ITU-T Q.24, table A-1).
	leastGap = 50 * time.Millisecond
	mostGap  = 100 * time.Millisecond
	// eventVolume is the power of a digit in -dBm0.
	eventVolume = 10
)

// digitQueue holds the digits that wait to be sent.
type digitQueue struct {
	mu     sync.Mutex
	digits []byte
}

func checkDigits(digits string) error {
	for _, d := range strings.ToUpper(digits) {
		if d != pause && !strings.ContainsRune(digitCodes, d) {
			return fmt.Errorf("%w: %q", ErrDigit, d)
		}
	}
	return nil
}

func (q *digitQueue) push(digits string) error {
	if err := checkDigits(digits); err != nil {
		return err
	}
	up := strings.ToUpper(digits)
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.digits)+len(up) > maxDigits {
		return ErrTooManyDigits
	}
	q.digits = append(q.digits, up...)
	return nil
}

func (q *digitQueue) pop() (byte, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.digits) == 0 {
		return 0, false
	}
	d := q.digits[0]
	q.digits = q.digits[1:]
	return d, true
}

func (q *digitQueue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.digits) == 0
}

// event is the digit that is being sent.
type event struct {
	active bool // its packets replace the audio's
	code   byte
	ts     uint32
	sent   int // packets sent of it
	rest   int // packet times to wait before the next digit begins
}

// setKeys says whether digits may go out: wherever sound could, and in early media,
// where the path stands but the microphone is shut.
func (s *sender) setKeys(on bool) {
	if s.keys.Swap(on) != on {
		s.signal()
	}
}

// digitsDue reports whether the packet clock must run for digits.
func (s *sender) digitsDue() bool {
	return s.event.active || s.keys.Load() && (s.event.rest > 0 || !s.digits.empty())
}

// stepDigits is called every packet time while digits are due.
func (s *sender) stepDigits() {
	plan := s.plan.Load()
	if plan == nil || plan.eventClock == 0 || !s.keys.Load() {
		if s.event.active {
			s.event = event{} // the gate was shut in the middle of a digit
		}
		return
	}
	e := &s.event
	switch {
	case e.active:
		s.sendEvent(plan)
	case e.rest > 0:
		e.rest--
	default:
		d, ok := s.digits.pop()
		if !ok {
			return
		}
		if d == pause {
			e.rest = pausePackets
			return
		}
		s.catchUp()
		*e = event{active: true, code: byte(strings.IndexByte(digitCodes, d)), ts: s.timestamp(plan)}
		s.sendEvent(plan)
	}
}

// catchUp moves the media time to the present where no microphone does.
func (s *sender) catchUp() {
	if now := s.now(); s.last == 0 || now-s.last > 3*packetTime {
		s.advance(packetSamples / frameSamples)
	}
}

// sendEvent sends the next packet of the digit (RFC 4733, section 2.3): the
// timestamp is the digit's beginning on the audio's clock, the duration counts
// on the clock of telephone-event. The last duration is that of the digit, not of
// the packets.
func (s *sender) sendEvent(plan *sendPlan) {
	e := &s.event
	e.sent++
	lasted := min(time.Duration(e.sent)*packetTime, s.digit)
	p := s.buf[rtpHeaderSize:]
	p[0], p[1] = e.code, eventVolume
	if lasted == s.digit {
		p[1] |= 0x80
	}
	binary.BigEndian.PutUint16(p[2:], uint16(min(int64(lasted)*int64(plan.eventClock)/int64(time.Second), 0xffff)))
	s.send(plan.eventPT, e.sent == 1, e.ts, 4)
	if packets := packetsIn(s.digit) + endPackets - 1; e.sent == packets {
		gap := min(max(s.digit, leastGap), mostGap)
		*e = event{rest: max(packetsIn(s.digit+gap)-packets, 0)}
		s.marker = true
	}
}

// packetsIn is the number of packet times that begin within d.
func packetsIn(d time.Duration) int { return int((d + packetTime - 1) / packetTime) }

// digitReader makes of the many packets of an event one digit.
type digitReader struct {
	any     bool
	ended   bool
	code    byte
	ts      uint32
	length  uint16
	arrival time.Duration
}

// read returns the digit that packet h begins, if it begins one. Every packet
// of an event has the timestamp of its beginning, so a digit is heard even if
// only one of its packets arrives, and once even if all do.
func (r *digitReader) read(h *rtpHeader, at time.Duration) (rune, bool) {
	if len(h.payload) < 4 || int(h.payload[0]) >= len(digitCodes) {
		return 0, false
	}
	code, end := h.payload[0], h.payload[1]&0x80 != 0
	length := binary.BigEndian.Uint16(h.payload[2:])
	if r.any && r.continues(h, code, at) {
		if int32(h.ts-r.ts) >= 0 {
			r.ts, r.length, r.arrival = h.ts, length, at
			r.ended = r.ended || end
		}
		return 0, false
	}
	*r = digitReader{any: true, ended: end, code: code, ts: h.ts, length: length, arrival: at}
	return rune(digitCodes[code]), true
}

// continues reports whether the packet belongs to the event read last.
func (r *digitReader) continues(h *rtpHeader, code byte, at time.Duration) bool {
	recent := at-r.arrival < 5*time.Second
	switch {
	case h.ts == r.ts:
		return true
	case recent && int32(h.ts-r.ts) < 0:
		return true // late, of an event before
	case code != r.code || h.marker || r.ended:
		return false
	case r.length == 0xffff && h.ts-r.ts == 0xffff:
		return true // next segment of a long event (RFC 4733, section 2.5.1.3)
	default:
		// Some gateways move the timestamp on within an event.
		return at-r.arrival < 100*time.Millisecond
	}
}

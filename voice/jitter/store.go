package jitter

import "time"

const (
	// storeSlots is a power of two: 2.5 s of 20 ms packets.
	storeSlots = 128
	// maxPayload is more than any voice payload that fits a datagram.
	maxPayload = 1500
)

// packet is one payload that waits for its turn. Its numbers are unwrapped.
type packet struct {
	used    bool
	seq     int64
	ts      int64 // in samples of 48 kHz
	arrival time.Duration
	// copied says that a later packet brought it (RFC 2198).
	copied bool
	n      int
	data   [maxPayload]byte
}

func (p *packet) payload() []byte { return p.data[:p.n] }

// store keeps packets by sequence number in slots made once.
type store struct {
	slots [storeSlots]packet
	count int
	// highest is the largest sequence number stored since the last clear.
	highest int64
}

func (s *store) clear() {
	for i := range s.slots {
		s.slots[i].used = false
	}
	s.count, s.highest = 0, 0
}

// at returns the packet with this sequence number, or nil.
func (s *store) at(seq int64) *packet {
	p := &s.slots[seq&(storeSlots-1)]
	if p.used && p.seq == seq {
		return p
	}
	return nil
}

// put stores what payload holds. It reports false for a duplicate. A packet too far behind
// an occupied slot's is dropped by the caller before.
func (s *store) put(seq, ts int64, arrival time.Duration, payload []byte, copied bool) bool {
	p := &s.slots[seq&(storeSlots-1)]
	if p.used {
		if p.seq == seq {
			return false
		}
	} else {
		s.count++
	}
	p.used, p.copied, p.seq, p.ts, p.arrival = true, copied, seq, ts, arrival
	p.n = copy(p.data[:], payload)
	if s.count == 1 || seq > s.highest {
		s.highest = seq
	}
	return true
}

func (s *store) drop(p *packet) {
	if p.used {
		p.used = false
		s.count--
	}
}

// next returns the stored packet with the smallest sequence number from seq on,
// or nil.
func (s *store) next(seq int64) *packet {
	if s.count == 0 {
		return nil
	}
	if low := s.highest - storeSlots + 1; seq < low {
		seq = low
	}
	for ; seq <= s.highest; seq++ {
		if p := s.at(seq); p != nil {
			return p
		}
	}
	return nil
}

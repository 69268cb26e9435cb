package jitter

import "time"

// Put stores a copy of one RTP packet's payload. seq and ts are the packet's
// own; arrival is when it was received, on the clock of Config.Now. Packets may
// come in any order.
func (b *Buffer) Put(seq uint16, ts uint32, arrival time.Duration, payload []byte) {
	if len(payload) == 0 || len(payload) > maxPayload {
		b.stats.discarded.add(1)
		return
	}
	b.newest = max(b.newest, arrival)
	if !b.heard {
		b.heard = true
		b.lastSeq, b.lastTick, b.lastAt = int64(seq)+1<<16, int64(ts)+1<<32, arrival
		b.accept(b.lastSeq, b.lastTick, arrival, payload)
		return
	}
	xseq := b.lastSeq + int64(int16(seq-uint16(b.lastSeq)))
	xtick := b.lastTick + int64(int32(ts-uint32(b.lastTick)))
	if !b.fits(xseq, xtick, arrival) {
		b.consider(seq, ts, arrival, payload)
		return
	}
	b.stray.used = false
	b.disorder *= 0.99
	if xseq > b.lastSeq {
		b.lastSeq, b.lastTick, b.lastAt = xseq, xtick, arrival
	} else if xseq < b.lastSeq {
		b.stats.reordered.add(1)
		b.disorder += 0.01
	}
	b.accept(xseq, xtick, arrival, payload)
}

// fits reports whether a packet's numbers continue the stream: its timestamp
// goes the way of its sequence number, and no further from the clock than jump.
func (b *Buffer) fits(seq, tick int64, arrival time.Duration) bool {
	steps, ticks := seq-b.lastSeq, (tick-b.lastTick)*b.scale
	if steps > 0 && ticks <= 0 || steps < 0 && ticks >= 0 || steps == 0 && ticks != 0 {
		return false
	}
	off := ticks - samplesIn(arrival-b.lastAt)
	return off < jump && off > -jump
}

// consider keeps a packet that doesn't fit, and starts anew when the one after
// it continues it. A single one is noise (RFC 3550, appendix A.1).
func (b *Buffer) consider(seq uint16, ts uint32, arrival time.Duration, payload []byte) {
	s := &b.stray
	if s.used {
		ticks := int64(int32(ts - uint32(s.ts)))
		if seq == uint16(s.seq)+1 && ticks > 0 && ticks*b.scale < jump {
			b.Reset()
			b.Put(uint16(s.seq), uint32(s.ts), s.arrival, s.payload())
			b.Put(seq, ts, arrival, payload)
			return
		}
		b.stats.discarded.add(1)
	}
	s.used, s.seq, s.ts, s.arrival = true, int64(seq), int64(ts), arrival
	s.n = copy(s.data[:], payload)
}

// accept stores a packet that belongs to the stream, unless its turn is over.
func (b *Buffer) accept(seq, tick int64, arrival time.Duration, payload []byte) {
	ts := tick * b.scale
	if b.store.count > 0 && seq <= b.store.highest-storeSlots {
		b.late(ts, arrival)
		return
	}
	if b.playing && (seq < b.nextSeq || ts+int64(b.dec.Duration(payload)) <= b.nextTS) {
		if seq == b.nextSeq-1 && b.waited == 0 {
			b.stats.duplicates.add(1)
			return
		}
		b.late(ts, arrival)
		return
	}
	if p := b.store.at(seq); p != nil && p.copied {
		p.copied = false // it was not lost, only slower than its copy
	} else if !b.admit(seq, ts, arrival, payload, false) {
		b.stats.duplicates.add(1)
		return
	}
	b.stats.received.add(1)
}

// admit stores what has its turn yet to come; false says that it is there already.
func (b *Buffer) admit(seq, ts int64, arrival time.Duration, payload []byte, copied bool) bool {
	if old := &b.store.slots[seq&(storeSlots-1)]; old.used && old.seq != seq {
		b.store.drop(old)
		b.stats.discarded.add(1)
	}
	b.taken[seq&(storeSlots-1)] = seq
	return b.store.put(seq, ts, arrival, payload, copied)
}

// late counts a packet that nobody waits for any more, and learns from it.
func (b *Buffer) late(ts int64, arrival time.Duration) {
	b.stats.received.add(1)
	b.stats.late.add(1)
	b.stats.discarded.add(1)
	b.now = b.clock()
	if b.cfg.Now != nil {
		b.pulls.late = samplesIn(b.now) - b.played - b.pulls.usual
		if b.pulls.isStall() {
			return // that it is late is no fault of the network
		}
	}
	b.learn(ts, arrival)
}

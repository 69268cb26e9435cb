package jitter

import "time"

// PutCopy stores the copy of an earlier packet that came inside another one (RFC
// 2198). seq, ts and arrival are those of the packet that brought it, which is Put
// first; back is by how much the copy's RTP timestamp lies before it. The copy is
// taken for as many packets back as its length goes into that time. What has come
// before, itself or as another copy, is passed over.
func (b *Buffer) PutCopy(seq uint16, ts, back uint32, arrival time.Duration, payload []byte) {
	if !b.heard || len(payload) == 0 || len(payload) > maxPayload {
		return
	}
	xseq := b.lastSeq + int64(int16(seq-uint16(b.lastSeq)))
	xtick := b.lastTick + int64(int32(ts-uint32(b.lastTick)))
	length, behind := int64(b.dec.Duration(payload)), int64(back)*b.scale
	if length == 0 || behind < length || behind%length != 0 || !b.fits(xseq, xtick, arrival) {
		return
	}
	xseq, at := xseq-behind/length, xtick*b.scale-behind
	b.copies.furthest = max(b.copies.furthest, behind)
	if b.came(xseq) || b.store.count > 0 && xseq <= b.store.highest-storeSlots {
		return
	}
	// It was lost, and so will others be: from now on playout waits for copies.
	b.copies.until = b.played + copiesAwaited
	b.delay.await(b.copies.furthest)
	if b.playing && (xseq < b.nextSeq || at+length <= b.nextTS) {
		b.taken[xseq&(storeSlots-1)] = xseq // too late
		return
	}
	b.admit(xseq, at, arrival, payload, true)
}

// copiesAwaited is for how long after a packet was lost playout lies far enough
// behind for the furthest of the copies that the sender makes: 10 s.
const copiesAwaited = 10 * SampleRate

// copies is what is known of the copies that the sender makes of earlier packets.
type copies struct {
	furthest int64 // by how much a copy lies behind at most, in samples
	until    int64 // what is played from then on waits for no copies
}

// forget ends the wait for copies when none was of use for long.
func (b *Buffer) forgetCopies() {
	if b.copies.furthest > 0 && b.played >= b.copies.until {
		b.copies.furthest = 0
		b.delay.await(0)
	}
}

// came reports whether a packet of this number has come, in time or not.
func (b *Buffer) came(seq int64) bool { return b.taken[seq&(storeSlots-1)] == seq }

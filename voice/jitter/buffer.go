package jitter

import (
	"time"

	"offhook/voice/codec"
)

const (
	// maxDecoded is the longest packet that Opus allows, 120 ms (RFC 6716,
	// section 2.1.4), in samples.
	maxDecoded = SampleRate * 120 / 1000
	// outSize holds a packet, its lengthening, and what is left of the one before.
	outSize  = 2*maxDecoded + 4*FrameSamples
	roomSize = memory + outSize
	// maxExcess is how far the delay may lie above the target before packets are
	// skipped instead of played faster.
	maxExcess = SampleRate * 300 / 1000
	// jump is how far a timestamp may stray from the clock before it is taken
	// for a new beginning.
	jump = 2 * SampleRate
	// askAgain is after how many losses redundancy is looked for again.
	askAgain = 8
	// tooMuchDisorder is where a missing packet may well still come.
	tooMuchDisorder = 0.02
)

// fecState is what is known of the sender's forward error correction.
type fecState uint8

const (
	fecUnknown fecState = iota
	fecSeen
	fecNone
)

// Buffer puts the packets of one stream back into even, unbroken sound. Put and
// Get belong to one goroutine; neither allocates, waits or logs.
type Buffer struct {
	cfg   Config
	dec   codec.Decoder
	scale int64 // samples of 48 kHz in a tick of the RTP clock
	stats counters
	store store
	delay estimator

	// Unwrapping of the sender's numbers, from the newest packet.
	heard    bool
	lastSeq  int64
	lastTick int64
	lastAt   time.Duration
	// stray is a packet whose numbers don't fit; the next one tells whether it
	// began a new stream.
	stray packet

	playing bool
	// played counts the samples that Get has returned since New.
	played int64
	now    time.Duration
	newest time.Duration
	// nextSeq and nextTS are what follows the last sample of out.
	nextSeq, nextTS int64
	// packetLen is the length of the last packet, in samples.
	packetLen int64
	// waited is the length of made-up sound that stands either for lost packets
	// or for late ones: the next packet tells.
	waited int64
	// pause says that the sender went silent on purpose (DTX).
	pause bool
	// fec says what the last attempt to use forward error correction found.
	fec fecState
	// asked counts single losses since the sender seemed to have none.
	asked int
	// rested counts samples since time was last stretched.
	rested int64

	conceals, backwards concealer
	// disorder is the share of packets that come behind a later one.
	disorder float64

	room  [roomSize]int16 // the newest of what was played, and then out
	out   []int16         // decoded and not yet played: room from memory on
	pcm   [maxDecoded]int16
	ahead [2 * maxDecoded]int16 // decoded before what comes ahead of it is made up
}

// New makes a buffer that decodes with dec, which belongs to it from then on.
func New(dec codec.Decoder, cfg Config) *Buffer {
	cfg = cfg.withDefaults()
	b := &Buffer{cfg: cfg, dec: dec, scale: max(1, int64(SampleRate/cfg.ClockRate)), delay: newEstimator(cfg)}
	b.out = b.room[memory:memory]
	return b
}

// Reset forgets the stream but not the statistics: call it when the SSRC
// changes. What is already decoded is still played.
func (b *Buffer) Reset() {
	b.stats.resets.add(1)
	b.forget()
}

func (b *Buffer) forget() {
	b.stats.discarded.add(b.store.count)
	b.store.clear()
	b.delay.reset()
	b.heard, b.playing, b.pause = false, false, false
	b.waited = 0
	b.stray.used = false
}

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
	if old := &b.store.slots[seq&(storeSlots-1)]; old.used && old.seq != seq {
		b.store.drop(old)
		b.stats.discarded.add(1)
	}
	if !b.store.put(seq, ts, arrival, payload) {
		b.stats.duplicates.add(1)
		return
	}
	b.stats.received.add(1)
}

// late counts a packet that nobody waits for any more, and learns from it.
func (b *Buffer) late(ts int64, arrival time.Duration) {
	b.stats.received.add(1)
	b.stats.late.add(1)
	b.stats.discarded.add(1)
	b.delay.add(ts, b.transit(ts, arrival, b.clock()))
}

func (b *Buffer) clock() time.Duration {
	if b.cfg.Now != nil {
		return b.cfg.Now()
	}
	return b.newest
}

// transit is the playout delay with which a packet would be just in time.
func (b *Buffer) transit(ts int64, arrival, now time.Duration) int64 {
	return b.played - samplesIn(now-arrival) - ts
}

// behind is the playout delay: output index of a sample less its timestamp.
func (b *Buffer) behind() int64 { return b.played + int64(len(b.out)) - b.nextTS }

// aligned is the part of a delay that helps: a packet that begins within a
// frame is needed when the frame begins.
func (b *Buffer) aligned(delay int64) int64 {
	o := (b.nextTS + delay - b.played) % FrameSamples
	if o < 0 {
		o += FrameSamples
	}
	return delay - o
}

// Get fills frame, FrameSamples long, with the next 10 ms. Before the first
// packet that is silence.
func (b *Buffer) Get(frame []int16) {
	frame = frame[:FrameSamples]
	b.now = b.clock()
	if !b.playing && b.store.count > 0 {
		b.begin()
	}
	for len(b.out) < FrameSamples {
		if !b.playing {
			b.silence(FrameSamples - len(b.out))
			break
		}
		b.produce()
	}
	copy(frame, b.out)
	left := len(b.out) - FrameSamples
	copy(b.room[:], b.room[FrameSamples:memory+len(b.out)])
	b.out = b.room[memory : memory+left]
	b.played += FrameSamples
	if b.playing {
		b.stats.played.add(FrameSamples)
		b.rested += FrameSamples
		b.stats.target.Store(b.delay.target - b.delay.base)
	}
}

// begin starts playing: at the newest packets, should older ones have piled up.
func (b *Buffer) begin() {
	newest := b.store.at(b.store.highest)
	delay := b.transit(newest.ts, newest.arrival, b.now) + b.delay.start
	// The delay is rounded up so that packets begin where frames do.
	if o := (newest.ts + delay - b.played) % FrameSamples; o > 0 {
		delay += FrameSamples - o
	} else {
		delay -= o
	}
	turn := b.played + int64(len(b.out)) - delay // the timestamp that is due now
	first := newest
	for seq := b.store.highest; seq > b.store.highest-storeSlots; seq-- {
		p := b.store.at(seq)
		if p == nil {
			continue
		}
		if p.ts >= turn {
			first = p
		} else {
			b.delay.add(p.ts, b.transit(p.ts, p.arrival, b.now))
			b.stats.discarded.add(1)
			b.store.drop(p)
		}
	}
	b.playing = true
	b.nextSeq, b.nextTS = first.seq, first.ts
	b.silence(int(max(0, first.ts-turn)))
}

// produce appends at least one sample to out.
func (b *Buffer) produce() {
	p := b.store.next(b.nextSeq)
	if p == nil {
		b.wait()
		return
	}
	if b.waited > 0 {
		b.settle(p)
		p = b.store.next(b.nextSeq)
	}
	switch gap := p.ts - b.nextTS; {
	case p.seq > b.nextSeq:
		b.bridge(p, max(0, gap))
	case gap > 0:
		b.pauseOver(min(gap, FrameSamples)) // the numbers go on, the timestamps don't
	default:
		b.play(p)
	}
}

// wait makes up 10 ms while nothing is there; whether it stands for lost sound
// or stretches time is not known yet.
func (b *Buffer) wait() {
	b.conceal(FrameSamples)
	b.waited += FrameSamples
}

// settle decides what the made-up sound before p was: sound that p's
// timestamp says is over, or time stretched because p was late.
func (b *Buffer) settle(p *packet) {
	waited := b.waited
	b.waited = 0
	gap := p.ts - b.nextTS
	if b.fec == fecNone && p.seq == b.nextSeq+1 {
		// A sender turns its redundancy on when it hears of loss: look again.
		if b.asked++; b.asked%askAgain == 0 {
			b.fec = fecUnknown
		}
	}
	if p.seq == b.nextSeq+1 && gap == b.length() && waited >= gap && b.fec != fecNone {
		// The lost packet is inside p. If the delay has to grow anyway to wait
		// for such packets, it is played late, or else given up.
		b.learnRecoverable(p, 1)
		if b.fec == fecUnknown || b.aligned(b.behind()) <= b.delay.target {
			return
		}
	}
	if p.seq > b.nextSeq+1 {
		b.learnInterpolable(p)
	}
	over := min(max(gap, 0), waited)
	b.nextTS += over
	if p.seq == b.nextSeq && !b.pause { // nothing is missing: the sender paused
		b.stats.concealed.take(int(over))
		b.stats.silent.add(int(over))
	}
	// Packets whose whole time has passed are lost.
	for p.seq > b.nextSeq+1 && p.ts-b.nextTS < (p.seq-b.nextSeq)*b.length() {
		b.nextSeq++
		b.stats.lost.add(1)
	}
	b.skip()
}

// skip drops packets when the delay has become so long that playing faster
// would take too long.
func (b *Buffer) skip() {
	for b.delay.n > 0 && b.behind()-b.delay.target > maxExcess {
		p := b.store.next(b.nextSeq)
		if p == nil || p.seq >= b.store.highest {
			return
		}
		b.stats.discarded.add(1)
		b.store.drop(p)
		after := b.store.next(p.seq + 1)
		b.nextSeq, b.nextTS = after.seq, max(b.nextTS, after.ts)
	}
}

// play decodes p.
func (b *Buffer) play(p *packet) {
	pcm := b.decode(p)
	b.conceals.end(pcm)
	b.append(pcm)
	b.nextTS = p.ts + int64(len(pcm))
	b.stats.delay.Store(max(0, b.behind()-b.delay.base))
	b.stretch()
}

// decode takes p out of the store and returns its sound, which is valid until
// the next call. A packet that can't be decoded is made up.
func (b *Buffer) decode(p *packet) []int16 {
	n, err := b.dec.Decode(p.payload(), b.pcm[:])
	b.store.drop(p)
	b.delay.add(p.ts, b.transit(p.ts, p.arrival, b.now))
	b.nextSeq = p.seq + 1
	if err != nil || n <= 0 || n > len(b.pcm) {
		b.stats.discarded.add(1)
		n = int(min(b.length(), maxDecoded))
		b.stats.concealed.add(n)
		b.continues()
		b.conceals.fill(b.pcm[:n])
		return b.pcm[:n]
	}
	b.pause = p.n <= 2 // Opus says with a bare header that it goes silent (RFC 6716, section 3.1)
	b.packetLen = int64(n)
	b.conceals.listen(b.pcm[:n])
	return b.pcm[:n]
}

// length is the length of the sender's packets as far as is known.
func (b *Buffer) length() int64 {
	if b.packetLen <= 0 {
		return 2 * FrameSamples
	}
	return b.packetLen
}

// bridge stands in for packets lost before p, until gap samples are filled. The
// last one may be made whole from p's own redundancy; what is left between that
// and the past is drawn out from both sides.
func (b *Buffer) bridge(p *packet, gap int64) {
	length, missing := b.length(), p.seq-b.nextSeq
	switch {
	case gap > 5*length && gap > missing*length: // the sender paused, too
		b.pauseOver(min(gap-missing*length, FrameSamples))
		return
	case missing > 1 && (gap > 5*length || b.disorder > tooMuchDisorder):
		// Too much to look over, or the missing ones may yet come.
		b.nextSeq++
		b.stats.lost.add(1)
		n := min(gap, length)
		b.conceal(int(n))
		b.nextTS += n
		return
	}
	b.nextSeq = p.seq
	b.stats.lost.add(int(missing))
	b.learnRecoverable(p, missing)
	var whole int64
	ahead := b.ahead[:0]
	if gap > 0 && length <= maxDecoded {
		if ok, err := b.dec.DecodeFEC(p.payload(), b.pcm[:length:length]); ok && err == nil {
			b.fec = fecSeen
			b.stats.recovered.add(1)
			whole = min(gap, length)
			ahead = append(ahead, b.pcm[length-whole:length]...)
		} else {
			b.fec = fecNone
		}
	}
	ahead = append(ahead, b.decode(p)...)
	open := int(gap - whole)
	switch {
	case open > 0 && len(ahead) >= memory && !b.pause:
		b.continues()
		b.conceals.between(b.pcm[:open], ahead, &b.backwards)
		b.append(b.pcm[:open])
		b.stats.concealed.add(open)
	case open > 0:
		b.conceal(open)
		b.conceals.end(ahead)
	default:
		b.conceals.end(ahead)
	}
	b.append(ahead)
	b.nextTS = p.ts + int64(len(ahead)) - whole
	b.stats.delay.Store(max(0, b.behind()-b.delay.base))
	b.stretch()
}

// pauseOver fills n samples of a pause.
func (b *Buffer) pauseOver(n int64) {
	b.makeUp(int(n))
	b.conceals.rest()
	b.nextTS += n
	b.stats.silent.add(int(n))
}

// learnRecoverable notes when the packets lost before p could have been played:
// in effect the last arrives with p, and the one before can be drawn out to meet
// it then. So the delay grows where loss makes that worth while, and only there.
func (b *Buffer) learnRecoverable(p *packet, missing int64) {
	if b.fec == fecNone {
		return
	}
	b.delay.add(p.ts-b.length(), b.transit(p.ts-b.length(), p.arrival, b.now))
	if missing > 1 {
		b.learnInterpolable(p)
	}
}

// learnInterpolable notes when the last but one of several packets lost before p
// could have been drawn out to meet the last.
func (b *Buffer) learnInterpolable(p *packet) {
	if b.fec == fecSeen {
		b.delay.add(p.ts-2*b.length(), b.transit(p.ts-2*b.length(), p.arrival, b.now))
	}
}

// conceal appends n made-up samples.
func (b *Buffer) conceal(n int) {
	b.makeUp(n)
	if b.pause {
		b.stats.silent.add(n)
	} else {
		b.stats.concealed.add(n)
	}
}

// makeUp appends n samples that continue what was heard.
func (b *Buffer) makeUp(n int) {
	b.continues()
	for n > 0 {
		part := b.pcm[:min(n, len(b.pcm))]
		b.conceals.fill(part)
		b.append(part)
		n -= len(part)
	}
}

// continues makes the concealer ready to go on from the end of out.
func (b *Buffer) continues() {
	if !b.conceals.active {
		b.conceals.begin(b.room[:memory+len(b.out)])
	}
}

func (b *Buffer) append(pcm []int16) {
	n := len(b.out)
	b.out = b.room[memory : memory+min(n+len(pcm), outSize)]
	copy(b.out[n:], pcm)
}

func (b *Buffer) silence(n int) {
	for n > 0 {
		part := min(n, len(b.pcm))
		clear(b.pcm[:part])
		before := len(b.out)
		b.append(b.pcm[:part])
		if len(b.out) == before {
			return
		}
		n -= part
	}
}

// stretch brings the delay towards the target by a pitch period.
func (b *Buffer) stretch() {
	const dead = SampleRate / 1000
	delay, target := b.behind(), b.delay.target
	long := b.aligned(delay-minLag) >= target+dead
	short := b.aligned(delay) < target-dead
	if !long && !short || b.rested < 4*FrameSamples && delay-target < 8*FrameSamples {
		return
	}
	lag, like := period(b.out)
	if lag == 0 || like < 0.7 && !quiet(b.out) {
		return
	}
	switch {
	case long:
		if b.aligned(delay-int64(lag)) < target+dead {
			return
		}
		b.out = cut(b.out, lag)
		b.stats.removed.add(lag)
	case len(b.out)+lag <= outSize:
		b.out = insert(b.out, lag)
		b.stats.inserted.add(lag)
	}
	b.rested = 0
}

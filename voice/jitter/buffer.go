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
	// left out instead of played faster.
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
	// taken holds the numbers of the packets that came lately, each in the slot of
	// the store that it would have.
	taken  [storeSlots]int64
	delay  estimator
	copies copies

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
	pulls  pulls
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
// changes, or when nobody has called Get on purpose. What is already decoded is
// still played, and led over into what comes. Like Put and Get it belongs to the
// one goroutine.
func (b *Buffer) Reset() {
	b.stats.resets.add(1)
	b.stats.discarded.add(b.store.count)
	b.store.clear()
	clear(b.taken[:])
	b.delay.reset()
	b.pulls.any = false
	b.heard, b.playing, b.pause = false, false, false
	b.waited = 0
	b.stray.used = false
}

// Get fills frame, FrameSamples long, with the next 10 ms. Before the first
// packet that is silence.
func (b *Buffer) Get(frame []int16) {
	frame = frame[:FrameSamples]
	b.now = b.clock()
	b.pace()
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
	b.forgetCopies()
	if b.playing {
		b.stats.played.add(FrameSamples)
		b.rested += FrameSamples
		b.stats.target.Store(b.delay.target - b.delay.base)
	}
}

// pace follows the loudspeaker's callbacks: what it falls behind is not learnt as
// delay of the network.
func (b *Buffer) pace() {
	if b.cfg.Now == nil {
		return // the newest packet's clock tells nothing of the callbacks
	}
	if moved := b.pulls.pull(b.now, samplesIn(b.now)-b.played); moved != 0 {
		b.delay.shift(moved)
	}
}

// learn notes with what delay a packet would have been just in time, had the
// loudspeaker asked for it as soon as it ever does.
func (b *Buffer) learn(ts int64, arrival time.Duration) {
	transit := b.transit(ts, arrival, b.now) + b.pulls.late
	if b.delay.n > 0 && transit > b.delay.target && b.pulls.excuses(arrival) {
		return
	}
	b.delay.add(ts, transit)
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
			b.learn(p.ts, p.arrival)
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
	}
	b.catchUp()
	p = b.store.next(b.nextSeq)
	switch gap := p.ts - b.nextTS; {
	case p.seq > b.nextSeq:
		b.bridge(p, max(0, gap))
	case gap > 0:
		b.pauseOver(min(gap, FrameSamples)) // the numbers go on, the timestamps don't
	default:
		b.play(p)
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
	if p.copied {
		b.stats.lost.add(1)
		b.stats.recovered.add(1)
	} else {
		b.learn(p.ts, p.arrival)
	}
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
	b.stats.packet.Store(int64(n))
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

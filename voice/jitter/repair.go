package jitter

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
}

// catchUp leaves out what lies so far behind the newest packet that playing faster
// would take too long: a network that was frozen has brought it all at once, or
// the loudspeaker stood still meanwhile. Nothing else would ever bring a buffer
// back whose playout stood still for longer than it can hold.
func (b *Buffer) catchUp() {
	newest := b.store.at(b.store.highest)
	if newest == nil || b.delay.n == 0 {
		return
	}
	transit := b.transit(newest.ts, newest.arrival, b.now) + b.pulls.late
	excess := b.behind() - transit - (b.delay.target - b.delay.base)
	if excess <= maxExcess {
		return
	}
	if still := b.delay.base - transit; still > 0 {
		b.delay.shift(still)
	}
	b.continues() // so that what comes is blended in
	turn := b.nextTS + excess
	p := b.store.next(b.nextSeq)
	for p != newest && p.ts < turn {
		b.stats.discarded.add(1)
		b.store.drop(p)
		p = b.store.next(p.seq + 1)
	}
	b.nextSeq, b.nextTS = p.seq, max(b.nextTS, min(p.ts, turn))
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
	case open > 0 && open <= len(b.pcm) && len(ahead) >= memory && !b.pause:
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
	b.learn(p.ts-b.length(), p.arrival)
	if missing > 1 {
		b.learnInterpolable(p)
	}
}

// learnInterpolable notes when the last but one of several packets lost before p
// could have been drawn out to meet the last.
func (b *Buffer) learnInterpolable(p *packet) {
	if b.fec == fecSeen {
		b.learn(p.ts-2*b.length(), p.arrival)
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

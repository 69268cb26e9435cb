package media

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"offhook/voice/codec"
	"offhook/voice/codec/red"
	"offhook/voice/sdp"
)

// receivePlan is what the payload types of the far side mean: those that the
// phone described last (RFC 3264, section 6.1).
type receivePlan struct {
	audio [128]*codec.Info
	event [128]int // clock of telephone-event, 0 for any other type
	noise [128]bool
	red   [128]bool
}

func newReceivePlan(codecs []sdp.Codec) *receivePlan {
	p := &receivePlan{}
	for _, c := range codecs {
		if strings.EqualFold(c.Name, telephoneEvent) {
			p.event[c.PayloadType] = c.ClockRate
		} else if strings.EqualFold(c.Name, comfortName) {
			p.noise[c.PayloadType] = true
		} else if strings.EqualFold(c.Name, red.Name) {
			p.red[c.PayloadType] = true
		} else if info, ok := codec.Lookup(c.Name); ok && info.ClockRate == c.ClockRate {
			p.audio[c.PayloadType] = &info
		}
	}
	return p
}

// with returns the plan with those of an answer's payload types that it has no use for.
// They are for what the answerer gets, but some send with them, too.
func (p *receivePlan) with(codecs []sdp.Codec) *receivePlan {
	both, theirs := *p, newReceivePlan(codecs)
	for pt := range both.audio {
		if both.audio[pt] == nil && both.event[pt] == 0 && !both.noise[pt] && !both.red[pt] {
			both.audio[pt], both.event[pt], both.noise[pt], both.red[pt] = theirs.audio[pt], theirs.event[pt], theirs.noise[pt], theirs.red[pt]
		}
	}
	return &both
}

// receiver takes packets from the network goroutine to the loudspeaker's
// thread, and measures them on the way.
type receiver struct {
	now  func() time.Duration
	emit func(Event)
	ring packetRing
	on   atomic.Bool // sound may reach Pull
	plan atomic.Pointer[receivePlan]

	// heard is when the far side's last sign of life came, in nanoseconds of now.
	heard   atomic.Int64
	octets  atomic.Uint64
	packets atomic.Uint64
	dropped atomic.Uint64 // packets that no one pulled in time

	noise comfort
	tap   tap

	// playing is what Pull plays; it changes in the thread of Pull only.
	playing atomic.Pointer[playout]
	// Of the thread that calls Pull: the stream that is played, and whether the
	// gate was shut at the last call.
	stream uint32
	shut   bool

	mu      sync.Mutex // guards what follows; never taken by Push or Pull
	src     source
	next    candidate
	left    [4]uint32 // SSRCs that another took the place of, latest first
	lastAt  time.Duration
	play    *playout
	streams uint32 // counts the sources
	digits  digitReader
	skipped uint16 // packets of digits and noise: to the playout they are no gap
	firstAt time.Duration
	any     bool
}

// replaced reports whether the far side has gone over from an SSRC to another.
func (r *receiver) replaced(ssrc uint32) bool { return slices.Contains(r.left[:], ssrc) }

// stillSpeaks is how long the present SSRC must be silent before one that it took
// the place of is followed again: where two speak at once the newer is heard, and
// never both in turns.
const stillSpeaks = 150 * time.Millisecond

// candidate is a new SSRC on probation: one stray packet must not take over
// the call (RFC 3550, appendix A.1).
type candidate struct {
	ssrc uint32
	seq  uint16
	any  bool
}

func newReceiver(now func() time.Duration, emit func(Event)) *receiver {
	r := &receiver{now: now, emit: emit}
	r.heard.Store(int64(now()))
	return r
}

// packet takes an RTP packet that has passed authentication.
func (r *receiver) packet(b []byte, at time.Duration) {
	h, ok := parseRTP(b)
	plan := r.plan.Load()
	if !ok || plan == nil {
		return
	}
	whole := h.payload
	var blocks red.Blocks
	if plan.red[h.pt] {
		if !blocks.Read(h.payload) {
			return
		}
		h.pt, h.payload = blocks.Own().PayloadType, blocks.Own().Payload
	}
	info, noise := plan.audio[h.pt], plan.noise[h.pt]
	if info == nil && !noise && plan.event[h.pt] == 0 {
		return
	}
	r.heard.Store(int64(at))
	r.octets.Add(uint64(len(whole)))
	r.packets.Add(1)

	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.admit(&h, info, at) {
		return
	}
	r.lastAt = at
	inOrder := r.src.count(&h, at, info != nil)
	if info == nil {
		if inOrder {
			r.skipped++
		}
		if noise {
			r.noise.hear(h.payload)
			return
		}
		if d, ok := r.digits.read(&h, at); ok {
			r.emit(Event{Kind: DTMF, Digit: d})
		}
		return
	}
	r.noise.end()
	r.audio(&h, *info, at, whole)
}

// admit follows the far side's SSRC.
func (r *receiver) admit(h *rtpHeader, info *codec.Info, at time.Duration) bool {
	if r.any && h.ssrc == r.src.ssrc {
		return true
	}
	if r.any && r.replaced(h.ssrc) && at-r.lastAt < stillSpeaks {
		return false
	}
	proven := r.next.any && r.next.ssrc == h.ssrc && h.seq == r.next.seq+1
	if r.any && !proven {
		r.next = candidate{ssrc: h.ssrc, seq: h.seq, any: true}
		return false
	}
	if r.any {
		copy(r.left[1:], r.left[:])
		r.left[0] = r.src.ssrc
		for i, ssrc := range r.left {
			if ssrc == h.ssrc {
				r.left[i] = 0
			}
		}
	}
	clock := codec.SampleRate
	if info != nil {
		clock = info.ClockRate
	}
	r.src = newSource(h.ssrc, h.seq, clock, at)
	r.any, r.next, r.digits, r.skipped = true, candidate{}, digitReader{}, 0
	r.streams++
	return true
}

// audio takes a packet of sound; whole is its payload with copies of earlier ones.
func (r *receiver) audio(h *rtpHeader, info codec.Info, at time.Duration, whole []byte) {
	if r.firstAt == 0 {
		r.firstAt = max(at, 1)
		r.emit(Event{Kind: FirstSound})
	}
	if r.play == nil || r.play.info != info {
		play, err := newPlayout(info, r.now)
		if err != nil {
			return
		}
		r.play, r.src.clock = play, info.ClockRate
	}
	if !r.on.Load() || len(h.payload) == 0 {
		return
	}
	again := len(whole) > len(h.payload)
	r.tap.give(Tapped{Codec: info.Name, Source: h.ssrc, TS: h.ts, Red: again, Payload: whole})
	if !r.ring.put(r.play, r.streams, h.seq-r.skipped, h.ts, at, whole, again) {
		r.dropped.Add(1)
	}
}

// pull fills the loudspeaker's next frame.
func (r *receiver) pull(frame []int16) {
	play := r.playing.Load()
	if !r.on.Load() {
		r.shut = true
		r.ring.drop()
		clear(frame)
		return
	}
	if r.shut && play != nil {
		play.Reset() // what it remembers is of before the hold
	}
	r.shut = false
	for p := r.ring.front(); p != nil; p = r.ring.front() {
		if p.play != play {
			play = p.play
			r.playing.Store(play)
		} else if p.stream != r.stream {
			play.Reset()
		}
		r.stream = p.stream
		play.take(p)
		r.ring.release()
	}
	if play == nil || len(frame) != frameSamples {
		clear(frame)
		return
	}
	play.Get(frame)
	if r.noise.level.Load() != 0 || r.noise.silent > 0 {
		r.noise.fill(frame, play.Buffer.Statistics().DelayMs)
	}
}

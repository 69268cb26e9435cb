package relay

import (
	"sync"
	"sync/atomic"
	"time"

	"offhook/voice/codec"
	"offhook/voice/codec/red"
	"offhook/voice/jitter"
)

// party is one leg of a conference: what its phone sends is played out evenly for the
// mixer, and what the others say is encoded for it.
type party struct {
	bot
	conference *Conference
	info       codec.Info
	began      time.Time
	muted      atomic.Bool

	// in belongs to the one who holds inMu: the leg's reader puts, the mixer gets.
	inMu   sync.Mutex
	in     *jitter.Buffer
	source uint32
	blocks red.Blocks

	// Of the mixer's goroutine alone.
	encoder codec.Encoder
	pcm     [frameSamples]int16
	voice   int // for how many frames more the party counts as speaking
	payload [codec.MaxPayload]byte

	// outMu guards the stream to the phone: the mixer's sound, and digits of others.
	outMu  sync.Mutex
	ssrc   uint32
	seq    uint16
	ts     uint32
	marker bool
	digit  passingDigit
}

// passingDigit is a telephone-event of another party on its way to this one.
type passingDigit struct {
	source, ts, out uint32
	until           time.Time
}

const (
	// spoken is the mean amplitude from which a frame counts as speech, about -40 dBFS.
	spoken = 250
	// voiceHang is for how many frames a party counts as speaking after such a frame.
	voiceHang = 15
	// digitGap is how long after a packet of a digit the digit counts as over.
	digitGap = 60 * time.Millisecond
)

// rtp implements sink: it is called by the leg's reader.
func (p *party) rtp(k packet) {
	switch k.kind {
	case sound, redundant:
		p.take(k)
	case event:
		if p.muted.Load() {
			return
		}
		for _, other := range *p.conference.parties.Load() {
			if other != p {
				other.passDigit(k)
			}
		}
	}
}

// close implements sink.
func (p *party) close() { p.conference.remove(p) }

func (p *party) take(k packet) {
	p.inMu.Lock()
	defer p.inMu.Unlock()
	if p.in == nil {
		decoder, err := codec.NewDecoder(p.info.Name)
		if err != nil {
			p.conference.relay.log.Error("conference", "error", err)
			return
		}
		p.in = jitter.New(decoder, jitter.Config{ClockRate: p.info.ClockRate, Now: p.now})
		p.source = k.ssrc
	}
	if p.source != k.ssrc {
		p.in.Reset()
		p.source = k.ssrc
	}
	at := p.now()
	if k.kind == sound {
		p.in.Put(k.seq, k.ts, at, k.payload)
		return
	}
	if !p.blocks.Read(k.payload) {
		return
	}
	own := p.blocks.Own()
	p.in.Put(k.seq, k.ts, at, own.Payload)
	for _, c := range p.blocks.Copies() {
		if c.PayloadType == own.PayloadType {
			p.in.PutCopy(k.seq, k.ts, c.Back, at, c.Payload)
		}
	}
}

func (p *party) now() time.Duration { return time.Since(p.began) }

// listen fetches the party's next 20 ms: silence while it is muted, has not spoken
// yet, or is kept from being heard.
func (p *party) listen() {
	p.inMu.Lock()
	if p.in == nil {
		p.inMu.Unlock()
		clear(p.pcm[:])
		return
	}
	for i := 0; i < frameSamples; i += jitter.FrameSamples {
		p.in.Get(p.pcm[i : i+jitter.FrameSamples])
	}
	p.inMu.Unlock()
	if p.muted.Load() || !p.leg.gate.fromPhone.Load() || !p.leg.gate.phoneSends.Load() {
		clear(p.pcm[:])
	}
	total := 0
	for _, v := range p.pcm {
		total += max(int(v), -int(v))
	}
	if p.voice = max(0, p.voice-1); total > spoken*frameSamples {
		p.voice = voiceHang
	}
}

// say encodes the sound of the others and sends it.
func (p *party) say(pcm *[frameSamples]int16) {
	n, err := p.encoder.Encode(pcm[:], p.payload[:])
	if err != nil {
		p.conference.relay.log.Error("conference", "error", err)
		return
	}
	p.outMu.Lock()
	defer p.outMu.Unlock()
	ts := p.ts
	p.ts += uint32(p.info.ClockRate / 50)
	if n == 0 || time.Now().Before(p.digit.until) {
		p.marker = true
		return
	}
	p.send(packet{ts: ts, marker: p.marker, kind: sound, clock: p.info.ClockRate, payload: p.payload[:n]})
	p.marker = false
}

// skip lets 20 ms pass in which nothing is sent.
func (p *party) skip() {
	p.outMu.Lock()
	defer p.outMu.Unlock()
	p.ts += uint32(p.info.ClockRate / 50)
	p.marker = true
}

// send puts a packet into the stream. Called with outMu held.
func (p *party) send(k packet) {
	k.ssrc, k.seq = p.ssrc, p.seq
	p.seq++
	p.leg.send(k)
}

// passDigit sends a packet of another party's telephone-event in place of sound. All
// packets of an event carry the time of its beginning (RFC 4733, section 2.5.1.1).
func (p *party) passDigit(k packet) {
	p.outMu.Lock()
	defer p.outMu.Unlock()
	now := time.Now()
	if d := &p.digit; d.source != k.ssrc || d.ts != k.ts || d.until.IsZero() {
		if now.Before(d.until) && d.source != k.ssrc {
			return // two press keys at once: the first is passed
		}
		out := p.ts
		if !d.until.IsZero() && out == d.out {
			out++ // two keys within one frame are two all the same
		}
		*d = passingDigit{source: k.ssrc, ts: k.ts, out: out}
		k.marker = true
	}
	p.digit.until = now.Add(digitGap)
	k.ts = p.digit.out
	p.send(k)
}

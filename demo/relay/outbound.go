package relay

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"

	"offhook/voice/codec/red"
)

// outbound is the sending side of a leg: one stream with one SSRC, no matter who is
// heard on it. Numbers and times of a source are shifted by a constant, so that
// what was lost before the relay is missing after it too.
type outbound struct {
	ssrc    uint32
	stopped atomic.Bool // the gate has stopped packets since the last sent

	mu      sync.Mutex
	plain   []byte
	cipher  []byte
	header  rtp.Header
	started bool
	// source is the SSRC that the shift holds for.
	source   uint32
	seqShift uint16
	tsShift  uint32
	// firstIn and firstOut are the extended numbers of the source's first
	// packet on either side.
	firstIn, firstOut uint32

	lastSeq uint32 // extended
	lastTS  uint32
	lastAt  time.Time
	packets uint64
	bytes   uint64
}

func (o *outbound) init(ssrc uint32) {
	o.ssrc = ssrc
	o.plain = make([]byte, 0, 1600)
	o.cipher = make([]byte, 0, 1700)
}

// shift prepares the mapping for a packet, anew if its source is a new one or
// was stopped for a while: the pause shows in the timestamps, not as loss.
// Called with mu held.
func (o *outbound) shift(p packet, clock int, now time.Time) {
	stopped := o.stopped.Swap(false)
	if o.started && o.source == p.ssrc && !p.resumed && !stopped {
		return
	}
	var seq, ts uint32
	if o.started {
		seq = o.lastSeq + 1
		gone := max(now.Sub(o.lastAt), 20*time.Millisecond)
		ts = o.lastTS + uint32(gone.Seconds()*float64(clock))
	} else {
		// Below 2^15, so that the first wrap is not guessed wrong (RFC 3711,
		// 3.3.1), and above the reach of packets late at the start.
		seq, ts = 0x400+rand.Uint32N(0x7000), rand.Uint32()
		o.lastSeq = seq
	}
	o.started, o.source = true, p.ssrc
	o.firstIn, o.firstOut = uint32(p.seq), seq
	o.seqShift, o.tsShift = uint16(seq)-p.seq, ts-p.ts
}

// send writes p to the phone in the phone's own numbers.
func (l *Leg) send(p packet) {
	if !l.gate.toPhone.Load() || !l.gate.phoneReceives.Load() {
		l.relay.held.Add(1)
		l.out.stopped.Store(true)
		return
	}
	k, table := l.keys.Load(), l.table.Load()
	if k == nil || table == nil {
		return
	}
	if p.kind == redundant && table.red == nil {
		if p.kind, p.payload = sound, red.Own(p.payload); len(p.payload) == 0 {
			return
		}
	}
	to, ok := table.format(p)
	if !ok {
		return
	}
	o := &l.out
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	o.shift(p, table.sound.Clock, now)
	seq, ts := p.seq+o.seqShift, p.ts+o.tsShift
	if d := int16(seq - uint16(o.lastSeq)); d > 0 {
		o.lastSeq += uint32(d)
	}
	o.lastTS, o.lastAt = ts, now
	l.tapped(false, o.ssrc, ts, p.kind, p.payload)

	b := o.plain[:12]
	b[0], b[1] = 0x80, to.PayloadType
	if p.marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], seq)
	binary.BigEndian.PutUint32(b[4:], ts)
	binary.BigEndian.PutUint32(b[8:], o.ssrc)
	b = append(b, p.payload...)
	if p.kind == redundant && !red.Retype(b[12:], table.sound.PayloadType) {
		return
	}
	if p.kind == event && to.Clock != p.clock && len(p.payload) >= 4 {
		// The duration counts the event's own clock (RFC 4733, 2.3.5).
		d := uint32(binary.BigEndian.Uint16(p.payload[2:])) * uint32(to.Clock) / uint32(p.clock)
		binary.BigEndian.PutUint16(b[14:], uint16(min(d, 0xffff)))
	}
	o.plain = b[:0]
	if l.seal(k, b, p.via) == nil {
		o.packets++
		l.relay.sent.Add(1)
		o.bytes += uint64(len(p.payload))
	}
}

// seal encrypts a packet and sends it, with the others of a batch if there is one.
// Called with out.mu held.
func (l *Leg) seal(k *keys, plain []byte, via *batch) error {
	o := &l.out
	path := l.path.Load()
	if path == nil {
		return ErrClosed
	}
	var to *netip.AddrPort
	if via != nil {
		to = path.remote.Load()
	}
	if to == nil {
		out, err := k.out.EncryptRTP(o.cipher[:0], plain, &o.header)
		if err != nil {
			return err
		}
		o.cipher = out
		return path.write(out)
	}
	out, err := k.out.EncryptRTP(via.room(), plain, &o.header)
	if err == nil {
		via.queue(out, *to)
	}
	return err
}

// format finds the payload type for p on this leg.
func (t *payloads) format(p packet) (Codec, bool) {
	switch p.kind {
	case sound:
		return t.sound, true
	case redundant:
		return *t.red, true
	case comfort:
		if t.noise != nil {
			return *t.noise, true
		}
	case event:
		for _, e := range t.events {
			if e.Clock == p.clock {
				return e, true
			}
		}
		if len(t.events) > 0 {
			return t.events[0], true
		}
	}
	return Codec{}, false
}

// sendRTCP encrypts and writes a compound packet.
func (l *Leg) sendRTCP(raw []byte) {
	k := l.keys.Load()
	if k == nil {
		return
	}
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	out, err := k.out.EncryptRTCP(nil, raw, nil)
	if err != nil {
		return
	}
	_ = l.write(out)
}

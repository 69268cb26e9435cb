package relay

import (
	"math"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// kind tells the formats of a leg apart.
type kind uint8

const (
	other kind = iota
	sound
	event
	comfort
	redundant // sound, with copies of earlier packets
)

// payloads maps the payload types of one leg.
type payloads struct {
	kinds  [128]kind
	clocks [128]int
	sound  Codec
	events []Codec
	noise  *Codec
	red    *Codec
}

func newPayloads(c Codec, events []Codec, noise, red *Codec) *payloads {
	t := &payloads{sound: c, events: events, noise: noise, red: red}
	set := func(c Codec, k kind) { t.kinds[c.PayloadType&127], t.clocks[c.PayloadType&127] = k, c.Clock }
	set(c, sound)
	for _, e := range events {
		set(e, event)
	}
	if noise != nil {
		set(*noise, comfort)
	}
	if red != nil {
		set(*red, redundant)
	}
	return t
}

// packet is one RTP packet on its way through.
type packet struct {
	ssrc   uint32
	seq    uint16
	ts     uint32
	marker bool
	kind   kind
	clock  int
	// resumed says that packets before it were stopped on purpose: they are not
	// to be counted as lost.
	resumed bool
	payload []byte
	// via, if it is not nil, takes what is sent on because of this packet, until the
	// sink returns.
	via *batch
}

// inbound is the receiving side of a leg.
type inbound struct {
	mu       sync.Mutex
	header   rtp.Header
	plain    []byte
	digits   digits
	receiver receiver
	lastAt   time.Time
	bytes    uint64
	packets  uint64
	lost     int64
	stopped  bool // the gate has stopped packets since the last that passed
	// What the phone reports of what it hears.
	remoteLoss float64
}

func (in *inbound) last() time.Time {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.lastAt
}

// receive takes every packet that is not STUN (RFC 7983). What it makes the far phone
// be sent goes into via, unless that is nil.
func (l *Leg) receive(b []byte, via *batch) {
	if len(b) < 8 {
		return
	}
	switch {
	case b[0] >= 20 && b[0] <= 63:
		if s := l.secure.Load(); s != nil {
			_, _ = s.in.Write(b)
		}
	case b[0] >= 128 && b[0] <= 191:
		k := l.keys.Load()
		if k == nil {
			return
		}
		if pt := b[1] & 127; pt >= 64 && pt < 96 {
			l.receiveRTCP(k, b)
		} else {
			l.receiveRTP(k, b, via)
		}
	}
}

func (l *Leg) receiveRTP(k *keys, b []byte, via *batch) {
	in := &l.in
	in.mu.Lock()
	defer in.mu.Unlock()
	n, err := in.header.Unmarshal(b)
	if err != nil {
		return
	}
	plain, err := k.in.DecryptRTP(in.plain[:0], b, &in.header)
	if err != nil {
		return
	}
	in.plain = plain
	payload := plain[n:]
	if in.header.Padding && len(payload) > 0 {
		if pad := int(payload[len(payload)-1]); pad <= len(payload) {
			payload = payload[:len(payload)-pad]
		}
	}
	table := l.table.Load()
	p := packet{
		ssrc: in.header.SSRC, seq: in.header.SequenceNumber, ts: in.header.Timestamp, marker: in.header.Marker,
		kind: table.kinds[in.header.PayloadType&127], clock: table.clocks[in.header.PayloadType&127], payload: payload, via: via,
	}
	now := time.Now()
	in.lastAt = now
	if p.kind == other || len(payload) == 0 {
		return
	}
	in.packets++
	l.relay.received.Add(1)
	in.bytes += uint64(len(payload))
	if in.receiver.started && in.receiver.ssrc != p.ssrc {
		in.lost += in.receiver.lost()
	}
	in.receiver.take(p, table.sound.Clock, now)
	if p.kind == event && l.onDigit != nil {
		if d, ok := in.digits.take(p); ok {
			l.onDigit(d)
		}
	}
	if !l.gate.fromPhone.Load() || !l.gate.phoneSends.Load() {
		l.relay.held.Add(1)
		in.stopped = true
		return
	}
	p.resumed, in.stopped = in.stopped, false
	l.tapped(true, p.ssrc, p.ts, p.kind, p.payload)
	if s := l.to.Load(); s != nil {
		(*s).rtp(p)
	}
}

func (l *Leg) receiveRTCP(k *keys, b []byte) {
	in := &l.in
	in.mu.Lock()
	defer in.mu.Unlock()
	plain, err := k.in.DecryptRTCP(nil, b, nil)
	if err != nil {
		return
	}
	in.lastAt = time.Now()
	packets, err := rtcp.Unmarshal(plain)
	if err != nil {
		return
	}
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.SenderReport:
			in.receiver.report(p, in.lastAt)
			in.heard(p.Reports, l.out.ssrc)
		case *rtcp.ReceiverReport:
			in.heard(p.Reports, l.out.ssrc)
		}
	}
	if s := l.to.Load(); s != nil && l.gate.fromPhone.Load() {
		(*s).rtcp(plain)
	}
}

// heard notes what the phone says of our stream.
func (in *inbound) heard(reports []rtcp.ReceptionReport, ssrc uint32) {
	for _, r := range reports {
		if r.SSRC == ssrc {
			in.remoteLoss = float64(r.FractionLost) * 100 / 256
		}
	}
}

// receiver counts one source (RFC 3550, appendix A.1, A.3 and A.8).
type receiver struct {
	started  bool
	ssrc     uint32
	base     uint32
	max      uint32 // extended
	received uint32
	transit  float64
	jitter   float64 // in clock units
	clock    int

	expectedPrior, receivedPrior uint32
	lastSR                       uint32
	lastSRAt                     time.Time
}

func (r *receiver) take(p packet, clock int, now time.Time) {
	if !r.started || r.ssrc != p.ssrc {
		*r = receiver{started: true, ssrc: p.ssrc, base: uint32(p.seq), max: uint32(p.seq), clock: clock}
	}
	// The signed distance to the highest number so far tells a step forward,
	// over the wrap too, from a late packet.
	if d := int16(p.seq - uint16(r.max)); d > 0 {
		r.max += uint32(d)
	}
	r.received++
	if p.kind != sound && p.kind != redundant {
		return
	}
	arrival := float64(now.UnixNano()) / float64(time.Second) * float64(clock)
	transit := math.Mod(arrival, 1<<32) - float64(p.ts)
	if r.transit != 0 {
		d := math.Abs(transit - r.transit)
		if d < float64(clock)*10 { // a wrap of either clock is no jitter
			r.jitter += (d - r.jitter) / 16
		}
	}
	r.transit = transit
}

func (r *receiver) lost() int64 {
	if !r.started {
		return 0
	}
	return max(int64(r.max-r.base+1)-int64(r.received), 0)
}

func (r *receiver) report(sr *rtcp.SenderReport, now time.Time) {
	r.lastSR, r.lastSRAt = uint32(sr.NTPTime>>16), now
}

// block is the report about this source, for a bot's RTCP.
func (r *receiver) block(now time.Time) (rtcp.ReceptionReport, bool) {
	if !r.started {
		return rtcp.ReceptionReport{}, false
	}
	expected := r.max - r.base + 1
	de, dr := expected-r.expectedPrior, r.received-r.receivedPrior
	r.expectedPrior, r.receivedPrior = expected, r.received
	var fraction uint8
	if de > 0 && de > dr {
		fraction = uint8(uint64(de-dr) << 8 / uint64(de))
	}
	b := rtcp.ReceptionReport{
		SSRC: r.ssrc, FractionLost: fraction, TotalLost: uint32(min(r.lost(), 1<<23-1)),
		LastSequenceNumber: r.max, Jitter: uint32(r.jitter),
	}
	if !r.lastSRAt.IsZero() {
		b.LastSenderReport = r.lastSR
		b.Delay = uint32(now.Sub(r.lastSRAt).Seconds() * 65536)
	}
	return b, true
}

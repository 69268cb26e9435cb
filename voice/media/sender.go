package media

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"offhook/voice/codec"
)

// sendPlan is what the two sides agreed that the phone sends. It is replaced
// whole, never changed.
type sendPlan struct {
	info codec.Info
	pt   uint8
	enc  codec.Encoder // belongs to the sender's goroutine
	// short says that the far side takes packets of 10 ms, only that it takes no
	// longer ones.
	short, only bool
	// redPT is the type of packets that bring up to copies earlier ones again.
	redPT  uint8
	copies int
	// noisePT is the type of comfort noise, where noise says that pauses are sent as
	// such.
	noisePT uint8
	noise   bool
	// eventPT and eventClock describe telephone-event; eventClock 0 is none.
	eventPT    uint8
	eventClock int
}

// packetSamples is the usual packet time: 20 ms at 48 kHz.
const packetSamples = 2 * frameSamples

const packetTime = 20 * time.Millisecond

// steering is what the far side's reports make of the sender. It is replaced
// whole, never changed.
type steering struct {
	loss    int // of the far side, in percent
	bitrate int // bit/s
	short   bool
	// copies is the index of the copyPlans that the loss asks for.
	copies int
}

// sender turns microphone frames and digits into RTP. Push fills its ring from
// a real-time thread, one goroutine encodes and sends.
type sender struct {
	now   func() time.Duration
	write func(h rtpHeader, packet []byte) error
	wake  chan struct{}
	ring  frameRing

	on    atomic.Bool   // sound may go out
	keys  atomic.Bool   // digits may go out
	epoch atomic.Uint32 // rises whenever on does
	muted atomic.Bool
	plan  atomic.Pointer[sendPlan]
	over  atomic.Pointer[overlay]
	tap   tap
	steer atomic.Pointer[steering]
	// frames is the number of frames in the packet that is being filled.
	frames atomic.Int32

	digits digitQueue
	counts sendCounts

	// What follows belongs to the goroutine.
	ssrc    uint32
	seq     uint16
	base    uint32 // RTP timestamp of media time 0
	media   int64  // media time in samples at 48 kHz
	last    time.Duration
	pcm     [packetSamples]int16
	buf     [rtpHeaderSize + codec.MaxPayload]byte
	red     redWriter
	enc     codec.Encoder // of the last packet
	steered *steering     // as the encoder was told
	marker  bool
	silence silence
	event   event
	digit   time.Duration // length of a digit
}

// sendCounts is read by the statistics and the reports.
type sendCounts struct {
	packets, octets, overruns, failed atomic.Uint64
	// lastTS and lastAt say which RTP timestamp was sent when, for sender
	// reports (RFC 3550, section 6.4.1): timestamp in the upper half.
	lastTS atomic.Uint32
	lastAt atomic.Int64
}

func newSender(now func() time.Duration, digit time.Duration, write func(h rtpHeader, packet []byte) error) *sender {
	s := &sender{
		now:   now,
		write: write,
		wake:  make(chan struct{}, 1),
		ssrc:  rand.Uint32() | 1,
		seq:   uint16(rand.Uint32N(1 << 15)), // room before the first wrap (RFC 3711, section 3.3.1)
		base:  rand.Uint32(),
		digit: max(digit, 10*time.Millisecond),
	}
	s.frames.Store(packetSamples / frameSamples)
	return s
}

// setOn opens or shuts the gate. What was pushed before does not go out after.
func (s *sender) setOn(on bool) {
	if on && !s.on.Load() {
		s.epoch.Add(1)
	}
	s.on.Store(on)
	s.signal()
}

func (s *sender) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// push is called from the microphone's thread.
func (s *sender) push(pcm []int16) {
	if !s.on.Load() || len(pcm) != frameSamples {
		return
	}
	f := s.ring.free()
	if f == nil {
		s.counts.overruns.Add(1)
		s.signal()
		return
	}
	f.epoch = s.epoch.Load()
	if s.muted.Load() {
		clear(f.pcm[:])
	} else {
		copy(f.pcm[:], pcm)
	}
	s.ring.commit()
	if s.ring.len() >= int(s.frames.Load()) {
		s.signal()
	}
}

// run encodes and sends until done is closed.
func (s *sender) run(done <-chan struct{}) {
	tick := time.NewTicker(packetTime)
	tick.Stop()
	ticking := false
	for {
		if busy := s.digitsDue(); busy != ticking {
			if ticking = busy; busy {
				tick.Reset(packetTime)
			} else {
				tick.Stop()
			}
		}
		select {
		case <-done:
			tick.Stop()
			return
		case <-s.wake:
		case <-tick.C:
			s.stepDigits()
		}
		s.drain()
	}
}

// drain sends every whole packet that waits in the ring.
func (s *sender) drain() {
	for {
		plan := s.plan.Load()
		n := s.length(plan)
		if s.ring.len() < n {
			return
		}
		if !s.take(n) || plan == nil || !s.on.Load() {
			continue
		}
		s.advance(n)
		if s.event.active {
			continue
		}
		s.encode(plan, s.pcm[:n*frameSamples])
	}
}

// length is the number of frames of the next packet: 10 ms where the far side takes
// no more, or takes it and the network is good, or may be; else 20 ms.
func (s *sender) length(plan *sendPlan) int {
	n := packetSamples / frameSamples
	if plan != nil && (plan.only || plan.short && s.good()) {
		n = 1
	}
	s.frames.Store(int32(n))
	return n
}

// unknownFor is how many packets a network is taken for good that nobody reports
// about: 2 s of short ones.
const unknownFor = 200

// good reports whether the network is good as far as is known.
func (s *sender) good() bool {
	if told := s.steer.Load(); told != nil {
		return told.short
	}
	return s.counts.packets.Load() < unknownFor
}

// take moves n frames of the present epoch into pcm.
func (s *sender) take(n int) bool {
	epoch := s.epoch.Load()
	if f := s.ring.front(); f.epoch != epoch {
		s.ring.release()
		return false
	}
	for i := range n {
		copy(s.pcm[i*frameSamples:], s.ring.front().pcm[:])
		s.ring.release()
	}
	if s.muted.Load() {
		clear(s.pcm[:])
	}
	if o := s.over.Load(); o != nil && !o.mix(s.pcm[:n*frameSamples]) {
		s.over.CompareAndSwap(o, nil)
	}
	return true
}

// advance moves the media time on by n frames, and beyond what the microphone
// left out: the far side's playout must see a gap in time as one.
func (s *sender) advance(n int) {
	const slack = 3 * packetTime
	now := s.now()
	if gap := now - s.last - packetTime; s.last == 0 || gap > slack {
		s.media += int64(gap/packetTime) * packetSamples
		s.marker = true // beginning of a talkspurt (RFC 3551, section 4.1)
	}
	s.last = now
	s.media += int64(n) * frameSamples
}

func (s *sender) encode(plan *sendPlan, pcm []int16) {
	if plan.enc != s.enc {
		s.enc, s.steered = plan.enc, nil
	}
	if told := s.steer.Load(); told != s.steered {
		s.steered = told
		loss, bitrate := told.loss, told.bitrate
		if copies := min(told.copies, plan.copies); copies > 0 {
			// What is brought again whole needs no weaker copy inside the next.
			loss, bitrate = 0, min(bitrate, copiedBitrate)
		}
		plan.enc.SetLoss(loss)
		plan.enc.SetBitrate(bitrate)
	}
	n, err := plan.enc.Encode(pcm, s.buf[rtpHeaderSize:])
	if err != nil {
		s.counts.failed.Add(1)
		return
	}
	if n == 0 {
		s.marker = true
		return
	}
	if plan.noise {
		if on, due, level := s.silence.hear(pcm); on {
			if due {
				s.buf[rtpHeaderSize] = byte(level)
				s.send(plan.noisePT, false, s.timestamp(plan), 1)
			}
			s.marker = true // where sound begins again (RFC 3551, section 4.1)
			return
		}
	}
	s.sendSound(plan, len(pcm), n)
	s.marker = false
}

// sendSound sends the n bytes in buf that pcm samples became, with copies of
// earlier ones if there is loss.
func (s *sender) sendSound(plan *sendPlan, pcm, n int) {
	ts, sound := s.timestamp(plan), s.buf[rtpHeaderSize:][:n]
	s.tap.give(Tapped{Sent: true, Codec: plan.info.Name, Source: s.ssrc, TS: ts, Payload: sound})
	if plan.copies == 0 {
		s.send(plan.pt, s.marker, ts, n)
		return
	}
	if s.steered != nil {
		ticks := uint32(pcm * plan.info.ClockRate / codec.SampleRate)
		if all := s.red.write(copyPlans[min(s.steered.copies, plan.copies)], plan.pt, ts, ticks, sound); all > 0 {
			s.red.remember(ts, sound)
			s.sendFrom(s.red.buf[:], plan.redPT, s.marker, ts, all)
			return
		}
	}
	s.red.remember(ts, sound)
	s.send(plan.pt, s.marker, ts, n)
}

// timestamp is the present media time in the audio's clock.
func (s *sender) timestamp(plan *sendPlan) uint32 {
	return s.base + uint32(s.media*int64(plan.info.ClockRate)/codec.SampleRate)
}

// send completes the packet in s.buf, whose payload has n bytes.
func (s *sender) send(pt uint8, marker bool, ts uint32, n int) {
	s.sendFrom(s.buf[:], pt, marker, ts, n)
}

func (s *sender) sendFrom(buf []byte, pt uint8, marker bool, ts uint32, n int) {
	h := rtpHeader{pt: pt, marker: marker, seq: s.seq, ts: ts, ssrc: s.ssrc}
	s.seq++
	h.put(buf)
	if err := s.write(h, buf[:rtpHeaderSize+n]); err != nil {
		s.counts.failed.Add(1)
		return
	}
	s.counts.packets.Add(1)
	s.counts.octets.Add(uint64(n))
	s.counts.lastTS.Store(ts)
	s.counts.lastAt.Store(int64(s.now()))
}

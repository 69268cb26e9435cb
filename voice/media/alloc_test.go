package media

import (
	"math"
	"testing"
	"time"

	"offhook/voice/codec"
	"offhook/voice/codec/red"
	"offhook/voice/sdp"
)

// bench is one session's two directions tied together without a network: what the sender writes, the receiver gets.
type bench struct {
	now     time.Duration
	send    *sender
	recv    *receiver
	mic     []int16
	speaker []int16
}

func newBench(t testing.TB, name string) *bench {
	t.Helper()
	b := &bench{mic: make([]int16, frameSamples), speaker: make([]int16, frameSamples)}
	for i := range b.mic {
		b.mic[i] = int16(8000 * math.Sin(2*math.Pi*440*float64(i)/48000))
	}
	clock := func() time.Duration { return b.now }
	b.recv = newReceiver(clock, func(Event) {})
	b.send = newSender(clock, 0, func(_ rtpHeader, p []byte) error {
		b.recv.packet(p, b.now)
		return nil
	})
	info, _ := codec.Lookup(name)
	enc, err := codec.NewEncoder(name)
	if err != nil {
		t.Fatal(err)
	}
	plan := &sendPlan{info: info, pt: info.PayloadType, enc: enc, eventPT: 101, eventClock: 8000}
	if name == codec.Opus { // with all that loss brings along
		plan.redPT, plan.copies = redType, mostCopies
		b.send.steer.Store(&steering{loss: 10, bitrate: 40000, copies: 2})
	}
	b.send.plan.Store(plan)
	b.recv.plan.Store(newReceivePlan([]sdp.Codec{
		{PayloadType: info.PayloadType, Name: name, ClockRate: info.ClockRate},
		{PayloadType: 101, Name: telephoneEvent, ClockRate: 8000},
		{PayloadType: redType, Name: red.Name, ClockRate: 48000, Channels: 2},
	}))
	b.send.setOn(true)
	b.recv.on.Store(true)
	return b
}

// packet is 20 ms of both directions.
func (b *bench) packet() {
	for range 2 {
		b.now += 10 * time.Millisecond
		b.send.push(b.mic)
		b.recv.pull(b.speaker)
	}
	b.send.drain()
}

func TestNoAllocations(t *testing.T) {
	for _, name := range []string{codec.Opus, codec.PCMU} {
		b := newBench(t, name)
		for range 50 {
			b.packet()
		}
		if n := testing.AllocsPerRun(200, b.packet); n != 0 {
			t.Errorf("%s: %v allocations for each packet", name, n)
		}
		if b.recv.packets.Load() < 250 || loudness(b.speaker) < 4000 {
			t.Errorf("%s: %d packets, loudness %.0f", name, b.recv.packets.Load(), loudness(b.speaker))
		}
		if err := b.send.digits.push("123"); err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(20, b.send.stepDigits); n != 0 {
			t.Errorf("%s: %v allocations for each packet of a digit", name, n)
		}
	}
}

// BenchmarkPacket is the cost of 20 ms of a call, both ways, without sockets.
func BenchmarkPacket(b *testing.B) {
	for _, name := range []string{codec.Opus, codec.PCMU} {
		b.Run(name, func(b *testing.B) {
			x := newBench(b, name)
			b.ReportAllocs()
			for b.Loop() {
				x.packet()
			}
		})
	}
}

func BenchmarkPush(b *testing.B) {
	x := newBench(b, codec.PCMU)
	b.ReportAllocs()
	for b.Loop() {
		x.send.push(x.mic)
		if x.send.ring.len() > 8 {
			x.send.ring.head.Store(x.send.ring.tail.Load())
		}
	}
}

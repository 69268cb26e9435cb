package media

import (
	"context"
	"encoding/binary"
	"math"
	"testing"
	"time"

	"offhook/voice/sdp"
)

// sim is a call of two sessions in simulated time over a network whose delay,
// jitter and loss are known to the packet. Nothing waits and nothing depends on
// how busy the machine is: a second of the call takes some milliseconds.
type sim struct {
	t    testing.TB
	now  time.Duration
	a, b *simPhone
}

// simPhone is one end: a session, its outgoing wire, its sound.
type simPhone struct {
	*session
	sim  *sim
	peer *simPhone
	// voice is sample i of what the microphone takes: a hum at first.
	voice func(i int) int16

	delay time.Duration // one way, of what this side sends
	// shake delays packet n further; lose drops it.
	shake func(n int) time.Duration
	lose  func(n int) bool
	// alter may change a packet of sound or drop it by returning nil.
	alter func([]byte) []byte

	// renumber closes the gaps in the numbers that alter left.
	renumber bool
	dropped  uint16
	silent   bool // the microphone stands still
	deaf     bool // the loudspeaker stands still

	n, lost  int // packets of sound sent and lost
	wire     []simPacket
	pushed   int
	heard    []int16
	speaker  [frameSamples]int16
	mic      [frameSamples]int16
	events   []Event
	reportAt time.Duration
}

type simPacket struct {
	due  time.Duration
	rtcp bool
	data []byte
}

func newSim(t testing.TB, ca, cb Config) *sim {
	t.Helper()
	s := &sim{t: t, now: time.Hour}
	for i, p := range []**simPhone{&s.a, &s.b} {
		cfg := []Config{ca, cb}[i]
		cfg.Now = func() time.Duration { return s.now }
		x := &simPhone{sim: s, voice: hum([]float64{440, 1000}[i]), delay: 20 * time.Millisecond}
		session, err := idleSession(cfg, func(Config, uint32, linkHandler) (link, error) { return x, nil })
		if err != nil {
			t.Fatal(err)
		}
		x.session, *p = session, x
	}
	s.a.peer, s.b.peer = s.b, s.a
	s.exchange()
	for _, p := range []*simPhone{s.a, s.b} {
		p.OpenSend()
		p.OpenReceive()
		p.state(Connected, nil)
	}
	return s
}

// hum is a steady tone of a multiple of 40 Hz.
func hum(hz float64) func(int) int16 {
	var wave [1200]int16
	for i := range wave {
		wave[i] = int16(12000 * math.Sin(2*math.Pi*hz*float64(i)/48000))
	}
	return func(i int) int16 { return wave[i%len(wave)] }
}

func (s *sim) exchange() {
	s.t.Helper()
	offer, err := s.a.Offer(context.Background(), false)
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := s.b.Answer(context.Background(), offer)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.a.SetAnswer(answer); err != nil {
		s.t.Fatal(err)
	}
}

// run lets time pass.
func (s *sim) run(d time.Duration) {
	for end := s.now + d; s.now < end; {
		s.now += 10 * time.Millisecond
		s.a.deliver()
		s.b.deliver()
		s.a.sound()
		s.b.sound()
	}
}

// sound is 10 ms of the devices, the sender and the reporter.
func (p *simPhone) sound() {
	for i := range p.mic {
		p.mic[i] = p.voice(p.pushed + i)
	}
	p.pushed += frameSamples
	if !p.silent {
		p.Push(p.mic[:])
	}
	if p.sim.now%packetTime == 0 && p.send.digitsDue() {
		p.send.stepDigits()
	}
	p.send.drain()
	if !p.deaf {
		p.Pull(p.speaker[:])
		p.heard = append(p.heard, p.speaker[:]...)
	}
	if p.sim.now >= p.reportAt {
		p.reportAt = p.sim.now + reportInterval
		p.report.sendReport()
	}
	for len(p.Events()) > 0 {
		p.events = append(p.events, <-p.Events())
	}
}

// deliver hands what is due to the other side.
func (p *simPhone) deliver() {
	keep := p.wire[:0]
	for _, w := range p.wire {
		switch {
		case w.due > p.sim.now:
			keep = append(keep, w)
		case w.rtcp:
			p.peer.session.rtcp(w.data, w.due)
		default:
			p.peer.session.rtp(w.data, w.due)
		}
	}
	p.wire = keep
}

func (p *simPhone) last(d time.Duration) []int16 {
	return p.heard[len(p.heard)-int(d.Seconds()*48000):]
}

func (p *simPhone) digits() (s string) {
	for _, e := range p.events {
		if e.Kind == DTMF {
			s += string(e.Digit)
		}
	}
	return s
}

// sendRTP implements link.
func (p *simPhone) sendRTP(_ rtpHeader, packet []byte) error {
	p.n++
	data := append([]byte(nil), packet...)
	if p.alter != nil {
		if data = p.alter(data); data == nil {
			p.dropped++
			return nil
		}
	}
	if p.renumber {
		binary.BigEndian.PutUint16(data[2:], binary.BigEndian.Uint16(data[2:])-p.dropped)
	}
	if p.lose != nil && p.lose(p.n) {
		p.lost++
		return nil
	}
	due := p.sim.now + p.delay
	if p.shake != nil {
		due += p.shake(p.n)
	}
	p.wire = append(p.wire, simPacket{due: due, data: data})
	return nil
}

// sendRTCP implements link.
func (p *simPhone) sendRTCP(packet []byte) error {
	p.wire = append(p.wire, simPacket{due: p.sim.now + p.delay, rtcp: true, data: append([]byte(nil), packet...)})
	return nil
}

func (p *simPhone) proto() string { return "UDP/TLS/RTP/SAVPF" }
func (p *simPhone) offer(_ context.Context, ours *sdp.Media, _ bool) error {
	ours.Port, ours.Address = 9, loopback
	return nil
}

func (p *simPhone) accept(*sdp.Description, *sdp.Media) error { return nil }
func (p *simPhone) acceptable(*sdp.Media) error               { return nil }
func (p *simPhone) candidates() (local, remote string)        { return "", "" }
func (p *simPhone) close()                                    {}
func (p *simPhone) answer(_ context.Context, _ *sdp.Description, _, ours *sdp.Media) error {
	ours.Port, ours.Address = 9, loopback
	return nil
}

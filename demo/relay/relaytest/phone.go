// Package relaytest is a phone's media for tests of the platform: a pion peer
// connection that speaks and listens, and lets a test see every packet.
package relaytest

import (
	"encoding/binary"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"offhook/voice/codec"
)

// Options are what a test phone can do differently.
type Options struct {
	// Codecs are the names offered, in order; all by default.
	Codecs []string
	// EventClock, if set, is the only clock of telephone-event offered.
	EventClock int
	// NoEvents leaves telephone-event out of the offer.
	NoEvents bool
	// Red, if set, is the payload type of red with Opus (RFC 2198).
	Red uint8
	// TCPOnly leaves out UDP.
	TCPOnly bool
	// Lose, if set, says which of the phone's packets never leave it.
	Lose func(seq uint16) bool
}

// Phone is one peer connection, always the offerer.
type Phone struct {
	t    testing.TB
	pc   *webrtc.PeerConnection
	opts Options
	track
	connected  chan struct{}
	once       sync.Once
	failed     chan struct{}
	failedOnce sync.Once

	mu      sync.Mutex
	decoder codec.Decoder
	codec   string
	packets []*rtp.Packet
	pcm     []int16
	arrived chan struct{}
	reports []rtcp.ReceptionReport
	senders []rtcp.SenderReport
}

// New makes a phone that is closed at the end of the test.
func New(t testing.TB, opts Options) *Phone {
	t.Helper()
	if len(opts.Codecs) == 0 {
		opts.Codecs = codec.Names()
	}
	p := &Phone{t: t, opts: opts, connected: make(chan struct{}), failed: make(chan struct{}), arrived: make(chan struct{}, 1)}
	p.track.lose = opts.Lose
	var m webrtc.MediaEngine
	register := func(name string, clock, channels int, fmtp string, pt uint8) {
		err := m.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: "audio/" + name, ClockRate: uint32(clock), Channels: uint16(channels), SDPFmtpLine: fmtp,
			}, PayloadType: webrtc.PayloadType(pt),
		}, webrtc.RTPCodecTypeAudio)
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range opts.Codecs {
		info, ok := codec.Lookup(name)
		if !ok {
			t.Fatalf("no codec %s", name)
		}
		channels := info.Channels
		if channels == 1 {
			channels = 0
		}
		register(info.Name, info.ClockRate, channels, info.Fmtp, info.PayloadType)
	}
	if opts.Red != 0 {
		opus, _ := codec.Lookup(codec.Opus)
		register("red", codec.SampleRate, 2, fmt.Sprintf("%d/%[1]d/%[1]d", opus.PayloadType), opts.Red)
	}
	if !opts.NoEvents {
		for clock, pt := range map[int]uint8{48000: 110, 8000: 126} {
			if opts.EventClock == 0 || opts.EventClock == clock {
				register("telephone-event", clock, 0, "0-15", pt)
			}
		}
	}
	var registry interceptor.Registry
	if err := webrtc.ConfigureRTCPReports(&registry); err != nil {
		t.Fatal(err)
	}
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetInterfaceFilter(func(name string) bool { return name == "lo" })
	s.SetICETimeouts(10*time.Second, 30*time.Second, 500*time.Millisecond)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	if opts.TCPOnly {
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(&m), webrtc.WithInterceptorRegistry(&registry), webrtc.WithSettingEngine(s))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	p.pc = pc
	t.Cleanup(p.Close)
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch state {
		case webrtc.PeerConnectionStateConnected:
			p.once.Do(func() { close(p.connected) })
		case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
			p.failedOnce.Do(func() { close(p.failed) })
		}
	})
	pc.OnTrack(p.listen)
	sender, err := pc.AddTrack(&p.track)
	if err != nil {
		t.Fatal(err)
	}
	go p.readReports(sender)
	return p
}

// Offer makes an offer with all candidates; restart asks for new ICE
// credentials.
func (p *Phone) Offer(restart bool) string {
	p.t.Helper()
	offer, err := p.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: restart})
	if err != nil {
		p.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(offer); err != nil {
		p.t.Fatal(err)
	}
	<-gathered
	return p.pc.LocalDescription().SDP
}

// SetAnswer takes the platform's answer; the same one again, in a 200 after a
// 180, is no error.
func (p *Phone) SetAnswer(answer string) {
	p.t.Helper()
	if p.pc.SignalingState() == webrtc.SignalingStateStable {
		return
	}
	err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
	if err != nil {
		p.t.Fatalf("answer: %v\n%s", err, answer)
	}
}

// Answer answers a later offer of the platform's own.
func (p *Phone) Answer(offer string) string {
	err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer})
	if err != nil {
		p.t.Errorf("offer: %v", err)
		return ""
	}
	answer, err := p.pc.CreateAnswer(nil)
	if err != nil {
		p.t.Error(err)
		return ""
	}
	if err := p.pc.SetLocalDescription(answer); err != nil {
		p.t.Error(err)
		return ""
	}
	return p.pc.LocalDescription().SDP
}

// WaitConnected waits until ICE and DTLS are up and what the phone sends leaves it:
// pion says connected before its SRTP session stands, and drops what is written
// in between. The packet that proves it carries nothing.
func (p *Phone) WaitConnected() {
	p.t.Helper()
	select {
	case <-p.connected:
	case <-time.After(WaitTime):
		p.t.Fatal("phone never connected")
	}
	Eventually(p.t, "packet leaves the phone", p.track.empty)
}

// Close ends the peer connection.
func (p *Phone) Close() { _ = p.pc.GracefulClose() }

func (p *Phone) listen(remote *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	go func() {
		for {
			packets, _, err := receiver.ReadRTCP()
			if err != nil {
				return
			}
			p.mu.Lock()
			for _, k := range packets {
				if sr, ok := k.(*rtcp.SenderReport); ok {
					p.senders = append(p.senders, *sr)
				}
			}
			p.mu.Unlock()
		}
	}()
	for {
		k, _, err := remote.ReadRTP()
		if err != nil {
			return
		}
		p.take(k.Clone())
	}
}

// take decodes in order of arrival, which is that of sending on loopback.
func (p *Phone) take(k *rtp.Packet) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.packets = append(p.packets, k)
	name := p.payloadName(k.PayloadType)
	if name != "" {
		if p.codec != name {
			p.decoder, _ = codec.NewDecoder(name)
			p.codec = name
		}
		frame := make([]int16, codec.SampleRate/50*6)
		if n, err := p.decoder.Decode(k.Payload, frame); err == nil {
			p.pcm = append(p.pcm, frame[:n]...)
		}
	}
	select {
	case p.arrived <- struct{}{}:
	default:
	}
}

func (p *Phone) payloadName(pt uint8) string {
	for _, info := range codec.Infos() {
		if info.PayloadType == pt {
			return info.Name
		}
	}
	return ""
}

func (p *Phone) readReports(sender *webrtc.RTPSender) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		p.mu.Lock()
		for _, k := range packets {
			switch k := k.(type) {
			case *rtcp.ReceiverReport:
				p.reports = append(p.reports, k.Reports...)
			case *rtcp.SenderReport:
				p.senders = append(p.senders, *k)
				p.reports = append(p.reports, k.Reports...)
			}
		}
		p.mu.Unlock()
	}
}

// Packets returns what has arrived so far.
func (p *Phone) Packets() []*rtp.Packet {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*rtp.Packet(nil), p.packets...)
}

// Heard returns the sound that has arrived so far, 48 kHz mono.
func (p *Phone) Heard() []int16 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]int16(nil), p.pcm...)
}

// HeardLocked is Heard within a condition of Wait.
func (p *Phone) HeardLocked() []int16 { return p.pcm }

// Reports returns what the far side has said of our stream.
func (p *Phone) Reports() []rtcp.ReceptionReport {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]rtcp.ReceptionReport(nil), p.reports...)
}

// ReportsLocked is Reports within a condition of Wait.
func (p *Phone) ReportsLocked() []rtcp.ReceptionReport { return p.reports }

// Failed closes when the connection has failed or been closed.
func (p *Phone) Failed() <-chan struct{} { return p.failed }

// Sequence is the number of the latest packet sent.
func (p *Phone) Sequence() uint16 {
	p.track.mu.Lock()
	defer p.track.mu.Unlock()
	return p.track.seq
}

// WaitPackets waits until n packets have arrived.
func (p *Phone) WaitPackets(n int) {
	p.t.Helper()
	p.Wait(fmt.Sprintf("%d packets", n), func() bool { return len(p.packets) >= n })
}

// Wait waits until a condition holds, which is asked with the phone's lock held
// after each packet.
func (p *Phone) Wait(what string, ok func() bool) {
	p.t.Helper()
	deadline := time.After(WaitTime)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		p.mu.Lock()
		done := ok()
		p.mu.Unlock()
		if done {
			return
		}
		select {
		case <-p.arrived:
		case <-tick.C:
		case <-deadline:
			p.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// SSRC is the phone's own.
func (p *Phone) SSRC() uint32 { return uint32(p.track.ssrc) }

// track sends what a test likes, on one SSRC.
type track struct {
	lose   func(seq uint16) bool
	mu     sync.Mutex
	writer webrtc.TrackLocalWriter
	ssrc   webrtc.SSRC
	codecs []webrtc.RTPCodecParameters
	seq    uint16
	ts     uint32
}

func (k *track) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.writer, k.ssrc, k.codecs = c.WriteStream(), c.SSRC(), c.CodecParameters()
	return k.codecs[0], nil
}

func (k *track) Unbind(webrtc.TrackLocalContext) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.writer = nil
	return nil
}

func (*track) ID() string                { return "audio" }
func (*track) RID() string               { return "" }
func (*track) StreamID() string          { return "phone" }
func (*track) Kind() webrtc.RTPCodecType { return webrtc.RTPCodecTypeAudio }

// agreed is the codec that the answer chose.
func (k *track) agreed() (codec.Info, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.codecs {
		if info, ok := codec.Lookup(c.MimeType[len("audio/"):]); ok {
			return info, true
		}
	}
	return codec.Info{}, false
}

// write sends one packet and moves on by step clock units.
func (k *track) write(pt uint8, marker bool, payload []byte, ts uint32) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seq++
	if k.writer == nil || k.lose != nil && k.lose(k.seq) {
		return
	}
	_, _ = k.writer.WriteRTP(&rtp.Header{
		Version: 2, PayloadType: pt, SequenceNumber: k.seq, Timestamp: ts, SSRC: uint32(k.ssrc), Marker: marker,
	}, payload)
}

// empty sends a packet without a payload and reports whether it left.
func (k *track) empty() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.writer == nil {
		return false
	}
	n, _ := k.writer.WriteRTP(&rtp.Header{
		Version: 2, PayloadType: uint8(k.codecs[0].PayloadType), SequenceNumber: k.seq, Timestamp: k.ts, SSRC: uint32(k.ssrc),
	}, nil)
	return n > 0
}

// Speak sends pcm (48 kHz mono) at its own pace, from its beginning over and
// over until stop is closed or, if stop is nil, once.
func (p *Phone) Speak(pcm []int16, stop <-chan struct{}) {
	p.t.Helper()
	info, ok := p.track.agreed()
	if !ok {
		p.t.Error("speaks without a codec")
		return
	}
	enc, err := codec.NewEncoder(info.Name)
	if err != nil {
		p.t.Error(err)
		return
	}
	const samples = codec.SampleRate / 50
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	out := make([]byte, codec.MaxPayload)
	for i := 0; ; i++ {
		from := i * samples
		if from+samples > len(pcm) {
			if stop == nil {
				return
			}
			i, from = 0, 0
		}
		n, err := enc.Encode(pcm[from:from+samples], out)
		if err != nil {
			p.t.Error(err)
			return
		}
		p.track.mu.Lock()
		p.track.ts += uint32(info.ClockRate / 50)
		ts := p.track.ts
		p.track.mu.Unlock()
		p.track.write(info.PayloadType, i == 0, out[:n], ts)
		select {
		case <-tick.C:
		case <-stop:
			return
		}
	}
}

// SendRed sends one packet with a payload of red, with Opus in all its blocks.
func (p *Phone) SendRed(payload []byte) {
	p.track.mu.Lock()
	p.track.ts += codec.SampleRate / 50
	ts := p.track.ts
	p.track.mu.Unlock()
	p.track.write(p.opts.Red, false, payload, ts)
}

// SendDigit sends one telephone-event of 100 ms with three end packets.
func (p *Phone) SendDigit(d byte) {
	p.t.Helper()
	info, _ := p.track.agreed()
	pt, step := uint8(126), info.ClockRate/50
	if info.ClockRate == 48000 {
		pt = 110
	}
	code := byte(0)
	for i, c := range []byte("0123456789*#ABCD") {
		if c == d {
			code = byte(i)
		}
	}
	p.track.mu.Lock()
	p.track.ts += uint32(step)
	ts := p.track.ts
	p.track.ts += uint32(5 * step)
	p.track.mu.Unlock()
	for i := 1; i <= 7; i++ {
		payload := []byte{code, 10, 0, 0}
		if i > 4 {
			payload[1] |= 0x80
		}
		binary.BigEndian.PutUint16(payload[2:], uint16(min(i, 5)*step))
		p.track.write(pt, i == 1, payload, ts)
		time.Sleep(time.Millisecond)
	}
}

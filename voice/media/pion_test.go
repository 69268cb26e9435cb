package media

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// pionPeer is a WebRTC peer of another make: pion's PeerConnection, which sends
// back every packet that it gets. It stands for browsers and media servers.
type pionPeer struct {
	t  testing.TB
	pc *webrtc.PeerConnection

	mu     sync.Mutex
	events []rtp.Packet // telephone-event packets received
}

func newPionPeer(t testing.TB, lite bool, settings ...func(*webrtc.SettingEngine)) *pionPeer {
	t.Helper()
	var se webrtc.SettingEngine
	se.SetIncludeLoopbackCandidate(true)
	se.SetLite(lite)
	se.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	for _, set := range settings {
		set(&se)
	}
	var me webrtc.MediaEngine
	for _, c := range []webrtc.RTPCodecParameters{
		{PayloadType: 96, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1"}},
		{PayloadType: 97, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: "audio/telephone-event", ClockRate: 48000}},
		{PayloadType: 98, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: "audio/telephone-event", ClockRate: 8000}},
	} {
		if err := me.RegisterCodec(c, webrtc.RTPCodecTypeAudio); err != nil {
			t.Fatal(err)
		}
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(se), webrtc.WithMediaEngine(&me)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	p := &pionPeer{t: t, pc: pc}
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, "echo", "echo")
	if err != nil {
		t.Fatal(err)
	}
	sender, err := pc.AddTrack(track)
	if err != nil {
		t.Fatal(err)
	}
	var tasks sync.WaitGroup
	tasks.Go(func() {
		for b := make([]byte, 1600); ; {
			if _, _, err := sender.Read(b); err != nil {
				return
			}
		}
	})
	pc.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			packet, _, err := remote.ReadRTP()
			if err != nil {
				return
			}
			if len(packet.Payload) == 4 && strings.Contains(remote.Codec().MimeType, "telephone") {
				p.mu.Lock()
				p.events = append(p.events, *packet)
				p.mu.Unlock()
				continue
			}
			_ = track.WriteRTP(packet)
		}
	})
	t.Cleanup(func() {
		if err := pc.GracefulClose(); err != nil {
			t.Error(err)
		}
		tasks.Wait()
	})
	return p
}

func (p *pionPeer) local(d webrtc.SessionDescription) string {
	p.t.Helper()
	done := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(d); err != nil {
		p.t.Fatal(err)
	}
	<-done
	return p.pc.LocalDescription().SDP
}

func (p *pionPeer) answer(offer string) string {
	p.t.Helper()
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		p.t.Fatalf("%v\n%s", err, offer)
	}
	d, err := p.pc.CreateAnswer(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.local(d)
}

// A phone that offers reaches a PeerConnection, full or ICE-lite, hears its own
// tone come back, holds, resumes and restarts ICE.
func TestOfferToPion(t *testing.T) {
	t.Parallel()
	for _, lite := range []bool{false, true} {
		name := map[bool]string{false: "full", true: "lite"}[lite]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := newPionPeer(t, lite)
			a := newPhone(t, 440, Config{})
			a.OpenSend()
			a.OpenReceive()
			offerTo := func(restart bool) {
				t.Helper()
				offer, err := a.Offer(context.Background(), restart)
				if err != nil {
					t.Fatal(err)
				}
				answer := peer.answer(offer)
				if err := a.SetAnswer(answer); err != nil {
					t.Fatalf("%v\n%s", err, answer)
				}
				if a.count(Connected) == 0 {
					a.await("connection", func() bool { return a.count(Connected) > 0 })
				}
			}
			offerTo(false)
			hears(t, a, 440)
			a.Hold(true)
			offerTo(false)
			a.await("silence", func() bool { n := a.mark(); return loudness(a.since(n-4800)) == 0 })
			a.Hold(false)
			offerTo(false)
			hears(t, a, 440)
			n := a.count(Connected)
			offerTo(true)
			a.await("the new path", func() bool { return a.count(Connected) > n })
			hears(t, a, 440)
			if err := a.SendDTMF("7"); err != nil {
				t.Fatal(err)
			}
			a.await("the digit", func() bool {
				peer.mu.Lock()
				defer peer.mu.Unlock()
				return len(peer.events) > 0
			})
			a.await("a round trip time", func() bool { return a.Statistics().RTTMs > 0 })
		})
	}
}

// A PeerConnection that offers is answered, with its payload types.
func TestAnswerToPion(t *testing.T) {
	t.Parallel()
	peer := newPionPeer(t, false)
	a := newPhone(t, 440, Config{})
	a.OpenSend()
	a.OpenReceive()
	d, err := peer.pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := a.Answer(context.Background(), peer.local(d))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(answer, "a=rtpmap:96 opus/48000/2") || !strings.Contains(answer, "a=rtpmap:97 telephone-event/48000") {
		t.Errorf("payload types are not the peer's:\n%s", answer)
	}
	if err := peer.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatalf("%v\n%s", err, answer)
	}
	hears(t, a, 440)
}

package media

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/turn/v5"
	"github.com/pion/webrtc/v4"
)

// timeout is how soon the tests' sessions miss a peer that has gone silent, calm
// how soon they do where they must not, however slow the machine is.
const (
	timeout = 600 * time.Millisecond
	calm    = 30 * time.Second
)

// A restart on a path that works moves it without losing it: neither side is told
// of a disconnection, and the sound goes on. BenchmarkRestart says what it costs.
func TestRestart(t *testing.T) {
	t.Parallel()
	a, b := call(t, Config{timeout: calm}, Config{timeout: calm})
	hears(t, b, 440)
	before, _ := a.Session.(*session).link.candidates()
	n, m := a.count(Connected), b.count(Connected)
	exchange(t, a, b, true)
	a.await("the new path", func() bool { return a.count(Connected) > n })
	b.await("the new path", func() bool { return b.count(Connected) > m })
	b.listen(200 * time.Millisecond)
	hears(t, b, 440)
	for _, p := range []*phone{a, b} {
		if p.count(Disconnected)+p.count(Failed) > 0 {
			t.Errorf("events %v", p.kinds())
		}
	}
	if after, _ := a.Session.(*session).link.candidates(); after == before {
		t.Errorf("still on %s", after)
	}
}

// A cut network is reported, and a restart on a healed one brings sound back.
func TestCutAndRestart(t *testing.T) {
	t.Parallel()
	w := newWire(t, time.Millisecond, 0)
	a, b := wired(t, w, Config{timeout: timeout}, Config{timeout: timeout})
	hears(t, b, 440)
	w.cut.Store(true)
	a.await("Disconnected", func() bool { return a.count(Disconnected) > 0 })
	a.await("the silence", func() bool { return a.SinceReceived() > timeout })
	a.await("Failed", func() bool { return a.count(Failed) > 0 })
	w.cut.Store(false)
	n := a.count(Connected)
	exchange(t, a, b, true)
	a.await("the new path", func() bool { return a.count(Connected) > n })
	hears(t, b, 440)
	hears(t, a, 1000)
	a.await("the far side", func() bool { return a.SinceReceived() < timeout })
}

// A wire that heals by itself connects again without a restart.
func TestCutAndHealed(t *testing.T) {
	t.Parallel()
	w := newWire(t, time.Millisecond, 0)
	// There is as much time again, less a third, before the path is given up.
	a, b := wired(t, w, Config{timeout: 3 * timeout}, Config{timeout: calm})
	hears(t, b, 440)
	w.cut.Store(true)
	a.await("Disconnected", func() bool { return a.count(Disconnected) > 0 })
	n := a.count(Connected)
	w.cut.Store(false)
	a.await("Connected again", func() bool { return a.count(Connected) > n })
	hears(t, b, 440)
}

// Offers of a restart that nobody answered are made good by the next exchange,
// whichever side begins it.
func TestUnansweredRestart(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]func(a, b *phone){
		"offered again":   func(a, b *phone) { exchange(t, a, b, false) },
		"restarted again": func(a, b *phone) { exchange(t, a, b, true) },
		"by the peer":     func(a, b *phone) { exchange(t, b, a, true) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := call(t, Config{}, Config{})
			hears(t, b, 440)
			for range 3 {
				if _, err := a.Offer(context.Background(), true); err != nil {
					t.Fatal(err)
				}
			}
			again(a, b)
			hears(t, a, 1000)
			hears(t, b, 440)
		})
	}
}

// Where UDP is shut, the path goes over TCP.
func TestTCP(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mux := ice.NewTCPMuxDefault(ice.TCPMuxParams{Listener: listener, ReadBufferSize: 64})
	t.Cleanup(func() { _ = mux.Close() })
	peer := newPionPeer(t, true, func(se *webrtc.SettingEngine) {
		se.SetICETCPMux(mux)
		se.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
	})
	a := newPhone(t, 440, Config{})
	a.OpenSend()
	a.OpenReceive()
	offer, err := a.Offer(context.Background(), false)
	if err != nil {
		t.Fatal(err)
	}
	answer := peer.answer(offer)
	if err := a.SetAnswer(answer); err != nil {
		t.Fatal(err)
	}
	hears(t, a, 440)
	if local := a.path(); !strings.Contains(local, " tcp ") {
		t.Errorf("path %q", local)
	}
}

// startTURN is a TURN server on loopback.
func startTURN(t testing.TB) (udp, tcp string) {
	t.Helper()
	packets, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	relay := &turn.RelayAddressGeneratorStatic{RelayAddress: net.IPv4(127, 0, 0, 1), Address: "127.0.0.1"}
	key := turn.GenerateAuthKey("user", "offhook", "secret")
	server, err := turn.NewServer(turn.ServerConfig{
		Realm:             "offhook",
		AuthHandler:       func(*turn.RequestAttributes) (string, []byte, bool) { return "user", key, true },
		PacketConnConfigs: []turn.PacketConnConfig{{PacketConn: packets, RelayAddressGenerator: relay}},
		ListenerConfigs:   []turn.ListenerConfig{{Listener: listener, RelayAddressGenerator: relay}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return packets.LocalAddr().String(), listener.Addr().String()
}

// Relay-only calls show no address of their own and go through TURN over UDP
// and over TCP.
func TestTURN(t *testing.T) {
	t.Parallel()
	udp, tcp := startTURN(t)
	for name, url := range map[string]string{"udp": "turn:" + udp, "tcp": "turn:" + tcp + "?transport=tcp"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := Config{RelayOnly: true, ICEServers: []ICEServer{{URLs: []string{url}, Username: "user", Credential: "secret"}}}
			a, b := call(t, cfg, Config{})
			hears(t, a, 1000)
			hears(t, b, 440)
			if local := a.path(); !strings.HasPrefix(local, "relay ") {
				t.Errorf("path %q", local)
			}
			offer, err := a.Offer(context.Background(), false)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(offer, "typ host") || strings.Contains(offer, "typ srflx") {
				t.Errorf("the offer shows more than the relay:\n%s", offer)
			}
		})
	}
}

// A phone that may name nothing but relays names one, however late its server
// answers: here after the gathering timeout, which has passed at once.
func TestLateTURN(t *testing.T) {
	t.Parallel()
	_, tcp := startTURN(t)
	cfg := Config{RelayOnly: true, GatherTimeout: 1, ICEServers: []ICEServer{
		{URLs: []string{"turn:" + tcp + "?transport=tcp"}, Username: "user", Credential: "secret"},
	}}
	a, b := call(t, cfg, Config{})
	hears(t, a, 1000)
	hears(t, b, 440)
	for _, restart := range []bool{false, true} {
		offer, err := a.Offer(context.Background(), restart)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(offer, "typ relay") {
			t.Errorf("restart %v: the offer names no relay:\n%s", restart, offer)
		}
	}
}

// A server that does not answer costs the gathering timeout and no more.
func TestDeadServer(t *testing.T) {
	t.Parallel()
	dead, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dead.Close() })
	a := newPhone(t, 440, Config{ICEServers: []ICEServer{
		{URLs: []string{"stun:" + dead.LocalAddr().String()}},
		{URLs: []string{"turn:" + dead.LocalAddr().String()}, Username: "u", Credential: "p"},
	}, GatherTimeout: 100 * time.Millisecond})
	offer, err := a.Offer(context.Background(), false)
	if err != nil {
		t.Fatal(err)
	}
	// The library itself waits for the dead for 8 s.
	if l := a.Session.(*session).link.(*peerLink); l.pc.Load().ICEGatheringState() == webrtc.ICEGatheringStateComplete {
		t.Error("the offer waited for a dead server")
	}
	if !strings.Contains(offer, "typ host") {
		t.Error("no host candidate")
	}
}

func TestBadServer(t *testing.T) {
	t.Parallel()
	if _, err := NewWebRTC(Config{ICEServers: []ICEServer{{URLs: []string{"http://x"}}}}); err == nil {
		t.Error("an ICE server by http")
	}
	if _, err := NewWebRTC(Config{Codecs: []string{"speex"}}); err == nil {
		t.Error("an unknown codec")
	}
}

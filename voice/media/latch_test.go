package media

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// source sends packets of one stream to a link, as if they came from an address.
type packetSource struct {
	l    *plainLink
	from netip.AddrPort
	ssrc uint32
	seq  uint16
}

// send sends n packets, 20 ms apart, from at on, and returns the time after them.
func (s *packetSource) send(at time.Duration, n int) time.Duration {
	packet := make([]byte, rtpHeaderSize+160)
	for range n {
		s.seq++
		(&rtpHeader{pt: 8, seq: s.seq, ts: uint32(s.seq) * 160, ssrc: s.ssrc}).put(packet)
		s.l.take(packet, s.from, at)
		at += packetTime
	}
	return at
}

// latched is a session that was described one address, and its link.
func latched(t *testing.T, described string) (Session, *plainLink) {
	t.Helper()
	s := plainSession(t, Config{})
	offer := strings.Replace(offerHead, "c=IN IP4 127.0.0.1", "c=IN IP4 "+described, 1) + inClear
	if _, err := s.Answer(context.Background(), offer); err != nil {
		t.Fatal(err)
	}
	return s, s.(*session).link.(*plainLink)
}

// Who is learnt, and who gets the microphone, by what was described and what comes.
func TestLatch(t *testing.T) {
	t.Parallel()
	const peer, port = "127.0.0.1", ":4000"
	for _, tc := range []struct {
		name, described string
		play            func(send func(from string, ssrc uint32, seq, n int), wait func(time.Duration))
		to              string
		taken           uint64
	}{
		{"the described address", peer, func(send func(string, uint32, int, int), _ func(time.Duration)) {
			send(peer+port, 1, 0, 10)
		}, peer + port, 10},
		{"a stranger before the peer", peer, func(send func(string, uint32, int, int), _ func(time.Duration)) {
			send("127.0.0.9:6666", 2, 0, 100)
		}, peer + port, 0},
		{"a stranger before the peer, and the peer", peer, func(send func(string, uint32, int, int), _ func(time.Duration)) {
			send("127.0.0.9:6666", 2, 0, 3)
			send(peer+port, 1, 0, 10)
			send("127.0.0.9:6666", 2, 3, 100)
		}, peer + port, 10},
		{"a peer behind a NAT", "192.168.77.5", func(send func(string, uint32, int, int), _ func(time.Duration)) {
			send("198.51.100.1:5000", 1, 0, 10)
		}, "198.51.100.1:5000", 5},
		{"a few packets are no proof", "192.168.77.5", func(send func(string, uint32, int, int), _ func(time.Duration)) {
			send("198.51.100.1:5000", 1, 0, 3)
		}, "192.168.77.5:4000", 0},
		{"packets out of sequence are no proof", "192.168.77.5", func(send func(string, uint32, int, int), _ func(time.Duration)) {
			for i := range 50 {
				send("198.51.100.1:5000", 1, i*1000, 1)
			}
		}, "192.168.77.5:4000", 0},
		{"packets of many streams are no proof", "192.168.77.5", func(send func(string, uint32, int, int), _ func(time.Duration)) {
			for i := range 50 {
				send("198.51.100.1:5000", uint32(i), i, 1)
			}
		}, "192.168.77.5:4000", 0},
		{"the described address ends what another has won", "192.168.77.5", func(send func(string, uint32, int, int), _ func(time.Duration)) {
			send("198.51.100.1:5000", 2, 0, 10)
			send("192.168.77.5:4000", 1, 0, 10)
			send("198.51.100.1:5000", 2, 10, 50)
		}, "192.168.77.5:4000", 15},
		{"a public address keeps the microphone", "192.0.2.1", func(send func(string, uint32, int, int), _ func(time.Duration)) {
			send("198.51.100.1:5000", 1, 0, 10)
		}, "192.0.2.1:4000", 5},
		{"another port of the peer's", "192.0.2.1", func(send func(string, uint32, int, int), _ func(time.Duration)) {
			send("192.0.2.1:5000", 1, 0, 10)
		}, "192.0.2.1:5000", 8},
		{"a stranger while the peer talks", peer, func(send func(string, uint32, int, int), _ func(time.Duration)) {
			for i := range 50 {
				send(peer+port, 1, i, 1)
				send("127.0.0.9:6666", 2, i, 1)
			}
		}, peer + port, 50},
		{"a stranger in a long pause", peer, func(send func(string, uint32, int, int), wait func(time.Duration)) {
			send(peer+port, 1, 0, 10)
			wait(20 * time.Second)
			send("127.0.0.9:6666", 2, 0, 200)
			send("127.0.0.1:6666", 3, 0, 200)
			send(peer+port, 1, 10, 10)
		}, peer + port, 20},
		{"a stranger who guesses the SSRC, not the numbers", peer, func(send func(string, uint32, int, int), wait func(time.Duration)) {
			send(peer+port, 1, 30000, 10)
			wait(time.Second)
			send("127.0.0.9:6666", 1, 0, 200)
		}, peer + port, 10},
		{"a stranger who goes on while the peer talks", peer, func(send func(string, uint32, int, int), _ func(time.Duration)) {
			for i := range 50 {
				send(peer+port, 1, i, 1)
				send("127.0.0.9:6666", 1, i+1, 1)
			}
		}, peer + port, 50},
		{"a peer whose NAT forgot it", "192.168.77.5", func(send func(string, uint32, int, int), wait func(time.Duration)) {
			send("198.51.100.1:5000", 1, 0, 10)
			wait(time.Second)
			send("198.51.100.1:7000", 1, 12, 10)
		}, "198.51.100.1:7000", 5 + 9},
		{"a peer whose packets move twice", peer, func(send func(string, uint32, int, int), wait func(time.Duration)) {
			send(peer+port, 1, 0, 10)
			wait(time.Second)
			send("127.0.0.1:7000", 1, 10, 10)
			send(peer+port, 1, 9, 2) // late packets
			wait(time.Second)
			send("127.0.0.1:8000", 1, 20, 10)
		}, "127.0.0.1:8000", 10 + 9 + 9},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s, l := latched(t, tc.described)
			at := l.cfg.Now()
			tc.play(func(from string, ssrc uint32, seq, n int) {
				p := packetSource{l: l, from: netip.MustParseAddrPort(from), ssrc: ssrc, seq: uint16(seq)}
				at = p.send(at, n)
			}, func(d time.Duration) { at += d })
			if to := l.mediaTo.Load().String(); to != tc.to {
				t.Errorf("sound goes to %s, want %s", to, tc.to)
			}
			if n := s.Statistics().PacketsReceived; n != tc.taken {
				t.Errorf("%d packets taken, want %d", n, tc.taken)
			}
		})
	}
}

// A new description moves the sound at once; one that repeats the old lets a silent
// peer be learnt anew, for a while.
func TestLatchAnew(t *testing.T) {
	t.Parallel()
	s, l := latched(t, "192.0.2.1")
	at := l.cfg.Now()
	peer := packetSource{l: l, from: netip.MustParseAddrPort("192.0.2.1:4000"), ssrc: 1}
	at = peer.send(at, 10) + time.Second
	other := packetSource{l: l, from: netip.MustParseAddrPort("192.0.2.1:4444"), ssrc: 9}
	at = other.send(at, 50)
	to := func() string { return l.mediaTo.Load().String() }
	if to() != "192.0.2.1:4000" {
		t.Fatalf("without a description the sound goes to %s", to())
	}
	again := func(address string) {
		t.Helper()
		if _, err := s.Answer(context.Background(), strings.Replace(offerHead, "c=IN IP4 127.0.0.1", "c=IN IP4 "+address, 1)+inClear); err != nil {
			t.Fatal(err)
		}
	}
	l.cfg.Now = func() time.Duration { return at }
	again("192.0.2.1")
	other.send(at, 50)
	if to() != "192.0.2.1:4444" {
		t.Errorf("after the same description the sound goes to %s", to())
	}
	again("192.0.2.77")
	if to() != "192.0.2.77:4000" {
		t.Errorf("after another description the sound goes to %s", to())
	}
	other.send(at+time.Minute, 50)
	if to() != "192.0.2.77:4000" {
		t.Errorf("the address before gets the sound: %s", to())
	}
}

// Reports are the peer's, too: a stranger's neither count as life nor move ours.
func TestLatchReports(t *testing.T) {
	t.Parallel()
	l := latch{}
	at := func(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }
	l.describe(at("192.168.77.5:4000"), at("192.168.77.5:4001"), 0)
	for _, tc := range []struct {
		from         string
		taken, moved bool
	}{{"192.168.77.5:4001", true, false}, {"192.168.77.5:9999", true, false}, {"203.0.113.9:4001", false, false}} {
		if taken, moved := l.rtcp(at(tc.from), false); taken != tc.taken || moved != tc.moved {
			t.Errorf("before sound, from %s: %v, %v", tc.from, taken, moved)
		}
	}
	for i := range 10 {
		l.rtp(at("198.51.100.1:5000"), 1, uint16(i), time.Duration(i)*packetTime, false)
	}
	for _, tc := range []struct {
		from         string
		taken, moved bool
	}{{"198.51.100.1:5001", true, true}, {"203.0.113.9:4001", false, false}} {
		if taken, moved := l.rtcp(at(tc.from), false); taken != tc.taken || moved != tc.moved {
			t.Errorf("with sound, from %s: %v, %v", tc.from, taken, moved)
		}
	}
	if taken, moved := l.rtcp(at("203.0.113.9:4001"), true); !taken || moved {
		t.Errorf("authenticated from elsewhere: %v, %v", taken, moved)
	}
}

// What SRTP has authenticated is taken from anywhere, and followed after a run.
func TestLatchAuthenticated(t *testing.T) {
	t.Parallel()
	var l latch
	at := func(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }
	l.describe(at("192.0.2.1:4000"), at("192.0.2.1:4001"), 0)
	if taken, moved := l.rtp(at("198.51.100.1:5000"), 1, 1, 0, true); !taken || !moved {
		t.Errorf("the first: %v, %v", taken, moved)
	}
	if taken, moved := l.rtp(at("203.0.113.9:6666"), 1, 2, packetTime, true); !taken || moved {
		t.Errorf("a copy from elsewhere: %v, %v", taken, moved)
	}
	for i := range uint16(3) {
		taken, moved := l.rtp(at("198.51.100.1:7000"), 1, 3+i, time.Duration(i)*packetTime, true)
		if !taken || moved != (i == 2) {
			t.Errorf("packet %d of a new binding: %v, %v", i, taken, moved)
		}
	}
}

func TestBehindNAT(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"10.77.77.77": true, "192.168.77.5": true, "100.64.1.2": true, "fd00:77::1": true, "169.254.7.7": true,
		"127.0.0.1": false, "192.0.2.1": false, "8.8.8.8": false, "2001:db8::1": false, "::1": false,
	} {
		if behindNAT(netip.MustParseAddr(text)) != want {
			t.Errorf("%s: behind a NAT is not %v", text, want)
		}
	}
	if own := localAddress(); behindNAT(own) {
		t.Errorf("%s is this machine's own", own)
	}
}

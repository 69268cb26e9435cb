package media

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/ice/v4"

	"offhook/voice/sdp"
)

// unhurried keeps a machine that is slow from giving a path up.
func unhurried(c Config) Config {
	c.timeout = time.Minute
	return c
}

// iceUsed reports that the phone's sound goes by ICE.
func iceUsed(p *phone) bool {
	i := p.Session.(*session).link.(*plainLink).ice.Load()
	return i != nil && i.parts[0].inForce.Load() && i.parts[0].paired.Load()
}

// Plain RTP with ICE: offered by one side, answered by the other, kept through
// holds and restarts, with and without keys and a port of its own for reports.
func TestPlainICE(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		a, b Config
		mux  bool
	}{
		{"RTP/AVP", Config{}, Config{}, true},
		{"RTP/SAVP", Config{SDES: SDESRequire}, Config{SDES: SDESRequire}, true},
		{"two components", Config{}, Config{}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.a.OfferICE = true
			a, b := newPlainPhone(t, 440, unhurried(tc.a)), newPlainPhone(t, 1000, unhurried(tc.b))
			swap := func(a, b *phone, restart bool) (offer, answer string) {
				t.Helper()
				ctx := context.Background()
				offer, err := a.Offer(ctx, restart)
				if err != nil {
					t.Fatal(err)
				}
				if !tc.mux {
					offer = strings.Replace(offer, "a=rtcp-mux\r\n", "", 1)
				}
				if answer, err = b.Answer(ctx, offer); err != nil {
					t.Fatal(err)
				}
				if err := a.SetAnswer(answer); err != nil {
					t.Fatal(err)
				}
				return offer, answer
			}
			both := func() {
				t.Helper()
				mark := [2]int{a.mark(), b.mark()}
				a.await("new sound", func() bool { return a.mark() > mark[0]+24000 })
				b.await("new sound", func() bool { return b.mark() > mark[1]+24000 })
				hears(t, a, 1000)
				hears(t, b, 440)
			}
			offer, answer := swap(a, b, false)
			for _, text := range []string{offer, answer} {
				if !strings.Contains(text, "a=ice-ufrag:") || !strings.Contains(text, " 1 udp ") || strings.Contains(text, "remote-candidates") {
					t.Errorf("no ICE, or more than that, in\n%s", text)
				}
			}
			if got := strings.Contains(answer, " 2 udp "); got == tc.mux {
				t.Errorf("a second component: %v, in\n%s", got, answer)
			}
			a.await("ICE", func() bool { return iceUsed(a) })
			b.await("ICE", func() bool { return iceUsed(b) })
			both()
			a.await("reports", func() bool { return a.Statistics().LastSRTimestamp != 0 })
			b.await("reports", func() bool { return b.Statistics().LastSRTimestamp != 0 })
			if s := a.Statistics(); !strings.HasPrefix(s.LocalCandidate, "host udp 127.0.0.1:") || !strings.HasPrefix(s.RemoteCandidate, "host udp 127.0.0.1:") {
				t.Errorf("the way is %q, %q", s.LocalCandidate, s.RemoteCandidate)
			}

			// What ICE has ended with is said in the next offer, and kept.
			a.Hold(true)
			held, _ := swap(a, b, false)
			if !strings.Contains(held, "a=remote-candidates:1 127.0.0.1 ") || strings.Count(held, " 1 udp ") != 1 {
				t.Errorf("an offer without the way that was found:\n%s", held)
			}
			if credentials(t, held) != credentials(t, offer) {
				t.Error("a hold restarted ICE")
			}
			a.Hold(false)
			swap(a, b, false)
			both()

			restarted, again := swap(b, a, true)
			if credentials(t, restarted) == credentials(t, answer) || credentials(t, again) == credentials(t, offer) {
				t.Error("a restart with the old credentials")
			}
			a.await("ICE again", func() bool { return iceUsed(a) })
			b.await("ICE again", func() bool { return iceUsed(b) })
			both()
		})
	}
}

func credentials(t *testing.T, text string) string {
	t.Helper()
	d, err := sdp.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d.Media[0].Ufrag
}

// Where ICE can't be, sound goes by symmetric RTP: the peer has none, or the
// addresses were changed on the way, in the offer or in the answer.
func TestPlainWithoutICE(t *testing.T) {
	t.Parallel()
	strip := func(s string) string {
		var out strings.Builder
		for line := range strings.Lines(s) {
			if !strings.HasPrefix(line, "a=ice-") && !strings.HasPrefix(line, "a=candidate") {
				out.WriteString(line)
			}
		}
		return out.String()
	}
	// A box on the way that puts itself between changes the m= line; here the
	// candidates are changed, so that the m= line still leads to the phone.
	moved := func(s string) string {
		var out strings.Builder
		for line := range strings.Lines(s) {
			if strings.HasPrefix(line, "a=candidate") {
				line = strings.Replace(line, " 127.0.0.1 ", " 192.0.2.1 ", 1)
			}
			out.WriteString(line)
		}
		return out.String()
	}
	same := func(s string) string { return s }
	for _, tc := range []struct {
		name          string
		offer, answer func(string) string
		mismatch      bool
	}{
		{"the callee has none", strip, same, false},
		{"the offer was changed", moved, same, true},
		{"the answer was changed", same, moved, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a, b := newPlainPhone(t, 440, unhurried(Config{OfferICE: true})), newPlainPhone(t, 1000, unhurried(Config{}))
			ctx := context.Background()
			offer, err := a.Offer(ctx, false)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := b.Answer(ctx, tc.offer(offer))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(answer, "a=ice-mismatch"); got != tc.mismatch {
				t.Errorf("mismatch said: %v, in\n%s", got, answer)
			}
			if err := a.SetAnswer(tc.answer(answer)); err != nil {
				t.Fatal(err)
			}
			if tc.name == "the answer was changed" {
				// The callee can't know and waits for checks; the caller sends.
				a.await("the connection", func() bool { return a.count(Connected) == 1 })
				return
			}
			hears(t, a, 1000)
			hears(t, b, 440)
			if iceUsed(a) || iceUsed(b) {
				t.Error("ICE all the same")
			}
			again, err := a.Offer(ctx, false)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(again, "a=ice-") {
				t.Errorf("ICE is offered again to a peer without:\n%s", again)
			}
		})
	}
}

func TestOffersICE(t *testing.T) {
	t.Parallel()
	const host = "1 1 udp 2130706431 192.0.2.7 4000 typ host"
	const ctrl = "1 2 udp 2130706430 192.0.2.7 4001 typ host"
	section := func(f func(m *sdp.Media)) *sdp.Media {
		m := &sdp.Media{Port: 4000, Address: netip.MustParseAddr("192.0.2.7"), Ufrag: "u", Password: "p", Candidates: []string{host, ctrl}}
		f(m)
		return m
	}
	for name, tc := range map[string]struct {
		m    *sdp.Media
		mux  bool
		want iceOffered
	}{
		"as it should be":         {section(func(*sdp.Media) {}), false, iceUsable},
		"muxed":                   {section(func(m *sdp.Media) { m.Candidates = []string{host} }), true, iceUsable},
		"one component":           {section(func(m *sdp.Media) { m.Candidates = []string{host} }), false, iceUsable},
		"no credentials":          {section(func(m *sdp.Media) { m.Ufrag = "" }), false, iceAbsent},
		"no candidates":           {section(func(m *sdp.Media) { m.Candidates = nil }), false, iceAbsent},
		"the peer saw a mismatch": {section(func(m *sdp.Media) { m.ICEMismatch = true }), false, iceAbsent},
		"another address":         {section(func(m *sdp.Media) { m.Address = netip.MustParseAddr("192.0.2.8") }), false, iceMismatched},
		"another port":            {section(func(m *sdp.Media) { m.Port = 4002 }), false, iceMismatched},
		"another port of reports": {section(func(m *sdp.Media) { m.RTCPPort = 4009 }), false, iceMismatched},
		"the same, muxed":         {section(func(m *sdp.Media) { m.RTCPPort = 4009 }), true, iceUsable},
		"a hold":                  {section(func(m *sdp.Media) { m.Address = netip.IPv4Unspecified() }), false, iceUsable},
		"a name":                  {section(func(m *sdp.Media) { m.Address = netip.Addr{} }), false, iceUsable},
		"TCP only":                {section(func(m *sdp.Media) { m.Candidates = []string{"1 1 tcp 1 192.0.2.7 9 typ host tcptype active"} }), false, iceAbsent},
	} {
		if got := offersICE(tc.m, tc.mux); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
	}
	if got := ofComponent(host, 2); got != "1 2 udp 2130706430 192.0.2.7 4000 typ host" {
		t.Errorf("the other component is %q", got)
	}
}

// A server that is ICE-lite only answers checks: the phone is the controlling
// side of it, even where the server offers (RFC 8445, section 6.1.1).
func TestPlainICELite(t *testing.T) {
	t.Parallel()
	for _, offers := range []bool{false, true} {
		name := map[bool]string{false: "the server answers", true: "the server offers"}[offers]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newPlainPhone(t, 440, unhurried(Config{OfferICE: true, Codecs: []string{"PCMU"}}))
			gathered := make(chan struct{})
			server, err := ice.NewAgentWithOptions(ice.WithICELite(true), ice.WithIncludeLoopback(), ice.WithLoggerFactory(quiet{}),
				ice.WithCandidateTypes([]ice.CandidateType{ice.CandidateTypeHost}), ice.WithNetworkTypes([]ice.NetworkType{ice.NetworkTypeUDP4}),
				ice.WithMulticastDNSMode(ice.MulticastDNSModeDisabled), ice.WithDisconnectedTimeout(time.Minute), ice.WithFailedTimeout(time.Minute),
				ice.WithIPFilter(func(ip net.IP) bool { return ip.IsLoopback() }))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = server.GracefulClose() })
			if err := server.OnCandidate(func(c ice.Candidate) {
				if c == nil {
					close(gathered)
				}
			}); err != nil {
				t.Fatal(err)
			}
			if err := server.GatherCandidates(); err != nil {
				t.Fatal(err)
			}
			<-gathered
			ufrag, password, err := server.GetLocalUserCredentials()
			if err != nil {
				t.Fatal(err)
			}
			local, err := server.GetLocalCandidates()
			if err != nil || len(local) != 1 {
				t.Fatal(local, err)
			}
			described := (&sdp.Description{SessionID: 1, Version: 1, ICELite: true, Media: []sdp.Media{{
				Kind: "audio", Port: local[0].Port(), Address: loopback, Proto: "RTP/AVP", Direction: sdp.SendRecv, RTCPMux: true,
				Codecs: []sdp.Codec{{Name: "PCMU", ClockRate: 8000, Channels: 1}},
				Ufrag:  ufrag, Password: password, Candidates: []string{local[0].Marshal()},
			}}}).String()
			var text string
			if offers {
				text, err = a.Answer(context.Background(), described)
			} else if text, err = a.Offer(context.Background(), false); err == nil {
				err = a.SetAnswer(described)
			}
			if err != nil {
				t.Fatal(err)
			}
			said, err := sdp.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			conn, err := server.Accept(ctx, said.Media[0].Ufrag, said.Media[0].Password)
			if err != nil {
				t.Fatal(err)
			}
			b := make([]byte, readSize)
			for heard := 0; heard < 10; {
				n, err := conn.Read(b)
				if err != nil {
					t.Fatal(err)
				}
				if !isRTCP(b[:n]) {
					heard++
					// Its own sound goes back, as from an echo.
					if _, err := conn.Write(b[:n]); err != nil {
						t.Fatal(err)
					}
				}
			}
			a.await("sound from the server", func() bool { return a.Statistics().PacketsReceived > 0 })
		})
	}
}

// An account's TURN server gives a relayed candidate for each component, and a
// dead server costs the gathering timeout and no more.
func TestPlainICEServers(t *testing.T) {
	t.Parallel()
	udp, _ := startTURN(t)
	dead, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dead.Close() })
	a, b := newPlainPhone(t, 440, unhurried(Config{OfferICE: true, GatherTimeout: 20 * time.Second, ICEServers: []ICEServer{
		{URLs: []string{"turn:" + udp}, Username: "user", Credential: "secret"},
	}})), newPlainPhone(t, 1000, unhurried(Config{GatherTimeout: 100 * time.Millisecond, ICEServers: []ICEServer{
		{URLs: []string{"stun:" + dead.LocalAddr().String()}},
		{URLs: []string{"turn:" + dead.LocalAddr().String()}, Username: "u", Credential: "p"},
	}}))
	offer, err := a.Offer(context.Background(), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{" 1 ", " 2 "} {
		if !hasLine(offer, "a=candidate:", n+"udp ", "typ relay") {
			t.Errorf("no relay for component%sin\n%s", n, offer)
		}
	}
	answer, err := b.Answer(context.Background(), offer)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.SetAnswer(answer); err != nil {
		t.Fatal(err)
	}
	hears(t, a, 1000)
	hears(t, b, 440)
}

func hasLine(text string, parts ...string) bool {
	for line := range strings.Lines(text) {
		all := true
		for _, p := range parts {
			all = all && strings.Contains(line, p)
		}
		if all {
			return true
		}
	}
	return false
}

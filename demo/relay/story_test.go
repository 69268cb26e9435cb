package relay_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"offhook/demo/relay"
	"offhook/demo/relay/relaytest"
	"offhook/internal/listen"
)

func newRelay(t testing.TB) *relay.Relay {
	t.Helper()
	return newRelayWith(t, relay.Config{Listen: "127.0.0.1:0"})
}

func newRelayWith(t testing.TB, cfg relay.Config) *relay.Relay {
	t.Helper()
	r, err := relay.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := r.Close(ctx); err != nil {
			t.Error(err)
		}
		if n := r.Legs(); n != 0 {
			t.Errorf("%d legs left", n)
		}
	})
	return r
}

// dial makes a leg for a phone and answers it with the codec.
func dial(t testing.TB, r *relay.Relay, p *relaytest.Phone, codec string, peer *relay.Offer, onDigit func(rune)) *relay.Leg {
	t.Helper()
	o, err := relay.ParseOffer(p.Offer(false))
	if err != nil {
		t.Fatal(err)
	}
	l, err := r.NewLeg(o, onDigit)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := l.Answer(codec, peer)
	if err != nil {
		t.Fatal(err)
	}
	p.SetAnswer(answer)
	return l
}

// connected waits until a phone and its leg can both send and read: either end may
// be the last to have its keys.
func connected(t testing.TB, p *relaytest.Phone, l *relay.Leg) {
	t.Helper()
	p.WaitConnected()
	relaytest.Eventually(t, "leg with its keys", l.Secured)
}

func contains(s, part string) bool { return strings.Contains(s, part) }

var fingerprintLine = regexp.MustCompile(`a=fingerprint:[^\r\n]+`)

func swapFingerprint(sdp, from string) string {
	return fingerprintLine.ReplaceAllString(sdp, fingerprintLine.FindString(from))
}

// Two phones are joined, speak, and hear each other; neither hears anything
// while the gates are shut.
func TestTwoPhonesHearEachOther(t *testing.T) {
	t.Parallel()
	for _, codec := range []string{"opus", "PCMU", "PCMA"} {
		t.Run(codec, func(t *testing.T) {
			t.Parallel()
			r := newRelay(t)
			alice, bob := relaytest.New(t, relaytest.Options{}), relaytest.New(t, relaytest.Options{Codecs: []string{"PCMA", "PCMU", "opus"}})
			a := dial(t, r, alice, codec, nil, nil)
			b := dial(t, r, bob, codec, a.Offer(), nil)
			connected(t, alice, a)
			connected(t, bob, b)
			relay.Join(a, b)

			stop := make(chan struct{})
			done := make(chan struct{})
			go func() { defer close(done); bob.Speak(relaytest.Tone(440, time.Second), stop) }()
			relaytest.Eventually(t, "sound of bob at the relay", func() bool { return b.Stats().PacketsReceived >= 10 })
			if n := len(alice.Packets()); n != 0 {
				t.Fatalf("%d packets passed a shut gate", n)
			}
			a.Open()
			b.Open()
			alice.WaitPackets(25)
			close(stop)
			<-done
			if got := relaytest.Sound(alice.Heard()).Tone(440); got < 0.2 {
				t.Errorf("tone at alice: %.2f", got)
			}
			said := relaytest.Speech(t)
			alice.Speak(said, nil)
			bob.WaitPackets(len(said)/960 - 2)
			if m := listen.Find(relaytest.Sound(bob.Heard()), relaytest.Sound(said)); m.Correlation < 0.8 {
				t.Errorf("speech at bob: %+v", m)
			}
		})
	}
}

func TestEchoAndAnnouncement(t *testing.T) {
	t.Parallel()
	r := newRelay(t)
	digits := make(chan rune, 16)
	p := relaytest.New(t, relaytest.Options{})
	l := dial(t, r, p, "opus", nil, func(d rune) { digits <- d })
	connected(t, p, l)
	l.Echo()
	l.Open()
	said := relaytest.Speech(t)
	p.Speak(said, nil)
	p.WaitPackets(len(said)/960 - 2)
	if m := listen.Find(relaytest.Sound(p.Heard()), relaytest.Sound(said)); m.Correlation < 0.9 {
		t.Errorf("echo: %+v", m)
	}
	for _, d := range []byte("5#") {
		p.SendDigit(d)
		if got := <-digits; got != rune(d) {
			t.Errorf("digit %q, heard %q", d, got)
		}
	}
	before := len(p.Heard())
	if err := l.Announce(); err != nil {
		t.Fatal(err)
	}
	want, _ := relay.Announcement()
	p.WaitPackets(len(p.Packets()) + 150)
	if m := listen.Find(relaytest.Sound(p.Heard()[before:]), relaytest.Sound(want[:2*48000])); m.Correlation < 0.9 {
		t.Errorf("announcement: %+v", m)
	}
}

// A phone that is offered a session by the relay talks to one that offered its
// own.
func TestProposal(t *testing.T) {
	t.Parallel()
	r := newRelay(t)
	caller, web := relaytest.New(t, relaytest.Options{}), relaytest.New(t, relaytest.Options{})
	oc, err := relay.ParseOffer(caller.Offer(false))
	if err != nil {
		t.Fatal(err)
	}
	lw, err := r.NewProposal(oc, nil)
	if err != nil {
		t.Fatal(err)
	}
	offer, err := lw.Propose("")
	if err != nil {
		t.Fatal(err)
	}
	if err := lw.Accept(web.Answer(offer)); err != nil {
		t.Fatal(err)
	}
	lc, err := r.NewLeg(oc, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := lc.Answer(lw.Codec(), lw.Offer())
	if err != nil {
		t.Fatal(err)
	}
	caller.SetAnswer(answer)
	connected(t, caller, lc)
	connected(t, web, lw)
	relay.Join(lc, lw)
	lc.Open()
	lw.Open()
	said := relaytest.Speech(t)
	done := make(chan struct{})
	go func() { defer close(done); web.Speak(said, nil) }()
	caller.Speak(said, nil)
	<-done
	for _, p := range []*relaytest.Phone{caller, web} {
		p.WaitPackets(len(said)/960 - 2)
		if m := listen.Find(relaytest.Sound(p.Heard()), relaytest.Sound(said)); m.Correlation < 0.8 {
			t.Errorf("speech: %+v", m)
		}
	}
}

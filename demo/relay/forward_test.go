package relay_test

import (
	"bytes"
	"net"
	"testing"
	"time"

	"offhook/demo/relay"
	"offhook/demo/relay/relaytest"
)

// pair is two phones joined with open gates.
func pair(t *testing.T, codec string, left, right relaytest.Options) (a, b *relaytest.Phone, la, lb *relay.Leg) {
	t.Helper()
	r := newRelay(t)
	a, b = relaytest.New(t, left), relaytest.New(t, right)
	la = dial(t, r, a, codec, nil, nil)
	lb = dial(t, r, b, codec, la.Offer(), nil)
	connected(t, a, la)
	connected(t, b, lb)
	relay.Join(la, lb)
	la.Open()
	lb.Open()
	return a, b, la, lb
}

// What is lost before the relay is missing after it, and the far phone's report
// of that loss reaches the sender under the sender's own SSRC.
func TestLossIsSeenEndToEnd(t *testing.T) {
	t.Parallel()
	a, b, la, lb := pair(t, "opus", relaytest.Options{Lose: func(seq uint16) bool { return seq > 20 && seq%5 == 0 }}, relaytest.Options{})
	stop, spoken := make(chan struct{}), make(chan struct{})
	go func() { defer close(spoken); a.Speak(relaytest.Tone(440, time.Second), stop) }()
	b.WaitPackets(100)
	// Some report of the far phone tells of loss, about our stream.
	a.Wait("a report of loss", func() bool {
		for _, r := range a.ReportsLocked() {
			if r.SSRC == a.SSRC() && r.FractionLost > 25 {
				return true
			}
		}
		return false
	})
	close(stop)
	<-spoken
	packets := b.Packets()
	gaps := 0
	for i := 1; i < len(packets); i++ {
		switch packets[i].SequenceNumber - packets[i-1].SequenceNumber {
		case 1:
		case 2:
			gaps++
			if packets[i].Timestamp-packets[i-1].Timestamp != 2*960 {
				t.Errorf("timestamps close the gap at %d", i)
			}
		default:
			t.Errorf("step of %d", packets[i].SequenceNumber-packets[i-1].SequenceNumber)
		}
	}
	if gaps < 10 {
		t.Errorf("%d gaps of about 20 arrived", gaps)
	}
	if packets[0].SSRC == a.SSRC() {
		t.Error("the SSRC was not mapped")
	}
	for _, r := range a.Reports() {
		if r.SSRC != a.SSRC() {
			t.Errorf("a report about %d reached the sender %d", r.SSRC, a.SSRC())
		}
		if d := int32(r.LastSequenceNumber - uint32(a.Sequence())); d > 0 || d < -600 {
			t.Errorf("a report counts up to %d, sent were %d", r.LastSequenceNumber, a.Sequence())
		}
	}
	if s := la.Stats(); s.PacketsLost < 10 || s.JitterMs > 50 || s.RemoteCandidate == "" {
		t.Errorf("stats: %+v", s)
	}
	if s := lb.Stats(); s.RemoteLoss < 10 || s.PacketsSent < 80 {
		t.Errorf("stats: %+v", s)
	}
}

// Copies of earlier packets pass to a phone that takes them, under its own payload
// type; one that takes none gets each packet for itself.
func TestCopiesPass(t *testing.T) {
	t.Parallel()
	red := []byte{0x80 | 111, 0x0f, 0, 3, 111, 1, 2, 3, 4, 5}
	for name, row := range map[string]struct {
		far  relaytest.Options
		pt   uint8
		want []byte
	}{
		"taken":     {relaytest.Options{Red: 120}, 120, red},
		"not taken": {relaytest.Options{}, 111, red[8:]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// What the far phone takes may change in a call.
			first, r := row.far, newRelay(t)
			first.Red = 120
			a, b := relaytest.New(t, relaytest.Options{Red: 63}), relaytest.New(t, row.far)
			offer, err := relay.ParseOffer(relaytest.New(t, first).Offer(false))
			if err != nil {
				t.Fatal(err)
			}
			la := dial(t, r, a, "opus", offer, nil)
			lb := dial(t, r, b, "opus", la.Offer(), nil)
			connected(t, a, la)
			connected(t, b, lb)
			relay.Join(la, lb)
			la.Open()
			lb.Open()
			a.SendRed(red)
			b.WaitPackets(1)
			if got := b.Packets()[0]; got.PayloadType != row.pt || !bytes.Equal(got.Payload, row.want) {
				t.Errorf("payload type %d, %v; want %d, %v", got.PayloadType, got.Payload, row.pt, row.want)
			}
		})
	}
}

// Red is agreed where both phones take it with Opus, and by a bot, which gives back
// what it gets.
func TestRedIsAgreedByBoth(t *testing.T) {
	t.Parallel()
	r := newRelay(t)
	offer := func(o relaytest.Options) *relay.Offer {
		parsed, err := relay.ParseOffer(relaytest.New(t, o).Offer(false))
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	with, without := offer(relaytest.Options{Red: 63}), offer(relaytest.Options{})
	for name, row := range map[string]struct {
		offer, peer *relay.Offer
		codec       string
		want        bool
	}{
		"both": {with, offer(relaytest.Options{Red: 120}), "opus", true}, "one": {with, without, "opus", false}, "the other": {without, with, "opus", false},
		"a bot": {with, nil, "opus", true}, "G.711": {with, with, "PCMU", false},
	} {
		l, err := r.NewLeg(row.offer, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := l.Answer(row.codec, row.peer)
		if err != nil {
			t.Fatal(err)
		}
		if got := contains(answer, "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111/111\r\n"); got != row.want {
			t.Errorf("%s: %v, want %v\n%s", name, got, row.want, answer)
		}
	}
	l, err := r.NewProposal(with, nil)
	if err != nil {
		t.Fatal(err)
	}
	if proposal, err := l.Propose(""); err != nil || !contains(proposal, "a=fmtp:63 111/111/111\r\n") {
		t.Errorf("a web client is offered %v\n%s", err, proposal)
	}
}

// Digits pass as telephone-events, and their clock is put right between phones
// that disagree about it.
func TestDigitsPass(t *testing.T) {
	t.Parallel()
	a, b, _, _ := pair(t, "opus", relaytest.Options{}, relaytest.Options{EventClock: 8000})
	a.Speak(relaytest.Tone(440, 100*time.Millisecond), nil)
	a.SendDigit('7')
	a.Speak(relaytest.Tone(440, 100*time.Millisecond), nil)
	b.WaitPackets(12)
	var durations []int
	for _, p := range b.Packets() {
		if p.PayloadType == 126 {
			if p.Payload[0] != 7 {
				t.Errorf("event %d", p.Payload[0])
			}
			durations = append(durations, int(p.Payload[2])<<8|int(p.Payload[3]))
		}
	}
	if len(durations) != 7 || durations[0] != 160 || durations[6] != 800 {
		t.Errorf("durations %v, want 160 to 800 at 8 kHz", durations)
	}
}

// A phone without telephone-event lets the other know, which then sends INFO.
func TestNoEventsIsTold(t *testing.T) {
	t.Parallel()
	a, b := relaytest.New(t, relaytest.Options{}), relaytest.New(t, relaytest.Options{NoEvents: true})
	r := newRelay(t)
	oa, _ := relay.ParseOffer(a.Offer(false))
	ob, _ := relay.ParseOffer(b.Offer(false))
	for _, row := range []struct {
		offer, peer *relay.Offer
		want        bool
	}{{oa, oa, true}, {oa, ob, false}, {ob, oa, false}, {oa, nil, true}} {
		l, err := r.NewLeg(row.offer, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := l.Answer("opus", row.peer)
		if err != nil {
			t.Fatal(err)
		}
		if got := contains(answer, "telephone-event"); got != row.want {
			t.Errorf("answer offers events: %v, want %v\n%s", got, row.want, answer)
		}
	}
}

// A phone that reaches the platform over TCP only talks to one over UDP.
func TestOverTCP(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := newRelayWith(t, relay.Config{Listen: "127.0.0.1:0", TCPListener: listener})
	a, b := relaytest.New(t, relaytest.Options{TCPOnly: true}), relaytest.New(t, relaytest.Options{})
	la := dial(t, r, a, "opus", nil, nil)
	lb := dial(t, r, b, "opus", la.Offer(), nil)
	connected(t, a, la)
	connected(t, b, lb)
	relay.Join(la, lb)
	la.Open()
	lb.Open()
	said := relaytest.Speech(t)
	done := make(chan struct{})
	go func() { defer close(done); b.Speak(said, nil) }()
	a.Speak(said, nil)
	<-done
	for _, p := range []*relaytest.Phone{a, b} {
		p.WaitPackets(len(said)/960 - 2)
	}
	if s := la.Stats(); s.LocalCandidate[:3] != "tcp" {
		t.Errorf("stats: %+v", s)
	}
	if s := lb.Stats(); s.LocalCandidate[:3] != "udp" {
		t.Errorf("stats: %+v", s)
	}
}

// The phone of another certificate than the one it offered is not heard.
func TestWrongFingerprint(t *testing.T) {
	t.Parallel()
	r := newRelay(t)
	a, b := relaytest.New(t, relaytest.Options{}), relaytest.New(t, relaytest.Options{})
	// The offer of one, with the certificate of the other.
	offer := swapFingerprint(a.Offer(false), b.Offer(false))
	o, err := relay.ParseOffer(offer)
	if err != nil {
		t.Fatal(err)
	}
	l, err := r.NewLeg(o, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := l.Answer("opus", nil)
	if err != nil {
		t.Fatal(err)
	}
	a.SetAnswer(answer)
	select {
	case <-a.Failed():
	case <-time.After(relaytest.WaitTime):
		t.Fatal("the handshake neither failed nor ended")
	}
	if l.Secured() {
		t.Error("secured with the wrong certificate")
	}
}

// What a gate stops is a pause in time to the far phone, and no loss.
func TestPauseIsNoLoss(t *testing.T) {
	t.Parallel()
	a, b, la, lb := pair(t, "opus", relaytest.Options{}, relaytest.Options{})
	talk := func() { a.Speak(relaytest.Tone(440, 200*time.Millisecond), nil) }
	began := time.Now()
	talk()
	b.WaitPackets(9)
	for _, l := range []*relay.Leg{la, lb} {
		l.Shut()
		talk()
		l.Open()
		talk()
	}
	b.WaitPackets(28)
	packets := b.Packets()
	longest := uint32(0)
	for i := 1; i < len(packets); i++ {
		if packets[i].SequenceNumber != packets[i-1].SequenceNumber+1 {
			t.Errorf("a gap before packet %d", i)
		}
		longest = max(longest, packets[i].Timestamp-packets[i-1].Timestamp)
	}
	if longest < 48000/10 || float64(longest) > 48000*(1+time.Since(began).Seconds()) {
		t.Errorf("the pause is %d in timestamps", longest)
	}
}

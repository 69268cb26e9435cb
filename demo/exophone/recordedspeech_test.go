package exophone_test

import (
	"bytes"
	"io"
	"net/url"
	"testing"
	"time"

	"github.com/pion/rtp"

	"offhook/demo/exophone"
	"offhook/demo/relay"
	"offhook/demo/relay/relaytest"
	"offhook/internal/listen"
	"offhook/internal/listen/stoi"
	"offhook/voice/codec"
	"offhook/voice/recording/recordingtest"
	"offhook/voice/wire"
)

// arrived is what a phone's packets sound like, with the lost ones concealed: the
// relay's own input, as it has passed it on.
func arrived(t *testing.T, packets []*rtp.Packet) []int16 {
	t.Helper()
	d, _ := codec.NewDecoder(codec.Opus)
	var out []int16
	frame := make([]int16, 960)
	for i, p := range packets {
		if i > 0 {
			for gap := int32(p.Timestamp-packets[i-1].Timestamp)/960 - 1; gap > 0 && gap < 10; gap-- {
				if err := d.Conceal(frame); err != nil {
					t.Fatal(err)
				}
				out = append(out, frame...)
			}
		}
		n, err := d.Decode(p.Payload, frame)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, frame[:n]...)
	}
	return out
}

// understood is the STOI of a sound within a recorded side, found by what is said.
func understood(side listen.Sound, said []int16) float64 {
	heard := make([]int16, len(side.Samples))
	for i, v := range side.Samples {
		heard[i] = int16(max(-1, min(1, v)) * 32767)
	}
	laid, _ := stoi.Lay(said, heard)
	return stoi.Measure(said, laid)
}

// Speech of both sides, with a twentieth of its packets lost, and of the third party after
// a transfer, is in its channel as the relay received it; in the other channel it is not.
func TestRecordedSpeech(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	p := newPlatform(t, func(c *exophone.Config) { c.Recording = exophone.Recording{Archive: a, Told: "none"} })
	p.whom = func(q url.Values) (exophone.Destination, error) {
		return exophone.Destination{Numbers: []string{q.Get("CustomField")}, Record: true}, nil
	}
	lossy := relaytest.Options{Codecs: []string{codec.Opus}, Lose: func(seq uint16) bool { return seq%20 == 7 }}
	alice, bob, carol := p.connect("alice"), p.connect("bob"), p.connect("carol")
	out := alice.start(exophon, lossy).invite("X-Custom-Field", "bob")
	token, claims := p.pushed("bob")
	in := bob.start(claims.SessionID, lossy).invite("X-Session-Token", token, "X-Answer", "later")
	in.expect(200)
	out.expect(180)
	p.connected(in.media, out.media)
	in.answer()
	out.expect(200)
	in.isRecorded(stateIs(wire.RecordingOn))

	text, err := relay.Announcement()
	if err != nil {
		t.Fatal(err)
	}
	first, second := text[:3*48000], text[len(text)-3*48000:]
	say := func(from, to *call, pcm []int16) []int16 {
		t.Helper()
		before := len(to.media.Packets())
		from.media.Speak(pcm, nil)
		relaytest.Eventually(t, "the end of what is said", func() bool { return len(to.media.Packets()) >= before+len(pcm)*18/960/20 })
		return arrived(t, to.media.Packets()[before:])
	}
	byAlice := say(out, in, first)
	byBob := say(in, out, second)
	if err := p.x.Transfer(claims.SessionID, "bob", "carol"); err != nil {
		t.Fatal(err)
	}
	in.ended()
	token, again := p.pushed("carol")
	third := carol.start(again.SessionID, lossy).invite("X-Session-Token", token)
	third.expect(200)
	p.connected(third.media)
	out.isRecorded(stateIs(wire.RecordingOn))
	byCarol := say(third, out, first)
	byAliceAgain := say(out, third, second)
	out.hangup()
	third.ended()
	p.over()
	p.x.AwaitByes()

	r, err := a.Read(claims.SessionID)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ogg, err := io.ReadAll(r)
	if err != nil || !bytes.HasPrefix(ogg, []byte("OggS")) {
		t.Fatalf("%d bytes, %v", len(ogg), err)
	}
	sides := recordingtest.Sides(t, ogg)
	for _, row := range []struct {
		name string
		said []int16
		side int
	}{{"alice", byAlice, 0}, {"bob", byBob, 1}, {"carol", byCarol, 1}, {"alice after the transfer", byAliceAgain, 0}} {
		at := listen.Find(sides[row.side], relaytest.Sound(row.said)).At
		length := time.Duration(len(row.said)) * time.Second / 48000
		own := understood(sides[row.side].Cut(max(0, at-100*time.Millisecond), at+length+100*time.Millisecond), row.said)
		elsewhere := listen.Find(sides[1-row.side].Cut(at, at+length), relaytest.Sound(row.said)).Correlation
		t.Logf("%s: STOI %.3f in the channel, correlation %.2f with the other", row.name, own, elsewhere)
		if own < 0.95 || elsewhere > 0.4 {
			t.Errorf("%s: STOI %.3f in the channel, correlation %.2f with the other", row.name, own, elsewhere)
		}
	}
}

// A call that was asked about and joined is recorded on: who takes the place of another
// is at that one's side.
func TestRecordedJoin(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	p := newPlatform(t, func(c *exophone.Config) {
		c.Recording = exophone.Recording{Archive: a, Rule: exophone.RecordAll, Told: "none"}
	})
	_, bob, carol, out, in, session := conversation(t, p)
	asked, third, other := asks(t, p, bob, carol, session, false)
	hearsTone(t, asked, third, 440)
	if err := p.x.Join(session, "bob", other); err != nil {
		t.Fatal(err)
	}
	in.ended()
	asked.ended()
	hearsTone(t, out, third, 700)
	hearsTone(t, third, out, 900)
	out.hangup()
	third.ended()
	p.over()
	p.over()
	p.x.AwaitByes()
	r, err := a.Read(other)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ogg, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	sides := recordingtest.Sides(t, ogg)
	for hz, side := range map[float64]int{440: 0, 700: 0, 900: 1} {
		if own, far := tone(sides[side], hz), tone(sides[1-side], hz); own < 0.15 || far > 0.03 {
			t.Errorf("%.0f Hz: %.3f on its side, %.3f on the other", hz, own, far)
		}
	}
}

// Carol, whose call is not recorded, comes into a recorded one as into a conference: she
// is told before she is heard, and nothing of what she said before is recorded.
func TestRecordedConference(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	p := newPlatform(t, func(c *exophone.Config) { c.Recording = exophone.Recording{Archive: a} })
	p.whom = func(q url.Values) (exophone.Destination, error) {
		return exophone.Destination{Numbers: []string{q.Get("CustomField")}, Record: q.Get("CustomField") == "bob"}, nil
	}
	s := &threesome{t: t, p: p, bobsPhone: p.connect("bob"), carolsPhone: p.connect("carol")}
	alice := p.connect("alice")
	s.withBob, s.bob, s.first = s.call(alice, s.bobsPhone)
	s.bob.isRecorded(stateIs(wire.RecordingOn))
	s.withCarol, s.carol, s.second = s.call(alice, s.carolsPhone)
	hearsTone(t, s.carol, s.withCarol, 500)
	if _, err := p.x.Confer(s.first, "alice", s.second); err != nil {
		t.Fatal(err)
	}
	s.withCarol.ended()
	s.carol.isRecorded(stateIs(wire.RecordingAnnouncing))
	s.carol.isRecorded(stateIs(wire.RecordingOn))
	if got := tone(relaytest.Sound(s.carol.media.Heard()), 1400); got < 0.1 {
		t.Errorf("carol was not told: %.3f", got)
	}
	hearsTone(t, s.carol, s.bob, 800)
	hearsTone(t, s.withBob, s.carol, 440)
	if err := p.x.EndConference(s.first, "alice"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*call{s.withBob, s.bob, s.carol} {
		c.ended()
	}
	p.over()
	p.over()
	p.x.AwaitByes()
	r, err := a.Read(s.first)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ogg, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	sides := recordingtest.Sides(t, ogg)
	if tone(sides[1], 800) < 0.15 || tone(sides[0], 440) < 0.15 || tone(sides[0], 800) > 0.03 {
		t.Errorf("carol %.3f, alice %.3f, carol at alice's side %.3f", tone(sides[1], 800), tone(sides[0], 440), tone(sides[0], 800))
	}
	for _, hz := range []float64{500, 1400} {
		if got := max(tone(sides[0], hz), tone(sides[1], hz)); got > 0.03 {
			t.Errorf("%.0f Hz, from before carol was told, is recorded: %.3f", hz, got)
		}
	}
}

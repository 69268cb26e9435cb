package exophone_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"offhook/demo/archive"
	"offhook/demo/exophone"
	"offhook/demo/relay/relaytest"
	"offhook/internal/listen"
	"offhook/voice/codec"
	"offhook/voice/recording"
	"offhook/voice/wire"
)

// newArchive is a folder of recordings with a key of its own.
func newArchive(t *testing.T) *archive.Archive {
	t.Helper()
	key, _, err := recording.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	a, err := archive.Open(archive.Config{Dir: t.TempDir(), Key: key, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// recorded reads the recording of a session back: a WAV file of PCMU, left and right.
func recorded(t *testing.T, a *archive.Archive, session string) [2]listen.Sound {
	t.Helper()
	in, err := a.Read(session)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	b, err := io.ReadAll(in)
	if err != nil || !in.Whole || !bytes.HasPrefix(b, []byte("RIFF")) || binary.LittleEndian.Uint16(b[22:]) != 2 {
		t.Fatalf("%d bytes, whole %v, %v", len(b), in.Whole, err)
	}
	var sides [2]listen.Sound
	for i := range sides {
		d, _ := codec.NewDecoder(codec.PCMU)
		pcm, law := make([]int16, 960), []byte{}
		sides[i].Rate = 48000
		for j := 58 + i; j < len(b); j += 2 {
			if law = append(law, b[j]); len(law) == 160 {
				n, _ := d.Decode(law, pcm)
				for _, v := range pcm[:n] {
					sides[i].Samples = append(sides[i].Samples, float64(v)/32768)
				}
				law = law[:0]
			}
		}
	}
	return sides
}

// tone is how much of a tone there is anywhere in a sound: the most in half a second.
func tone(s listen.Sound, hertz float64) (most float64) {
	for at := 0; at+24000 <= len(s.Samples); at += 12000 {
		most = max(most, listen.Sound{Rate: s.Rate, Samples: s.Samples[at : at+24000]}.Tone(hertz))
	}
	return most
}

// isRecorded waits until a phone is told of a recording that satisfies ok.
func (c *call) isRecorded(ok func(wire.Recording) bool) wire.Recording {
	c.h.t.Helper()
	for {
		req := c.request(sip.INFO)
		if value(req, "Content-Type") != wire.TypeRecording {
			continue
		}
		var got wire.Recording
		if err := json.Unmarshal(req.Body(), &got); err != nil {
			c.h.t.Fatal(err)
		}
		if ok(got) {
			return got
		}
	}
}

func stateIs(s wire.RecordingState) func(wire.Recording) bool {
	return func(r wire.Recording) bool { return r.State == s }
}

// askedToRecord is alice and bob in a conversation for whose recording Dial-Whom has
// asked, in PCMU.
func askedToRecord(t *testing.T, how exophone.Recording) (p *platform, out, in *call, session string) {
	t.Helper()
	p = newPlatform(t, func(c *exophone.Config) { c.Recording = how })
	p.whom = func(q url.Values) (exophone.Destination, error) {
		return exophone.Destination{Numbers: []string{q.Get("CustomField")}, Record: true}, nil
	}
	alice, bob := p.connect("alice"), p.connect("bob")
	out = alice.start(exophon, relaytest.Options{Codecs: []string{codec.PCMU}}).invite("X-Custom-Field", "bob")
	token, claims := p.pushed("bob")
	in = bob.start(claims.SessionID, relaytest.Options{Codecs: []string{codec.PCMU}}).invite("X-Session-Token", token, "X-Answer", "later")
	in.expect(200)
	out.expect(180)
	p.connected(in.media, out.media)
	return p, out, in, claims.SessionID
}

// Both are told before they hear each other, and what they said before is nowhere. Each
// is in a channel of its own; what was said during a pause is not there; a hold is a
// pause.
func TestRecording(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	p, out, in, session := askedToRecord(t, exophone.Recording{Archive: a})
	early, spoken := make(chan struct{}), make(chan struct{})
	go func() { defer close(spoken); out.media.Speak(relaytest.Tone(440, time.Second), early) }()
	in.answer()
	out.expect(200)
	for _, c := range []*call{out, in} {
		c.isRecorded(stateIs(wire.RecordingAnnouncing))
	}
	for _, c := range []*call{out, in} {
		if r := c.isRecorded(stateIs(wire.RecordingOn)); r.By != "rule" || r.Told != "both" {
			t.Errorf("%s is told %+v", c.h.name, r)
		}
		c.media.WaitPackets(50)
		heard := relaytest.Sound(c.media.Heard())
		if tone(heard, 1400) < 0.1 {
			t.Errorf("%s was not told: %.3f", c.h.name, tone(heard, 1400))
		}
	}
	close(early)
	<-spoken

	hearsTone(t, out, in, 700)
	hearsTone(t, in, out, 900)
	if r, err := p.x.Record(session, "bob", "pause"); err != nil || r.State != wire.RecordingPaused || r.ResumesInMS < 100_000 {
		t.Fatalf("%+v, %v", r, err)
	}
	out.isRecorded(stateIs(wire.RecordingPaused))
	hearsTone(t, out, in, 1100)
	if _, err := p.x.Record(session, "", "resume"); err != nil {
		t.Fatal(err)
	}
	out.isRecorded(stateIs(wire.RecordingOn))
	for action, want := range map[string]error{"stop": exophone.ErrNotByHand, "erase": exophone.ErrRecording, "start": nil} {
		if _, err := p.x.Record(session, "bob", action); !errors.Is(err, want) {
			t.Errorf("%s: %v", action, err)
		}
	}
	if _, err := p.x.Record(session, "carol", "pause"); !errors.Is(err, exophone.ErrNoCall) {
		t.Errorf("carol pauses: %v", err)
	}
	hearsTone(t, in, out, 1300)

	out.hangup()
	in.ended()
	r := p.over()
	if rec := r.Recording; rec == nil || rec.State != wire.RecordingOff || rec.Ended.IsZero() || len(rec.Pauses) != 1 || rec.Pauses[0].By != "bob" || rec.Pauses[0].To.IsZero() {
		t.Errorf("record %+v", r.Recording)
	}
	p.x.AwaitByes()
	sides := recorded(t, a, session)
	for side, hz := range []float64{700, 900} {
		if tone(sides[side], hz) < 0.15 || tone(sides[1-side], hz) > 0.02 {
			t.Errorf("%.0f Hz: %.3f in its channel, %.3f in the other", hz, tone(sides[side], hz), tone(sides[1-side], hz))
		}
	}
	if tone(sides[1], 1300) < 0.15 {
		t.Error("what was said after the pause is missing")
	}
	for hz, what := range map[float64]string{1100: "what was said during the pause", 1400: "the announcement"} {
		if got := max(tone(sides[0], hz), tone(sides[1], hz)); got > 0.02 {
			t.Errorf("%s is in the recording: %.3f", what, got)
		}
	}
}

// Without a key, or with a disk that is full, the call goes on without a recording, and
// the phones are told.
func TestRecordingThatCantBe(t *testing.T) {
	t.Parallel()
	p, out, in, _ := askedToRecord(t, exophone.Recording{})
	in.answer()
	out.expect(200)
	if r := in.isRecorded(stateIs(wire.RecordingFailed)); r.Reason != wire.RecordingNoKey {
		t.Errorf("told %+v", r)
	}
	hearsTone(t, out, in, 440)
	out.hangup()
	in.ended()
	if r := p.over(); r.Recording == nil || r.Recording.State != wire.RecordingFailed {
		t.Errorf("record %+v", r.Recording)
	}
	key, _, _ := recording.GenerateKey()
	full, err := archive.Open(archive.Config{Dir: t.TempDir(), Key: key, Reserve: 1 << 62, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	p, out, in, session := askedToRecord(t, exophone.Recording{Archive: full})
	in.answer()
	out.expect(200)
	if r := in.isRecorded(stateIs(wire.RecordingFailed)); r.Reason != wire.RecordingDisk {
		t.Errorf("told %+v", r)
	}
	hearsTone(t, out, in, 440)
	if _, err := full.Read(session); !errors.Is(err, archive.ErrNone) {
		t.Errorf("a file is there: %v", err)
	}
	_ = p
}

// By hand: nothing is announced or recorded until an agent begins it; a stop lasts until
// the next start.
func TestRecordingByHand(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	p, out, in, session := askedToRecord(t, exophone.Recording{Archive: a, Rule: exophone.RecordByHand})
	p.mu.Lock()
	p.whom = nil
	p.mu.Unlock()
	in.answer()
	out.expect(200)
	_ = session
	in.isRecorded(stateIs(wire.RecordingOn)) // Dial-Whom has asked for this one
	if _, err := p.x.Record(session, "bob", "stop"); !errors.Is(err, exophone.ErrNotByHand) {
		t.Errorf("the recording of a rule is stopped by hand: %v", err)
	}

	p = newPlatform(t, func(c *exophone.Config) { c.Recording = exophone.Recording{Archive: a, Rule: exophone.RecordByHand} })
	_, _, _, out, in, session = conversation(t, p)
	if r := in.isRecorded(stateIs(wire.RecordingOff)); !r.ByHand {
		t.Errorf("told %+v", r)
	}
	hearsTone(t, out, in, 440)
	for _, step := range []struct {
		action string
		want   wire.RecordingState
	}{{"start", wire.RecordingOn}, {"stop", wire.RecordingPaused}, {"start", wire.RecordingOn}, {"pause", wire.RecordingPaused}} {
		if r, err := p.x.Record(session, "bob", step.action); err != nil || r.State != step.want || r.By != "bob" {
			t.Fatalf("%s: %+v, %v", step.action, r, err)
		}
		if step.want == wire.RecordingOn {
			hearsTone(t, in, out, 620)
		}
	}
	out.hangup()
	in.ended()
	p.over()
	p.x.AwaitByes()
	r, err := a.Read(session)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if b, err := io.ReadAll(r); err != nil || len(b) < 1000 || !r.Whole {
		t.Errorf("%d bytes, whole %v, %v", len(b), r.Whole, err)
	}
}

// What is too old is deleted, and the folder says so.
func TestRecordingsAreDeleted(t *testing.T) {
	t.Parallel()
	key, _, _ := recording.GenerateKey()
	dir, now := t.TempDir(), time.Now()
	a, err := archive.Open(archive.Config{Dir: dir, Key: key, Keep: time.Hour, Now: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for _, session := range []string{"old", "new"} {
		take, err := a.Begin(session, codec.Opus, false, func(err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(take.Close(), take.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(dir+"/old.rec", now.Add(-2*time.Hour), now.Add(-2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := a.Prune(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Read("old"); !errors.Is(err, archive.ErrDeleted) {
		t.Errorf("old: %v", err)
	}
	for _, session := range []string{"other", "../new", ""} {
		if _, err := a.Read(session); !errors.Is(err, archive.ErrNone) {
			t.Errorf("%q: %v", session, err)
		}
	}
	r, err := a.Read("new")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := os.ReadFile(dir + "/deleted.log")
	if err != nil || bytes.Count(b, []byte("\n")) != 1 || !bytes.Contains(b, []byte(`"session_id":"old"`)) {
		t.Errorf("%s, %v", b, err)
	}
}

// Where the agent is asked the two talk first, and nothing of that is recorded. Who agrees
// has both told; who refuses may still change their mind.
func TestRecordingAsks(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	p, out, in, session := askedToRecord(t, exophone.Recording{Archive: a, Ask: true})
	in.answer()
	out.expect(200)
	in.isRecorded(stateIs(wire.RecordingAsking))
	hearsTone(t, out, in, 440)
	if _, err := p.x.Record(session, "bob", "pause"); !errors.Is(err, exophone.ErrRecording) {
		t.Errorf("a pause of nothing: %v", err)
	}
	for range 2 {
		r, err := p.x.Record(session, "bob", "refuse")
		if err != nil && !errors.Is(err, exophone.ErrRecording) || err == nil && (r.State != wire.RecordingOff || r.Reason != wire.RecordingRefused) {
			t.Errorf("refused: %+v, %v", r, err)
		}
	}
	out.isRecorded(func(r wire.Recording) bool { return r.Reason == wire.RecordingRefused })
	hearsTone(t, in, out, 620)
	if _, err := a.Read(session); !errors.Is(err, archive.ErrNone) {
		t.Errorf("a file of a call to whose recording nobody has agreed: %v", err)
	}
	if r, err := p.x.Record(session, "bob", "consent"); err != nil || r.State != wire.RecordingAnnouncing {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, c := range []*call{out, in} {
		if r := c.isRecorded(stateIs(wire.RecordingOn)); r.Told != "both" || r.By != "rule" {
			t.Errorf("%s is told %+v", c.h.name, r)
		}
	}
	hearsTone(t, out, in, 700)
	hearsTone(t, in, out, 900)
	out.hangup()
	in.ended()
	p.over()
	p.x.AwaitByes()
	sides := recorded(t, a, session)
	if tone(sides[0], 700) < 0.15 || tone(sides[1], 900) < 0.15 {
		t.Errorf("what was said after the consent: %.3f and %.3f", tone(sides[0], 700), tone(sides[1], 900))
	}
	for _, hz := range []float64{440, 620, 1400} {
		if got := max(tone(sides[0], hz), tone(sides[1], hz)); got > 0.02 {
			t.Errorf("%.0f Hz, from before the consent or its announcement, is recorded: %.3f", hz, got)
		}
	}
}

package voice_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"offhook/internal/listen"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/codec"
	"offhook/voice/fault"
	"offhook/voice/recording"
	"offhook/voice/recording/recordingtest"
	"offhook/voice/wire"
)

// recordedFile is what is in a recording, the left side and the right one.
func recordedFile(t *testing.T, file string, key recording.Key) (sides [2]listen.Sound) {
	t.Helper()
	b, err := os.ReadFile(file)
	check(t, err)
	if !key.IsZero() {
		r, err := recording.NewReader(bytes.NewReader(b), int64(len(b)), key)
		check(t, err)
		if !r.Whole {
			t.Errorf("%s has no end", file)
		}
		b, err = io.ReadAll(r)
		check(t, err)
	}
	if !bytes.HasPrefix(b, []byte("RIFF")) {
		return recordingtest.Sides(t, b)
	}
	decoder, err := codec.NewDecoder(codec.PCMU)
	check(t, err)
	law := b[58:]
	for i := range sides {
		sides[i].Rate = codec.SampleRate
		for at := i; at+320 <= len(law); at += 320 {
			var frame [160]byte
			var pcm [960]int16
			for j := range frame {
				frame[j] = law[at+2*j]
			}
			_, err := decoder.Decode(frame[:], pcm[:])
			check(t, err)
			for _, v := range pcm {
				sides[i].Samples = append(sides[i].Samples, float64(v)/32768)
			}
		}
	}
	return sides
}

// A phone records a call over a SIP account: what it says at the left, what it hears at
// the right, in a file of the call's codec, encrypted where there is a key. A pause and a
// hold are silence of their length; beeps are heard by both.
func TestRealRecordingByThePhone(t *testing.T) {
	t.Parallel()
	_, text, err := recording.GenerateKey()
	check(t, err)
	public, err := recording.ParsePublicKey(strings.TrimPrefix(strings.Split(text, "\n")[0], "# public key: "))
	check(t, err)
	key, err := recording.ParseKey(text)
	check(t, err)
	tone440, tone1000 := audio.Spec{Kind: audio.SpecSine, Hz: 440}, audio.Spec{Kind: audio.SpecSine, Hz: 1000}
	for name, tc := range map[string]struct {
		codecs []string
		key    recording.Key
		ending string
		beep   time.Duration
	}{
		"Opus":                {codecs: []string{codec.Opus}, ending: ".ogg"},
		"G.711":               {codecs: []string{codec.PCMU}, ending: ".wav"},
		"G.722, as Opus":      {codecs: []string{codec.G722}, ending: ".ogg"},
		"encrypted":           {codecs: []string{codec.Opus}, key: public, ending: ".rec"},
		"encrypted, of G.711": {codecs: []string{codec.PCMU}, key: public, ending: ".rec"},
		"with beeps":          {codecs: []string{codec.Opus}, ending: ".ogg", beep: 300 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPBX(t)
			a, b := p.account("alice"), p.account("bob")
			a.Codecs, b.Codecs = tc.codecs, tc.codecs
			alice, bob := newSIPPhone(t, "alice", tone440, null, a), newSIPPhone(t, "bob", tone1000, null, b)
			folder := filepath.Join(t.TempDir(), "rec")
			alice.SetRecording(voice.RecordingRules{Rule: voice.RecordAll, Folder: folder, Key: tc.key, BeepEvery: tc.beep})
			out, in := connect(t, alice, bob, "bob")
			r := recordedBy(alice, out, voice.RecordingOn)
			if r.By != "rule" || !r.Here || r.Sealed == tc.key.IsZero() || r.ByHand {
				t.Errorf("%+v", r)
			}
			hears(t, out)
			hears(t, in)
			talk := func() { time.Sleep(700 * time.Millisecond) }
			talk()
			check(t, out.PauseRecording(within(t)))
			if r := recordedBy(alice, out, voice.RecordingPaused); r.ResumesAt.IsZero() || r.Recorded <= 0 {
				t.Errorf("%+v", r)
			}
			talk()
			check(t, out.ResumeRecording(within(t)))
			recordedBy(alice, out, voice.RecordingOn)
			check(t, in.Hold(within(t)))
			recordedBy(alice, out, voice.RecordingPaused)
			check(t, in.Resume(within(t)))
			recordedBy(alice, out, voice.RecordingOn)
			if err := out.StopRecording(within(t)); fault.TypeOf(err) != fault.ServerError {
				t.Errorf("stop: %v", err)
			}
			talk()
			check(t, out.Hangup())
			ended := expect[voice.CallEnded](alice).Call.Recording
			check(t, alice.Close(within(t))) // waits for the file
			if filepath.Ext(ended.File) != tc.ending || ended.Recorded < time.Second {
				t.Errorf("%+v", ended)
			}
			opens := key
			if tc.key.IsZero() {
				opens = recording.Key{}
			}
			sides := recordedFile(t, ended.File, opens)
			for i, hz := range []float64{440, 1000} {
				own, other := sides[i].Tone(hz), sides[i].Tone([]float64{1000, 440}[i])
				if own < 0.05 || other > 0.01 {
					t.Errorf("side %d: its own tone %.3f, the other's %.3f", i, own, other)
				}
			}
			if beep := sides[0].Tone(1400); (beep > 0.002) != (tc.beep > 0) {
				t.Errorf("beeps: %.4f", beep)
			}
			silent := 0
			for at := 300 * time.Millisecond; at < sides[0].Duration()-300*time.Millisecond; at += 100 * time.Millisecond {
				if max(sides[0].Cut(at, at+100*time.Millisecond).RMS(), sides[1].Cut(at, at+100*time.Millisecond).RMS()) < 0.005 {
					silent++
				}
			}
			if silent < 5 {
				t.Errorf("%d00 ms of silence for a pause of 700 ms", silent)
			}
		})
	}
}

// Where the agent is asked nothing from before the consent is in the file; who refuses
// makes none, and may still change their mind.
func TestRealRecordingAsks(t *testing.T) {
	t.Parallel()
	p := newPBX(t)
	alice, bob := newSIPPhone(t, "alice", sine, null, p.account("alice")), newSIPPhone(t, "bob", sine, null, p.account("bob"))
	folder := t.TempDir()
	alice.SetRecording(voice.RecordingRules{Rule: voice.RecordAll, Ask: true, Folder: folder})
	out, in := connect(t, alice, bob, "bob")
	hears(t, out)
	if r := out.Details().Recording; r.State != voice.RecordingAsking || r.Recorded != 0 {
		t.Fatalf("%+v", r)
	}
	if err := in.ConsentToRecording(within(t)); fault.TypeOf(err) != fault.ServerError {
		t.Errorf("bob's phone does not record: %v", err)
	}
	check(t, out.RefuseRecording(within(t)))
	if r := out.Details().Recording; r.State != voice.RecordingOff || r.Reason != wire.RecordingRefused {
		t.Errorf("%+v", r)
	}
	if err := out.PauseRecording(within(t)); fault.TypeOf(err) != fault.ServerError {
		t.Errorf("a pause of nothing: %v", err)
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) != 0 {
		t.Errorf("%v, %v", files, err)
	}
	check(t, out.StartRecording(within(t)))
	check(t, out.StartRecording(within(t))) // the second one changes nothing
	if r := recordedBy(alice, out, voice.RecordingOn); r.By != "user" {
		t.Errorf("%+v", r)
	}
	check(t, out.StopRecording(within(t)))
	recordedBy(alice, out, voice.RecordingPaused)
	check(t, out.Hangup())
	if files, err := os.ReadDir(folder); err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
}

// A folder that can't be, or a disk without room, costs the recording and never the call.
func TestRealRecordingFails(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	check(t, os.WriteFile(file, nil, 0o600))
	for reason, rules := range map[string]voice.RecordingRules{
		wire.RecordingNotWritten: {Folder: filepath.Join(file, "in")},
		wire.RecordingDisk:       {Folder: t.TempDir(), Reserve: 1 << 62},
	} {
		p := newPBX(t)
		alice, bob := newSIPPhone(t, "alice", sine, null, p.account("alice")), newSIPPhone(t, "bob", sine, null, p.account("bob"))
		rules.Rule = voice.RecordAll
		alice.SetRecording(rules)
		out, in := connect(t, alice, bob, "bob")
		if r := recordedBy(alice, out, voice.RecordingFailed); r.Reason != reason {
			t.Errorf("%s: %+v", reason, r)
		}
		hears(t, out)
		hears(t, in)
		if err := out.ResumeRecording(within(t)); !errors.As(err, new(*fault.Error)) {
			t.Errorf("%v", err)
		}
		check(t, out.Hangup())
		if r := expect[voice.CallEnded](alice).Call.Recording; r.State != voice.RecordingFailed {
			t.Errorf("%+v", r)
		}
	}
}

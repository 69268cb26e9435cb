package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/voice"
	"offhook/voice/recording"
	"offhook/voice/wire"
)

// The snapshot counts what is recorded, and when a pause ends by itself; the commands
// reach the call.
func TestRecordingIsShown(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		name string
		in   voice.Recording
		want *Recording
	}{
		{"nothing known", voice.Recording{}, nil},
		{"off", voice.Recording{State: voice.RecordingOff, ByHand: true}, &Recording{State: voice.RecordingOff, ByHand: true}},
		{"on for a while", voice.Recording{State: voice.RecordingOn, By: "rule", Told: "both", Recorded: 5 * time.Second, At: at.Add(-10 * time.Second)},
			&Recording{State: voice.RecordingOn, By: "rule", Told: "both", DurationS: 15}},
		{"paused", voice.Recording{State: voice.RecordingPaused, By: "bob", Recorded: 15 * time.Second, At: at.Add(-time.Minute), PausedSince: at.Add(-18 * time.Second), ResumesAt: at.Add(101500 * time.Millisecond)},
			&Recording{State: voice.RecordingPaused, By: "bob", DurationS: 15, PausedS: 18, ResumesInS: 102}},
		{"paused by a hold", voice.Recording{State: voice.RecordingPaused}, &Recording{State: voice.RecordingPaused}},
		{"failed", voice.Recording{State: voice.RecordingFailed, Reason: "disk"}, &Recording{State: voice.RecordingFailed, Reason: "disk"}},
	} {
		got := recordingOf(row.in, at)
		if got != nil {
			if on := got.State == voice.RecordingOn; on != (got.Since != nil) {
				t.Errorf("%s: since %v", row.name, got.Since)
			}
			if (got.PausedSince != nil) != (got.PausedS > 0) || (got.ResumesAt != nil) != (got.ResumesInS > 0) {
				t.Errorf("%s: %+v", row.name, got)
			}
			got.Since, got.PausedSince, got.ResumesAt, got.Before = nil, nil, nil, 0
		}
		if (got == nil) != (row.want == nil) || got != nil && *got != *row.want {
			t.Errorf("%s: %+v, want %+v", row.name, got, row.want)
		}
	}
}

func TestRecordingCommands(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start()
		ctx := context.Background()
		if err := d.SaveLine(ctx, sipAlice, "right"); err != nil {
			t.Fatal(err)
		}
		d.until("ready", func(s *Snapshot) bool { return s.Ready })
		if err := d.Dial(ctx, "bob", ""); err != nil {
			t.Fatal(err)
		}
		call := d.engine.to(voice.StateEstablished)
		call.Recording = voice.Recording{State: voice.RecordingOn, By: "rule", At: time.Now()}
		d.engine.emit(voice.CallEstablished{Call: call})
		d.until("recorded", func(s *Snapshot) bool { return s.Call.Recording != nil && s.Call.Recording.By == "rule" })
		for said, do := range map[string]func(*Phone, context.Context, string) error{
			"pause recording": (*Phone).PauseRecording, "resume recording": (*Phone).ResumeRecording,
			"start recording": (*Phone).StartRecording, "stop recording": (*Phone).StopRecording,
			"consent": (*Phone).ConsentToRecording, "refuse": (*Phone).RefuseRecording,
		} {
			if err := do(d.Phone, ctx, ""); err != nil || d.engine.count(said) != 1 {
				t.Errorf("%s: %v", said, err)
			}
		}
		d.close()
	})
}

// What a policy says of recordings reaches the engine: with a key that can't be read
// nothing is recorded, instead of in clear.
func TestRecordingRules(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start()
		_, text, err := recording.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		good := strings.TrimPrefix(strings.Split(text, "\n")[0], "# public key: ")
		for name, row := range map[string]struct {
			key    string
			sealed bool
			broken string
		}{
			"in clear":           {},
			"encrypted":          {key: good, sealed: true},
			"a key that is none": {key: good[:len(good)-1] + map[bool]string{true: "p", false: "q"}[good[len(good)-1] == 'q'], broken: wire.RecordingNoKey},
		} {
			if err := d.UpdateSettings(func(s *Settings) {
				s.Recording.Rule, s.Recording.Ask, s.Recording.PublicKey, s.Recording.BeepS = "all", true, row.key, 15
			}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			d.engine.mu.Lock()
			got := d.engine.recording
			d.engine.mu.Unlock()
			if got.Broken != row.broken || got.Key.IsZero() == row.sealed || got.Rule != voice.RecordAll || !got.Ask || got.BeepEvery != 15*time.Second || got.Pause != 2*time.Minute || !strings.HasSuffix(got.Folder, "recordings") {
				t.Errorf("%s: %+v", name, got)
			}
		}
		d.close()
	})
}

// Only the phone's own recordings are deleted, once their time is over.
func TestRecordingsAreDeleted(t *testing.T) {
	t.Parallel()
	p := &Phone{log: slog.New(slog.DiscardHandler)}
	dir, now := t.TempDir(), time.Now()
	old := now.AddDate(0, 0, -31)
	const id = "-0f8fad5b-d9cb-469f-a165-70867728950e"
	for name, at := range map[string]time.Time{"20261001-101010" + id + ".ogg": old, "20261201-101010" + id + ".rec": now, "thesis.ogg": old} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	p.pruneFolder(dir, now.AddDate(0, 0, -30))
	p.pruneFolder(filepath.Join(dir, "none"), now)
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 || left[0].Name() != "20261201-101010"+id+".rec" {
		t.Errorf("%v, %v", left, err)
	}
}

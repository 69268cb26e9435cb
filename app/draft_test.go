package app

import (
	"archive/zip"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"offhook/app/report"
	"offhook/app/settings"
	"offhook/voice/fault"
)

const loggedLines = `{"time":"2026-11-22T14:02:11Z","msg":"dialling","to":"bob","name":"Bob Ross"}
{"time":"2026-11-22T14:02:12Z","msg":"invite","uri":"sip:stranger@example.com","caller":"+4930123456"}
{"time":"2026-11-22T14:02:13Z","msg":"again","uri":"sip:stranger@example.com","to":"bob"}
`

// packedLogs stands in for the phone's log files.
func packedLogs(t *testing.T) func(from, to time.Time) (string, error) {
	return func(time.Time, time.Time) (string, error) {
		f, err := os.CreateTemp(t.TempDir(), "*.zip")
		if err != nil {
			return "", err
		}
		defer f.Close()
		z := zip.NewWriter(f)
		w, err := z.Create("offhook-2026-11-22.log")
		if err != nil {
			return "", err
		}
		if _, err := w.Write([]byte(loggedLines)); err != nil {
			return "", err
		}
		return f.Name(), z.Close()
	}
}

func TestADraftShowsWhatGoesAlong(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		d.cfg.ReadLogs = packedLogs(t)
		ctx := context.Background()
		draft, err := d.DraftReport(ctx, time.Now().Add(-time.Hour), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range report.Parts() {
			if draft.Size(part) <= 0 {
				t.Errorf("the part %s has no size", part)
			}
		}
		lines, all, err := draft.Lines(report.Log, 0, 10)
		if err != nil || all != 3 || len(lines) != 3 {
			t.Fatal(lines, all, err)
		}
		text := strings.Join(lines, "\n")
		for _, person := range []string{"bob", "Bob", "stranger", "4930123456"} {
			if strings.Contains(text, person) {
				t.Errorf("%s is still in %s", person, text)
			}
		}
		label := func(line, after string) string {
			_, rest, _ := strings.Cut(line, after)
			l, _, _ := strings.Cut(rest, "]")
			return l
		}
		if a, b := label(lines[1], "sip:["), label(lines[2], "sip:["); a == "" || a != b {
			t.Errorf("one party is %q and then %q", a, b)
		}
		if piece, _, _ := draft.Lines(report.Log, 1, 1); len(piece) != 1 || piece[0] != lines[1] {
			t.Errorf("the second line alone is %q", piece)
		}
		if _, n, err := draft.Lines(report.Computer, 0, 1); err != nil || n < 5 {
			t.Errorf("the computer has %d lines, %v", n, err)
		}

		if ref, err := draft.Send(ctx, "no sound", report.Parts(), nil); err != nil || ref != "REF-1" {
			t.Error(ref, err)
		}
		draft.Close()
	})
}

// People, addresses and accounts of every form are out of a report, each under one
// label, and what tells of the programs stays. It can be had as a file, signed out.
func TestNobodyIsInAReport(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t)
		seen := &strings.Builder{}
		d.logger = slog.New(slog.NewTextHandler(seen, nil))
		d.start()
		defer d.close()
		_, _ = d.store.Update(func(s *settings.Settings) {
			s.SIPAccounts = []SIPAccount{{ID: "201@pbx.planted.example", User: "201", AuthUser: "auth201", Domain: "pbx.planted.example", Server: "tls://pbx", DisplayName: "Meera Planted"}}
		})
		bad := alice
		bad.UserName, bad.Password = "mallory.planted", "wrong"
		if d.SignIn(context.Background(), bad) == nil {
			t.Fatal("signed in")
		}
		if strings.Contains(seen.String(), "mallory") {
			t.Errorf("a failed sign-in is in the log: %s", seen)
		}
		names, numbers := d.people(nil)
		for _, person := range []string{"201@pbx.planted.example", "auth201", "Meera Planted"} {
			if !slices.Contains(append(names, numbers...), person) {
				t.Errorf("%s is not known to be a person", person)
			}
		}
		d.cfg.ReadLogs = packedLogs(t)
		path := filepath.Join(t.TempDir(), "report.zip")
		if err := d.SaveReport(context.Background(), time.Now().Add(-time.Hour), time.Now(), path); err != nil {
			t.Fatal(err)
		}
		z, err := zip.OpenReader(path)
		if err != nil || len(z.File) < 3 {
			t.Fatalf("%v", err)
		}
		defer z.Close()
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(r)
			r.Close()
			if err != nil || len(text) == 0 {
				t.Errorf("%s: %d bytes, %v", f.Name, len(text), err)
			}
			for _, person := range []string{"planted", "Planted", "201", "mallory", "stranger", "4930123456"} {
				if strings.Contains(string(text), person) {
					t.Errorf("%s of the file holds %q:\n%s", f.Name, person, text)
				}
			}
		}
		wantFault(t, d.SaveReport(context.Background(), time.Now().Add(-time.Hour), time.Now(), path), fault.UploadLogFailure, "can't be written")
	})
}

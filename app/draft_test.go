package app

import (
	"archive/zip"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
		d := newRig(t).start().signIn()
		defer d.close()
		d.cfg.ReadLogs = packedLogs(t)
		ctx := context.Background()
		draft, err := d.DraftReport(ctx, time.Now().Add(-time.Hour), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range ReportParts() {
			if draft.Size(part) <= 0 {
				t.Errorf("the part %s has no size", part)
			}
		}
		lines, all, err := draft.Lines(ReportLog, 0, 10)
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
		if piece, _, _ := draft.Lines(ReportLog, 1, 1); len(piece) != 1 || piece[0] != lines[1] {
			t.Errorf("the second line alone is %q", piece)
		}
		if _, n, err := draft.Lines(ReportComputer, 0, 1); err != nil || n < 5 {
			t.Errorf("the computer has %d lines, %v", n, err)
		}

		zipped := draft.(*reportDraft)
		small, err := zipped.only([]ReportPart{ReportCalls})
		if err != nil {
			t.Fatal(err)
		}
		defer os.Remove(small)
		z, err := zip.OpenReader(small)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		if len(z.File) != 1 || z.File[0].Name != "calls.json" {
			t.Errorf("a part that was not chosen goes along: %v", z.File)
		}
		if ref, err := draft.Send(ctx, "no sound", ReportParts(), nil); err != nil || ref != "REF-1" {
			t.Error(ref, err)
		}
		draft.Close()
		draft.Close()
		if _, err := os.Stat(zipped.path); !os.IsNotExist(err) {
			t.Errorf("the draft is left behind: %v", err)
		}
	})
}

// People, addresses and accounts of every form are out of a report, each under one
// label, and what tells of the programs stays. It can be had as a file, signed out.
func TestNobodyIsInAReport(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newRig(t)
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
		a := d.anonymiser(nil)
		line := `"account":"201@pbx.planted.example" as auth201, Meera Planted; from carol.planted@sip.example:5061 <sip:dave.planted@x>, again carol.planted@sip.example:5061
	/go/pkg/mod/github.com/emiago/sipgo@v1.7.2/dialog.go:12`
		got := a.clean(line)
		for _, planted := range []string{"201@", "auth201", "Meera", "planted", "carol", "dave"} {
			if strings.Contains(got, planted) {
				t.Errorf("%s is still in %s", planted, got)
			}
		}
		if !strings.Contains(got, "sipgo@v1.7.2/dialog.go:12") {
			t.Errorf("the trace is spoilt: %s", got)
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
		z.Close()
		wantFault(t, d.SaveReport(context.Background(), time.Now().Add(-time.Hour), time.Now(), path), fault.UploadLogFailure, "can't be written")
	})
}

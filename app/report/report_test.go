package report

import (
	"archive/zip"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"offhook/app/calllog"
)

// logs makes the zip file of a phone's logs.
func logs(t *testing.T, text string) string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "logs.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	w, err := z.Create("offhook-2026-11-22.log")
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

// files are those of a zip file.
func files(path string) (names []string, err error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	return names, nil
}

func TestOnlyTheChosenPartsGoAlong(t *testing.T) {
	t.Parallel()
	var sent []string
	var text string
	raw := logs(t, "one line\n")
	d, err := Pack(context.Background(), Contents{
		Logs: raw, Calls: []calllog.Record{{SessionID: "CA1"}}, Computer: map[string]int{"processors": 2},
		Upload: func(_ context.Context, path, said string, progress func(float64)) (string, error) {
			progress(1)
			text = said
			names, err := files(path)
			sent = names
			return "REF", err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if ref, err := d.Send(ctx, strings.Repeat("é", 2*maxDescription), []Part{Calls}, nil); err != nil || ref != "REF" || !slices.Equal(sent, []string{"calls.json"}) || len([]rune(text)) != maxDescription {
		t.Error(ref, err, sent, len([]rune(text)))
	}
	if _, err := d.Send(ctx, "", Parts(), nil); err != nil || len(sent) != 3 {
		t.Error(err, sent)
	}
	path := filepath.Join(t.TempDir(), "report.zip")
	if err := d.Save(path); err != nil {
		t.Error(err)
	}
	if d.Save(path) == nil {
		t.Error("a file that is there is overwritten")
	}
	d.Close()
	d.Close()
	for _, left := range []string{raw, d.path} {
		if _, err := os.Stat(left); !os.IsNotExist(err) {
			t.Errorf("%s is left behind: %v", left, err)
		}
	}
}

// People, addresses and accounts of every form are out of a report, each under one
// label, and what tells of the programs stays.
func TestPeopleAreTakenOut(t *testing.T) {
	t.Parallel()
	a := newAnonymiser([]string{"Meera Planted"}, []string{"201@pbx.planted.example", "201", "auth201"})
	got := a.clean(`"account":"201@pbx.planted.example" as auth201, Meera Planted; from carol.planted@sip.example:5061 <sip:dave.planted@x>, again carol.planted@sip.example:5061
	/go/pkg/mod/github.com/emiago/sipgo@v1.7.2/dialog.go:12`)
	for _, planted := range []string{"201@", "auth201", "Meera", "planted", "carol", "dave"} {
		if strings.Contains(got, planted) {
			t.Errorf("%s is still in %s", planted, got)
		}
	}
	if !strings.Contains(got, "sipgo@v1.7.2/dialog.go:12") {
		t.Errorf("the trace is spoilt: %s", got)
	}
}

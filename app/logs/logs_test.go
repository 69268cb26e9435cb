package logs

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// crashDir marks the child process that crashes.
const crashDir = "OFFHOOK_TEST_CRASH"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		f, err := Open(dir, Bounds{Days: 1, Bytes: 1 << 20}, &Redactor{}, nil)
		if err != nil {
			panic(err)
		}
		if _, _, err := f.WatchCrashes(); err != nil {
			panic(err)
		}
		panic("the phone broke with eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl in its hands")
	}
	goleak.VerifyTestMain(m)
}

// clock is a calendar that the test turns.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) next() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.AddDate(0, 0, 1)
}

func open(t *testing.T, dir string, b Bounds, red *Redactor, now func() time.Time) *Files {
	t.Helper()
	f, err := Open(dir, b, red, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func names(t *testing.T, dir string) string {
	t.Helper()
	var out []string
	for _, f := range list(dir) {
		out = append(out, strings.TrimPrefix(filepath.Base(f.path), prefix))
	}
	return strings.Join(out, " ")
}

func TestAFileADayCompressedAndBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := &clock{t: time.Date(2026, 11, 20, 12, 0, 0, 0, time.Local)}
	f := open(t, dir, Bounds{Days: 3, Bytes: 1 << 20}, &Redactor{}, c.now)
	log := f.Logger(slog.LevelInfo)
	for range 5 {
		log.Info("hello", "n", 1)
		c.next()
	}
	log.Info("last")
	f.tidying.Wait()
	if got := names(t, dir); got != "2026-11-23.jsonl.gz 2026-11-24.jsonl.gz 2026-11-25.jsonl" {
		t.Fatal(got)
	}
	info, err := os.Stat(filepath.Join(dir, prefix+"2026-11-25.jsonl"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	path, err := f.Pack(c.now().AddDate(0, 0, -1), c.now())
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(path)
	content := unzip(t, path)
	if len(content) != 2 || !strings.Contains(content[prefix+"2026-11-24.jsonl"], "hello") || !strings.Contains(content[prefix+"2026-11-25.jsonl"], "last") {
		t.Fatalf("%v", content)
	}
}

func unzip(t *testing.T, path string) map[string]string {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(data)
	}
	return out
}

func TestSizeIsBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := &clock{t: time.Date(2026, 11, 20, 12, 0, 0, 0, time.Local)}
	f := open(t, dir, Bounds{Days: 30, Bytes: 20_000}, &Redactor{}, c.now)
	log := f.Logger(slog.LevelInfo)
	for day := range 8 {
		for i := range 400 {
			log.Info("noise", "day", day, "line", i, "text", fmt.Sprintf("%x", i*7919+day*104729))
		}
		c.next()
	}
	log.Info("last")
	f.tidying.Wait()
	var total int64
	for _, file := range list(dir) {
		total += file.size
	}
	if total > 20_000 {
		t.Fatalf("%d bytes", total)
	}
	data, err := os.ReadFile(filepath.Join(dir, prefix+"2026-11-28.jsonl"))
	if err != nil || !strings.Contains(string(data), "log lines were dropped") {
		t.Fatalf("%s, %v", data, err)
	}
}

func TestSecretsNeverReachTheDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	red := &Redactor{}
	f := open(t, dir, Bounds{Days: 3, Bytes: 1 << 20}, red, nil)
	log := f.Logger(slog.LevelDebug)
	const jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJleG90ZWwifQ.dBjftJeZ4CVP_mB92K27uhbUJU1p1r"
	secrets := []string{`pass"word\ & more`, "correct horse", "Zm9vYmFyYmF6cXV4"}
	for _, s := range secrets {
		red.Protect(s)
	}
	log.Info("sign in", "pw", secrets[0], "url", "http://h/?p=correct+horse&q=correct%20horse", "err", fmt.Errorf("wrapped: %s", secrets[2]))
	log.Info("token "+jwt, "nested", slog.GroupValue(slog.String("t", jwt)))
	log.Info(`Authorization: Bearer abcdefghijkl`, "h", "Basic dXNlcjpwYXNz", "u", "https://user:hunter2@host/x", "json", `{"password":"hunter2","sip_password": "hunter3"}`)
	log.Info(`Digest username="alice", nonce="c2VjcmV0bm9uY2U", response="0123456789abcdef0123456789abcdef"`)
	log.Info("X-Session-Token: deadbeefdeadbeef; X-Device-Token=deadbeefdeadbeef")
	path, err := f.Pack(time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(path)
	data, err := os.ReadFile(filepath.Join(dir, prefix+time.Now().Format(dayLayout)+suffix))
	if err != nil {
		t.Fatal(err)
	}
	all := string(data)
	for _, content := range unzip(t, path) {
		all += content
	}
	for _, bad := range append(secrets, `pass\"word`, "correct+horse", "correct%20horse", "eyJhbGci", "dBjft", "abcdefghijkl", "dXNlcjpw", "hunter", "0123456789abcdef", "c2VjcmV0", "deadbeef") {
		if strings.Contains(all, bad) {
			t.Errorf("%q is on the disk:\n%s", bad, all)
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON any more: %s", line)
		}
	}
	if !strings.Contains(all, "alice") || !strings.Contains(all, "sign in") {
		t.Error("more than the secrets is gone")
	}
}

func TestASecretThatBecomesKnownLaterIsNotUploaded(t *testing.T) {
	t.Parallel()
	red := &Redactor{}
	f := open(t, t.TempDir(), Bounds{Days: 3, Bytes: 1 << 20}, red, nil)
	f.Logger(slog.LevelInfo).Info("said early: opensesame")
	red.Protect("opensesame")
	path, err := f.Pack(time.Now().Add(-time.Hour), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(path)
	for _, content := range unzip(t, path) {
		if strings.Contains(content, "opensesame") || !strings.Contains(content, "said early") {
			t.Error(content)
		}
	}
}

func TestACrashIsReportedAtTheNextStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Fatalf("it did not crash: %s", out)
	}
	f := open(t, dir, Bounds{Days: 3, Bytes: 1 << 20}, &Redactor{}, nil)
	reports, stop, err := f.WatchCrashes()
	if err != nil || len(reports) != 1 {
		t.Fatalf("%v %v", reports, err)
	}
	data, err := os.ReadFile(reports[0])
	if err != nil || !strings.Contains(string(data), "the phone broke with [token]") || !strings.Contains(string(data), "goroutine") || strings.Contains(string(data), "c2lnbmF0dXJl") {
		t.Fatalf("%s %v", data, err)
	}
	path, err := f.Pack(time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(path)
	if unzip(t, path)[filepath.Base(reports[0])] == "" {
		t.Fatal("the crash is not in the report")
	}
	stop()
	again, stop, err := f.WatchCrashes()
	stop()
	if err != nil || len(again) != 0 {
		t.Fatalf("%v %v", again, err)
	}
}

func TestADamagedArchiveDoesNotStopAReport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	day := time.Now().AddDate(0, 0, -1).Format(dayLayout)
	if err := os.WriteFile(filepath.Join(dir, prefix+day+packed), []byte("\x1f\x8bbroken"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, odd := range []string{"offhook-x.jsonl", "other.txt", "offhook-2026-13-45.jsonl"} {
		if err := os.WriteFile(filepath.Join(dir, odd), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := open(t, dir, Bounds{Days: 3, Bytes: 1 << 20}, &Redactor{}, nil)
	f.Logger(slog.LevelInfo).Info("still here")
	path, err := f.Pack(time.Now().AddDate(0, 0, -2), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(path)
}

func FuzzClean(f *testing.F) {
	r := &Redactor{}
	r.Protect("swordfish")
	f.Add([]byte("Bearer swordfish"))
	f.Add([]byte("eyJ.eyJ.eyJ"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if strings.Contains(string(r.Clean(data)), "swordfish") {
			t.Fatal("it is still there")
		}
	})
}

func BenchmarkLine(b *testing.B) {
	f, err := Open(b.TempDir(), Bounds{Days: 1, Bytes: 1 << 30}, &Redactor{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	log := f.Logger(slog.LevelInfo)
	for b.Loop() {
		log.Info("call state", "call", "609b0d9e-961b-49e2-b13b-586589860247", "from", "RINGING", "to", "ESTABLISHED")
	}
}

// A crash from which the run recovers is reported at the next start, as one from
// which it does not, and without secrets.
func TestARecoveredCrashIsReported(t *testing.T) {
	dir := t.TempDir()
	red := &Redactor{}
	red.Protect("hunter2hunter2")
	f, err := Open(dir, Bounds{Days: 3, Bytes: 1 << 20}, red, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, calm, err := f.WatchCrashes()
	if err != nil {
		t.Fatal(err)
	}
	f.WriteCrash("no such key hunter2hunter2", []byte("goroutine 1 [running]:"))
	calm()
	reports, calm, err := f.WatchCrashes()
	if err != nil || len(reports) != 1 {
		t.Fatalf("%v, %v", reports, err)
	}
	text, err := os.ReadFile(reports[0])
	if err != nil || !strings.Contains(string(text), "panic: no such key") || !strings.Contains(string(text), "goroutine 1") || strings.Contains(string(text), "hunter2") {
		t.Errorf("%s, %v", text, err)
	}
	calm()
	if reports, calm, err = f.WatchCrashes(); err != nil || len(reports) != 0 {
		t.Errorf("told twice: %v, %v", reports, err)
	}
	calm()
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// Without a folder to write in the logs go nowhere, and nothing fails.
func TestLogsWithoutAFolder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(filepath.Join(file, "logs"), Bounds{Days: 3, Bytes: 1 << 20}, &Redactor{}, nil)
	if f == nil || err == nil {
		t.Fatalf("%v, %v", f, err)
	}
	f.Logger(nil).Info("into nothing")
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

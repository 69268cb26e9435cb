package secrets

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// realKeyring marks the child process that has a keyring of its own.
const realKeyring = "OFFHOOK_TEST_REAL_KEYRING"

func TestMain(m *testing.M) {
	if os.Getenv(realKeyring) != "" {
		// The bus connection of go-keyring lives as long as the process.
		os.Exit(m.Run())
	}
	goleak.VerifyTestMain(m)
}

// TestRealKeyring runs this test binary again inside a session bus with a fresh
// gnome-keyring, so that nothing of the developer's own keyring is touched.
func TestRealKeyring(t *testing.T) {
	if os.Getenv(realKeyring) != "" {
		storyOfAKeyring(t)
		return
	}
	t.Parallel()
	home := t.TempDir()
	run := filepath.Join(home, "run")
	if err := os.Mkdir(run, 0o700); err != nil {
		t.Fatal(err)
	}
	script := `printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1 || exit 9
"$0" -test.run '^TestRealKeyring$' -test.v; rc=$?
pkill -P $$ 2>/dev/null; exit $rc`
	cmd := exec.Command("dbus-run-session", "--", "bash", "-c", script, os.Args[0])
	cmd.Env = append(os.Environ(), realKeyring+"=1", "HOME="+home, "XDG_RUNTIME_DIR="+run,
		"XDG_DATA_HOME="+filepath.Join(home, "data"), "DBUS_SESSION_BUS_ADDRESS=")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestRealKeyring") {
		t.Fatalf("%v\n%s", err, out)
	}
}

func storyOfAKeyring(t *testing.T) {
	k := NewKeyring("story")
	if _, err := k.Get("token"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("empty keyring: %v", err)
	}
	for _, v := range []string{"short", "", strings.Repeat("x", partBytes), strings.Repeat("päß", 3000)} {
		if err := k.Set("token", v); err != nil {
			t.Fatal(err)
		}
		got, err := NewKeyring("story").Get("token")
		if err != nil || got != v {
			t.Fatalf("%d bytes came back as %d: %v", len(v), len(got), err)
		}
	}
	if _, err := NewKeyring("other").Get("token"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("another profile sees it: %v", err)
	}
	if err := k.Delete("token"); err != nil {
		t.Fatal(err)
	}
	if err := k.Delete("token"); err != nil {
		t.Fatal("deleting twice:", err)
	}
	out, err := exec.Command("secret-tool", "search", "--all", "service", "Offhook (story)").CombinedOutput()
	if err != nil && len(out) == 0 {
		err = nil // secret-tool says with its exit code that there is nothing
	}
	sc := bufio.NewScanner(strings.NewReader(string(out)))
	for sc.Scan() {
		if strings.HasPrefix(sc.Text(), "[/") {
			t.Fatalf("left in the keyring: %s", out)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

type broken struct{ err error }

func (b broken) Get(string) (string, error) { return "", b.err }
func (b broken) Set(string, string) error   { return b.err }
func (b broken) Delete(string) error        { return b.err }

func TestWithoutAKeyringSecretsLiveInMemory(t *testing.T) {
	t.Parallel()
	s := NewSafe(broken{errors.New("no bus")})
	if err := s.Set("a", "1"); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Get("a"); v != "1" || err != nil {
		t.Fatalf("%q, %v", v, err)
	}
	if s.Err() == nil {
		t.Fatal("the failure is not said")
	}
	_ = s.Delete("a")
	if _, err := s.Get("a"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("after delete: %v", err)
	}
}

func TestAWorkingKeyringIsUsed(t *testing.T) {
	t.Parallel()
	var m Memory
	s := NewSafe(&m)
	_ = s.Set("a", "1")
	if v, _ := m.Get("a"); v != "1" {
		t.Fatal("not in the keyring")
	}
	if _, err := s.Get("b"); !errors.Is(err, ErrNotFound) || s.Err() != nil {
		t.Fatalf("%v, %v", err, s.Err())
	}
}

func TestIndex(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"v1 ab 2": true, "v1 ab 0": true, "": false, "v2 ab 1": false, "v1 ab": false,
		"v1 ab -1": false, "v1 ab 65": false, "v1 ab 999999999999999999999": false, "secret": false,
	} {
		if _, _, got := parseIndex(text); got != ok {
			t.Errorf("parseIndex(%q) = %v", text, got)
		}
	}
	if p := split(strings.Repeat("x", 2*partBytes+1)); len(p) != 3 {
		t.Errorf("%d parts", len(p))
	}
}

// lockedStore is a keyring that waits to be unlocked.
type lockedStore struct {
	Memory
	open bool
}

func (l *lockedStore) Get(name string) (string, error) {
	if !l.open {
		return "", ErrBusy
	}
	return l.Memory.Get(name)
}

// A locked keyring is not one without the secret, and gives it once it is unlocked.
func TestALockedKeyring(t *testing.T) {
	t.Parallel()
	store := &lockedStore{}
	if err := store.Set("password", "pw"); err != nil {
		t.Fatal(err)
	}
	s := NewSafe(store)
	if _, err := s.Get("password"); !errors.Is(err, ErrBusy) || !errors.Is(s.Err(), ErrBusy) {
		t.Errorf("%v, %v", err, s.Err())
	}
	store.open = true
	if v, err := s.Get("password"); v != "pw" || err != nil || s.Err() != nil {
		t.Errorf("%q, %v, %v", v, err, s.Err())
	}
	if err := translate(errors.New("The collection is Locked")); !errors.Is(err, ErrBusy) {
		t.Error(err)
	}
}

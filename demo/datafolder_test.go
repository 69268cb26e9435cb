package demo

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A second platform on the folder says so, and leaves the first alone.
func TestDataFolderIsLocked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := startPlatform(t, Config{DataDir: dir})
	second, err := New(Config{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "another offhook-demo uses the data folder "+dir) {
		t.Fatalf("the second start: %v", err)
	}
	signedIn(t, first, "alice")
	closePlatform(t, first)
	startPlatform(t, Config{DataDir: dir})
}

// Credentials made at random are written down once and hold over a restart.
func TestRandomCredentials(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startPlatform(t, Config{DataDir: dir})
	made := p.Account()
	info, err := os.Stat(p.CredentialsFile())
	if err != nil || info.Mode().Perm()&0o077 != 0 || made.APIKey == "" || made.APIToken == "" {
		t.Fatalf("%q: %v", p.CredentialsFile(), err)
	}
	req, err := http.NewRequest(http.MethodGet, p.URL()+"/v2/accounts/demo/subscribers", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(made.APIKey, made.APIToken)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("with the credentials: %d", res.StatusCode)
	}
	closePlatform(t, p)
	again := startPlatform(t, Config{DataDir: dir})
	if a := again.Account(); a.APIKey != made.APIKey || a.APIToken != made.APIToken {
		t.Error("other credentials after a restart")
	}
	closePlatform(t, again)
	if err := os.WriteFile(filepath.Join(dir, credentialsName), []byte("api-key =\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken, err := New(Config{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := broken.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("a damaged file: %v", err)
	}
}

package audio

import (
	"os"
	"path/filepath"
	"testing"
)

func TestNamesServer(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"":                                       false,
		"; default-server = unix:/tmp/sound\n":   false,
		"autospawn = no\n":                       false,
		"default-server =\n":                     false,
		"x = 1\ndefault-server = tcp:10.0.0.1\n": true,
	} {
		path := filepath.Join(t.TempDir(), "client.conf")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := namesServer(path); got != want {
			t.Errorf("%q names a server: %v, want %v", text, got, want)
		}
	}
	if namesServer(filepath.Join(t.TempDir(), "none")) {
		t.Error("a file that is not there names no server")
	}
}

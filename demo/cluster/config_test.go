package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var threeHere = []string{"127.0.0.1:6222", "127.0.0.1:6223", "127.0.0.1:6224"}

func TestCheck(t *testing.T) {
	t.Parallel()
	three := []string{"192.0.2.1:6222", "192.0.2.2:6222", "192.0.2.3:6222"}
	for name, row := range map[string]struct {
		cfg  Config
		says string // "" for right
	}{
		"alone":                 {Config{}, ""},
		"node without cluster":  {Config{ID: "a"}, "--node is of use with --cluster only"},
		"peers without cluster": {Config{Peers: three}, "--peers is of use with --cluster only"},
		"a name with a dot":     {Config{Name: "a.b", ID: "a"}, "--cluster must be"},
		"no node":               {Config{Name: "c", Listen: "127.0.0.1:6222", Peers: threeHere}, "--node must name this node"},
		"no listen":             {Config{Name: "c", ID: "a", Peers: threeHere}, "--cluster-listen is missing"},
		"listen without a port": {Config{Name: "c", ID: "a", Listen: "127.0.0.1", Peers: threeHere}, "is not HOST:PORT"},
		"two peers":             {Config{Name: "c", ID: "a", Listen: "127.0.0.1:6222", Peers: threeHere[:2]}, "at least 3"},
		"a peer twice":          {Config{Name: "c", ID: "a", Listen: "127.0.0.1:6222", Peers: append(threeHere[:3:3], threeHere[0])}, "twice"},
		"a peer without a port": {Config{Name: "c", ID: "a", Listen: "127.0.0.1:6222", Peers: append(threeHere[:2:2], "192.0.2.1")}, "is not HOST:PORT"},
		"on this computer":      {Config{Name: "c", ID: "a", Listen: "127.0.0.1:6222", Peers: threeHere}, ""},
		"clear text":            {Config{Name: "c", ID: "a", Listen: "192.0.2.1:6222", Peers: three, SecretFile: "f"}, "could be read on the way"},
		"allowed clear text":    {Config{Name: "c", ID: "a", Listen: "192.0.2.1:6222", Peers: three, SecretFile: "f", AllowClearText: true}, ""},
		"no secret":             {Config{Name: "c", ID: "a", Listen: "192.0.2.1:6222", Peers: three, AllowClearText: true}, "--cluster-secret is missing"},
		"open to others":        {Config{Name: "c", ID: "a", Listen: ":6222", Peers: threeHere}, "open to other computers"},
		"TLS":                   {Config{Name: "c", ID: "a", Listen: "192.0.2.1:6222", Peers: three, TLSFile: "f"}, ""},
		"another's NATS":        {Config{Name: "c", ID: "a", URL: "tls://nats.example.com:4222"}, ""},
		"NATS in clear text":    {Config{ID: "a", URL: "nats://nats.example.com:4222"}, "use tls://"},
		"NATS of this computer": {Config{ID: "a", URL: "nats://127.0.0.1:4222"}, ""},
		"NATS and peers":        {Config{Name: "c", ID: "a", URL: "nats://127.0.0.1:4222", Peers: three}, "leave --cluster-listen and --peers out"},
		"NATS by HTTP":          {Config{ID: "a", URL: "http://127.0.0.1:4222"}, "--nats must be"},
	} {
		err := row.cfg.Check()
		if (err == nil) != (row.says == "") || err != nil && !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What nodes must know stands in files, whose errors are said before anything runs.
func TestCheckFiles(t *testing.T) {
	t.Parallel()
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]Config{
		"no secret": {SecretFile: "/nonexistent"}, "short secret": {SecretFile: short}, "no TLS": {TLSFile: "/nonexistent"}, "no certificate": {TLSFile: short},
	} {
		if err := cfg.CheckFiles(); err == nil || strings.Contains(err.Error(), "secret\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (&Config{}).CheckFiles(); err != nil {
		t.Error(err)
	}
}

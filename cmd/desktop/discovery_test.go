package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A company's code is enough to sign in, where the settings name a discovery address: it
// brings the server and the account.
func TestSignInByACompanysCode(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	alice := startPhoneIn(t, nil, platform.url, "alice", "demo", "--audio-in", "null")
	alice.ready(t)
	alice.do(t, "settings", "account.discovery_url", platform.url+"/discovery")
	alice.do(t, "sign-out")
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("demo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := alice.ctl(nil, "sign-in", "--server", "nobody", "--account", "demo", "--user", "alice", "--password-file", secret); err == nil {
		t.Error("a code of nobody signs in")
	}
	alice.do(t, "sign-in", "--server", "DEMO", "--user", "alice", "--password-file", secret)
	if a := alice.status(t).Account; a.Server != platform.url || a.AccountSID != "demo" {
		t.Errorf("signed in at %s, %s", a.Server, a.AccountSID)
	}
}

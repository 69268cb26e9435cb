package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"offhook/app"
	"offhook/voice"
)

// A policy opens the customer's page at the ring, starts a program at the end, and has
// a server told, signed, of each moment, once a call each.
func TestOthersLearnOfCalls(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	dir := t.TempDir()
	var mu sync.Mutex
	var events, signatures []string
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var hook struct {
			Event string
			Call  map[string]string
		}
		if err := json.Unmarshal(body, &hook); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		events = append(events, hook.Event+" "+hook.Call["direction"]+" "+hook.Call["number"]+" "+hook.Call["end_reason"])
		signatures = append(signatures, r.Header.Get("Offhook-Signature"))
	}))
	defer srv.Close()
	opened, ended := filepath.Join(dir, "opened"), filepath.Join(dir, "ended")
	// The stand-in of the system's program for opening pages.
	for name, text := range map[string]string{"xdg-open": "#!/bin/sh\necho \"$1\" >>" + opened + "\n", "crm-log": "#!/bin/sh\necho \"$*\" >>" + ended + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	policy := filepath.Join(dir, "policy.json")
	if err := os.WriteFile(policy, []byte(fmt.Sprintf(`{"version":1,"webhook_secret":"s3cret","locked":["integrations"],"settings":{
		"integrations.pops":[{"when":"ring","url":"%s/console/crm/?number={number}&message={message}"}],
		"integrations.commands":[{"when":"end","argv":["%s/crm-log","{number}","{end_reason}","{message}"],"direction":"both"}],
		"integrations.webhooks":[{"url":"%s/hook"}]}}`, platform.url, dir, srv.URL)), 0o600); err != nil {
		t.Fatal(err)
	}
	alice := startPhone(t, platform.url, "alice", "sine:440")
	bob := startPhoneIn(t, []string{"PATH=" + dir + ":" + os.Getenv("PATH")}, platform.url, "bob", "demo", "--audio-in", "sine:600", "--provision", policy)
	alice.ready(t)
	bob.ready(t)
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return string(text)
	}
	for range 2 {
		alice.do(t, "dial", "bob", "--message", "order 4471 & more")
		bob.until(t, timeout, "ring", func(s *app.Snapshot) bool { return s.Call != nil && s.Call.State == voice.StateIncoming })
		bob.do(t, "answer", "--wait", "ESTABLISHED")
		bob.do(t, "hold")
		bob.do(t, "resume")
		alice.do(t, "hangup", "--wait", "ENDED")
		bob.until(t, timeout, "end", func(s *app.Snapshot) bool { return s.Call == nil })
	}
	want := strings.Repeat("ring incoming alice \nanswer incoming alice \nend incoming alice REMOTE_HANGUP\n", 2)
	got := ""
	for end := time.Now().Add(timeout); got != want && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		mu.Lock()
		got = strings.Join(events, "\n") + "\n"
		mu.Unlock()
	}
	if got != want {
		t.Errorf("the server was told\n%s", got)
	}
	for _, s := range signatures {
		if !strings.HasPrefix(s, "t=") || !strings.Contains(s, ",v1=") {
			t.Errorf("signature %q", s)
		}
	}
	page := platform.url + "/console/crm/?number=alice&message=order+4471+%26+more\n"
	for end := time.Now().Add(timeout); (read(opened) != page+page || strings.Count(read(ended), "\n") != 2) && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
	}
	if read(opened) != page+page || read(ended) != strings.Repeat("alice REMOTE_HANGUP order 4471 & more\n", 2) {
		t.Errorf("opened\n%sstarted\n%s", read(opened), read(ended))
	}
	if err := bob.ctl(nil, "settings", "integrations.webhooks", "[]"); err == nil {
		t.Error("the user can change what the policy has locked")
	}
	settings, err := os.ReadFile(filepath.Join(bob.remote.ConfigDir, "bob", "settings.json"))
	if err != nil || strings.Contains(string(settings), "s3cret") {
		t.Errorf("the secret stands in the settings (%v)", err)
	}
}

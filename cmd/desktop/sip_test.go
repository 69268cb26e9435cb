package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"offhook/app"
	"offhook/internal/drive"
	"offhook/internal/listen"
)

// sipPassword asks the platform for what a subscriber's web client signs in with.
func sipPassword(t *testing.T, url, user string) (password, domain string) {
	t.Helper()
	ask := func(method, path, token string, in, out any) {
		body, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequest(method, url+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if err := json.NewDecoder(res.Body).Decode(out); err != nil {
			t.Fatal(err)
		}
	}
	var login struct {
		Token struct {
			Access string `json:"access_token"`
		} `json:"subscriber_token"`
	}
	ask("POST", "/v1/login", "", map[string]string{"user_name": user, "password": "demo", "account_sid": "demo", "device_id": "web"}, &login)
	var profile struct {
		Response struct {
			Data struct {
				Password string `json:"sip_password"`
				Domain   string `json:"sip_domain"`
			} `json:"data"`
		} `json:"response"`
	}
	ask("GET", "/v2/accounts/demo/subscribers/"+user+"/profile", login.Token.Access, nil, &profile)
	return profile.Response.Data.Password, profile.Response.Data.Domain
}

// startSIPPhone starts a headless phone that has nothing but a SIP account.
func startSIPPhone(t *testing.T, url, user, microphone string) *phone {
	t.Helper()
	dir := t.TempDir()
	password, domain := sipPassword(t, url, user)
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &phone{user: user, recording: filepath.Join(dir, user+".wav")}
	p.remote = drive.Remote{Binary: program(t, "offhook"), Profile: user, ConfigDir: filepath.Join(dir, "phone"), Env: home(dir)}
	p.process = start(t, dir, "offhook", "--headless", "--config-dir", p.remote.ConfigDir, "--profile", user,
		"--sip-account", user+"@"+domain, "--sip-server", "ws"+url[len("http"):]+"/sip", "--password-file", secret,
		"--audio-in", microphone, "--audio-out", "file:"+p.recording, "--ring-out", "null")
	return p
}

// Two phones that were given a SIP account on the command line: the same
// commands, states and end reasons as with a subscriber.
// The password of a SIP account, of its TURN server and of the proxy: a phone that
// used them all, at its most talkative, leaves none on the disk, in its output or in
// its command line.
func TestNoSecretOfASIPAccountIsLeftAnywhere(t *testing.T) {
	t.Parallel()
	const turn, proxy = "turn-5ecret-of-a-line", "pr0xy-5ecret-of-a-net"
	platform := startPlatform(t)
	password, domain := sipPassword(t, platform.url, "alice")
	dir := t.TempDir()
	for name, secret := range map[string]string{"sip": password, "turn": turn, "proxy": proxy} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(secret+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := &phone{user: "alice"}
	p.remote = drive.Remote{Binary: program(t, "offhook"), Profile: "line", ConfigDir: filepath.Join(dir, "phone"), Env: home(dir)}
	p.process = startIn(t, dir, []string{"HTTPS_PROXY=http://agent:" + proxy + "@127.0.0.1:9"}, "offhook",
		"--headless", "--config-dir", p.remote.ConfigDir, "--profile", "line", "--log-level", "debug",
		"--audio-in", "null", "--audio-out", "null", "--ring-out", "null",
		"--sip-account", "alice@"+domain, "--sip-server", "ws"+platform.url[len("http"):]+"/sip", "--password-file", filepath.Join(dir, "sip"),
		"--ice-server", "turn:127.0.0.1:9?transport=tcp", "--ice-user", "agent", "--ice-password-file", filepath.Join(dir, "turn"))
	p.ready(t)
	p.do(t, "proxy-password", "--user", "agent", "--password-file", filepath.Join(dir, "proxy"))
	p.do(t, "dial", "echo", "--wait", "ESTABLISHED")
	p.do(t, "hangup", "--wait", "ENDED")
	p.do(t, "diagnose", "--timeout", "60s")
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{password, turn, proxy}
	noSecretsIn(t, "the command line", line, secrets...)
	p.do(t, "sign-out")
	p.quit(t)
	noSecrets(t, p.remote.ConfigDir, secrets...)
	noSecretsIn(t, "the output", []byte(p.output.String()), secrets...)
}

func TestTwoSIPPhonesTalk(t *testing.T) {
	t.Parallel()
	platform := startPlatform(t)
	alice, bob := startSIPPhone(t, platform.url, "alice", "file:"+aliceSpeaks), startSIPPhone(t, platform.url, "bob", "file:"+bobSpeaks)
	alice.ready(t)
	bob.ready(t)
	alice.do(t, "dial", "bob", "--wait", "RINGING")
	ringing := bob.untilState(t, "INCOMING")
	if ringing.Call.RemoteID != "alice" || ringing.Call.Line == "" {
		t.Errorf("bob's phone rings for %+v", ringing.Call)
	}
	bob.do(t, "answer", "--wait", "ESTABLISHED")
	alice.untilState(t, "ESTABLISHED")
	alice.do(t, "dtmf", "12#")
	bob.until(t, timeout, "reporting the digits", func(s *app.Snapshot) bool {
		return s.Call != nil && s.Call.DTMFReceived == "12#"
	})
	alice.until(t, timeout, "talking for 6 s", func(s *app.Snapshot) bool { return s.Call != nil && s.Call.DurationS >= 6 })
	alice.do(t, "hold")
	alice.do(t, "resume")
	bob.do(t, "hangup")
	if end := bob.untilEnded(t); end.EndReason != "LOCAL_HANGUP" || !end.Answered || end.Line == "" {
		t.Errorf("bob's phone says %+v", end)
	}
	if end := alice.untilEnded(t); end.EndReason != "REMOTE_HANGUP" || end.Direction != "OUTGOING" {
		t.Errorf("alice's phone says %+v", end)
	}
	alice.quit(t)
	bob.quit(t)
	for p, spoken := range map[*phone]string{alice: bobSpeaks, bob: aliceSpeaks} {
		m := listen.Find(readWAV(t, p.recording), readWAV(t, spoken))
		t.Logf("%s heard %s: correlation %.3f over %v", p.user, spoken, m.Correlation, m.Heard)
		if m.Correlation < 0.8 || m.Heard < 3*time.Second {
			t.Errorf("%s did not hear %s: %+v", p.user, spoken, m)
		}
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"offhook/app"
	"offhook/internal/drive"
)

// platformRows are the demo platform, to which JsSIP is a web client and the
// phone a subscriber.
func platformRows() []row {
	story := func(what string, run func(s pair, exophone string) error) row {
		return row{"the demo platform, JsSIP in Chromium", what, []string{"chromium"}, func(b *bench) error {
			dir := b.folder("platform")
			platform, err := b.start(dir, []string{"HOME=" + dir}, filepath.Join(b.bin, "offhook-demo"), "serve", "--listen", "127.0.0.1:0", "--media-listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"), "--json")
			if err != nil {
				return err
			}
			var ready struct{ URL string }
			if err := until("the platform is ready", func() (bool, error) {
				for line := range strings.Lines(platform.out.String()) {
					if strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &ready) == nil && ready.URL != "" {
						return true, nil
					}
				}
				return false, errors.New(tail(platform.out.String(), 200))
			}); err != nil {
				return err
			}
			profile, err := subscriberProfile(ready.URL, "carol")
			if err != nil {
				return err
			}
			var s pair
			if s.w, err = b.webPhone(webAccount{user: "carol", domain: profile.Domain, password: profile.Password, ws: strings.Replace(ready.URL, "http", "ws", 1) + "/sip"}); err != nil {
				return err
			}
			if s.p, err = b.subscriber("bob", ready.URL); err != nil {
				return err
			}
			return run(s, profile.Domain)
		}}
	}
	return []row{
		story("the phone calls the web client", func(s pair, _ string) error {
			return steps(
				func() error { return s.p.do("dial", "carol") },
				func() error { return s.w.state("incoming") },
				func() error { return s.w.call(nil, "answer") },
				func() error { return s.p.state("ESTABLISHED") },
				s.talking, s.hungUpHere,
			)
		}),
		story("the web client calls the phone", func(s pair, domain string) error {
			return steps(
				func() error { return s.w.call(nil, "dial", "sip:bob@"+domain) },
				func() error { return s.p.state("INCOMING") },
				func() error { return s.p.do("answer") },
				func() error { return s.p.state("ESTABLISHED") },
				func() error { return s.w.state("established") },
				s.talking, s.hungUpThere,
			)
		}),
	}
}

// subscriber starts the phone as a subscriber of the platform.
func (b *bench) subscriber(user, server string) (*phone, error) {
	dir := b.folder("offhook")
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("demo"), 0o600); err != nil {
		return nil, err
	}
	env := []string{"HOME=" + dir, "XDG_CONFIG_HOME=" + dir + "/config", "XDG_RUNTIME_DIR=" + dir, "DBUS_SESSION_BUS_ADDRESS=unix:path=" + dir + "/none"}
	p := &phone{recording: filepath.Join(dir, "heard.wav"), user: user}
	p.Remote = &drive.Remote{Binary: filepath.Join(b.bin, "offhook"), Profile: user, ConfigDir: dir, Env: append(os.Environ(), env...)}
	var err error
	p.process, err = b.start(dir, env, p.Binary, "--headless", "--profile", user, "--config-dir", dir, "--server", server, "--account", "demo", "--user", user,
		"--password-file", password, "--audio-in", fmt.Sprintf("sine:%d", phoneTone), "--audio-out", "file:"+p.recording, "--ring-out", "null")
	if err != nil {
		return nil, err
	}
	return p, p.wait("ready", func(s *app.Snapshot) bool { return s.Ready })
}

type profile struct {
	Domain   string `json:"sip_domain"`
	Password string `json:"sip_password"`
}

// subscriberProfile signs a subscriber in and fetches its profile, as an
// application that uses the platform's web client does.
func subscriberProfile(url, name string) (p profile, err error) {
	body, err := json.Marshal(map[string]string{"user_name": name, "password": "demo", "account_sid": "demo", "device_id": "interop-" + name})
	if err != nil {
		return p, err
	}
	res, err := http.Post(url+"/v1/login", "application/json", bytes.NewReader(body))
	if err != nil {
		return p, err
	}
	defer res.Body.Close()
	var login struct {
		SubscriberToken json.RawMessage `json:"subscriber_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&login); err != nil {
		return p, err
	}
	// The token pair is an object, or its JSON text.
	var pair struct {
		Access string `json:"access_token"`
	}
	var text string
	if json.Unmarshal(login.SubscriberToken, &text) == nil {
		login.SubscriberToken = json.RawMessage(text)
	}
	if err := json.Unmarshal(login.SubscriberToken, &pair); err != nil {
		return p, fmt.Errorf("the login: %w", err)
	}
	req, err := http.NewRequest(http.MethodGet, url+"/v2/accounts/demo/subscribers/"+name+"/profile", nil)
	if err != nil {
		return p, err
	}
	req.Header.Set("Authorization", "Bearer "+pair.Access)
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return p, err
	}
	defer answer.Body.Close()
	var envelope struct{ Response struct{ Data profile } }
	if err := json.NewDecoder(answer.Body).Decode(&envelope); err != nil {
		return p, err
	}
	p = envelope.Response.Data
	if p.Password == "" {
		return p, fmt.Errorf("the profile has no SIP password (%s)", answer.Status)
	}
	return p, nil
}

//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"offhook/app"
	"offhook/app/settings"
	"offhook/internal/drive"
	"offhook/internal/listen"
	"offhook/voice"
)

// phoneTone and peerTone are what the two sides say.
const (
	phoneTone = 440
	peerTone  = 1000
	// audible is the amplitude from which on a tone counts as heard; inaudible
	// that up to which it does not. A tone is sent at 0.25 or more.
	audible   = 0.05
	inaudible = 0.01
)

// phone is a running phone with one SIP account.
type phone struct {
	*drive.Remote
	*process
	recording string
	user      string
}

// phone starts the phone as its user would.
func (b *bench) phone(user, server string, k *kamailio, more ...string) (*phone, error) {
	return b.phoneWith("", user, server, k, more...)
}

// phoneWith is phone, with more of its account than the command line can say: members of
// its JSON in the settings.
func (b *bench) phoneWith(account, user, server string, k *kamailio, more ...string) (*phone, error) {
	dir := b.folder("offhook")
	if account != "" {
		folder := filepath.Join(dir, user)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, err
		}
		known := fmt.Sprintf(`{"sip_accounts": [{"id": "%[1]s@lab.test", "user": "%[1]s", "domain": "lab.test", "server": "%[2]s", %[3]s}]}`, user, server, account)
		if err := os.WriteFile(filepath.Join(folder, settings.FileName), []byte(known), 0o600); err != nil {
			return nil, err
		}
	}
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("secret"), 0o600); err != nil {
		return nil, err
	}
	env := []string{"HOME=" + dir, "XDG_CONFIG_HOME=" + dir + "/config", "XDG_RUNTIME_DIR=" + dir, "DBUS_SESSION_BUS_ADDRESS=unix:path=" + dir + "/none"}
	if k != nil {
		env = append(env, "SSL_CERT_FILE="+k.cert)
	}
	p := &phone{recording: filepath.Join(dir, "heard.wav"), user: user}
	p.Remote = &drive.Remote{Binary: filepath.Join(b.bin, "offhook"), Profile: user, ConfigDir: dir, Env: append(os.Environ(), env...)}
	args := []string{"--headless", "--profile", user, "--config-dir", dir, "--sip-account", user + "@lab.test", "--sip-server", server,
		"--password-file", password, "--audio-in", fmt.Sprintf("sine:%d", phoneTone), "--audio-out", "file:" + p.recording, "--ring-out", "null", "--log-level", "debug"}
	var err error
	p.process, err = b.start(dir, env, p.Binary, append(args, more...)...)
	if err != nil {
		return nil, err
	}
	return p, p.wait("registered", func(s *app.Snapshot) bool { return s.Ready })
}

func (p *phone) wait(what string, fits func(*app.Snapshot) bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var last *app.Snapshot
	if _, err := p.Until(ctx, what, func(s *app.Snapshot) bool { last = s; return fits(s) }); err != nil {
		return fmt.Errorf("the phone was not %s in time: %s", what, stands(last))
	}
	return nil
}

// stands is how a phone stands, in a few words.
func stands(s *app.Snapshot) string {
	if s == nil {
		return "it gave out no snapshot"
	}
	for _, c := range s.Conditions {
		if !c.OK && !c.Remark {
			return c.Name + ": " + c.Text.String()
		}
	}
	switch {
	case s.Call != nil:
		return "its call is " + string(s.Call.State)
	case s.LastCall != nil:
		return "its call ended with " + string(s.LastCall.EndReason)
	}
	return "it has no call"
}

// do runs a command of the remote control.
func (p *phone) do(args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return p.Ctl(ctx, nil, args...)
}

func (p *phone) state(state voice.State) error { return p.wait(string(state), drive.InState(state)) }

// ended waits for the end of the call and checks its reason; "" is any.
func (p *phone) ended(reason voice.EndReason) error {
	var got voice.EndReason
	err := p.wait("done with its call", func(s *app.Snapshot) bool {
		if drive.Ended(s) {
			got = s.LastCall.EndReason
		}
		return got != ""
	})
	if err == nil && reason != "" && got != reason {
		err = fmt.Errorf("the call ended with %s, not %s", got, reason)
	}
	return err
}

// hears waits until a tone is, or is no more, in what the phone plays now.
func (p *phone) hears(hz float64, yes bool) error {
	from, _ := listen.ReadWAV(p.recording)
	what := fmt.Sprintf("the phone hears %.0f Hz", hz)
	if !yes {
		what = fmt.Sprintf("the phone no longer hears %.0f Hz", hz)
	}
	return until(what, func() (bool, error) {
		sound, err := listen.ReadWAV(p.recording)
		if err != nil || sound.Duration() < from.Duration()+1500*time.Millisecond {
			return false, err
		}
		level := sound.Cut(sound.Duration()-time.Second, sound.Duration()).Tone(hz)
		return yes && level > audible || !yes && level < inaudible, fmt.Errorf("its level is %.3f", level)
	})
}

// has waits until the phone's call fits.
func (p *phone) has(what string, fits func(*app.Call) bool) error {
	return p.wait(what, func(s *app.Snapshot) bool { return s.Call != nil && fits(s.Call) })
}

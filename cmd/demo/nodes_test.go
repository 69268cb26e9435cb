//go:build unix

package main

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"offhook/app"
	"offhook/app/proxy"
	"offhook/app/readiness"
	"offhook/app/signin"
	"offhook/voice"
	"offhook/voice/audio"
	"offhook/voice/nodes"
)

// phone is one without devices, signed in.
func phone(t *testing.T, user, server string) *app.Phone {
	t.Helper()
	system, err := audio.NewSystem(audio.Config{NoDevices: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = system.Close() })
	log := slog.New(slog.DiscardHandler)
	if os.Getenv("OFFHOOK_TEST_LOG") != "" {
		log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("side", user)
	}
	hc := proxy.NewClient(nil)
	known := nodes.New(hc.Transport, log)
	hc.Transport = known
	p, err := app.New(app.Config{HTTP: hc, Nodes: known, Log: log, Dir: t.TempDir(), Audio: system, AudioIn: "null", AudioOut: "null", Engine: func(device string, keep func(string)) (app.Engine, error) {
		c, err := voice.New(voice.WithDeviceID(device), voice.WithLogger(log), voice.WithAudio(system), voice.WithRenewedToken(keep), voice.WithHTTPClient(hc), voice.WithNodes(known))
		return app.NewEngine(c), err
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close(context.Background()) })
	if err := p.SignIn(t.Context(), signin.Credentials{UserName: user, Password: "demo", AccountSID: "demo", Server: server}); err != nil {
		t.Fatal(err)
	}
	return p
}

// until waits for a snapshot of which ok holds.
func until(t *testing.T, p *app.Phone, what string, ok func(*app.Snapshot) bool) *app.Snapshot {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for s := range p.Watch(ctx) {
		if ok(s) {
			return s
		}
	}
	s := p.Snapshot()
	t.Fatalf("%s never came: at %q, call %+v, the last %+v, %+v", what, s.Account.Node, s.Call, s.LastCall, s.Conditions)
	return nil
}

// ready reports whether the account is ready at a node, by connections that are younger
// than a moment.
func ready(node string, since time.Time) func(*app.Snapshot) bool {
	return func(s *app.Snapshot) bool {
		return s.Account.Node == node && s.Account.State == app.SignedIn && len(s.Conditions) > 0 &&
			!slices.ContainsFunc(s.Conditions, func(c app.Condition) bool {
				connection := c.Name == readiness.Push || c.Name == readiness.Platform
				return !c.OK && !c.Remark && c.Name != readiness.Devices || connection && c.Since.Before(since)
			})
	}
}

// A phone whose server is killed takes the other one, of which the user or the first
// server told it, is ready there, and is rung there by a colleague.
func TestAPhoneTakesTheNextServer(t *testing.T) {
	for name, told := range map[string]bool{"the user named both": false, "the platform told of both": true} {
		t.Run(name, func(t *testing.T) {
			second := startProcess(t, t.TempDir())
			var more []string
			if told {
				more = []string{"--advertise", second.url}
			}
			first := startProcess(t, t.TempDir(), more...)
			server := first.url + ", " + second.url
			if told {
				server = first.url
			}
			alice := phone(t, "alice", server)
			until(t, alice, "ready at the first", ready(first.url, time.Time{}))
			bob := phone(t, "bob", second.url)
			until(t, bob, "bob ready", ready("", time.Time{}))
			began := time.Now()
			first.kill()
			until(t, alice, "ready at the second", ready(second.url, began))
			t.Logf("ready at the next server %v after the kill", time.Since(began).Round(time.Millisecond))
			if kept := alice.Settings().Account; kept.Server != first.url || !slices.Equal(kept.Nodes, []string{second.url}) {
				t.Errorf("kept are %q and %q", kept.Server, kept.Nodes)
			}
			if err := bob.Dial(t.Context(), "alice", ""); err != nil {
				t.Fatal(err)
			}
			until(t, bob, "bob hears it ring", func(s *app.Snapshot) bool { return s.Call != nil && s.Call.State == voice.StateRinging })
			until(t, alice, "the ring", func(s *app.Snapshot) bool { return s.Call != nil && s.Call.Direction == voice.Incoming })
		})
	}
}

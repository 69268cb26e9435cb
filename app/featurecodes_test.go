package app

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"offhook/app/settings"
	"offhook/voice"
	"offhook/voice/line/sipaccount"
)

// dialled are the feature codes that the engine was asked for, without the account.
func (e *fakeEngine) dialled() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var codes []string
	for _, did := range e.did {
		if code, ok := strings.CutPrefix(did, "code "); ok {
			code, _, _ = strings.Cut(code, " at ")
			codes = append(codes, code)
		}
	}
	return strings.Join(codes, " ")
}

// The server of an account is told by its codes how the agent stands, each time that
// it changes and after each registration, in order and once.
func TestFeatureCodes(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start()
		ctx := context.Background()
		account := sipAlice
		account.ID = "alice@lab.test"
		account.FeatureCodes = settings.FeatureCodes{QueueLogin: "*11", QueueLogout: "*12", Pause: "*46", Unpause: "*47", DNDOn: "*78", DNDOff: "*79", ForwardOn: "*72", ForwardOff: "*73"}
		want := func(what, codes string) {
			t.Helper()
			synctest.Wait()
			if got := d.engine.dialled(); got != codes {
				t.Errorf("%s: %s, want %s", what, got, codes)
			}
		}
		if err := d.SaveLine(ctx, account, "right"); err != nil {
			t.Fatal(err)
		}
		d.until("ready", func(s *Snapshot) bool { return s.Ready })
		want("registered", "*11")
		choose := func(a Availability) {
			t.Helper()
			if err := d.SetAvailability(a); err != nil {
				t.Fatal(err)
			}
		}
		choose(Break)
		want("on a break", "*11 *46")
		choose(Break)
		want("still on a break", "*11 *46")
		choose(DoNotDisturb)
		want("do not disturb", "*11 *46 *78 *47")
		choose(Available)
		want("available", "*11 *46 *78 *47 *79")
		choose(Busy)
		want("busy rings", "*11 *46 *78 *47 *79")
		if err := d.SetOnAnotherPhone(true); err != nil {
			t.Fatal(err)
		}
		want("on another phone", "*11 *46 *78 *47 *79 *72")

		// The server begins anew: what holds is told again. Refreshes are none.
		st := voice.LineStatus{ID: "alice@lab.test", State: sipaccount.Unregistered}
		d.engine.emit(voice.LineChanged{Line: st})
		synctest.Wait()
		choose(Break)
		if err := d.SetOnAnotherPhone(false); err != nil {
			t.Fatal(err)
		}
		want("not registered", "*11 *46 *78 *47 *79 *72")
		st.State = sipaccount.Registered
		d.engine.emit(voice.LineChanged{Line: st})
		d.engine.emit(voice.LineChanged{Line: st})
		want("registered again", "*11 *46 *78 *47 *79 *72 *11 *46 *73")
		d.close()
		want("the end", "*11 *46 *78 *47 *79 *72 *11 *46 *73 *12")
		d.start()
		d.until("ready again", func(s *Snapshot) bool { return s.Ready })
		if got := d.engine.dialled(); !strings.HasSuffix(got, "*11 *46") {
			synctest.Wait()
			want("restarted on a break", "*11 *46")
		}
		off := account
		off.On = false
		if err := d.SaveLine(ctx, off, ""); err != nil {
			t.Fatal(err)
		}
		if got := d.engine.dialled(); !strings.HasSuffix(got, "*12") {
			t.Errorf("switched off: %s", got)
		}
		d.close()
	})
}

// A break that ended while the phone was not running is taken back at its next start, and
// only then.
func TestFeatureCodesAfterARestart(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start()
		account := sipAlice
		account.FeatureCodes = settings.FeatureCodes{Pause: "*46", Unpause: "*47", DNDOn: "*78", DNDOff: "*79", ForwardOff: "*73"}
		if err := d.SaveLine(context.Background(), account, "right"); err != nil {
			t.Fatal(err)
		}
		d.until("ready", func(s *Snapshot) bool { return s.Ready })
		if err := d.SetAvailability(Break); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		for _, want := range []string{"*47", ""} {
			d.close()
			store, _, _ := settings.Open(d.dir)
			if _, err := store.Update(func(s *settings.Settings) { s.Availability = string(Available) }); err != nil {
				t.Fatal(err)
			}
			d.start()
			d.until("ready again", func(s *Snapshot) bool { return s.Ready })
			synctest.Wait()
			if got := d.engine.dialled(); got != want {
				t.Errorf("started anew: %q, want %q", got, want)
			}
		}
		d.close()
	})
}

// A code that the server refuses is said, and not repeated.
func TestFeatureCodeRefused(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start()
		defer d.close()
		account := sipAlice
		account.FeatureCodes = settings.FeatureCodes{Pause: "*91"}
		if err := d.SaveLine(context.Background(), account, "right"); err != nil {
			t.Fatal(err)
		}
		d.until("ready", func(s *Snapshot) bool { return s.Ready })
		if err := d.SetAvailability(Break); err != nil {
			t.Fatal(err)
		}
		s := d.until("told", func(s *Snapshot) bool { return s.Notice != nil })
		if got := s.Notice.Text.String(); !strings.Contains(got, "*91") || !strings.Contains(got, "Not in this queue") {
			t.Errorf("%q", got)
		}
		synctest.Wait()
		if got := d.engine.dialled(); got != "*91" {
			t.Errorf("%s", got)
		}
	})
}

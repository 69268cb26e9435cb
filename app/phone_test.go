package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"offhook/app/readiness"
	"offhook/push"
	"offhook/voice"
	"offhook/voice/fault"
)

func TestReadyIsAProof(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start()
		defer d.close()
		if s := d.Snapshot(); s.Ready {
			t.Fatal("ready before anything was proven")
		}
		d.signIn()
		since := d.condition(readiness.Push).Since
		// The server falls silent: the socket stays open, no pong comes.
		began := time.Now()
		d.until("not ready", func(s *Snapshot) bool { return !s.Ready })
		c := d.condition(readiness.Push)
		if took := time.Since(began); took > 21*time.Second || c.OK || c.Text.Empty() || c.Action != readiness.Retry || !c.Since.After(since) {
			t.Fatalf("after %v: %+v", took, c)
		}
		d.inbox().changed(connected())
		d.until("ready again", func(s *Snapshot) bool { return s.Ready })

		d.inbox().changed(push.Status{Phase: push.Waiting, Err: fault.New(fault.NetworkError, "No network."), RetryAt: time.Now().Add(time.Second)})
		d.until("not ready", func(s *Snapshot) bool { return !s.Ready })
		if c := d.condition(readiness.Push); c.Text.String() != "No network." || c.RetryAt == nil {
			t.Fatalf("%+v", c)
		}
		d.Retry()
		synctest.Wait()
		if d.inbox().retries.Load() != 1 {
			t.Fatal("Retry does not reach the inbox")
		}
		d.inbox().changed(push.Status{Phase: push.Replaced})
		synctest.Wait()
		if c := d.condition(readiness.Push); !strings.Contains(c.Text.String(), "another phone") {
			t.Fatalf("%+v", c)
		}
		d.inbox().changed(push.Status{Phase: push.Connected, LastPong: time.Now(), ClockOffset: time.Hour})
		synctest.Wait()
		if c := d.condition(readiness.Clock); c.OK || !c.Remark || !strings.Contains(c.Text.String(), "1h0m0s behind") || !d.Snapshot().Ready {
			t.Fatalf("%+v", c)
		}
		st := healthy
		st.Status.Flow = voice.Health{Err: fault.New(fault.NetworkError, "The platform does not answer.")}
		d.engine.emit(st)
		d.until("not ready", func(s *Snapshot) bool { return !s.Ready })
		if c := d.condition(readiness.Platform); c.OK || c.Text.String() != "The platform does not answer." {
			t.Fatalf("%+v", c)
		}
	})
}

func TestLockedSettingsStay(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start()
		defer d.close()
		if _, err := d.store.Update(func(s *Settings) { s.Locked = []string{"audio.ring_volume", "nonsense", "calls"} }); err != nil {
			t.Fatal(err)
		}
		err := d.UpdateSettings(func(s *Settings) { s.Audio.RingVolume, s.Appearance.Theme, s.Locked = 3, "dark", nil })
		wantFault(t, err, fault.ConfigurationInvalid, "audio.ring_volume")
		if s := d.Settings(); s.Audio.RingVolume != 80 || s.Appearance.Theme != "dark" || len(s.Locked) != 3 {
			t.Fatalf("%+v", s)
		}
	})
}

func TestTheDirectoryIsThereWithoutANetwork(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		d.until("fetched", func(s *Snapshot) bool { return s.ContactsRevision > 0 })
		if g := d.Contacts(); len(g) != 2 || !g[0].Special {
			t.Fatalf("%+v", g)
		}
		d.close()
		d.backend.down = errors.New("cut")
		d.start()
		synctest.Wait()
		if d.NameOf("bob") != "Bob Ross" {
			t.Fatalf("%+v", d.Contacts())
		}
		if err := d.SignOut(context.Background()); err != nil {
			t.Fatal(err)
		}
		d.close()
		if _, err := os.Stat(filepath.Join(d.dir, "contacts.json")); err == nil {
			t.Fatal("the directory survives signing out")
		}
	})
}

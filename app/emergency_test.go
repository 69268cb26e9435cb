package app

import (
	"context"
	"testing"
	"testing/synctest"

	"offhook/app/settings"
	"offhook/voice/fault"
)

// An emergency number is called while the user is on another phone, on a break and in
// a call, over any line that can; other numbers are not.
func TestEmergencyNumbersAlwaysDial(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		defer d.close()
		ctx := context.Background()
		synctest.Wait()
		if err := d.SetAvailability(Break); err != nil {
			t.Fatal(err)
		}
		if err := d.SetOnAnotherPhone(true); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		wantFault(t, d.Dial(ctx, "bob", ""), fault.PSTNCallInProgress, "another phone")
		wantFault(t, d.Dial(ctx, "1122", ""), fault.PSTNCallInProgress, "another phone")
		for _, number := range []string{"112", "tel:911"} {
			if err := d.Dial(ctx, number, ""); err != nil {
				t.Errorf("%s: %v", number, err)
			}
			synctest.Wait()
			if c := d.Snapshot().Call; c == nil || c.Line != "" {
				t.Errorf("%s: %+v", number, c)
			}
		}
	})
}

// Signed out, it goes over a SIP account, also one that its server refuses; the
// country's own numbers count.
func TestEmergencyOverAnyLine(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start()
		defer d.close()
		ctx := context.Background()
		if err := d.UpdateSettings(func(s *settings.Settings) { s.Audio.Country = "IN" }); err != nil {
			t.Fatal(err)
		}
		wantFault(t, d.Dial(ctx, "108", ""), fault.Uninitialized, "")
		if err := d.SaveLine(ctx, sipAlice, "wrong"); err == nil {
			t.Fatal("a wrong password is taken")
		}
		synctest.Wait()
		if err := d.Dial(ctx, "108", ""); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if c := d.Snapshot().Call; c == nil || c.Line != "alice@lab.test" || c.RemoteID != "108" {
			t.Errorf("%+v", c)
		}
	})
}

// A registered account goes before the line that can't carry the call.
func TestEmergencyPassesByALineThatIsDown(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start()
		defer d.close()
		ctx := context.Background()
		down := SIPAccount{On: true, Server: "wss://down.test/ws", User: "alice@down.test"}
		_ = d.SaveLine(ctx, down, "wrong")
		if err := d.SaveLine(ctx, sipAlice, "right"); err != nil {
			t.Fatal(err)
		}
		if err := d.UpdateSettings(func(s *settings.Settings) { s.Calls.DefaultLine = "alice@down.test" }); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := d.Dial(ctx, "112", ""); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if c := d.Snapshot().Call; c == nil || c.Line != "alice@lab.test" {
			t.Errorf("%+v", c)
		}
	})
}

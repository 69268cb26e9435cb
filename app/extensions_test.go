package app

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"offhook/app/directory"
	"offhook/app/settings"
	"offhook/voice"
	"offhook/voice/fault"
	"offhook/voice/line/sipaccount"
	"offhook/voice/sip"
)

// The extensions among the user's own contacts are watched, and those that the account
// names, again after a restart; how they stand is in the directory, and a call that
// rings there can be taken.
func TestExtensions(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start()
		ctx := context.Background()
		account := sipAlice
		account.Watch = []string{"601"}
		if err := d.SaveLine(ctx, account, "right"); err != nil {
			t.Fatal(err)
		}
		d.until("ready", func(s *Snapshot) bool { return s.Ready })
		for number, name := range map[string]string{"602": "Ravi", "+4930123456": "Berlin"} {
			if err := d.AddFavourite(name, number); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if d.engine.count("watch 601 at alice@lab.test") == 0 || d.engine.count("watch 601 602 at alice@lab.test") == 0 {
			t.Errorf("%v", d.engine.did)
		}
		d.close()
		d.start()
		d.until("ready again", func(s *Snapshot) bool { return s.Ready })
		synctest.Wait()
		if d.engine.count("watch 601 602 at alice@lab.test") == 0 {
			t.Errorf("after the restart: %v", d.engine.did)
		}

		stand := func(state sip.ExtensionState, replaces string) {
			st := voice.LineStatus{ID: "alice@lab.test", State: sipaccount.Registered, Extensions: []sip.Extension{
				{User: "601", State: sip.ExtensionFree, Since: time.Now()}, {User: "602", State: state, Since: time.Now(), Caller: "5550001", Replaces: replaces},
			}}
			d.engine.emit(voice.LineChanged{Line: st})
			d.until("heard", func(s *Snapshot) bool {
				return len(s.Lines[0].Extensions) == 2 && s.Lines[0].Extensions[1].State == state && s.Lines[0].Extensions[1].Replaces == replaces
			})
		}
		presences := func() map[string]directory.Presence {
			out := map[string]directory.Presence{}
			for _, c := range d.Directory("") {
				out[c.Name] = c.Presence
			}
			return out
		}
		stand(sip.ExtensionBusy, "")
		if got := presences(); got["601"] != directory.PresenceFree || got["Ravi"] != directory.PresenceInCall || got["Berlin"] != "" || len(got) != 3 {
			t.Errorf("%v", got)
		}
		wantFault(t, d.PickUp(ctx, "602"), fault.NoCall, "Nothing rings")
		stand(sip.ExtensionRinging, "")
		if got := presences(); got["Ravi"] != directory.PresenceRinging {
			t.Errorf("%v", got)
		}
		wantFault(t, d.PickUp(ctx, "602"), fault.NoCall, "say enough")
		stand(sip.ExtensionRinging, "c;to-tag=l;from-tag=r")
		if err := d.PickUp(ctx, "602"); err != nil {
			t.Fatal(err)
		}
		if s := d.Snapshot(); s.Call == nil || s.Call.RemoteID != "602" || s.Call.Line != "alice@lab.test" {
			t.Errorf("%+v", s.Call)
		}
		d.engine.end(voice.EndLocalHangup)
		d.until("over", func(s *Snapshot) bool { return s.Call == nil })
		account.PickupCode = "*8{extension}"
		account.Watch = nil
		account.FeatureCodes = settings.FeatureCodes{}
		if err := d.SaveLine(ctx, account, ""); err != nil {
			t.Fatal(err)
		}
		stand(sip.ExtensionRinging, "other")
		if err := d.PickUp(ctx, "602"); err != nil {
			t.Fatal(err)
		}
		if s := d.Snapshot(); s.Call == nil || s.Call.RemoteID != "*8602" {
			t.Errorf("%+v", s.Call)
		}
		d.close()
	})
}

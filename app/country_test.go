package app

import (
	"testing"
	"testing/synctest"

	"offhook/app/settings"
)

// The tones are those of the system's country, or of the one that the settings
// name: in the engine and at the ringer.
func TestTheTonesAreThoseOfTheCountry(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start()
		defer d.close()
		for _, row := range []struct{ chosen, want string }{{"", "IN"}, {"US", "US"}, {settings.StandardTones, ""}, {"", "IN"}} {
			if err := d.UpdateSettings(func(s *Settings) { s.Audio.Country = row.chosen }); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			d.engine.mu.Lock()
			engine := d.engine.audio.Country
			d.engine.mu.Unlock()
			d.ringer.mu.Lock()
			ringer := d.ringer.country
			d.ringer.mu.Unlock()
			if engine != row.want || ringer != row.want {
				t.Errorf("chosen %q: the engine has %q and the ringer %q, not %q", row.chosen, engine, ringer, row.want)
			}
		}
	})
}

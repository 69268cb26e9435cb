package main

import "testing"

func TestWordsOfIdentifiers(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"hush": true, "hushAll": true, "weHush": true, "HUSH": true, "hushed": false, "shush": false, "": false} {
		if got := inIdentifier(name, "hush"); got != want {
			t.Errorf("hush in %q: %t", name, got)
		}
	}
	paper := []byte("`Client.Stop` and `WithClock`, not Stopped")
	for name, want := range map[string]bool{"Stop": true, "WithClock": true, "Clock": false, "Stopped": false} {
		if got := tells(paper, name); got != want {
			t.Errorf("the paper tells of %s: %t", name, got)
		}
	}
}

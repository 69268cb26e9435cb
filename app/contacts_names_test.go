package app

import (
	"strings"
	"testing"

	"offhook/app/directory"
	"offhook/app/settings"
	"offhook/voice/dialplan"
)

// Own contacts come before the directory, the directory before the name that the
// caller gives, and no name brings along what turns other text round.
func TestWhoIsCalling(t *testing.T) {
	p := &Phone{}
	dir := []ContactGroup{{Name: "Team", Contacts: []Contact{{Name: "Bob of Sales", Number: "bob"}, {Name: "Carol of Sales", Number: "carol"}}}}
	p.contacts.Store(directory.New(dir, []settings.Favourite{{Name: "\u202eBobby\n", Number: "bob"}}, dialplan.Line{}))
	for id, want := range map[string]string{"bob": "Bobby", "carol": "Carol of Sales", "dave": "Dave himself", "erin": "Dave himself"} {
		if got := p.whoIs(id, "Dave himself"); got != want {
			t.Errorf("%s is shown as %q, want %q", id, got, want)
		}
	}
	if got := p.whoIs("nobody", ""); got != "" {
		t.Errorf("a number without a name is called %q", got)
	}
	if strings.Contains(p.whoIs("bob", ""), "\u202e") {
		t.Error("a direction override is shown")
	}
}

package app

import (
	"fmt"
	"strings"
	"testing"

	"offhook/app/directory"
	"offhook/voice/fault"
)

func TestFavouritesAreTheUsersOwn(t *testing.T) {
	story(t, func(t *testing.T) {
		d := newHarness(t).start().signIn()
		revision := d.Snapshot().ContactsRevision
		for _, f := range [][2]string{{"Mum", "+49 (30) 123"}, {"", "bob"}, {"  Home \n office ", "tel:4711"}, {strings.Repeat("ä", 200), "long"}} {
			if err := d.AddFavourite(f[0], f[1]); err != nil {
				t.Fatal(f, err)
			}
		}
		if err := d.AddFavourite("Mother", "+4930123"); err != nil {
			t.Fatal(err)
		}
		for _, number := range []string{"", "al!ce", "a b"} {
			if err := d.AddFavourite("x", number); fault.TypeOf(err) != fault.InvalidDialInfo {
				t.Errorf("%q: %v", number, err)
			}
		}
		d.until("shown", func(s *Snapshot) bool { return s.ContactsRevision >= revision+5 })
		if err := d.RemoveFavourite("LONG"); err != nil {
			t.Fatal(err)
		}
		if err := d.RemoveFavourite("nobody"); err != nil {
			t.Fatal(err)
		}
		d.close()
		d.start()
		defer d.close()
		d.until("ready", func(s *Snapshot) bool { return s.Ready })
		g := d.Contacts()
		if got := fmt.Sprint(g[0].Contacts); g[0].Name != directory.FavouritesGroup || got != "[{Mother +4930123} {Bob Ross bob} {Home office 4711}]" {
			t.Errorf("%s: %s", g[0].Name, got)
		}
		if !d.IsFavourite("+49 30 123") || d.IsFavourite("carol") || d.NameOf("+4930123") != "Mother" {
			t.Error("what is one and what not")
		}
		if err := d.UpdateSettings(func(s *Settings) { s.Favourites = make([]Favourite, maxFavourites) }); err != nil {
			t.Fatal(err)
		}
		wantFault(t, d.AddFavourite("one more", "dave"), fault.InvalidParameter, "full")
	})
}

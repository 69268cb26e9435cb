package directory

import (
	"fmt"
	"testing"

	"offhook/app/settings"
	"offhook/voice/dialplan"
)

func TestTheDirectoryFindsPeople(t *testing.T) {
	t.Parallel()
	d := New([]Group{
		{Name: "Team", Contacts: []Contact{{"Anna Bolton", "anna"}, {"Bo Diddley", "bo"}, {"Jim Abo", "+4930123"}}},
		{Name: "Help", Special: true, Contacts: []Contact{{"Front desk", "100"}}},
	}, []settings.Favourite{{Name: "Jim (mine)", Number: "+49 30 123"}}, dialplan.Line{SIP: true, Country: "DE"})
	if d.groups[0].Name != FavouritesGroup || d.groups[1].Name != "Help" || d.groups[2].Name != "Team" {
		t.Fatalf("%+v", d.groups)
	}
	for text, want := range map[string]string{
		"bo": "[{Anna Bolton anna} {Bo Diddley bo} {Jim Abo +4930123}]", "BOLT": "[{Anna Bolton anna}]", "desk": "[{Front desk 100}]",
		"10": "[{Front desk 100}]", "anna  bol": "[{Anna Bolton anna}]", "zzz": "[]", "": "[]", "olto": "[{Anna Bolton anna}]",
	} {
		if got := fmt.Sprint(d.Suggest(text, 50)); got != want {
			t.Errorf("%q suggests %s, want %s", text, got, want)
		}
	}
	if g := d.Search("bo"); len(g) != 1 || len(g[0].Contacts) != 3 {
		t.Errorf("%+v", g)
	}
	if len(d.Search("")) != 3 || d.Name("SIP:Anna") != "Anna Bolton" || d.Name("+49 30 123") != "Jim (mine)" || d.Name("030 123") != "Jim (mine)" || d.Name("0049 (0)30 123") != "Jim (mine)" || !d.Special("100") || d.Special("bo") {
		t.Error("names and kinds")
	}
}

// bigDirectory has 20,000 contacts.
func bigDirectory() *Directory {
	var groups []Group
	for g := range 20 {
		group := Group{Name: fmt.Sprint("Group ", g)}
		for i := range 1000 {
			group.Contacts = append(group.Contacts, Contact{fmt.Sprintf("Person%05d Family%05d", i, g*1000+i), fmt.Sprintf("+4930%07d", g*1000+i)})
		}
		groups = append(groups, group)
	}
	return New(groups, nil, dialplan.Line{})
}

func TestTwentyThousandContacts(t *testing.T) {
	t.Parallel()
	d := bigDirectory()
	for text, want := range map[string][2]int{"a": {50, 20_000}, "nobody": {0, 0}, "family19999": {1, 1}, "0019999": {1, 1}, "person00007": {20, 20}} {
		found := 0
		for _, g := range d.Search(text) {
			found += len(g.Contacts)
		}
		if got := len(d.Suggest(text, 50)); got != want[0] || found != want[1] {
			t.Errorf("%q: %d suggested, %d found, want %v", text, got, found, want)
		}
	}
}

// The limit of one search is 20 ms.
func BenchmarkDirectory20000(b *testing.B) {
	d := bigDirectory()
	for _, text := range []string{"a", "nobody", "family19999"} {
		b.Run("suggest "+text, func(b *testing.B) {
			for b.Loop() {
				d.Suggest(text, 50)
			}
		})
		b.Run("search "+text, func(b *testing.B) {
			for b.Loop() {
				d.Search(text)
			}
		})
	}
}

package app

import (
	"fmt"
	"testing"

	"offhook/app/settings"
)

func TestNumbersAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"bob": "bob", " bob ": "bob", "sip:bob": "bob", "SIP:bob@host;x=1?y": "bob", "tel:+49-30-12": "+493012", "tel://123": "123",
		"+49 (30) 12 34/5": "+49301234" + "5", "(030) 12-34": "0301234", "030.12": "03012", "bob smith": "bob smith", "1bob": "1bob",
		"": "", "sip:": "", "tel:%2B4930": "+4930", "(+49) 30": "+4930", "0\u00a0804": "0804", "*97": "*97",
	} {
		if got := cleanNumber(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	for _, in := range []string{"bob", "tel", "http://x", "file:x", "--help", "", "sip:", "javascript:alert(1)"} {
		if n, ok := linkNumber(in); ok {
			t.Errorf("%q is taken for a link to %q", in, n)
		}
	}
	for number, ok := range map[string]bool{"*97": true, "user@domain": true, "a b": false, "a\r\nb": false, "<x>": false} {
		if err := checkNumber(number, "me", true); (err == nil) != ok {
			t.Errorf("a SIP account and %q: %v", number, err)
		}
	}
}

func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"bob", "sip:bob@h;x?y", "tel:+49-30", "(%00)", "callto://x/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := cleanNumber(s)
		if checkNumber(n, "me", false) == nil && !namePattern.MatchString(n) && !phonePattern.MatchString(n) {
			t.Fatalf("%q lets %q through", s, n)
		}
		if again := cleanNumber(n); checkNumber(n, "me", false) == nil && again != n {
			t.Fatalf("%q is not stable: %q, then %q", s, n, again)
		}
	})
}

func TestTheDirectoryFindsPeople(t *testing.T) {
	t.Parallel()
	d := newDirectory([]ContactGroup{
		{Name: "Team", Contacts: []Contact{{"Anna Bolton", "anna"}, {"Bo Diddley", "bo"}, {"Jim Abo", "+4930123"}}},
		{Name: "Help", Special: true, Contacts: []Contact{{"Front desk", "100"}}},
	}, []settings.Favourite{{Name: "Jim (mine)", Number: "+49 30 123"}})
	if d.groups[0].Name != favouritesGroup || d.groups[1].Name != "Help" || d.groups[2].Name != "Team" {
		t.Fatalf("%+v", d.groups)
	}
	for text, want := range map[string]string{
		"bo": "[{Anna Bolton anna} {Bo Diddley bo} {Jim Abo +4930123}]", "BOLT": "[{Anna Bolton anna}]", "desk": "[{Front desk 100}]",
		"10": "[{Front desk 100}]", "anna  bol": "[{Anna Bolton anna}]", "zzz": "[]", "": "[]", "olto": "[{Anna Bolton anna}]",
	} {
		if got := fmt.Sprint(d.suggest(text, 50)); got != want {
			t.Errorf("%q suggests %s, want %s", text, got, want)
		}
	}
	if g := d.search("bo"); len(g) != 1 || len(g[0].Contacts) != 3 {
		t.Errorf("%+v", g)
	}
	if len(d.search("")) != 3 || d.name("SIP:Anna") != "Anna Bolton" || d.name("+49 30 123") != "Jim (mine)" || !d.special("100") || d.special("bo") {
		t.Error("names and kinds")
	}
}

// bigDirectory has 20,000 contacts.
func bigDirectory() *directory {
	var groups []ContactGroup
	for g := range 20 {
		group := ContactGroup{Name: fmt.Sprint("Group ", g)}
		for i := range 1000 {
			group.Contacts = append(group.Contacts, Contact{fmt.Sprintf("Person%05d Family%05d", i, g*1000+i), fmt.Sprintf("+4930%07d", g*1000+i)})
		}
		groups = append(groups, group)
	}
	return newDirectory(groups, nil)
}

func TestTwentyThousandContacts(t *testing.T) {
	t.Parallel()
	d := bigDirectory()
	for text, want := range map[string][2]int{"a": {50, 20_000}, "nobody": {0, 0}, "family19999": {1, 1}, "0019999": {1, 1}, "person00007": {20, 20}} {
		found := 0
		for _, g := range d.search(text) {
			found += len(g.Contacts)
		}
		if got := len(d.suggest(text, 50)); got != want[0] || found != want[1] {
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
				d.suggest(text, 50)
			}
		})
		b.Run("search "+text, func(b *testing.B) {
			for b.Loop() {
				d.search(text)
			}
		})
	}
}

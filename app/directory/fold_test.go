package directory

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFindFolded(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, text, want string }{
		{"Ali", "ALİ", "Ali"}, {"İpek", "ipek", "İpek"}, {"Weiß", "WEIẞ", "Weiß"}, {"WEIẞ", "weiß", "WEIẞ"}, {"Işık", "IŞIK", "Işık"}, {"Οδυσσεύς", "ΟΔΥΣΣΕΎΣ", "Οδυσσεύς"},
		{"प्रिया नायर", "नायर", "नायर"}, {"Anna Bolton", "bolt", "Bolt"}, {"Anna", "", ""}, {"Anna", "x", ""}, {"", "a", ""}, {"Ann", "anna", ""}, {"İİi", "iii", "İİi"},
		{"a\xffb", "b", "b"},
	} {
		from, to := FindFolded(row.name, row.text)
		if got := row.name[from:to]; got != row.want {
			t.Errorf("%q is found in %q as %q, not %q", row.text, row.name, got, row.want)
		}
	}
}

func FuzzFindFolded(f *testing.F) {
	for _, s := range []string{"ALİ", "WEIẞ", "Οδυσσεύς", "प्रिया", "a\xff"} {
		f.Add("Ali Weiß "+s, s)
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		from, to := FindFolded(name, text)
		if from < 0 || from > to || to > len(name) {
			t.Fatalf("%q in %q: %d to %d", text, name, from, to)
		}
		if !utf8.ValidString(name) || !utf8.ValidString(text) {
			return
		}
		if found := name[from:to]; to > from && Fold(found) != Fold(text) {
			t.Fatalf("%q was found for %q", found, text)
		}
		if (to > from) != (text != "" && strings.Contains(Fold(name), Fold(text))) {
			t.Fatalf("%q in %q: %d to %d", text, name, from, to)
		}
	})
}

package widget

import (
	"strings"
	"testing"
)

// The pieces stand as a reader of the language expects them from left to right;
// numbers keep their direction.
func TestLinesFromRightToLeft(t *testing.T) {
	for line, want := range map[string]string{
		"Order 4471: delivery is late": "Order 4471: delivery is late",
		"ليلى الرشيد":                  "ليلى الرشيد",
		"الطلب ٤٤٧١ متأخر":             "متأخر| |٤٤٧١| |الطلب",
		"Order الطلب 4471 متأخر end":   "Order| |متأخر| |4471| |الطلب| |end",
		"Order الطلب end":              "Order| |الطلب| |end",
		"שרה 050-123 OK":               "OK| |050-123| |שרה",
		"شركة Acme Foods دبي":          "دبي| |Acme Foods| |شركة",
	} {
		if got := strings.Join(visual(line), "|"); got != want {
			t.Errorf("%q is drawn as %q, not %q", line, got, want)
		}
	}
	for text, want := range map[string]bool{"4471 الطلب": true, "Order الطلب": false, "": false, "+971 50": false, "שרה OK": true, "नेहा": false} {
		if rightToLeft(text) != want {
			t.Errorf("%q is read from right to left: %v", text, !want)
		}
	}
}

// Whatever is cut into pieces, no letter is lost or doubled.
func FuzzVisual(f *testing.F) {
	for _, s := range []string{"الطلب ٤٤٧١ متأخر", "a ב c", "  ש  ", "1 א 2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		line = strings.ToValidUTF8(line, "?")
		have := map[rune]int{}
		for _, r := range line {
			have[r]++
		}
		for _, p := range visual(line) {
			for _, r := range p {
				have[r]--
			}
		}
		for r, n := range have {
			if n != 0 {
				t.Errorf("%q: %d of %q are missing", line, n, r)
			}
		}
	})
}

package screen

import "testing"

func TestFoundInAName(t *testing.T) {
	for _, tc := range [][4]string{
		{"Tom Becker", "bec", "Tom ", "Bec"}, {"Lucía Ortega", "lucía", "", "Lucía"}, {"नेहा शर्मा", "शर", "नेहा ", "शर"}, {"İpek", "ipek", "", "İpek"},
		{"Tom", "x", "Tom", ""}, {"Tom", " ", "Tom", ""}, {"", "x", "", ""},
	} {
		before, match, after := found(tc[0], tc[1])
		if before != tc[2] || match != tc[3] || before+match+after != tc[0] {
			t.Errorf("%q in %q: %q, %q, %q", tc[1], tc[0], before, match, after)
		}
	}
}

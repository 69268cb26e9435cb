package papers

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var named = regexp.MustCompile("`([a-z/]+)`|`(Test[A-Za-z0-9_]+)`|(the top folder)")

// Each test that docs/security.md names for a claim is where it says, so that a claim
// never loses its test in silence.
func TestEachClaimHasItsTest(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "docs/security.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "## Each claim and its test")
	if !ok {
		t.Fatal("the table is gone")
	}
	claims := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || strings.HasPrefix(cells[1], "-") || strings.Contains(cells[1], " claim ") {
			continue
		}
		claims++
		folder, source, tests := "", "", 0
		for _, m := range named.FindAllStringSubmatch(cells[3], -1) {
			switch {
			case m[2] == "":
				folder, source = m[1], ""
				files, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
				if err != nil || len(files) == 0 {
					t.Errorf("%s: %q has no tests (%v)", cells[1], folder, err)
				}
				for _, f := range files {
					data, err := os.ReadFile(f)
					if err != nil {
						t.Fatal(err)
					}
					source += string(data)
				}
			case !strings.Contains(source, "func "+m[2]+"("):
				t.Errorf("%s: %s has no %s", cells[1], folder, m[2])
			default:
				tests++
			}
		}
		if tests == 0 {
			t.Errorf("%s: no test", cells[1])
		}
	}
	if claims < 15 {
		t.Errorf("only %d claims", claims)
	}
}

package papers

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

func TestBlocks(t *testing.T) {
	t.Parallel()
	got, err := Blocks("x.md", "a\n```sh\nmake\n```\n```\nplain\n```\n```sh by=\"make demo\"\nb\nc\n```\n")
	want := []Block{{"x.md", 3, "sh", "", "make\n"}, {"x.md", 6, "", "", "plain\n"}, {"x.md", 9, "sh", "make demo", "b\nc\n"}}
	if err != nil || len(got) != len(want) {
		t.Fatalf("%v, %v", got, err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("block %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	for _, bad := range []string{"```sh\nmake\n", "```sh root\nmake\n```\n"} {
		if _, err := Blocks("x.md", bad); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

// A block that no plain test runs is a target of the Makefile itself, is taken
// from the paper by the target that it names, or says what a person needs to
// run it. The test lists them.
func TestWhoRunsWhat(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := Files(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		blocks, err := Blocks(name, text)
		if err != nil {
			t.Error(err)
		}
		for _, b := range blocks {
			if b.Language == "" && strings.Contains(b.Text, "offhook ctl ") && !strings.Contains(b.Text, "[") {
				t.Errorf("%s: commands are in a block without sh", b)
			}
			if b.By == "" {
				continue
			}
			target, made := strings.CutPrefix(b.By, "make ")
			switch {
			case strings.HasPrefix(b.By, "manual: "):
			case b.By == "TestAnotherModuleCalls": // of voice, which takes its commands from the paper
			case !made || !regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(target)+`:`).Match(makefile):
				t.Errorf("%s: nobody knows who runs it: %q", b, b.By)
			case target == "package-test" || target == "service-test": // take their commands from the papers, by packaging/test/blocks.sh
			case !regexp.MustCompile(`^` + regexp.QuoteMeta(b.By) + `( +#.*)?\n$`).MatchString(b.Text):
				t.Errorf("%s: %s does not run it as it stands there:\n%s", b, b.By, b.Text)
			}
			t.Logf("%s is run by %s:\n%s", b, b.By, b.Text)
		}
	}
}

var (
	goTest  = regexp.MustCompile(`go test ([^` + "`" + `\n]*)`)
	chooses = regexp.MustCompile(`-(run|bench) '?([^' ]+)'?`)
	folder  = regexp.MustCompile(`\./[a-z/]+`)
)

// The tests and benchmarks that a paper's figures come from are there.
func TestFiguresCanBeRepeated(t *testing.T) {
	t.Parallel()
	files, err := Files(root)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for name, text := range files {
		for _, command := range goTest.FindAllStringSubmatch(text, -1) {
			for _, choice := range chooses.FindAllStringSubmatch(command[1], -1) {
				dir, kind := folder.FindString(command[1]), map[string]string{"run": "Test", "bench": "Benchmark"}[choice[1]]
				if dir == "" || strings.HasPrefix(choice[2], "XX") || choice[2] == "^$" {
					continue // -run XXX leaves the tests out
				}
				tests, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
				if err != nil {
					t.Fatal(err)
				}
				var source strings.Builder
				for _, file := range tests {
					text, err := os.ReadFile(file)
					if err != nil {
						t.Fatal(err)
					}
					source.Write(text)
				}
				if !regexp.MustCompile(`func ` + kind + `\w*` + strings.TrimSuffix(choice[2], "$") + `\w*\(`).MatchString(source.String()) {
					t.Errorf("%s: `go test %s` runs nothing", name, command[1])
				}
				found++
			}
		}
	}
	if found < 6 {
		t.Errorf("only %d such commands were found", found)
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)#:]*)(#[^)]*)?\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	noSlug  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// slug is the name by which a link finds a heading.
func slug(title string) string {
	return strings.ReplaceAll(strings.ToLower(noSlug.ReplaceAllString(title, "")), " ", "-")
}

// Every file to which a paper links is there, with the heading that the link names.
func TestLinks(t *testing.T) {
	t.Parallel()
	files, err := Files(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, must := range []string{
		"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/admin.md", "docs/deploy.md", "docs/architecture.md", "docs/engine.md", "docs/privacy.md",
	} {
		if len(files[must]) < 500 {
			t.Errorf("%s is missing, or empty", must)
		}
	}
	for name, text := range files {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(name), m[1])); m[1] != "" && err != nil {
				t.Errorf("%s links to %s: %v", name, m[1], err)
			}
			at, found := strings.CutPrefix(m[2], "#")
			if !found {
				continue
			}
			target := text
			if m[1] != "" {
				target = files[filepath.ToSlash(filepath.Join(filepath.Dir(name), m[1]))]
			}
			if !slices.ContainsFunc(heading.FindAllStringSubmatch(target, -1), func(h []string) bool { return slug(h[1]) == at }) {
				t.Errorf("%s links to %s#%s, which is no heading there", name, m[1], at)
			}
		}
	}
}

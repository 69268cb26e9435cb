package main

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A paper of a package links to nothing that the package lacks, whichever papers
// package.sh puts into it.
func TestPackagedPapersLinkToWhatIsPackaged(t *testing.T) {
	t.Parallel()
	const root = "../.."
	script, err := os.ReadFile(filepath.Join(root, "packaging/package.sh"))
	if err != nil {
		t.Fatal(err)
	}
	lists := regexp.MustCompile(`(?m)^\w*papers=\(([^)]+)\)`).FindAllStringSubmatch(string(script), -1)
	if len(lists) != 2 {
		t.Fatalf("package.sh has %d lists of papers, for the phone and the platform", len(lists))
	}
	for _, list := range lists {
		var files []string
		for _, pattern := range strings.Fields(list[1]) {
			found, err := filepath.Glob(filepath.Join(root, pattern))
			if err != nil || len(found) == 0 {
				t.Fatalf("there is no %s (%v)", pattern, err)
			}
			for _, f := range found {
				name, err := filepath.Rel(root, f)
				if err != nil {
					t.Fatal(err)
				}
				files = append(files, filepath.ToSlash(name))
			}
		}
		out := t.TempDir()
		if err := copyAll(root, out, files); err != nil {
			t.Fatal(err)
		}
		links := 0
		for _, name := range files {
			text, err := os.ReadFile(filepath.Join(out, name))
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range link.FindAllStringSubmatch(string(text), -1) {
				target, _, _ := strings.Cut(m[3], "#")
				if target == "" || strings.Contains(target, ":") || !strings.HasSuffix(name, ".md") {
					continue
				}
				links++
				if _, err := os.Stat(filepath.Join(out, path.Join(path.Dir(name), target))); err != nil {
					t.Errorf("%s links to %s, which is not in the package", name, m[3])
				}
			}
		}
		if links == 0 {
			t.Error("no link is left")
		}
	}
}

func TestUnlink(t *testing.T) {
	t.Parallel()
	for _, row := range [][2]string{
		{"see [the phone](phone.md#keys) and [how](../CONTRIBUTING.md)", "see [the phone](phone.md#keys) and how"},
		{"![A picture](pictures/x.png)", ""},
		{"[Fyne](https://fyne.io), [below](#keys)", "[Fyne](https://fyne.io), [below](#keys)"},
		{"`a[1](b)`", "`a1`"}, // no paper has such code
	} {
		if got := unlink(row[0], "docs/admin.md", []string{"docs/phone.md"}); got != row[1] {
			t.Errorf("%q becomes %q, not %q", row[0], got, row[1])
		}
	}
}

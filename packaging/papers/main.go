// Command papers copies papers of the project into a folder for a package, as they lie
// below the present folder. A link to what is not among them becomes its text, and a
// picture that is not among them goes: a reader of the package finds behind each link
// what it promises.
//
//	papers FOLDER FILE…
package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "papers FOLDER FILE…")
		os.Exit(2)
	}
	if err := copyAll(".", os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "papers:", err)
		os.Exit(1)
	}
}

// copyAll copies files, whose names are relative to root, into folder.
func copyAll(root, folder string, files []string) error {
	for _, name := range files {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, ".md") {
			data = []byte(unlink(string(data), name, files))
		}
		to := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// link is a link or a picture of Markdown: its mark, text and target.
var link = regexp.MustCompile(`(!?)\[([^\]]*)\]\(([^)\s]+)\)`)

// unlink takes the links out of a paper that lead to none of the files.
func unlink(text, name string, files []string) string {
	return link.ReplaceAllStringFunc(text, func(whole string) string {
		m := link.FindStringSubmatch(whole)
		target, _, _ := strings.Cut(m[3], "#")
		if target == "" || strings.Contains(target, ":") || slices.Contains(files, path.Join(path.Dir(name), target)) {
			return whole
		}
		if m[1] != "" {
			return ""
		}
		return m[2]
	})
}

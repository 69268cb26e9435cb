// Package papers reads the commands out of the project's papers, so that tests
// can run them. A command stands in a fenced block whose info string begins with
// sh. One that a test of this machine can't run says who does, or after "manual: "
// what it needs:
//
//	```sh by="make package-test"
package papers

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Block is one fenced block.
type Block struct {
	// File and Line say where its first line is.
	File string
	Line int
	// Language is the first word of the info string, "" if there is none.
	Language string
	// By names who runs the commands if no plain test does.
	By   string
	Text string
}

// String is where the block is, for messages.
func (b Block) String() string { return fmt.Sprintf("%s:%d", b.File, b.Line) }

var by = regexp.MustCompile(`^by="([^"]+)"$`)

// Blocks returns the fenced blocks of a Markdown text. A fence that is not
// closed, and an info string of another form than above, are errors.
func Blocks(file, text string) ([]Block, error) {
	var blocks []Block
	var open *Block
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\n")
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open == nil:
			language, rest, _ := strings.Cut(strings.TrimSpace(info), " ")
			open = &Block{File: file, Line: n + 1, Language: language}
			if rest != "" {
				m := by.FindStringSubmatch(rest)
				if m == nil {
					return nil, fmt.Errorf("%s:%d: the info string %q has another form than sh by=\"…\"", file, n, info)
				}
				open.By = m[1]
			}
		case fence:
			blocks = append(blocks, *open)
			open = nil
		case open != nil:
			open.Text += line + "\n"
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%s: the block at line %d is not closed", file, open.Line)
	}
	return blocks, nil
}

// Files returns the papers below root, and their texts by name.
func Files(root string) (map[string]string, error) {
	out := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			rel, err := filepath.Rel(root, name)
			if err != nil {
				return nil, err
			}
			out[filepath.ToSlash(rel)] = string(text)
		}
	}
	return out, nil
}

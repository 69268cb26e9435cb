package main

import (
	"fmt"
	"go/ast"
	"regexp"
	"strings"
)

// replaced are words that were the project's own, and those of its field that took
// their place (docs/glossary.md).
var replaced = map[string]string{
	"reprove": "reauthenticate", "farewell": "bye", "parting": "closing", "hurry": "Retry", "hush": "stopMedia", "conclude": "end",
	"survival": "supervision", "troubled": "supervision", "straggler": "supervision", "scribe": "calllog", "patience": "timeout",
	"surroundings": "systemwatch", "seam": "interface", "kick": "Retry", "rig": "harness", "stage": "harness",
}

// oldWords finds them in identifiers and comments.
func (t *tree) oldWords() (list []finding) {
	for path, f := range t.files {
		if strings.Contains(path, "internal/unused/") {
			continue
		}
		for _, group := range f.Comments {
			for _, c := range group.List {
				for old, now := range replaced {
					if wordPattern(old).MatchString(c.Text) {
						list = append(list, finding{t.place(c.Pos()), fmt.Sprintf("word:%s is called %s now, in a comment", old, now)})
					}
				}
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				for old, now := range replaced {
					if inIdentifier(id.Name, old) {
						list = append(list, finding{t.place(id.Pos()), fmt.Sprintf("word:%s is called %s now: %s", old, now, id.Name)})
					}
				}
			}
			return true
		})
	}
	return list
}

var wordPatterns = map[string]*regexp.Regexp{}

func wordPattern(word string) *regexp.Regexp {
	if wordPatterns[word] == nil {
		wordPatterns[word] = regexp.MustCompile(`(?i)\b` + word + `s?\b`)
	}
	return wordPatterns[word]
}

// inIdentifier reports whether a word is one of those that an identifier is made
// of.
func inIdentifier(name, word string) bool {
	for _, part := range camel.FindAllString(name, -1) {
		if strings.EqualFold(part, word) {
			return true
		}
	}
	return false
}

var camel = regexp.MustCompile(`[A-Z]+[a-z0-9]*|[a-z0-9]+`)

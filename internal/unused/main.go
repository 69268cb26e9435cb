// Unused is a part of `make lint`: it fails on what the project exports and
// nothing but tests uses, on interfaces with one implementation, and on words that
// docs/glossary.md has replaced.
//
//	go run ./internal/unused [-list] [FOLDER]
//
// A use is one in a file that is no test, for whatever system; the examples of
// package voice count as uses, since they are what strangers start from. What
// implements an interface is used through it. allowed.go lists what stays, each
// with its reason.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

// finding is one thing that is wrong at a place.
type finding struct{ place, what string }

func main() {
	list := flag.Bool("list", false, "also list what is allowed")
	flag.Parse()
	root := "."
	if flag.NArg() > 0 {
		root = flag.Arg(0)
	}
	t, err := load(root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "unused:", err)
		os.Exit(2)
	}
	findings := append(append(t.unused(), t.lonely()...), t.oldWords()...)
	bad := 0
	seen := map[string]bool{}
	slices.SortFunc(findings, func(a, b finding) int { return cmp.Compare(a.place, b.place) })
	for _, f := range findings {
		name, _, _ := strings.Cut(f.what, " ")
		if reason, ok := allowed[name]; ok {
			seen[name] = true
			if *list {
				fmt.Printf("%s: %s (allowed: %s)\n", f.place, f.what, reason)
			}
			continue
		}
		fmt.Printf("%s: %s\n", f.place, f.what)
		bad++
	}
	for name := range allowed {
		if *list && !seen[name] {
			fmt.Printf("internal/unused/allowed.go: %s need not be allowed any more\n", name)
		}
	}
	if bad > 0 {
		os.Exit(1)
	}
}

package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// texts finds every text that the window translates: the first argument of each
// call of a method T in the packages of the window.
func texts(t *testing.T) []string {
	t.Helper()
	seen := map[string]bool{}
	eachNode(t, "..", func(path string, n ast.Node) {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); !ok || sel.Sel.Name != "T" {
			return
		}
		if lit, ok := call.Args[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			seen[text] = true
		} else if id, ok := call.Args[0].(*ast.Ident); !ok || id.Name != "text" {
			t.Errorf("%s: T needs a literal, so that translators find it", path)
		}
	})
	return slices.Sorted(maps.Keys(seen))
}

// eachNode shows visit every piece of the program's own source below root, which
// is a path from here.
func eachNode(t *testing.T, root string, visit func(path string, n ast.Node)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			visit(path, n)
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

func TestEveryTextIsTranslated(t *testing.T) {
	t.Parallel()
	all := texts(t)
	if len(all) < 200 {
		t.Fatalf("only %d texts were found", len(all))
	}
	for _, language := range Languages()[1:] {
		c := New(language)
		if c.Language() != language {
			t.Fatalf("the language %q can't be used", language)
		}
		known := map[string]bool{}
		for _, text := range all {
			known[text] = true
			if !c.Has(text) {
				t.Errorf("%s: %q has no translation", language, text)
				continue
			}
			out := c.T(text)
			if strings.TrimSpace(out) == "" || strings.Contains(out, "::") {
				t.Errorf("%s: %q is translated as %q", language, text, out)
			}
			want, got := placeholder.FindAllString(text, -1), placeholder.FindAllString(out, -1)
			sort.Strings(want)
			sort.Strings(got)
			if strings.Join(want, "") != strings.Join(got, "") {
				t.Errorf("%s: %q has the places %v, its translation %q has %v", language, text, want, out, got)
			}
		}
		for text := range c.texts {
			if !known[text] {
				t.Errorf("%s: %q is translated but nowhere used", language, text)
			}
		}
	}
}

package lang

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// bearers are the functions that take the code of a message, beside those of
// packages: local shorthands.
var bearers = map[string]bool{
	"fault.New": true, "fault.Wrap": true, "lang.Of": true,
	"invalid": true, "missing": true, "failure": true, "network": true, "wrap": true, "wantsCredentials": true,
}

// built are the codes that are put together from a kind.
var built = map[string]bool{"literal": true, "audio.microphone": true, "audio.loudspeaker": true, joined: true}

// TestEveryCodeIsUsedAndKnown holds the program and English together: a code in
// the program has a sentence, and a sentence has a place where it is said.
func TestEveryCodeIsUsedAndKnown(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for code := range English().messages {
		known[code] = true
	}
	used := map[string]bool{}
	for _, room := range []string{"app", "cmd", "push", "ui", "voice"} {
		eachFile(t, filepath.Join("..", "..", room), func(path string, file *ast.File) {
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.BasicLit:
					if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && known[s] {
						used[s] = true
					}
				case *ast.CallExpr:
					if !bearers[nameOf(n.Fun)] {
						return true
					}
					for _, arg := range n.Args {
						if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING {
							if code, _ := strconv.Unquote(lit.Value); !known[code] {
								t.Errorf("%s: en.json has no message %q", path, code)
							}
							break
						}
					}
				}
				return true
			})
		})
	}
	for code := range known {
		if said := strings.TrimSuffix(code, ".next"); !used[said] && !used[code] && !built[said] {
			t.Errorf("nobody says %q", code)
		}
	}
}

func nameOf(fun ast.Expr) string {
	switch f := fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			return x.Name + "." + f.Sel.Name
		}
	}
	return ""
}

// eachFile shows visit every file of the program's own source below root.
func eachFile(t *testing.T, root string, visit func(path string, file *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err == nil {
			visit(path, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// labels finds every label of the window: the first argument of each call of a
// method T in its packages, and the words of the settings' table.
func labels(t *testing.T) map[string]bool {
	t.Helper()
	list := map[string]bool{}
	eachFile(t, filepath.Join("..", "..", "ui"), func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			if sel, ok := call.Fun.(*ast.SelectorExpr); !ok || sel.Sel.Name != "T" {
				return true
			}
			if lit, ok := call.Args[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, _ := strconv.Unquote(lit.Value)
				list[text] = true
			} else if id, ok := call.Args[0].(*ast.Ident); !ok || id.Name != "text" {
				t.Errorf("%s: T needs a literal, so that translators find it", path)
			}
			return true
		})
	})
	tableLabels(t, list, "settings/table.go")
	tableLabels(t, list, "readiness/readiness.go")
	tableLabels(t, list, "diagnosis/diagnosis.go")
	return list
}

// tableLabels adds the words of a table in app, from which the window draws rows: those
// of the settings, of the conditions, and of the checks, which are name, title, function.
func tableLabels(t *testing.T, list map[string]bool, table string) {
	t.Helper()
	add := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, _ := strconv.Unquote(lit.Value)
			list[text] = true
		}
	}
	path := filepath.Join("..", "..", "app", filepath.FromSlash(table))
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			switch key, _ := n.Key.(*ast.Ident); {
			case key == nil:
			case key.Name == "Section", key.Name == "Title", key.Name == "Caption", key.Name == "Unit":
				add(n.Value)
			}
		case *ast.CompositeLit:
			if table == "diagnosis/diagnosis.go" && n.Type == nil && len(n.Elts) == 3 {
				add(n.Elts[1])
				return true
			}
			if of, ok := n.Type.(*ast.ArrayType); !ok || nameOf(of.Elt) != "Option" {
				return true
			}
			for _, o := range n.Elts {
				if c, ok := o.(*ast.CompositeLit); ok && len(c.Elts) == 2 {
					add(c.Elts[1])
				}
			}
		}
		return true
	})
}

// TestEveryLabelIsTranslated holds the window and the languages together.
func TestEveryLabelIsTranslated(t *testing.T) {
	t.Parallel()
	all := labels(t)
	if len(all) < 200 {
		t.Fatalf("only %d labels were found", len(all))
	}
	for _, language := range Languages() {
		b, err := read(language)
		if err != nil {
			t.Fatal(err)
		}
		for text := range all {
			said, ok := b.labels[text]
			if !ok && language == Base {
				continue
			}
			if strings.TrimSpace(said.other) == "" || strings.Contains(said.other, "::") {
				t.Errorf("%s: %q is said as %q", language, text, said.other)
			}
			for form, out := range said.all() {
				if want, got := placesOf(text), placesOf(out); !slices.Equal(want, got) && (form == "other" || len(got) > 0) {
					t.Errorf("%s: %q has the places %v, its form %q has %v", language, text, want, form, got)
				}
			}
		}
		for text := range b.labels {
			if !all[text] {
				t.Errorf("%s: %q is translated but nowhere used", language, text)
			}
		}
	}
}

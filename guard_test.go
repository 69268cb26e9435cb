package offhook

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// A panic of any goroutine is written down, and the phone's calls are ended in order:
// what runs beside the window begins with a guard.
func TestEveryGoroutineIsGuarded(t *testing.T) {
	t.Parallel()
	for _, room := range []string{"voice", "push", "app", "ui", "internal/actor"} {
		err := filepath.WalkDir(room, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				var runs ast.Expr
				switch n := n.(type) {
				case *ast.GoStmt:
					runs = n.Call.Fun
				case *ast.CallExpr:
					sel, ok := n.Fun.(*ast.SelectorExpr)
					if !ok {
						return true
					}
					of, _ := sel.X.(*ast.Ident)
					switch {
					case sel.Sel.Name == "AfterFunc" && of != nil && (of.Name == "time" || of.Name == "context") && len(n.Args) == 2:
						runs = n.Args[1]
					case sel.Sel.Name == "Go" && len(n.Args) == 1 && (of == nil || of.Name != "crash"):
						runs = n.Args[0]
					}
				}
				if runs != nil && !guarded(runs) {
					t.Errorf("%s: what runs on a goroutine of its own begins with crash.Guard", set.Position(runs.Pos()))
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// guarded reports whether a function begins with a guard, or is known to be harmless:
// it cancels a context or ends a subscription.
func guarded(runs ast.Expr) bool {
	switch f := runs.(type) {
	case *ast.CallExpr:
		return called(f) == "crash.Guarded"
	case *ast.FuncLit:
		if len(f.Body.List) == 0 {
			return true
		}
		first, ok := f.Body.List[0].(*ast.DeferStmt)
		return ok && called(first.Call) == "crash.Guard"
	case *ast.Ident:
		return strings.HasPrefix(f.Name, "cancel") || f.Name == "f"
	case *ast.SelectorExpr:
		return f.Sel.Name == "Close" || f.Sel.Name == "cancel"
	}
	return false
}

func called(c *ast.CallExpr) string {
	if sel, ok := c.Fun.(*ast.SelectorExpr); ok {
		if of, ok := sel.X.(*ast.Ident); ok {
			return of.Name + "." + sel.Sel.Name
		}
	}
	return ""
}

package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// module is the path of the project.
const module = "offhook"

// systems are the systems that the phone is built for.
var systems = []string{"linux", "windows", "darwin"}

// tree is the project, checked once for each system.
type tree struct {
	root  string
	fset  *token.FileSet
	files map[string]*ast.File // by path
	views []*view
	// linked are the packages of the programs; see programs.
	linked map[string]bool
}

// view is the project as one system has it.
type view struct {
	tree     *tree
	context  build.Context
	packages map[string]*types.Package
	info     *types.Info
	others   types.Importer
	// interfaces are those that ask for a method, by its name; outer are the types
	// that embed another.
	interfaces map[string][]*types.Interface
	outer      map[*types.TypeName][]*types.Named
}

// load reads and checks the project in root.
func load(root string) (*tree, error) {
	exports, err := exportData(root)
	if err != nil {
		return nil, err
	}
	t := &tree{root: root, fset: token.NewFileSet(), files: map[string]*ast.File{}}
	others := importer.ForCompiler(t.fset, "gc", func(path string) (io.ReadCloser, error) {
		file, ok := exports[path]
		if !ok || file == "" {
			return nil, fmt.Errorf("%s is not built", path)
		}
		return os.Open(file)
	})
	for _, system := range systems {
		v := &view{tree: t, context: build.Default, packages: map[string]*types.Package{}, others: others, info: &types.Info{
			Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
			Types: map[ast.Expr]types.TypeAndValue{},
		}}
		v.context.GOOS, v.context.CgoEnabled = system, true
		v.context.BuildTags = strings.Split(strings.TrimPrefix(os.Getenv("GOFLAGS"), "-tags="), ",")
		if err := v.loadAll(); err != nil {
			return nil, err
		}
		t.views = append(t.views, v)
	}
	return t, nil
}

// exportData returns the files with the types of all packages that are not the
// project's, by their paths.
func exportData(root string) (map[string]string, error) {
	c := exec.Command("go", "list", "-e", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "./...")
	c.Dir, c.Stderr = root, os.Stderr
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	exports := map[string]string{}
	for line := range bytes.Lines(out) {
		path, file, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		exports[path] = file
	}
	return exports, nil
}

// loadAll checks every package of the project. What a package of another system
// needs and this computer has not is left open: it hides no use of the project's
// own names.
func (v *view) loadAll() error {
	return filepath.WalkDir(v.tree.root, func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if base := d.Name(); dir != v.tree.root && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules" || base == "bin") {
			return filepath.SkipDir
		}
		rel, err := filepath.Rel(v.tree.root, dir)
		if err != nil {
			return err
		}
		_, err = v.check(strings.TrimSuffix(module+"/"+filepath.ToSlash(rel), "/."))
		return err
	})
}

// Import returns a package, the project's own from source.
func (v *view) Import(path string) (*types.Package, error) {
	switch {
	case path == "unsafe":
		return types.Unsafe, nil
	case path == module, strings.HasPrefix(path, module+"/"):
		return v.check(path)
	}
	return v.others.Import(path)
}

// check checks a package of the project, nil for a folder without one.
func (v *view) check(path string) (*types.Package, error) {
	if p, ok := v.packages[path]; ok {
		return p, nil
	}
	dir := filepath.Join(v.tree.root, strings.TrimPrefix(strings.TrimPrefix(path, module), "/"))
	pkg, err := v.context.ImportDir(dir, 0)
	if err != nil {
		v.packages[path] = nil
		return nil, nil // nothing for this system
	}
	names := append(append([]string{}, pkg.GoFiles...), pkg.CgoFiles...)
	var files []*ast.File
	for _, name := range names {
		f, err := v.tree.parse(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	config := types.Config{Importer: v, FakeImportC: true, Error: func(error) {}}
	p, _ := config.Check(path, v.tree.fset, files, v.info)
	v.packages[path] = p
	// The examples show strangers how the engine is used.
	for _, name := range pkg.XTestGoFiles {
		if strings.HasPrefix(name, "example") {
			f, err := v.tree.parse(filepath.Join(dir, name))
			if err != nil {
				return nil, err
			}
			_, _ = config.Check(path+"_test", v.tree.fset, []*ast.File{f}, v.info)
		}
	}
	return p, nil
}

func (t *tree) parse(path string) (*ast.File, error) {
	if f := t.files[path]; f != nil {
		return f, nil
	}
	f, err := parser.ParseFile(t.fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err == nil {
		t.files[path] = f
	}
	return f, err
}

// place returns where something stands, from the root.
func (t *tree) place(pos token.Pos) string {
	p := t.fset.Position(pos)
	rel, err := filepath.Rel(t.root, p.Filename)
	if err != nil {
		rel = p.Filename
	}
	return fmt.Sprintf("%s:%d", filepath.ToSlash(rel), p.Line)
}

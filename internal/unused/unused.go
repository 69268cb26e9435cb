package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
)

// unused finds exported functions, methods, constants, variables, types and fields
// that no file but a test uses. A name that any system uses is used.
func (t *tree) unused() (list []finding) {
	used := map[token.Pos]bool{}
	for _, v := range t.views {
		v.markUses(used)
	}
	told, _ := os.ReadFile(filepath.Join(t.root, "docs", "engine.md"))
	reported := map[token.Pos]bool{}
	for _, v := range t.views {
		for ident, obj := range v.info.Defs {
			if obj == nil || !ident.IsExported() || used[ident.Pos()] || reported[ident.Pos()] || obj.Pkg() == nil || obj.Pkg().Name() == "main" {
				continue
			}
			name, ok := nameOf(obj, v)
			if !ok || !t.programs()[obj.Pkg().Path()] || obj.Pkg().Path() == module+"/voice" && tells(told, obj.Name()) {
				continue
			}
			reported[ident.Pos()] = true
			list = append(list, finding{t.place(ident.Pos()), name + " is used by nothing but tests"})
		}
	}
	return list
}

// tells reports whether a paper names something of package voice.
func tells(paper []byte, name string) bool {
	return regexp.MustCompile("[.`]" + name + `\b`).Match(paper)
}

// programs are the packages of which the programs are made; the others serve tests.
func (t *tree) programs() map[string]bool {
	if t.linked != nil {
		return t.linked
	}
	t.linked = map[string]bool{}
	var link func(p *types.Package)
	link = func(p *types.Package) {
		if t.linked[p.Path()] || !strings.HasPrefix(p.Path(), module) {
			return
		}
		t.linked[p.Path()] = true
		for _, i := range p.Imports() {
			link(i)
		}
	}
	for _, v := range t.views {
		for path, p := range v.packages {
			if p != nil && p.Name() == "main" && strings.HasPrefix(path, module+"/cmd/") {
				link(p)
			}
		}
	}
	return t.linked
}

// nameOf returns how a name is written outside its package; ok is false for what is
// not judged: locals, and what somebody else calls by its name.
func nameOf(obj types.Object, v *view) (string, bool) {
	pkg := strings.TrimPrefix(obj.Pkg().Path(), module+"/")
	switch o := obj.(type) {
	case *types.Func:
		sig := o.Type().(*types.Signature)
		if sig.Recv() == nil {
			return pkg + "." + o.Name(), true
		}
		recv := sig.Recv().Type()
		if p, ok := recv.(*types.Pointer); ok {
			recv = p.Elem()
		}
		named, ok := recv.(*types.Named)
		if !ok || types.IsInterface(named) || v.implements(named, o.Name()) {
			return "", false
		}
		return pkg + "." + named.Obj().Name() + "." + o.Name(), true
	case *types.Var:
		if o.IsField() {
			owner, tag := v.ownerOf(o)
			if owner == "" || tag != "" || o.Embedded() {
				return "", false // what is encoded is read by others
			}
			return pkg + "." + owner + "." + o.Name(), true
		}
		return pkg + "." + o.Name(), o.Parent() == o.Pkg().Scope()
	case *types.Const, *types.TypeName:
		return pkg + "." + o.Name(), obj.Parent() == obj.Pkg().Scope()
	}
	return "", false
}

// ownerOf returns the type of a struct that has a field, and the field's tag.
func (v *view) ownerOf(field *types.Var) (owner, tag string) {
	scope := field.Pkg().Scope()
	for _, name := range scope.Names() {
		tn, ok := scope.Lookup(name).(*types.TypeName)
		if !ok {
			continue
		}
		s, ok := tn.Type().Underlying().(*types.Struct)
		if !ok {
			continue
		}
		for i := range s.NumFields() {
			if s.Field(i) == field {
				return name, string(reflect.StructTag(s.Tag(i)))
			}
		}
	}
	return "", ""
}

// markUses marks what is used in one view.
func (v *view) markUses(used map[token.Pos]bool) {
	for _, obj := range v.info.Uses {
		mark(used, obj)
	}
	for _, s := range v.info.Selections {
		mark(used, s.Obj())
	}
}

func mark(used map[token.Pos]bool, obj types.Object) {
	switch o := obj.(type) {
	case *types.Func:
		used[o.Origin().Pos()] = true
	case *types.Var:
		used[o.Origin().Pos()] = true
	case nil:
	default:
		used[obj.Pos()] = true
	}
}

// implements reports whether a method of a type is one that an interface asks for,
// of the project, of the standard library or of a library that the package knows.
func (v *view) implements(named *types.Named, method string) bool {
	if known[method] {
		return true
	}
	for _, i := range v.interfacesWith(method) {
		for _, t := range append(v.around(named), named) {
			if types.Implements(types.NewPointer(t), i) {
				return true
			}
		}
	}
	return false
}

// interfacesWith returns the interfaces that ask for a method: those of the project,
// named or not, and those of the libraries that it imports.
func (v *view) interfacesWith(method string) []*types.Interface {
	if v.interfaces == nil {
		v.interfaces = map[string][]*types.Interface{}
		add := func(t types.Type) {
			if i, ok := t.Underlying().(*types.Interface); ok {
				for m := range i.Methods() {
					v.interfaces[m.Name()] = append(v.interfaces[m.Name()], i)
				}
			}
		}
		scopes := map[*types.Package]bool{}
		for _, p := range v.packages {
			if p != nil {
				scopes[p] = true
				for _, i := range p.Imports() {
					scopes[i] = true
				}
			}
		}
		for p := range scopes {
			for _, name := range p.Scope().Names() {
				if tn, ok := p.Scope().Lookup(name).(*types.TypeName); ok {
					add(tn.Type())
				}
			}
		}
		for expr, tv := range v.info.Types {
			if _, ok := expr.(*ast.InterfaceType); ok {
				add(tv.Type)
			}
		}
	}
	return v.interfaces[method]
}

// around are the types that a type is embedded in, however deep.
func (v *view) around(named *types.Named) (list []*types.Named) {
	if v.outer == nil {
		v.outer = map[*types.TypeName][]*types.Named{}
		for _, obj := range v.info.Defs {
			tn, ok := obj.(*types.TypeName)
			if !ok || tn.IsAlias() {
				continue
			}
			outer, ok := tn.Type().(*types.Named)
			if !ok {
				continue
			}
			s, ok := outer.Underlying().(*types.Struct)
			if !ok {
				continue
			}
			for f := range s.Fields() {
				inner := f.Type()
				if p, ok := inner.(*types.Pointer); ok {
					inner = p.Elem()
				}
				if n, ok := inner.(*types.Named); ok && f.Embedded() {
					v.outer[n.Obj()] = append(v.outer[n.Obj()], outer)
				}
			}
		}
	}
	for _, o := range v.outer[named.Obj()] {
		list = append(append(list, o), v.around(o)...)
	}
	return list
}

// known are methods that the standard library and Fyne call without naming their
// interface where the type is.
var known = map[string]bool{
	"String": true, "GoString": true, "Error": true, "Unwrap": true, "Is": true, "As": true, "LogValue": true,
	"MarshalJSON": true, "UnmarshalJSON": true, "MarshalText": true, "UnmarshalText": true, "Scan": true, "Value": true,
	"Read": true, "Write": true, "Close": true, "Len": true, "Less": true, "Swap": true, "Push": true, "Pop": true,
}

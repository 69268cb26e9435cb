package main

import (
	"fmt"
	"go/types"
	"strings"
)

// lonely finds interfaces of the project that one type of it implements: a forwarder
// that adds nothing. What a test or a library puts in its place is listed in
// allowed.go with the reason.
func (t *tree) lonely() (list []finding) {
	implementers := map[string]map[string]bool{}
	places := map[string]finding{}
	for _, v := range t.views {
		for path, p := range v.packages {
			if p == nil || !t.programs()[path] {
				continue
			}
			for _, name := range p.Scope().Names() {
				tn, ok := p.Scope().Lookup(name).(*types.TypeName)
				if !ok || tn.IsAlias() {
					continue
				}
				i, ok := tn.Type().Underlying().(*types.Interface)
				if !ok || i.NumMethods() == 0 || !i.IsMethodSet() {
					continue
				}
				full := strings.TrimPrefix(path, module+"/") + "." + name
				if implementers[full] == nil {
					implementers[full] = map[string]bool{}
				}
				places[full] = finding{place: t.place(tn.Pos())}
				for _, who := range v.implementers(i) {
					implementers[full][who] = true
				}
			}
		}
	}
	for name, who := range implementers {
		if len(who) == 1 {
			for only := range who {
				list = append(list, finding{places[name].place, fmt.Sprintf("%s is an interface that only %s implements", name, only)})
			}
		}
	}
	return list
}

// implementers are the types of the project that implement an interface.
func (v *view) implementers(i *types.Interface) (list []string) {
	for path, p := range v.packages {
		if p == nil {
			continue
		}
		for _, name := range p.Scope().Names() {
			tn, ok := p.Scope().Lookup(name).(*types.TypeName)
			if !ok || tn.IsAlias() || types.IsInterface(tn.Type()) {
				continue
			}
			if types.Implements(types.NewPointer(tn.Type()), i) {
				list = append(list, strings.TrimPrefix(path, module+"/")+"."+name)
			}
		}
	}
	return list
}

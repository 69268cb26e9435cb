package settings

import (
	"encoding/json"
	"reflect"
	"strings"
)

// Restore gives the locked settings of s the values they have in before, and
// returns the JSON paths of those that differed. A path is one of a field
// ("audio.ring_volume") or of a whole part ("account").
func Restore(s *Settings, before Settings) (restored []string) {
	for _, path := range before.Locked {
		now, was := lookup(reflect.ValueOf(s).Elem(), path), lookup(reflect.ValueOf(&before).Elem(), path)
		if !now.IsValid() || !was.IsValid() || same(now, was) {
			continue
		}
		now.Set(was)
		restored = append(restored, path)
	}
	return restored
}

func same(a, b reflect.Value) bool {
	x, errx := json.Marshal(a.Interface())
	y, erry := json.Marshal(b.Interface())
	return errx == nil && erry == nil && string(x) == string(y)
}

// lookup finds a field by its JSON path; the zero Value if there is none.
func lookup(v reflect.Value, path string) reflect.Value {
	for _, name := range strings.Split(path, ".") {
		if v.Kind() != reflect.Struct {
			return reflect.Value{}
		}
		found := reflect.Value{}
		for i := range v.NumField() {
			tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if tag == name {
				found = v.Field(i)
			}
		}
		if !found.IsValid() {
			return found
		}
		v = found
	}
	return v
}

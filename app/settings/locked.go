package settings

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
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

// IsLocked reports whether an administrator fixed the setting at a path, or a part
// of the settings that holds it.
func (s Settings) IsLocked(path string) bool { return covers(s.Locked, path) }

// covers reports whether a path, or a part that holds it, is in a list.
func covers(list []string, path string) bool {
	return slices.ContainsFunc(list, func(l string) bool { return l == path || strings.HasPrefix(path, l+".") })
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

// SetPath sets the setting at a JSON path, such as "audio.ring_volume", from
// its JSON value. The error says what is wrong with either.
func SetPath(s *Settings, path string, value json.RawMessage) error {
	v := lookup(reflect.ValueOf(s).Elem(), path)
	if !v.IsValid() || !v.CanSet() {
		return fmt.Errorf("there is no setting %q", path)
	}
	fresh := reflect.New(v.Type())
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.DisallowUnknownFields()
	if err := dec.Decode(fresh.Interface()); err != nil {
		return fmt.Errorf("the setting %q can't be %s", path, value)
	}
	next := s.Clone()
	lookup(reflect.ValueOf(&next).Elem(), path).Set(fresh.Elem())
	before, err := json.Marshal(next)
	if err != nil {
		return err
	}
	next.normalise()
	if after, err := json.Marshal(next); err != nil || !bytes.Equal(before, after) {
		return fmt.Errorf("the setting %q can't be %s", path, value)
	}
	*s = next
	return nil
}

// Untouched reports whether the setting at a path has the value of a new
// installation.
func Untouched(s Settings, path string) bool {
	d := Default()
	now, def := lookup(reflect.ValueOf(&s).Elem(), path), lookup(reflect.ValueOf(&d).Elem(), path)
	return now.IsValid() && def.IsValid() && same(now, def)
}

// Known reports whether there is a setting at a path.
func Known(path string) bool {
	var s Settings
	return lookup(reflect.ValueOf(&s).Elem(), path).IsValid()
}

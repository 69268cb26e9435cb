package settings

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// paths are the JSON paths of all fields that hold a value.
func paths(t reflect.Type, above string) (out []string) {
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if f := t.Field(i).Type; f.Kind() == reflect.Struct {
			out = append(out, paths(f, above+name+".")...)
		} else {
			out = append(out, above+name)
		}
	}
	return out
}

// Every field has its row in the table and every row its field, so that a setting
// is known to the policy, to ctl and to the window as soon as it is made.
func TestTheTableIsComplete(t *testing.T) {
	t.Parallel()
	fields := paths(reflect.TypeFor[Settings](), "")
	for _, path := range fields {
		if e, ok := Of(path); !ok {
			t.Errorf("%s has no entry", path)
		} else if !e.Own && e.About == "" {
			t.Errorf("%s is not described", path)
		}
	}
	d := Default()
	repaired := d.Clone()
	repaired.normalise()
	if !reflect.DeepEqual(d, repaired) {
		t.Errorf("a default is out of range: %+v", d)
	}
	for _, e := range Table {
		if !slices.Contains(fields, e.Path) {
			t.Errorf("%s has no field", e.Path)
		}
		if (e.Page != PageNone) != (e.Title != "") {
			t.Errorf("%s: a page %q and a title %q", e.Path, e.Page, e.Title)
		}
	}
}

// A new setting is a field and a row; its range, its default, its place in a policy
// and on a page follow.
func TestANewSettingIsARow(t *testing.T) {
	row := Entry{Path: "calls.auto_answer_delay_s", Default: 7, Min: 5, Max: 9, Page: PageAudio, Title: "Dummy", About: "A test."}
	old, i := Table, slices.IndexFunc(Table, func(e Entry) bool { return e.Path == row.Path })
	Table = slices.Clone(Table)
	Table[i] = row
	defer func() { Table = old }()
	s := Default()
	if got := row.Get(s); got != 7 {
		t.Errorf("default %v", got)
	}
	if row.Set(&s, 4) == nil || row.Set(&s, "8") == nil || row.Set(&s, 8) != nil || s.Calls.AutoAnswerDelayS != 8 {
		t.Errorf("%+v", s.Calls)
	}
	s.Calls.AutoAnswerDelayS = 100
	if s.normalise(); s.Calls.AutoAnswerDelayS != 9 {
		t.Error(s.Calls.AutoAnswerDelayS)
	}
	if on := On(PageAudio); !slices.ContainsFunc(on, func(e Entry) bool { return e.Path == row.Path }) {
		t.Errorf("%+v", on)
	}
}

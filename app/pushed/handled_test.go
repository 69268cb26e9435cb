package pushed

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"offhook/push"
)

func TestHandledSessionsAreBounded(t *testing.T) {
	t.Parallel()
	var h Handled
	for n := range 3 * keptSessions {
		h.Add(fmt.Sprint(n))
	}
	h.Add("")
	h.Add("last")
	h.Add("last")
	if len(h.sessions) != keptSessions || len(h.order) != keptSessions || !h.Knows("last") || h.Knows("") {
		t.Errorf("%d %d", len(h.sessions), len(h.order))
	}
	for _, payload := range []string{"", "a.b.c", "null", strings.Repeat(".", 100)} {
		if id := Session(payload); id != "" {
			t.Errorf("%q is of %q", payload, id)
		}
	}
}

func TestTheLedgerOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	file := Ledger(filepath.Join(t.TempDir(), "inbox.json"))
	if s, err := file.Load(); err != nil || !reflect.DeepEqual(s, push.State{}) {
		t.Fatalf("%+v, %v", s, err)
	}
	kept := push.State{Since: 7}
	if err := file.Save(kept); err != nil {
		t.Fatal(err)
	}
	if s, err := file.Load(); err != nil || !reflect.DeepEqual(s, kept) {
		t.Errorf("%+v, %v", s, err)
	}
}

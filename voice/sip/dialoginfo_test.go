package sip

import (
	"strings"
	"testing"
)

const ringingDoc = `<?xml version="1.0" encoding="UTF-8"?>
<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="4" state="full" entity="sip:601@pbx">
 <dialog id="a1" call-id="c1@pbx" local-tag="lt" remote-tag="rt" direction="recipient">
  <state>early</state>
  <local><identity>sip:601@pbx</identity></local>
  <remote><identity display="Ravi &amp; Co">sip:5551234@pbx</identity><target uri="sip:5551234@10.0.0.1"/></remote>
 </dialog>
</dialog-info>`

func TestParseDialogInfo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		doc  string
		want Extension
	}{
		"ringing": {ringingDoc, Extension{State: ExtensionRinging, CallerName: "Ravi & Co", Caller: "sip:5551234@pbx", Replaces: "c1@pbx;to-tag=lt;from-tag=rt;early-only"}},
		"nothing": {`<dialog-info version="0" state="full" entity="sip:601@pbx"/>`, Extension{State: ExtensionFree}},
		"a prefix, another order, and a byte behind the end": {"\x00<ns:dialog-info xmlns:ns=\"urn:ietf:params:xml:ns:dialog-info\" entity='x' state='full' version='2'><ns:dialog direction='initiator' id='1'><ns:state event=\"x\"> Confirmed </ns:state></ns:dialog></ns:dialog-info>\x00",
			Extension{State: ExtensionBusy}},
		"calling out is no ringing":          {`<dialog-info version="1" state="full"><dialog id="1" direction="initiator"><state>early</state></dialog></dialog-info>`, Extension{State: ExtensionBusy}},
		"over":                               {`<dialog-info version="1" state="full"><dialog id="1"><state>terminated</state></dialog></dialog-info>`, Extension{State: ExtensionFree}},
		"in a call, and another one rings":   {`<dialog-info version="1" state="full"><dialog id="0"><state>confirmed</state></dialog><dialog id="1"><state>proceeding</state></dialog></dialog-info>`, Extension{State: ExtensionRinging}},
		"another charset, an unknown entity": {`<?xml version="1.0" encoding="ISO-8859-1"?><dialog-info version="1" state="full"><dialog id="1&nbsp;"><state>confirmed</state></dialog></dialog-info>`, Extension{State: ExtensionBusy}},
		"tags that would break a header":     {`<dialog-info state="full"><dialog id="1" call-id="c&#10;X: y" local-tag="l" remote-tag="r"><state>early</state></dialog></dialog-info>`, Extension{State: ExtensionRinging}},
	} {
		info, err := parseDialogInfo([]byte(tc.doc))
		var table dialogTable
		if err != nil || !table.take(info) {
			t.Errorf("%s: %v", name, err)
		}
		if got := table.extension(""); got != tc.want {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
	}
	for _, bad := range []string{"", "hello", "<presence/>", "<dialog-info", strings.Repeat("x", maxDialogInfo+1)} {
		if info, err := parseDialogInfo([]byte(bad)); err == nil {
			t.Errorf("%.40q: %+v", bad, info)
		}
	}
}

// Parts change the picture; one that was missed has the whole asked for again.
func TestDialogInfoOfParts(t *testing.T) {
	t.Parallel()
	var table dialogTable
	part := func(version uint32, id, state string) bool {
		return table.take(dialogInfo{version: version, dialogs: []watchedDialog{{id: id, state: state}}})
	}
	if part(3, "a", "confirmed") {
		t.Error("a part is the first word")
	}
	steps := []struct {
		whole bool
		state ExtensionState
		do    func() bool
	}{
		{true, ExtensionFree, func() bool { return table.take(dialogInfo{version: 3, full: true}) }},
		{true, ExtensionBusy, func() bool { return part(4, "a", "confirmed") }},
		{true, ExtensionBusy, func() bool { return part(4, "a", "confirmed") }},
		{true, ExtensionBusy, func() bool { return part(2, "a", "terminated") }},
		{true, ExtensionFree, func() bool { return part(5, "a", "terminated") }},
		{false, ExtensionFree, func() bool { return part(7, "b", "confirmed") }},
		{true, ExtensionBusy, func() bool { return part(8, "b", "confirmed") }}, // asked, and again but a part
		{true, ExtensionFree, func() bool { return table.take(dialogInfo{version: 0, full: true}) }},
	}
	for i, s := range steps {
		if whole := s.do(); whole != s.whole {
			t.Errorf("step %d: whole %v", i, whole)
		}
		if got := table.extension("").State; got != s.state {
			t.Errorf("step %d: %s, want %s", i, got, s.state)
		}
	}
}

func FuzzDialogInfo(f *testing.F) {
	f.Add([]byte(ringingDoc), []byte(`<dialog-info state="partial" version="5"><dialog id="a1"><state>terminated</state></dialog></dialog-info>`))
	f.Add([]byte("<dialog-info>"), []byte("\xff"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		var table dialogTable
		for _, body := range [][]byte{a, b} {
			if info, err := parseDialogInfo(body); err == nil {
				table.take(info)
			}
			e := table.extension("601")
			if !clean(e.Replaces) || len(table.dialogs) > maxWatched {
				t.Errorf("%+v, %d calls", e, len(table.dialogs))
			}
		}
	})
}

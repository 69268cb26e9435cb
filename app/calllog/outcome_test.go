package calllog

import (
	"testing"
	"time"

	"offhook/voice"
)

// An outcome is due until it was told as it is; what was being entered when the phone
// was killed is due at its next start; a call over a SIP account is told to nobody.
func TestOutcomesAreDueOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := openLog(t, dir)
	for _, r := range []Record{{ID: "a", SessionID: "s1"}, {ID: "b", SessionID: "s2"}, {ID: "c", SessionID: "s3", Line: "alice@lab.test"}} {
		r.Direction, r.RemoteID, r.Started = voice.Outgoing, "bob", start
		must(t, l.End(r))
	}
	due := func(owner string, want int) []Outcome {
		t.Helper()
		got, err := l.OutcomesDue(t.Context(), owner)
		must(t, err)
		if len(got) != want {
			t.Fatalf("%d are due to %q, want %d: %+v", len(got), owner, want, got)
		}
		return got
	}
	back := start.Add(time.Hour).UTC()
	must(t, l.SetOutcome("a", Outcome{Code: "sold"}, "alice"))
	first := due("alice", 1)[0]
	must(t, l.SetOutcome("a", Outcome{Code: "sold", Note: "नमस्ते", CallbackAt: back}, "alice"))
	must(t, l.OutcomeSent(first)) // the answer to an older word
	newest := due("alice", 1)[0]
	if newest.SessionID != "s1" || newest.Note != "नमस्ते" || !newest.CallbackAt.Equal(back) {
		t.Errorf("%+v", newest)
	}
	if due("bob", 0); l.SetOutcome("nobody", Outcome{Code: "sold"}, "") == nil {
		t.Error("a call that is not there has an outcome")
	}
	must(t, l.OutcomeSent(newest))
	must(t, l.DraftOutcome("b", Outcome{Code: "not_set", Note: "half a"}, "alice"))
	must(t, l.SetOutcome("c", Outcome{Code: "sold"}, "alice"))
	due("alice", 0)
	must(t, l.Close())
	l = openLog(t, dir)
	must(t, l.FinishDrafts("alice"))
	if got := due("alice", 1)[0]; got.SessionID != "s2" || got.Note != "half a" {
		t.Errorf("%+v", got)
	}
	if got := all(t, l, Query{Text: "नम"}); len(got) != 1 || got[0].Outcome != "sold" || got[0].OutcomeDue || !got[0].CallbackAt.Equal(back) {
		t.Errorf("found %+v", got)
	}
}

package calllog

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"offhook/voice"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// victimDir marks the child process that is killed while it writes.
const victimDir = "OFFHOOK_TEST_HISTORY_VICTIM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		victim(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func openLog(t *testing.T, dir string) *Log {
	t.Helper()
	l, remark, err := Open(dir, func() time.Time { return start.Add(time.Hour) })
	if err != nil || !remark.Empty() {
		t.Fatalf("Open: remark %q, err %v", remark, err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func all(t *testing.T, l *Log, q Query) []Record {
	t.Helper()
	r, err := l.Search(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheStoryOfADay(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "odd name? #1 50%")
	must(t, os.Mkdir(dir, 0o700))
	l := openLog(t, dir)

	out := Record{ID: "1", Direction: voice.Outgoing, RemoteID: "bob", RemoteName: "Bob", Message: "ticket 7", Started: start}
	must(t, l.Progress(out))
	if n := len(all(t, l, Query{})); n != 0 {
		t.Fatalf("a call in progress is in the log: %d", n)
	}
	out.SessionID, out.DurationS, out.EndReason, out.MOS = "s1", 31, "REMOTE_HANGUP", 4.3
	must(t, l.End(out))

	in := Record{ID: "2", SessionID: "s2", Direction: voice.Incoming, RemoteID: "carol", Started: start.Add(time.Minute), RangS: 22, Missed: true, EndReason: "TIMEOUT"}
	must(t, l.Progress(Record{ID: "2", SessionID: "s2", Direction: voice.Incoming, RemoteID: "carol", Started: in.Started}))
	must(t, l.End(in))
	for range 2 {
		added, err := l.Refused(Record{ID: "3", SessionID: "s3", Missed: true, Direction: voice.Incoming, RemoteID: "50%_off", Started: start.Add(2 * time.Minute), MissedReason: "busy"})
		must(t, err)
		_ = added
	}
	if added, err := l.Refused(Record{ID: "x", SessionID: "s2", Direction: voice.Incoming, Started: start}); added || err != nil {
		t.Fatalf("a logged call was missed again: %v, %v", added, err)
	}
	must(t, l.SetFeedback("1", 4, "ECHO", "a bit"))
	if err := l.SetFeedback("nope", 4, "", ""); !errors.Is(err, ErrUnknownCall) {
		t.Fatal(err)
	}

	got := all(t, l, Query{})
	if len(got) != 3 || got[0].ID != "3" || got[1].ID != "2" || got[2].ID != "1" {
		t.Fatalf("%+v", got)
	}
	want := out
	want.Rating, want.Issue, want.Note = 4, "ECHO", "a bit"
	if got[2] != want {
		t.Fatalf("got  %+v\nwant %+v", got[2], want)
	}
	for q, n := range map[Query]int{
		{Text: "BO"}: 1, {Text: "%"}: 1, {Text: "_"}: 1, {Text: "ticket"}: 1, {Text: "'; --"}: 0,
		{Kind: "missed"}: 2, {Kind: "outgoing"}: 1, {Kind: "incoming"}: 2, {Limit: 2}: 2, {Since: start.Add(time.Second)}: 2,
	} {
		if got := all(t, l, q); len(got) != n {
			t.Errorf("%+v finds %d, want %d", q, len(got), n)
		}
	}
	if n, err := l.Unseen(); n != 2 || err != nil {
		t.Fatalf("unseen %d, %v", n, err)
	}
	must(t, l.MarkSeen())
	if n, _ := l.Unseen(); n != 0 {
		t.Fatalf("unseen %d after MarkSeen", n)
	}
	must(t, l.Delete("3"))
	if err := l.Delete("3"); !errors.Is(err, ErrUnknownCall) {
		t.Fatal(err)
	}
	must(t, l.DeleteAll())
	if n := len(all(t, l, Query{})); n != 0 {
		t.Fatalf("%d left", n)
	}
}

func TestAKilledCallIsThereAndMarked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := openLog(t, dir)
	must(t, l.Progress(Record{ID: "1", SessionID: "s1", Direction: voice.Outgoing, RemoteID: "bob", Started: start, DurationS: 20}))
	must(t, l.Progress(Record{ID: "2", SessionID: "s2", Direction: voice.Incoming, RemoteID: "carol", Started: start}))
	l.Close()

	l = openLog(t, dir)
	got := all(t, l, Query{})
	if len(got) != 2 || !got[0].Interrupted || !got[1].Interrupted {
		t.Fatalf("%+v", got)
	}
	if got[0].ID != "2" || !got[0].Missed || got[1].Missed || got[1].DurationS != 20 {
		t.Fatalf("%+v", got)
	}
	// The call that rang is pushed again and answered now: it is one call.
	must(t, l.Progress(Record{ID: "3", SessionID: "s2", Direction: voice.Incoming, RemoteID: "carol", Started: start}))
	must(t, l.End(Record{ID: "3", SessionID: "s2", Direction: voice.Incoming, RemoteID: "carol", Started: start, DurationS: 5, EndReason: "LOCAL_HANGUP"}))
	if got := all(t, l, Query{Kind: "incoming"}); len(got) != 1 || got[0].Interrupted || got[0].DurationS != 5 {
		t.Fatalf("%+v", got)
	}
}

func TestTrimKeepsTheBounds(t *testing.T) {
	t.Parallel()
	l := openLog(t, t.TempDir())
	must(t, l.End(Record{ID: "0", Direction: voice.Outgoing, RemoteID: "bob", Started: start}))
	_, err := l.db.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT ?)
		INSERT INTO calls (id, session_id, direction, missed, remote_id, remote_name, message, started, rang_s, duration_s, end_reason, missed_reason, mos)
		SELECT i, '', direction, 0, remote_id, '', '', started - 1000*i, 0, 0, '', '', 0
		FROM n, calls WHERE id = '0'`, KeepCalls+9)
	must(t, err)
	must(t, l.End(Record{ID: "last", Started: start.Add(-KeepFor), Direction: voice.Outgoing}))
	must(t, l.Trim())
	got := all(t, l, Query{Limit: KeepCalls * 2})
	if len(got) != KeepCalls || got[0].ID != "last" {
		t.Fatalf("%d calls, newest %q", len(got), got[0].ID)
	}
	began := time.Now()
	all(t, l, Query{Text: "nobody"})
	t.Logf("a search over %d calls took %v", len(got), time.Since(began))
}

func TestADamagedFileIsSetAside(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{
		"not a database": bytes.Repeat([]byte("no database "), 1000),
		"newer":          nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if data == nil {
				l := openLog(t, dir)
				_, err := l.db.Exec("PRAGMA user_version = 99")
				must(t, err)
				l.Close()
			} else {
				must(t, os.WriteFile(filepath.Join(dir, FileName), data, 0o600))
			}
			l, remark, err := Open(dir, nil)
			if l == nil || remark.Empty() {
				t.Fatalf("remark %q, err %v", remark, err)
			}
			defer l.Close()
			must(t, l.End(Record{ID: "1", Direction: voice.Outgoing, Started: time.Now()}))
			if kept, _ := filepath.Glob(filepath.Join(dir, "*.bad")); len(kept) != 1 {
				t.Fatalf("kept %v", kept)
			}
		})
	}
}

// A log with broken pages begins anew with every call that can still be read.
func TestADamagedLogLosesOnlyWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		damage func(t *testing.T, path string)
		least  int // of 500 calls
	}{
		"a page of an index": {func(t *testing.T, path string) { breakPages(t, path, 2, 3) }, 500},
		"a page of calls":    {func(t *testing.T, path string) { breakPages(t, path, 12, 13) }, 400},
		"no table": {func(t *testing.T, path string) {
			db, err := sql.Open("sqlite3", dsn(path))
			must(t, err)
			_, err = db.Exec("DROP TABLE calls")
			must(t, err)
			must(t, db.Close())
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			l := openLog(t, dir)
			for i := range 500 {
				must(t, l.End(Record{ID: fmt.Sprint(i), Direction: voice.Outgoing, RemoteID: "bob", Message: strings.Repeat("m", 100), Started: start}))
			}
			must(t, l.SetFeedback("499", 5, "", "fine"))
			must(t, l.Progress(Record{ID: "going on", Direction: voice.Outgoing, RemoteID: "carol", Started: start}))
			must(t, l.Close())
			row.damage(t, filepath.Join(dir, FileName))
			l, remark, _ := Open(dir, func() time.Time { return start })
			defer l.Close()
			calls := all(t, l, Query{})
			if len(calls) < row.least || !strings.Contains(remark.String(), fmt.Sprintf(" %d calls ", len(calls))) {
				t.Fatalf("%d calls, and the remark is %q", len(calls), remark)
			}
			for _, c := range calls {
				if c.ID == "499" && (c.Rating != 5 || c.RemoteID != "bob") || c.ID == "going on" && !c.Interrupted {
					t.Errorf("%+v", c)
				}
			}
			must(t, l.End(Record{ID: "next", Direction: voice.Outgoing, Started: start}))
			l.Close()
			if l = openLog(t, dir); len(all(t, l, Query{})) != len(calls)+1 {
				t.Error("the new log does not last")
			}
		})
	}
}

// breakPages overwrites the pages from first to before last of a database.
func breakPages(t *testing.T, path string, first, last int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	const page = 4096
	info, err := f.Stat()
	must(t, err)
	if info.Size() < last*page {
		t.Fatalf("the file has %d pages", info.Size()/page)
	}
	_, err = f.WriteAt(bytes.Repeat([]byte{0x5a}, int(last-first)*page), first*page)
	must(t, err)
}

func TestCSV(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	must(t, WriteCSV(&b, []Record{{ID: "1", RemoteID: "+4930", RemoteName: `=HYPERLINK("x")`, Message: "a,\"b\"\nc", Started: start}}))
	must(t, WriteCSV(&b, []Record{{ID: "=1", SessionID: "@s", Line: "+a@b", EndReason: "=x", RemoteID: " =1+1", Message: "\n=2"}}))
	got := b.String()
	for _, want := range []string{"'=1", "'@s", "'+a@b", "'=x", "' =1+1", "\"'\n=2", "started,direction", "2026-11-22T10:00:00Z", ",+4930,", `"'=HYPERLINK(""x"")"`, "\"a,\"\"b\"\"\nc\""} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

// victim logs calls without end and says on its output what is committed.
func victim(dir string) {
	l, _, err := Open(dir, nil)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	for i := 0; ; i++ {
		r := Record{ID: fmt.Sprintf("%d-%d", os.Getpid(), i), Direction: voice.Outgoing, RemoteID: "bob", Started: time.Now()}
		if err := l.Progress(r); err != nil {
			fmt.Println("error", err)
			return
		}
		fmt.Println("began", r.ID)
		r.EndReason, r.DurationS = "LOCAL_HANGUP", 1
		if err := l.End(r); err != nil {
			fmt.Println("error", err)
			return
		}
		fmt.Println("ended", r.ID)
	}
}

func TestKilledAtAnyInstantNothingCommittedIsLost(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	state := map[string]string{}
	for round := range 12 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), victimDir+"="+dir)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		sc := bufio.NewScanner(out)
		for lines := 0; sc.Scan(); lines++ {
			what, id, _ := strings.Cut(sc.Text(), " ")
			if what == "error" {
				t.Errorf("victim: %s", id)
			}
			state[id] = what
			// Killing between other writes in each round: the process is not
			// stopped at the line, so the kill lands anywhere.
			if lines == 3+7*round {
				must(t, cmd.Process.Kill())
			}
		}
		_ = cmd.Wait()
	}
	l, remark, err := Open(dir, nil)
	if err != nil || !remark.Empty() {
		t.Fatalf("remark %q, err %v", remark, err)
	}
	defer l.Close()
	got := map[string]Record{}
	for _, r := range all(t, l, Query{Limit: 1 << 20}) {
		if _, twice := got[r.ID]; twice {
			t.Errorf("%s is there twice", r.ID)
		}
		got[r.ID] = r
	}
	for id, what := range state {
		r, ok := got[id]
		if !ok || what == "ended" && r.Interrupted {
			t.Errorf("%s was %s and is now %+v (there: %v)", id, what, r, ok)
		}
	}
	t.Logf("%d calls over 12 kills", len(state))
}

// A log that an older phone wrote is read, and learns of lines.
func TestOlderLogLearnsOfLines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := openLog(t, dir)
	must(t, l.End(Record{ID: "old", Direction: voice.Outgoing, RemoteID: "bob", Started: start}))
	_, err := l.db.Exec(`ALTER TABLE calls DROP COLUMN line; ALTER TABLE calls DROP COLUMN times; ALTER TABLE calls DROP COLUMN written;
		ALTER TABLE calls DROP COLUMN outcome; ALTER TABLE calls DROP COLUMN outcome_note; ALTER TABLE calls DROP COLUMN callback_at;
		ALTER TABLE calls DROP COLUMN outcome_due; ALTER TABLE calls DROP COLUMN end_word; ALTER TABLE calls DROP COLUMN transferred_to; ALTER TABLE calls DROP COLUMN recorded; ALTER TABLE calls DROP COLUMN recording_file;
		DROP TABLE merged; PRAGMA user_version = 1`)
	must(t, err)
	must(t, l.Close())
	l = openLog(t, dir)
	must(t, l.End(Record{ID: "new", Direction: voice.Outgoing, RemoteID: "bob", Line: "alice@lab.test", Started: start.Add(time.Second), TransferredTo: "carol", Recorded: true, RecordingFile: "/r/a.ogg"}))
	got := all(t, l, Query{})
	if len(got) != 2 || got[0].Line != "alice@lab.test" || got[1].Line != "" || got[0].TransferredTo != "carol" || got[1].TransferredTo != "" || !got[0].Recorded || got[1].Recorded || got[0].RecordingFile != "/r/a.ogg" {
		t.Errorf("%+v", got)
	}
}

// A wrong clock deletes nothing: not at the start, not when it is set right, and
// not for calls that were written while it was wrong.
func TestAWrongClockDeletesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := openLog(t, dir)
	l.ServerTime(0)
	must(t, l.End(Record{ID: "right", Direction: voice.Outgoing, RemoteID: "bob", Started: start}))
	must(t, l.Close())
	clock := start.AddDate(10, 0, 0)
	l, _, err := Open(dir, func() time.Time { return clock })
	must(t, err)
	t.Cleanup(func() { l.Close() })
	must(t, l.Trim())
	must(t, l.End(Record{ID: "late", Direction: voice.Outgoing, RemoteID: "bob", Started: clock}))
	clock = start.AddDate(-30, 0, 0)
	must(t, l.End(Record{ID: "early", Direction: voice.Outgoing, RemoteID: "bob", Started: clock}))
	must(t, l.Trim())
	l.ServerTime(start.Add(24 * time.Hour).Sub(clock))
	must(t, l.Trim())
	if got := all(t, l, Query{}); len(got) != 3 || got[0].ID != "early" || got[2].ID != "right" {
		t.Fatalf("%+v", got)
	}
	// What a server's clock confirms as old goes, with all that was written before.
	must(t, l.End(Record{ID: "a day later", Direction: voice.Outgoing, RemoteID: "bob", Started: clock}))
	l.ServerTime(start.Add(24*time.Hour + KeepFor + time.Minute).Sub(clock))
	must(t, l.End(Record{ID: "new", Direction: voice.Outgoing, RemoteID: "bob", Started: clock}))
	must(t, l.Trim())
	if got := all(t, l, Query{}); len(got) != 1 || got[0].ID != "new" {
		t.Fatalf("%+v", got)
	}
}

// A hundred calls of one caller that did not ring are one row; those of a crowd are
// tens; and no real call gives way.
func TestAFloodIsAFewRows(t *testing.T) {
	t.Parallel()
	l := openLog(t, t.TempDir())
	must(t, l.End(Record{ID: "real", Direction: voice.Incoming, RemoteID: "bob", Started: start, RangS: 3, DurationS: 60}))
	for i := range 100 {
		added, err := l.Refused(Record{ID: fmt.Sprint("r", i), SessionID: fmt.Sprint("s", i), Direction: voice.Incoming, RemoteID: "carol",
			MissedReason: "break", Started: start.Add(time.Duration(i) * time.Second)})
		if err != nil || !added {
			t.Fatal(added, err)
		}
	}
	if added, err := l.Refused(Record{ID: "again", SessionID: "s7", Direction: voice.Incoming, RemoteID: "carol", Started: start}); added || err != nil {
		t.Error("a call that was pushed again counts twice", added, err)
	}
	got := all(t, l, Query{})
	if len(got) != 2 || got[0].Times != 100 || got[0].RemoteID != "carol" || !got[0].Started.Equal(start.Add(99*time.Second)) {
		t.Fatalf("%+v", got)
	}
	if n, err := l.Unseen(); n != 0 || err != nil || len(all(t, l, Query{Kind: "missed"})) != 0 {
		t.Errorf("calls on a break count as missed: %d, %v", n, err)
	}
	for i := range 3 * KeepRefused { // each from another address, rung and cancelled at once
		r := Record{ID: fmt.Sprint("f", i), Direction: voice.Incoming, RemoteID: fmt.Sprint("x", i), Started: start.Add(time.Minute)}
		must(t, l.Progress(r))
		r.Missed, r.EndReason = true, "REMOTE_HANGUP"
		must(t, l.End(r))
	}
	must(t, l.Trim())
	got = all(t, l, Query{Limit: KeepCalls})
	if len(got) > 60 || got[0].RemoteID != crowd || got[0].Times < 2900 || got[len(got)-1].ID != "real" {
		t.Fatalf("%d rows, first %+v, last %+v", len(got), got[0], got[len(got)-1])
	}
	// Another hour, another call: it is a row of its own.
	must(t, l.End(Record{ID: "later", Direction: voice.Incoming, RemoteID: "carol", Missed: true, Started: start.Add(3 * time.Hour)}))
	if got = all(t, l, Query{}); got[0].ID != "later" || got[0].Times != 0 {
		t.Fatalf("%+v", got[0])
	}
}

// A log that can't be opened never keeps the phone from starting.
func TestALogThatCannotBeOpenedLivesInMemory(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(t *testing.T, dir string) (undo func()){
		"a folder in its place": func(t *testing.T, dir string) func() {
			must(t, os.Mkdir(filepath.Join(dir, FileName), 0o700))
			return func() {}
		},
		"locked": func(t *testing.T, dir string) func() {
			l := openLog(t, dir)
			must(t, l.Close())
			db, err := sql.Open("sqlite3", dsn(filepath.Join(dir, FileName))+"&_locking_mode=EXCLUSIVE")
			must(t, err)
			_, err = db.Exec("CREATE TABLE held (x); INSERT INTO held VALUES (1)")
			must(t, err)
			return func() { db.Close() }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			defer prepare(t, dir)()
			l, remark, cause := Open(dir, nil)
			if l == nil || cause == nil || !strings.Contains(remark.String(), "until the phone is closed") {
				t.Fatalf("%v, %q, %v", l, remark, cause)
			}
			defer l.Close()
			must(t, l.End(Record{ID: "1", Direction: voice.Outgoing, Started: time.Now()}))
			if len(all(t, l, Query{})) != 1 {
				t.Error("it holds nothing")
			}
		})
	}
}

func TestFilesAreTheUsersAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := openLog(t, dir)
	must(t, l.End(Record{ID: "1", Direction: voice.Outgoing, Started: start}))
	found, err := filepath.Glob(filepath.Join(dir, FileName+"*"))
	must(t, err)
	if len(found) < 2 {
		t.Fatal(found)
	}
	for _, path := range found {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

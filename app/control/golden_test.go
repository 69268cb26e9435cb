package control

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"offhook/app"
	"offhook/voice"
)

var update = flag.Bool("update", false, "write testdata/commands.golden anew")

// Every command's JSON form and exit code, with and without a call: what scripts
// rely on. The golden file holds the fields and their types, not the values; what
// answers with the phone's snapshot says so in one word.
func TestEveryCommandKeepsItsForm(t *testing.T) {
	t.Parallel()
	d := newDesk(t, t.TempDir())
	password := writePassword(t)
	var out strings.Builder
	seen := map[string]bool{}
	do := func(args ...string) {
		t.Helper()
		seen[args[0]] = true
		code, text := d.ctl(args...)
		shown := strings.ReplaceAll(strings.Join(args, " "), password, "FILE")
		fmt.Fprintf(&out, "== %s\nexit %d\n%s", shown, code, formOf(t, text, args[0] == "status"))
	}
	for _, args := range []string{"dial bob", "stats", "feedback 5", "upload-logs --since -1h x", "status --wait NOWHERE"} {
		do(strings.Fields(args)...)
	}
	do("sign-in", "--user", "alice", "--account", "demo", "--server", "https://b", "--password-file", password)
	do("contacts")
	do("diagnose")
	do("dial", "bob", "--message", "ticket 7")
	d.line.to(voice.StateRinging)
	for _, args := range []string{
		"status --wait RINGING", "silence", "answer --wait ESTABLISHED", "mute", "unmute", "hold", "resume", "dtmf 12#", "transfer carol", "follow-transfer", "decline-transfer", "route SPEAKER", "route BLUETOOTH", "route UP",
		"availability busy", "availability asleep", "other-phone on", "other-phone off", "stats", "quit --if-idle", "hangup --wait ENDED", "feedback 4 ECHO", "feedback 9", "history",
		"history --kind odd", "favourite carol Carol", "contacts carol", "unfavourite carol", "retry", "open tel:4711", "open http://x", "upload-logs --description broken", "runtime",
		"proxy-password", "status", "sign-out", "fly", "dial", "status --timeout 0s",
	} {
		do(strings.Fields(args)...)
	}
	// The stream, the end and the lines have tests of their own.
	seen["events"], seen["quit"], seen["transfer"] = true, true, true
	for name := range commands {
		if !seen[name] {
			t.Logf("%s has no form here yet", name)
		}
	}
	golden := filepath.Join("testdata", "commands.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	// Fields may be added; none may go, change its type, or lose its exit code.
	got := sections(out.String())
	for command, lines := range sections(string(want)) {
		for line := range lines {
			if !got[command][line] {
				t.Errorf("%s no longer gives %q. Scripts rely on it; with -update the forms are written anew.", command, line)
			}
		}
	}
}

// sections splits the golden file by commands; the same command twice is one.
func sections(text string) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for _, section := range strings.Split(text, "== ")[1:] {
		command, rest, _ := strings.Cut(section, "\n")
		lines := out[command]
		if lines == nil {
			lines = map[string]bool{}
			out[command] = lines
		}
		for line := range strings.Lines(rest) {
			lines[strings.TrimSpace(line)] = true
		}
	}
	return out
}

// formOf lists the fields of an answer; whole is for snapshots too.
func formOf(t *testing.T, text string, whole bool) string {
	t.Helper()
	if strings.Count(text, "\n") != 1 {
		t.Errorf("not one line: %q", text)
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	var s app.Snapshot
	if dec.Decode(&s) == nil && !whole {
		return "snapshot\n"
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if e, ok := v.(map[string]any)["error"].(map[string]any); ok {
		return fmt.Sprintf("error %v\n", e["code"])
	}
	fields := map[string]string{}
	walk("", v, fields)
	var lines []string
	for path, kind := range fields {
		lines = append(lines, path+" "+kind+"\n")
	}
	sort.Strings(lines)
	return strings.Join(lines, "")
}

func walk(path string, v any, out map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			walk(path+"."+k, inner, out)
		}
	case []any:
		if len(v) == 0 {
			out[path+"[]"] = "none"
		}
		for _, inner := range v {
			walk(path+"[]", inner, out)
		}
	case nil:
		out[path] = "null"
	case string:
		out[path] = "string"
	case bool:
		out[path] = "bool"
	default:
		out[path] = "number"
	}
}

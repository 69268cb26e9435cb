package cmdline

import (
	"errors"
	"io"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"
)

type sample struct {
	JSON    bool          `name:"json" help:"print JSON"`
	Text    string        `placeholder:"TEXT" help:"what to say"`
	Timeout time.Duration `placeholder:"TIME" default:"30s" help:"give up after this time"`
	Kind    string        `enum:",red,green" default:"" help:"which"`
}

func declared(s *sample) *Program {
	return New("phone", "A phone.", s,
		Command{Name: "dial", Takes: "NUMBER [NAME]", Help: "call somebody", Flags: []string{"text"}},
		Command{Name: "state", Takes: "on|off", Help: "change the state", Flags: []string{"kind"}},
		Command{Name: "end", Help: "end it"})
}

// Flags and arguments stand in any order, values may begin with a dash, and a flag
// that a command does not take is refused.
func TestParse(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		args    string
		command string
		words   []string
		text    string
		wrong   string
	}{
		{"dial bob", "dial", []string{"bob"}, "", ""},
		{"--json dial bob --text hi Bob", "dial", []string{"bob", "Bob"}, "hi", ""},
		{"dial --text -hi bob", "dial", []string{"bob"}, "-hi", ""},
		{"dial --text --json bob", "dial", []string{"bob"}, "--json", ""},
		{"-json dial -text=x bob", "dial", []string{"bob"}, "x", ""},
		{"dial bob -- -B", "dial", []string{"bob", "-B"}, "", ""},
		{"dial", "dial", nil, "", ""},
		{"end", "end", nil, "", ""},
		{"", "", nil, "", ""},
		{"dial a b c", "dial", nil, "", "use: phone dial NUMBER [NAME]"},
		{"fly", "", nil, "", "there is no command fly"},
		{"end --text x", "end", nil, "", "--text does not belong to end"},
		{"end --nonsense", "end", nil, "", "--nonsense"},
		{"end --timeout soon", "end", nil, "", "timeout"},
		{"end --timeout", "end", nil, "", "timeout"},
		{"state on --kind blue", "state", nil, "", "kind"},
	} {
		var s sample
		command, words, err := declared(&s).Parse(strings.Fields(row.args), io.Discard)
		switch {
		case row.wrong != "":
			if err == nil || !strings.Contains(err.Error(), row.wrong) {
				t.Errorf("%q: %v, want %q", row.args, err, row.wrong)
			}
		case err != nil || command != row.command || !reflect.DeepEqual(words, row.words) || s.Text != row.text || s.Timeout != 30*time.Second:
			t.Errorf("%q: %q %q %+v, %v", row.args, command, words, s, err)
		}
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--help": `Usage: phone [flags] COMMAND [ARGUMENT]

A phone.

Commands:
  dial NUMBER [NAME]                 call somebody
  end                                end it
  state on|off                       change the state

Flags:
  --json          print JSON
  --kind KIND     which
  --text TEXT     what to say
  --timeout TIME  give up after this time (default 30s)
`,
		"dial -h": `Usage: phone dial NUMBER [NAME] [flags]

Call somebody.

Flags:
  --text TEXT     what to say
  --json          print JSON
  --timeout TIME  give up after this time (default 30s)
`,
	} {
		var said strings.Builder
		if _, _, err := declared(&sample{}).Parse(strings.Fields(args), &said); !errors.Is(err, ErrHelp) || said.String() != want {
			t.Errorf("%s: %v\n%s", args, err, &said)
		}
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"": "dial end state", "d": "dial", "dial --t": "--text --timeout", "end --": "--json --timeout", "state ": "off on", "state o": "off on",
		"--timeout 3s e": "end", "state --kind g": "green", "dial x": "", "fly ": "", "dial --text on": "",
	} {
		words := strings.Split(line, " ")
		if got := strings.Join(declared(&sample{}).Complete(words), " "); got != want {
			t.Errorf("%q becomes %q, not %q", line, got, want)
		}
	}
	for _, row := range [][2]string{{"__complete 0", ""}, {"__complete 1 ctl", "ctl|"}, {"__complete 1 ctl st more", "ctl|st"}, {"__complete x", ""}} {
		words, ok := Asked(strings.Fields(row[0]))
		if !ok || strings.Join(words, "|") != row[1] {
			t.Errorf("%q: %q, %v", row[0], words, ok)
		}
	}
	if _, ok := Asked([]string{"dial", "x"}); ok {
		t.Error("a command is taken for a shell's question")
	}
}

// The scripts are ones that their shells can read; those of shells that are not on
// this machine are only written.
func TestScripts(t *testing.T) {
	t.Parallel()
	for shell := range strings.SplitSeq(Shells, ",") {
		var script strings.Builder
		if err := Script(&script, "off-hook", shell); err != nil || strings.Contains(script.String(), "PROGRAM") || !strings.Contains(script.String(), CompleteCommand) {
			t.Fatalf("%s: %v\n%s", shell, err, &script)
		}
		path, err := exec.LookPath(shell)
		if err != nil || shell == "powershell" {
			continue
		}
		check := exec.Command(path, "-n", "/dev/stdin")
		check.Stdin = strings.NewReader(script.String())
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s\n%s", shell, err, out, &script)
		}
	}
	if Script(io.Discard, "x", "tcsh") == nil {
		t.Error("a shell is taken that is not known")
	}
}

func TestMan(t *testing.T) {
	t.Parallel()
	var page strings.Builder
	if err := Man(&page, Page{Name: "phone", Purpose: "a phone", Description: "It rings."}, declared(&sample{})); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{".TH PHONE 1", ".BI dial \" NUMBER [NAME]\"\nCall somebody.\nTakes \\-\\-text.", ".BI \\-\\-timeout \" TIME\"\nGive up after this time.\nThe default is 30s."} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("no %q in\n%s", want, &page)
		}
	}
}

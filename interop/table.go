package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// row is one line of the table: a story with a peer.
type row struct {
	peer, what string
	needs      []string // programs
	run        func(b *bench) error
}

// result is how a row fared.
type result struct {
	row
	verdict string // pass, fail, not here
	reason  string
	took    time.Duration
}

// errNotHere says that a row cannot be tried on this machine.
var errNotHere = errors.New("not here")

func notHere(why string) error { return fmt.Errorf("%w: %s", errNotHere, why) }

func (r row) try(b *bench) result {
	out := result{row: r, verdict: "pass"}
	for _, program := range r.needs {
		if _, err := exec.LookPath(program); err != nil {
			out.verdict, out.reason = "not here", program+" is not installed"
			return out
		}
	}
	started := time.Now()
	err := b.guarded(r.run)
	out.took = time.Since(started)
	switch {
	case errors.Is(err, errNotHere):
		out.verdict, out.reason = "not here", strings.TrimPrefix(err.Error(), "not here: ")
	case err != nil:
		out.verdict, out.reason = "fail", strings.Join(strings.Fields(err.Error()), " ")
	}
	return out
}

const (
	begin = "<!-- the table begins: written by make interop -->"
	end   = "<!-- the table ends -->"
)

// markdown is the table for the document.
func markdown(results []result, versions string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nOf %s, with %s.\n\n| peer | what | result |\n|---|---|---|\n", begin, time.Now().Format("2006-01-02"), versions)
	for _, r := range results {
		verdict := r.verdict
		if r.reason != "" {
			verdict += ": " + strings.ReplaceAll(r.reason, "|", "\\|")
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.peer, r.what, verdict)
	}
	b.WriteString("\n" + end)
	return b.String()
}

// insert puts the table into the document, in place of the one before.
func insert(path, table string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, rest, ok := strings.Cut(string(raw), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s has no place for the table", path)
	}
	return os.WriteFile(path, []byte(head+table+tail), 0o644)
}

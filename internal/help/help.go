// Package help prints a command's flags as its papers spell them.
package help

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// Flags writes the flags of fs to w, one a line: two dashes and the name, what
// the flag takes in capitals, its sentence, and its default unless that is
// nothing.
func Flags(w io.Writer, fs *flag.FlagSet) {
	type row struct{ left, right string }
	var rows []row
	width := 0
	fs.VisitAll(func(f *flag.Flag) {
		takes, sentence := flag.UnquoteUsage(f)
		r := row{strings.TrimSpace("--" + f.Name + " " + strings.ToUpper(takes)), sentence}
		switch f.DefValue {
		case "", "0", "0s", "false":
		default:
			r.right += " (default " + f.DefValue + ")"
		}
		rows = append(rows, r)
		width = max(width, len(r.left))
	})
	for _, r := range rows {
		fmt.Fprintf(w, "  %-*s  %s\n", width, r.left, r.right)
	}
}

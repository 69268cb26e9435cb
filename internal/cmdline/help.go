package cmdline

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/alecthomas/kong"
)

// Help prints the help of the program, or of one of its commands: each flag with
// two dashes and what it takes in capitals, its sentence, and its default.
func (p *Program) Help(w io.Writer, command string) {
	c, one := p.commands[command]
	switch {
	case one:
		fmt.Fprintf(w, "Usage: %s\n\n%s\n", strings.TrimSpace(p.name+" "+c.Name+" "+c.Takes)+" [flags]", sentence(c.Help))
	case len(p.commands) > 0:
		fmt.Fprintf(w, "Usage: %s [flags] COMMAND [ARGUMENT]\n\n%s\n\nCommands:\n", p.name, p.about)
		for _, name := range p.names() {
			c := p.commands[name]
			fmt.Fprintf(w, "  %-34s %s\n", strings.TrimSpace(name+" "+c.Takes), c.Help)
		}
	default:
		takes := ""
		for _, arg := range p.kong.Model.Positional {
			takes += " [" + strings.ToUpper(arg.Name) + "]"
		}
		fmt.Fprintf(w, "Usage: %s [flags]%s\n\n%s\n", p.name, takes, p.about)
	}
	type row struct{ left, right string }
	rows, width := []row{}, 0
	for _, f := range p.flags(command) {
		r := row{"--" + strings.TrimSpace(f.Name+" "+placeholder(f)), f.Help}
		if f.HasDefault && f.Default != "" {
			r.right += " (default " + f.Default + ")"
		}
		rows = append(rows, r)
		width = max(width, len(r.left))
	}
	fmt.Fprint(w, "\nFlags:\n")
	for _, r := range rows {
		fmt.Fprintf(w, "  %-*s  %s\n", width, r.left, r.right)
	}
}

// flags are those of the program, or those that go with a command: its own first.
func (p *Program) flags(command string) (list []*kong.Flag) {
	for _, f := range p.kong.Model.Flags {
		if !f.Hidden && (command == "" || !p.own[f.Name] || p.takes(command, f.Name)) {
			list = append(list, f)
		}
	}
	sort.SliceStable(list, func(i, j int) bool {
		if one, other := p.own[list[i].Name], p.own[list[j].Name]; command != "" && one != other {
			return one
		}
		return list[i].Name < list[j].Name
	})
	return list
}

func placeholder(f *kong.Flag) string {
	switch {
	case f.IsBool():
		return ""
	case f.PlaceHolder != "":
		return f.PlaceHolder
	default:
		return strings.ToUpper(f.Name)
	}
}

// names lists the commands in order.
func (p *Program) names() []string {
	out := make([]string, 0, len(p.commands))
	for name := range p.commands {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// sentence begins a phrase with a capital and ends it with a full stop.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

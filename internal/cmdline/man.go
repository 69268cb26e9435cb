package cmdline

import (
	"fmt"
	"io"
	"strings"
)

// Page is the text around what the declarations say in a manual page.
type Page struct {
	Name, Purpose, Description string
	// After are the sections behind the flags and commands, as roff.
	After string
}

// Man writes the manual page of a program from its declaration and those of its
// commands.
func Man(w io.Writer, page Page, programs ...*Program) error {
	var b strings.Builder
	fmt.Fprintf(&b, ".\\\" Generated from the declaration of the command line; do not edit.\n.TH %s 1 \"\" \"Offhook\" \"User Commands\"\n.SH NAME\n%s \\- %s\n.SH SYNOPSIS\n",
		strings.ToUpper(roff(page.Name)), roff(page.Name), roff(page.Purpose))
	for i, p := range programs {
		if i > 0 {
			b.WriteString(".br\n")
		}
		fmt.Fprintf(&b, ".B %s\n.RI [ FLAGS ]\n", roff(p.name))
		if len(p.commands) > 0 {
			b.WriteString(".I COMMAND\n.RI [ ARGUMENT ]\n")
		}
		for _, arg := range p.kong.Model.Positional {
			fmt.Fprintf(&b, ".RI [ %s ]\n", strings.ToUpper(roff(arg.Name)))
		}
	}
	fmt.Fprintf(&b, ".SH DESCRIPTION\n%s\n", page.Description)
	for _, p := range programs {
		fmt.Fprintf(&b, ".SH %s\n", strings.ToUpper(roff(p.name)))
		if len(p.commands) > 0 {
			b.WriteString(".SS Commands\n")
			for _, name := range p.names() {
				c := p.commands[name]
				fmt.Fprintf(&b, ".TP\n.BI %s\n%s\n", quoted(strings.TrimSpace(name+" "+c.Takes)), roff(sentence(c.Help)))
				if len(c.Flags) > 0 {
					fmt.Fprintf(&b, "Takes \\-\\-%s.\n", strings.Join(escaped(c.Flags), ", \\-\\-"))
				}
			}
		}
		b.WriteString(".SS Flags\n")
		for _, f := range p.flags("") {
			fmt.Fprintf(&b, ".TP\n.BI %s\n%s\n", quoted(strings.TrimSpace("--"+f.Name+" "+placeholder(f))), roff(sentence(f.Help)))
			if f.HasDefault && f.Default != "" {
				fmt.Fprintf(&b, "The default is %s.\n", roff(f.Default))
			}
		}
	}
	b.WriteString(page.After)
	_, err := io.WriteString(w, b.String())
	return err
}

// quoted sets the first word for .BI in bold and the rest, as it is, in italics.
func quoted(s string) string {
	first, rest, more := strings.Cut(roff(s), " ")
	if !more {
		return first
	}
	return first + ` " ` + rest + `"`
}

func escaped(words []string) (out []string) {
	for _, w := range words {
		out = append(out, roff(w))
	}
	return out
}

// roff makes a text safe for a manual page.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, `"`, `\(dq`).Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

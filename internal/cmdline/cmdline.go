// Package cmdline is the command line of a program, declared once: a Kong
// grammar from which come parsing, --help, the manual page and what a shell
// completes.
package cmdline

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

// ErrHelp says that --help was asked for and has been printed.
var ErrHelp = errors.New("help was printed")

// Command is a word of a program with a command table. Takes describes its
// arguments, such as "NUMBER [NAME]", and Flags names those of the program's flags
// that belong to it.
type Command struct {
	Name, Takes, Help string
	Flags             []string
}

// Program is a parsed declaration.
type Program struct {
	name, about string
	kong        *kong.Kong
	commands    map[string]Command
	words       map[string]reflect.Value
	// own are the flags that belong to commands; each of the others goes with all.
	own map[string]bool
}

// New reads a declaration: a pointer to a struct with Kong's tags, whose fields get
// the values of the flags, and a table of commands, if there is one. about is the
// text above the flags in the help. It panics on a declaration that is wrong.
func New(name, about string, grammar any, commands ...Command) *Program {
	p := &Program{name: name, about: about, commands: map[string]Command{}, words: map[string]reflect.Value{}, own: map[string]bool{}}
	options := []kong.Option{kong.Name(name), kong.NoDefaultHelp(), kong.WithHyphenPrefixedParameters(true), kong.Exit(func(int) {})}
	for _, c := range commands {
		var fields []reflect.StructField
		for i, word := range strings.Fields(c.Takes) {
			fields = append(fields, reflect.StructField{Name: fmt.Sprintf("Word%d", i), Type: reflect.TypeFor[*string](),
				Tag: reflect.StructTag(fmt.Sprintf(`arg:"" optional:"" name:%q`, strings.Trim(word, "[]")))})
		}
		words := reflect.New(reflect.StructOf(fields))
		p.commands[c.Name], p.words[c.Name] = c, words
		options = append(options, kong.DynamicCommand(c.Name, strings.ReplaceAll(c.Help, "$", "$$"), "", words.Interface()))
		for _, f := range c.Flags {
			p.own[f] = true
		}
	}
	p.kong = kong.Must(grammar, options...)
	return p
}

// Parse reads args into the grammar. For a program with commands it returns the
// command and its arguments. With --help it prints the help to w and returns
// ErrHelp. Errors are phrases without a full stop.
func (p *Program) Parse(args []string, w io.Writer) (command string, words []string, err error) {
	args = p.dashes(args)
	wantsHelp := false
	for i, a := range args {
		if a == "--" {
			break
		}
		if a == "--help" || a == "-h" {
			args, wantsHelp = append(args[:i:i], args[i+1:]...), true
			break
		}
	}
	traced, err := kong.Trace(p.kong, args)
	if err == nil && traced.Path != nil {
		for _, step := range traced.Path {
			if step.Command != nil {
				command = step.Command.Name
			}
		}
	}
	if wantsHelp {
		p.Help(w, command)
		return command, nil, ErrHelp
	}
	if err != nil {
		return command, nil, err
	}
	if traced.Error != nil {
		said := strings.ReplaceAll(traced.Error.Error(), `"`, "'")
		surplus, isSurplus := strings.CutPrefix(said, "unexpected argument ")
		switch c, known := p.commands[command]; {
		case isSurplus && known:
			said = "use: " + p.name + " " + strings.TrimSpace(c.Name+" "+c.Takes)
		case isSurplus && len(p.commands) > 0:
			said = "there is no command " + surplus
		case isSurplus && len(p.kong.Model.Positional) == 0:
			said = p.name + " takes no argument " + surplus
		}
		return command, nil, errors.New(said)
	}
	var parsed *kong.ParseError
	ctx, err := p.kong.Parse(args)
	switch {
	case errors.As(err, &parsed) && command == "" && len(p.commands) > 0:
		return "", nil, nil // which commands there are the caller knows
	case err != nil:
		return command, nil, err
	}
	for _, step := range ctx.Path {
		if f := step.Flag; f != nil && p.own[f.Name] && command != "" && !p.takes(command, f.Name) {
			return command, nil, fmt.Errorf("--%s does not belong to %s", f.Name, command)
		}
	}
	if given, ok := p.words[command]; ok {
		for i := range given.Elem().NumField() {
			if word := given.Elem().Field(i); !word.IsNil() {
				words = append(words, word.Elem().String())
			}
		}
	}
	return command, words, nil
}

// Has reports whether there is such a flag.
func (p *Program) Has(flag string) bool { return p.flag(flag) != nil }

// Given reports whether args set a flag.
func (p *Program) Given(args []string, name string) bool {
	traced, err := kong.Trace(p.kong, p.dashes(args))
	if err != nil {
		return false
	}
	for _, step := range traced.Path {
		if step.Flag != nil && step.Flag.Name == name {
			return true
		}
	}
	return false
}

func (p *Program) takes(command, flag string) bool {
	for _, f := range p.commands[command].Flags {
		if f == flag {
			return true
		}
	}
	return false
}

// dashes gives a long flag with one dash its second: Go's own programs take both.
func (p *Program) dashes(args []string) []string {
	out := make([]string, 0, len(args))
	value := false // of the flag before
	for i, a := range args {
		if a == "--" && !value {
			return append(out, args[i:]...)
		}
		name, _, whole := strings.Cut(strings.TrimLeft(a, "-"), "=")
		flag := p.flag(name)
		switch {
		case value || !strings.HasPrefix(a, "-"):
			value = false
		case flag != nil || name == "help":
			a = "--" + strings.TrimLeft(a, "-")
			value = flag != nil && !flag.IsBool() && !whole
		}
		out = append(out, a)
	}
	return out
}

func (p *Program) flag(name string) *kong.Flag {
	for _, f := range p.kong.Model.Flags {
		if f.Name == name {
			return f
		}
	}
	return nil
}

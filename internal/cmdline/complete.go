package cmdline

import (
	"fmt"
	"io"
	"sort"
	"strings"
)

// CompleteCommand is the word by which a shell asks a program what it would
// complete: PROGRAM __complete N WORD…, where N counts the words before the one
// under the cursor.
const CompleteCommand = "__complete"

// Complete lists what may stand in place of the last of words: commands, flags,
// values of flags and arguments that are a choice.
func (p *Program) Complete(words []string) (list []string) {
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	command, at, value := "", -1, ""
	for _, word := range words[:len(words)-1] {
		switch {
		case value != "":
			value = ""
		case strings.HasPrefix(word, "-"):
			name, _, whole := strings.Cut(strings.TrimLeft(word, "-"), "=")
			if f := p.flag(name); f != nil && !f.IsBool() && !whole {
				value = name
			}
		default:
			if at++; at == 0 && len(p.commands) > 0 {
				command = word
			}
		}
	}
	add := func(word string) {
		if strings.HasPrefix(word, last) {
			list = append(list, word)
		}
	}
	switch {
	case value != "":
		for _, choice := range strings.Split(p.flag(value).Enum, ",") {
			if choice != "" {
				add(choice)
			}
		}
	case strings.HasPrefix(last, "-"):
		for _, f := range p.flags(command) {
			add("--" + f.Name)
		}
	case at < 0:
		for _, name := range p.names() {
			add(name)
		}
	default:
		takes := strings.Fields(p.commands[command].Takes)
		if at < len(takes) && strings.Contains(takes[at], "|") {
			for choice := range strings.SplitSeq(strings.Trim(takes[at], "[]"), "|") {
				add(choice)
			}
		}
	}
	sort.Strings(list)
	return list
}

// Shells are the shells that can complete a program's words.
const Shells = "bash,zsh,fish,powershell"

// Script writes what a shell reads to complete the words of a program. It asks the
// program itself, so that it never grows old.
func Script(w io.Writer, program, shell string) error {
	script, ok := scripts[shell]
	if !ok {
		return fmt.Errorf("completions are for %s", strings.ReplaceAll(Shells, ",", ", "))
	}
	_, err := io.WriteString(w, strings.NewReplacer("PROGRAM", program, "FUNCTION", strings.ReplaceAll(program, "-", "_"), "COMPLETE", CompleteCommand).Replace(script))
	return err
}

var scripts = map[string]string{
	"bash": `# bash completion of PROGRAM: source it, or keep it in /usr/share/bash-completion/completions/PROGRAM.
_FUNCTION() {
  local IFS=$'\n' words=("${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=($("${COMP_WORDS[0]}" COMPLETE $((COMP_CWORD - 1)) "${words[@]}" 2>/dev/null))
  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _FUNCTION PROGRAM
`,
	"zsh": `#compdef PROGRAM
# zsh completion of PROGRAM: keep it as _PROGRAM in a folder of $fpath.
_FUNCTION() {
  local -a found
  found=("${(@f)$("${words[1]}" COMPLETE $((CURRENT - 2)) "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=(${found:#})
  if (( ${#found} )); then compadd -a found; else _files; fi
}
if [ "$funcstack[1]" = _PROGRAM ]; then _FUNCTION "$@"; else compdef _FUNCTION PROGRAM; fi
`,
	"fish": `# fish completion of PROGRAM: keep it as ~/.config/fish/completions/PROGRAM.fish.
function __FUNCTION_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] COMPLETE (math (count $words) - 2) $words[2..-1] 2>/dev/null
end
complete -c PROGRAM -a '(__FUNCTION_complete)'
`,
	"powershell": `# PowerShell completion of PROGRAM: add it to $PROFILE.
Register-ArgumentCompleter -Native -CommandName PROGRAM, PROGRAM.exe, PROGRAM.com -ScriptBlock {
  param($word, $line, $cursor)
  $words = @($line.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object { "$_" })
  $given = @($words | Select-Object -Skip 1)
  if ($word) { $all = $given + $word } else { $all = $given }
  & $words[0] COMPLETE $given.Count @all 2>$null | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
}
`,
}

// Asked returns the words of a shell's question, the last of them the one under
// the cursor, and whether args are such a question.
func Asked(args []string) (words []string, ok bool) {
	if len(args) < 2 || args[0] != CompleteCommand {
		return nil, false
	}
	n := 0
	if _, err := fmt.Sscan(args[1], &n); err != nil || n < 0 {
		return nil, true
	}
	words = args[2:]
	if len(words) <= n {
		words = append(words[:len(words):len(words)], "")
	}
	return words[:min(n+1, len(words))], true
}

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"offhook/internal/cmdline"
)

// readConfig returns the flags that a file names, one a line as `name = value`;
// # begins a comment. Those that args set are left out: the command line goes
// before the file. An error names the line but never the value, which may be a
// secret.
func readConfig(line *cmdline.Program, path string, args []string) (flags []string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		name, value, ok := strings.Cut(text, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case !ok:
			return nil, fmt.Errorf("config: %s:%d: want name = value", path, n)
		case !line.Has(name) || name == "config":
			return nil, fmt.Errorf("config: %s:%d: there is no setting %q", path, n, name)
		case line.Given(args, name):
			continue
		}
		flag := "--" + name + "=" + value
		if _, _, err := line.Parse([]string{flag}, io.Discard); err != nil {
			return nil, fmt.Errorf("config: %s:%d: the value of %s is not of its form", path, n, name)
		}
		flags = append(flags, flag)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("config: %s: %w", path, err)
	}
	return flags, nil
}

package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"strings"
)

// readConfig sets the flags that a file names, one a line as `name = value`;
// # begins a comment. Flags of the command line go before it. An error names
// the line but never the value, which may be a secret.
func readConfig(f *flag.FlagSet, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	defer file.Close()
	given := make(map[string]bool)
	f.Visit(func(fl *flag.Flag) { given[fl.Name] = true })
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case !ok:
			return fmt.Errorf("config: %s:%d: want name = value", path, n)
		case f.Lookup(name) == nil || name == "config":
			return fmt.Errorf("config: %s:%d: there is no setting %q", path, n, name)
		case given[name]:
			continue
		}
		if err := f.Set(name, value); err != nil {
			return fmt.Errorf("config: %s:%d: the value of %s is not of its form", path, n, name)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("config: %s: %w", path, err)
	}
	return nil
}

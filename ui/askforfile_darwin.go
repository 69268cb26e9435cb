package ui

import (
	"context"
	"os/exec"
	"strings"
)

// askForFile asks by the system's dialog where a file is to be; "" is nowhere.
func askForFile(ctx context.Context, title, name string, _ []string) (string, error) {
	const script = `on run words
	return POSIX path of (choose file name with prompt (item 1 of words) default name (item 2 of words))
end run`
	out, err := exec.CommandContext(ctx, "osascript", "-e", script, title, name).Output()
	if err != nil {
		return "", nil // nothing was chosen
	}
	return strings.TrimRight(string(out), "\n"), nil
}

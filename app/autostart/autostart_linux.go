package autostart

import (
	"os"
	"path/filepath"
	"strings"
)

// path is the entry's file (Desktop Application Autostart Specification).
func (e Entry) path() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "autostart", e.ID+".desktop"), nil
}

// text is the desktop entry that starts the phone.
func (e Entry) text() ([]byte, error) {
	file, err := program()
	if err != nil {
		return nil, err
	}
	exec := []string{quoted(file)}
	for _, arg := range e.Args {
		exec = append(exec, quoted(arg))
	}
	return []byte(strings.Join([]string{
		"[Desktop Entry]", "Type=Application", "Name=" + plain(e.Title), "Exec=" + plain(strings.Join(exec, " ")), "TryExec=" + plain(file),
		"Icon=offhook", "Terminal=false", "StartupNotify=false", "X-GNOME-Autostart-enabled=true", "",
	}, "\n")), nil
}

// quoted is an argument of an Exec line (Desktop Entry Specification, "The Exec key").
func quoted(arg string) string {
	arg = strings.ReplaceAll(arg, "%", "%%")
	if !strings.ContainsAny(arg, " \t\n\"'\\><~|&;$*?#()`") && arg != "" {
		return arg
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`).Replace(arg) + `"`
}

// plain is a string of a desktop entry, on one line.
func plain(text string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(text)
}

// Stale reports whether the entry starts another program or profile than this one, or is
// gone. One that the user has switched off in the system's own list is not.
func (e Entry) Stale() bool {
	path, err := e.path()
	if err != nil {
		return false
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return true
	}
	want, err := e.text()
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(want)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "Exec=") {
			return !strings.Contains("\n"+string(text)+"\n", "\n"+line+"\n")
		}
	}
	return false
}

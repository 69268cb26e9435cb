package autostart

import (
	"bytes"
	"encoding/xml"
	"os"
	"path/filepath"
)

// path is the entry's file: launchd reads the agents of a user at login.
func (e Entry) path() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, "Library", "LaunchAgents", "io.offhook."+e.ID+".plist"), nil
}

// text is the property list of the agent (launchd.plist(5)).
func (e Entry) text() ([]byte, error) {
	file, err := program()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(xml.Header + `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">` + "\n")
	b.WriteString(`<plist version="1.0"><dict><key>Label</key><string>`)
	_ = xml.EscapeText(&b, []byte("io.offhook."+e.ID)) // a buffer takes all
	b.WriteString(`</string><key>RunAtLoad</key><true/><key>ProgramArguments</key><array>`)
	for _, arg := range append([]string{file}, e.Args...) {
		b.WriteString("<string>")
		_ = xml.EscapeText(&b, []byte(arg))
		b.WriteString("</string>")
	}
	b.WriteString("</array></dict></plist>\n")
	return b.Bytes(), nil
}

// Stale reports whether the entry starts another program or profile than this one, or is
// gone.
func (e Entry) Stale() bool {
	path, err := e.path()
	if err != nil {
		return false
	}
	have, err := os.ReadFile(path)
	want, wrong := e.text()
	return wrong == nil && (err != nil || !bytes.Equal(have, want))
}

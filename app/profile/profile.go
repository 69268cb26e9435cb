// Package profile knows where a phone keeps its files: one folder per named
// profile, so that two phones can run side by side.
package profile

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"

	"offhook/voice/fault"
)

// Default is the name of the profile that is used when none is named, Demo that
// of a phone with the embedded platform.
const (
	Default = "default"
	Demo    = "demo"
)

var name = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Check says in a sentence why a name can't be a profile's.
func Check(n string) error {
	if !name.MatchString(n) || strings.Contains(n, "..") {
		return fault.New(fault.InvalidParameter, "program.bad-profile-name")
	}
	return nil
}

// Base returns the folder of all profiles: dir if it is given, else the one in
// the user's config folder.
func Base(dir string) (string, error) {
	if dir != "" {
		return filepath.Abs(dir)
	}
	base, err := os.UserConfigDir()
	if err != nil {
		// The path in XDG_CONFIG_HOME is relative, which counts as none (XDG Base
		// Directory Specification), or there is no HOME.
		home, herr := os.UserHomeDir()
		if herr != nil {
			u, uerr := user.Current()
			if uerr != nil || u.HomeDir == "" {
				return "", err
			}
			home = u.HomeDir
		}
		base = filepath.Join(home, ".config")
	}
	return filepath.Join(base, "offhook"), nil
}

// Dir is the folder of a profile.
func Dir(base, n string) string { return filepath.Join(base, n) }

// List returns the names of the profiles that exist.
func List(base string) []string {
	entries, _ := os.ReadDir(base)
	var out []string
	for _, e := range entries {
		if e.IsDir() && Check(e.Name()) == nil {
			out = append(out, e.Name())
		}
	}
	return out
}

// maxPassword bounds a password file.
const maxPassword = 4096

// ReadPassword reads a password from a file; "-" is the standard input. A line
// break at its end does not belong to it.
func ReadPassword(path string) (string, error) {
	f := os.Stdin
	if path != "-" {
		var err error
		if f, err = os.Open(path); err != nil {
			return "", err
		}
		defer f.Close()
	}
	buf := make([]byte, maxPassword+1)
	n := 0
	for n < len(buf) {
		m, err := f.Read(buf[n:])
		n += m
		if err != nil || m == 0 {
			break
		}
	}
	if n > maxPassword {
		return "", errors.New("the password file is too long")
	}
	return strings.TrimRight(string(buf[:n]), "\r\n"), nil
}

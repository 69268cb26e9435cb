package ui

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Save writes a new file among the user's downloads, else in the home folder, and
// returns its path. Nobody but the user can read it; no file is overwritten.
func (w *window) Save(name string, write func(io.Writer) error) (string, error) {
	folder, err := downloads()
	if err != nil {
		return "", err
	}
	base, ext := strings.TrimSuffix(name, filepath.Ext(name)), filepath.Ext(name)
	for n := 1; ; n++ {
		path := filepath.Join(folder, name)
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, os.ErrExist) && n < 1000 {
			name = fmt.Sprintf("%s-%d%s", base, n+1, ext)
			continue
		}
		if err != nil {
			return "", err
		}
		err = write(f)
		return path, errors.Join(err, f.Close())
	}
}

// downloads is the folder of the user's downloads, or the home folder where there is
// none.
func downloads() (string, error) {
	if dir := os.Getenv("XDG_DOWNLOAD_DIR"); dir != "" {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	if dir := filepath.Join(home, "Downloads"); isFolder(dir) {
		return dir, nil
	}
	return home, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

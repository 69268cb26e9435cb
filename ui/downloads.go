package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// errNoDialog says that the system has no dialog for a file.
var errNoDialog = errors.New("ui: no dialog for files")

// Save asks where a file is to be and writes it there; see screen.Host.
func (w *window) Save(ctx context.Context, title, name string, endings []string, write func(ending string, to io.Writer) error) (string, error) {
	path, err := askForFile(ctx, title, name+endings[0], endings)
	if errors.Is(err, errNoDialog) {
		return saveNew(name, endings[0], write)
	}
	if err != nil || path == "" {
		return "", err
	}
	ending := strings.ToLower(filepath.Ext(path))
	if !slices.Contains(endings, ending) {
		ending = endings[0]
		path += ending
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	err = write(ending, f)
	return path, errors.Join(err, f.Close())
}

// saveNew writes a new file among the user's downloads, else in the home folder, and
// returns its path. Nobody but the user can read it; no file is overwritten.
func saveNew(base, ending string, write func(ending string, to io.Writer) error) (string, error) {
	folder, err := downloads()
	if err != nil {
		return "", err
	}
	name := base + ending
	for n := 1; ; n++ {
		path := filepath.Join(folder, name)
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, os.ErrExist) && n < 1000 {
			name = fmt.Sprintf("%s-%d%s", base, n+1, ending)
			continue
		}
		if err != nil {
			return "", err
		}
		err = write(ending, f)
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

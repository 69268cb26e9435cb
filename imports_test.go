package offhook

import (
	"errors"
	"go/build"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// mayNot lists, for each tree, the trees and libraries that it must not know.
var mayNot = []struct {
	tree string
	not  []string
}{
	{"voice", []string{"offhook/ui", "offhook/app", "offhook/push", "offhook/demo", "offhook/cmd", "fyne.io"}},
	{"push", []string{"offhook/ui", "offhook/app", "offhook/demo", "offhook/cmd", "fyne.io"}},
	// One SQLite: the one that is translated to Go would cost a phone 3 MB more.
	{"app", []string{"offhook/ui", "offhook/demo", "offhook/cmd", "fyne.io", "modernc.org"}},
	{"demo", []string{"offhook/ui", "offhook/app", "offhook/push", "offhook/cmd", "fyne.io", "modernc.org"}},
	{"ui", []string{"offhook/demo", "offhook/cmd", "offhook/push"}},
	{"assets", []string{"offhook"}},
	{"internal/version", []string{"offhook"}},
	{"voice/fault", []string{"offhook"}},
	{"voice/wire", []string{"offhook"}},
	{"voice/codec", []string{"offhook"}},
	{"voice/jitter", []string{"offhook/voice/media", "offhook/voice/audio", "offhook/voice/sip"}},
	{"voice/media", []string{"offhook/voice/audio", "offhook/voice/sip", "offhook/voice/platform"}},
	{"voice/audio", []string{"offhook/voice/media", "offhook/voice/sip", "offhook/voice/platform"}},
	{"voice/sip", []string{"offhook/voice/media", "offhook/voice/audio", "offhook/voice/platform"}},
}

// allowed are the exceptions: a tool that judges a tree needs files to do it, and
// the sentences of errors stand among the assets.
var allowed = map[string]string{"voice/jitter/simulate": "offhook/voice/audio/wave", "voice/fault": "offhook/assets/lang"}

func TestImportsGoDownOnly(t *testing.T) {
	t.Parallel()
	for _, rule := range mayNot {
		err := filepath.WalkDir(rule.tree, func(dir string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || !entry.IsDir() {
				return err
			}
			// All files count, whatever system they are for.
			context := build.Default
			context.UseAllFiles = true
			pkg, err := context.ImportDir(dir, 0)
			if err != nil && pkg == nil {
				return nil
			}
			for _, path := range pkg.Imports {
				if path == allowed[filepath.ToSlash(dir)] {
					continue
				}
				for _, not := range rule.not {
					inside := strings.HasPrefix(path, "offhook/"+rule.tree)
					if (path == not || strings.HasPrefix(path, not+"/")) && !inside {
						t.Errorf("%s imports %s, which %s may not know", dir, path, rule.tree)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Errorf("walking %s: %v", rule.tree, err)
		}
	}
}

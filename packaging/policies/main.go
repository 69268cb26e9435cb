// Command policies writes the templates of a policy, for Windows's group policy and for
// macOS's profiles, into a zip file, the same bytes for the same settings.
//
//	policies FILE.zip
package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"

	"offhook/app/provision"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "policies FILE.zip")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "policies:", err)
		os.Exit(1)
	}
}

func write(path string) error {
	files, err := provision.Templates()
	if err != nil {
		return err
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name)
		if err != nil {
			return err
		}
		if _, err := w.Write(files[name]); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}

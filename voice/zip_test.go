package voice_test

import (
	"archive/zip"
	"os"
)

// writeZip makes an archive of one small file.
func writeZip(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	z := zip.NewWriter(f)
	w, err := z.Create("today.log")
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte("all is well\n")); err != nil {
		return err
	}
	return z.Close()
}

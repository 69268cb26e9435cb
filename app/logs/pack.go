package logs

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// maxPacked bounds what goes into one report, before compression.
const maxPacked = 200 << 20

// Pack writes the log files of the days from one time to another, and the crash
// reports, into a zip file in a temporary place, and returns its path. Every
// line is cleaned once more: it may have been written before a secret was
// known.
func (f *Files) Pack(from, to time.Time) (path string, err error) {
	out, err := os.CreateTemp("", "offhook-report-*.zip")
	if err != nil {
		return "", err
	}
	z := zip.NewWriter(out)
	defer func() {
		err = errors.Join(err, z.Close(), out.Close())
		if err != nil {
			os.Remove(out.Name())
		}
	}()
	left := int64(maxPacked)
	first, last := from.Local().Format(dayLayout), to.Local().Format(dayLayout)
	for _, file := range list(f.dir) {
		if day := file.day.Format(dayLayout); day < first || day > last {
			continue
		}
		if err := f.add(z, file.path, file.packed, &left); err != nil {
			return "", err
		}
	}
	crashes, _ := filepath.Glob(filepath.Join(f.dir, crashPrefix+"*"+crashSuffix))
	for _, c := range crashes {
		if info, err := os.Stat(c); err != nil || info.ModTime().Before(from) || info.ModTime().After(to) {
			continue
		}
		if err := f.add(z, c, false, &left); err != nil {
			return "", err
		}
	}
	return out.Name(), nil
}

func (f *Files) add(z *zip.Writer, path string, packed bool, left *int64) error {
	in, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil // tidied up in the meantime
	}
	if err != nil {
		return err
	}
	defer in.Close()
	var r io.Reader = in
	if packed {
		gz, err := gzip.NewReader(in)
		if err != nil {
			return nil // damaged by a crash: the other days still count
		}
		r = gz
	}
	w, err := z.Create(strings.TrimSuffix(filepath.Base(path), ".gz"))
	if err != nil {
		return err
	}
	lines := &lineCleaner{w: w, red: f.red, left: left}
	if _, err := io.Copy(lines, r); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, gzip.ErrChecksum) {
		return err
	}
	return lines.flush()
}

// lineCleaner passes whole lines through a Redactor.
type lineCleaner struct {
	w    io.Writer
	red  *Redactor
	buf  []byte
	left *int64
}

func (c *lineCleaner) Write(p []byte) (int, error) {
	c.buf = append(c.buf, p...)
	for {
		i := bytes.IndexByte(c.buf, '\n')
		if i < 0 && len(c.buf) < 1<<20 {
			return len(p), nil
		}
		if i < 0 {
			i = len(c.buf) - 1
		}
		if err := c.out(c.buf[:i+1]); err != nil {
			return 0, err
		}
		c.buf = c.buf[i+1:]
	}
}

func (c *lineCleaner) flush() error { return c.out(c.buf) }

func (c *lineCleaner) out(line []byte) error {
	if *c.left -= int64(len(line)); *c.left < 0 || len(line) == 0 {
		return nil
	}
	_, err := c.w.Write(c.red.Clean(line))
	return err
}

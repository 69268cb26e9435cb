package logs

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"offhook/internal/crash"
)

// Dir is the name of the logs' folder within a profile's folder.
const Dir = "logs"

const (
	prefix    = "offhook-"
	suffix    = ".jsonl"
	packed    = ".jsonl.gz"
	dayLayout = "2006-01-02"
)

// Bounds are how much is kept.
type Bounds struct {
	// Days is how many days are kept, the present one included.
	Days int
	// Bytes is how much all files may hold together. A single day may hold half
	// of it; what is logged beyond that is counted and dropped.
	Bytes int64
}

// Files is where log lines go. Write may be called from any goroutine; each
// call is one whole line.
type Files struct {
	dir    string
	bounds Bounds
	red    *Redactor
	now    func() time.Time

	mu      sync.Mutex // guards what follows
	file    *os.File
	day     string
	size    int64
	dropped int
	tidying sync.WaitGroup
	// crash is where the report of a crash of this run goes, crashed says that there
	// is one.
	crash   string
	crashed bool
	// tidy1 lets one tidy up at a time.
	tidy1 sync.Mutex
}

// Open begins to log into dir. now may be nil. With an error the logs go nowhere
// until the disk takes them.
func Open(dir string, b Bounds, red *Redactor, now func() time.Time) (*Files, error) {
	if now == nil {
		now = time.Now
	}
	_ = os.MkdirAll(dir, 0o700) // turn says what is wrong with it
	f := &Files{dir: dir, bounds: b, red: red, now: now}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f, f.turn(now().Format(dayLayout))
}

// Logger returns a structured logger that writes JSON lines to f.
func (f *Files) Logger(level slog.Leveler) *slog.Logger {
	return slog.New(slog.NewJSONHandler(f, &slog.HandlerOptions{Level: level}))
}

// Write takes one line. It never returns an error: a phone works on when its
// disk is full.
func (f *Files) Write(line []byte) (int, error) {
	clean := f.red.Clean(line)
	f.mu.Lock()
	defer f.mu.Unlock()
	if day := f.now().Format(dayLayout); day != f.day {
		if err := f.turn(day); err != nil {
			return len(line), nil
		}
	}
	if f.file == nil || f.size+int64(len(clean)) > f.bounds.Bytes/2 {
		f.dropped++
		return len(line), nil
	}
	n, err := f.file.Write(clean)
	if err != nil {
		// A part of a line would spoil the next one.
		_ = f.file.Truncate(f.size)
		f.dropped++
		return len(line), nil
	}
	f.size += int64(n)
	return len(line), nil
}

// turn opens the file of a day and tidies the older ones up.
func (f *Files) turn(day string) error {
	if f.file != nil {
		f.file.Close()
		f.file = nil
	}
	file, err := os.OpenFile(filepath.Join(f.dir, prefix+day+suffix), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	f.file, f.day, f.size = file, day, 0
	if info, err := file.Stat(); err == nil {
		f.size = info.Size()
	}
	if f.dropped > 0 {
		n, _ := fmt.Fprintf(file, `{"time":%q,"level":"WARN","msg":"log lines were dropped","count":%d}`+"\n", f.now().Format(time.RFC3339Nano), f.dropped)
		f.size += int64(n)
		f.dropped = 0
	}
	b := f.bounds
	f.tidying.Go(crash.Guarded(func() { f.tidy(day, b) }))
	return nil
}

// SetBounds changes how much is kept.
func (f *Files) SetBounds(b Bounds) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.bounds != b && f.file != nil {
		f.bounds = b
		day := f.day
		f.tidying.Go(crash.Guarded(func() { f.tidy(day, b) }))
	}
}

// Close finishes the present file and the tidying.
func (f *Files) Close() error {
	f.mu.Lock()
	file := f.file
	f.file = nil
	f.mu.Unlock()
	f.tidying.Wait()
	if file == nil {
		return nil
	}
	return file.Close()
}

// logFile is one day's file.
type logFile struct {
	path   string
	day    time.Time
	packed bool
	size   int64
}

// list returns the log files in dir, oldest first.
func list(dir string) []logFile {
	entries, _ := os.ReadDir(dir)
	var out []logFile
	for _, e := range entries {
		name := e.Name()
		base, isPacked := strings.CutSuffix(name, packed)
		if !isPacked {
			var ok bool
			if base, ok = strings.CutSuffix(name, suffix); !ok {
				continue
			}
		}
		day, err := time.ParseInLocation(dayLayout, strings.TrimPrefix(base, prefix), time.Local)
		if err != nil || !strings.HasPrefix(name, prefix) {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		out = append(out, logFile{path: filepath.Join(dir, name), day: day, packed: isPacked, size: info.Size()})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].day.Before(out[j].day) })
	return out
}

// tidy compresses the days before today and deletes what is beyond the bounds.
func (f *Files) tidy(today string, b Bounds) {
	f.tidy1.Lock()
	defer f.tidy1.Unlock()
	for _, file := range list(f.dir) {
		if !file.packed && file.day.Format(dayLayout) < today {
			_ = compress(file.path)
		}
	}
	now, err := time.ParseInLocation(dayLayout, today, time.Local)
	if err != nil {
		return
	}
	oldest := now.AddDate(0, 0, 1-max(1, b.Days))
	files := list(f.dir)
	var total int64
	for i := len(files) - 1; i >= 0; i-- {
		total += files[i].size
		if files[i].day.Format(dayLayout) == today {
			continue
		}
		// Today's file may still grow to half of the bound.
		if files[i].day.Before(oldest) || total > b.Bytes/2 {
			_ = os.Remove(files[i].path)
		}
	}
}

// compress replaces a file by its gzip; a crash in between leaves the file.
func compress(path string) (err error) {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	target := strings.TrimSuffix(path, suffix) + packed
	out, err := os.OpenFile(target+".tmp", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(out)
	_, err = io.Copy(z, in)
	err = errors.Join(err, z.Close(), out.Sync(), out.Close())
	if err == nil {
		err = os.Rename(target+".tmp", target)
	}
	if err != nil {
		_ = os.Remove(target + ".tmp")
		return err
	}
	return os.Remove(path)
}

// Package archive keeps the recordings of calls: it takes them from the relay, reads
// them back, and deletes them when their time is over.
package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"offhook/voice/recording"
)

var (
	// ErrNone says that there is no recording of a session, ErrDeleted that its time
	// was over.
	ErrNone    = errors.New("no recording of this call")
	ErrDeleted = errors.New("the recording was deleted when its time was over")
)

// Config is what Open needs.
type Config struct {
	// Dir is the folder of the recordings. It is made if it is not there.
	Dir string
	Key recording.Key
	// Keep is how long a recording is kept; 0 means DefaultKeep.
	Keep time.Duration
	// Reserve is how many bytes of the disk are left to calls.
	Reserve uint64
	Now     func() time.Time
	Logger  *slog.Logger
}

// DefaultKeep is how long recordings are kept if nothing is said.
const DefaultKeep = 30 * 24 * time.Hour

const (
	suffix = ".rec"
	// deletions is the file that proves what was deleted, and when: a line of JSON each.
	deletions = "deleted.log"
)

// Archive is the folder of the recordings. Its methods are safe for concurrent use.
type Archive struct {
	cfg  Config
	mu   sync.Mutex // of the file of deletions
	work sync.WaitGroup
}

// Open makes the folder and tries to write into it.
func Open(cfg Config) (*Archive, error) {
	if cfg.Keep <= 0 {
		cfg.Keep = DefaultKeep
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of recordings: %w", err)
	}
	try, err := os.CreateTemp(cfg.Dir, "try-*")
	if err != nil {
		return nil, fmt.Errorf("folder of recordings: %w", err)
	}
	return &Archive{cfg: cfg}, errors.Join(try.Close(), os.Remove(try.Name()))
}

// Close waits for recordings that are being closed.
func (a *Archive) Close() { a.work.Wait() }

// sessionForm keeps a session's id from being a path.
var sessionForm = regexp.MustCompile(`^[A-Za-z0-9-]{1,128}$`)

func (a *Archive) path(session string) string { return filepath.Join(a.cfg.Dir, session+suffix) }

// Reading is an open recording.
type Reading struct {
	*recording.Reader
	file *os.File
}

// Close closes the file.
func (r *Reading) Close() error { return r.file.Close() }

// Read opens the recording of a session; one that still goes on is read as far as it
// is. The errors are ErrNone, ErrDeleted and those of recording.NewReader.
func (a *Archive) Read(session string) (*Reading, error) {
	if !sessionForm.MatchString(session) {
		return nil, ErrNone
	}
	f, err := os.Open(a.path(session))
	if errors.Is(err, fs.ErrNotExist) {
		if a.wasDeleted(session) {
			return nil, ErrDeleted
		}
		return nil, ErrNone
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		var r *recording.Reader
		if r, err = recording.NewReader(f, info.Size(), a.cfg.Key); err == nil {
			return &Reading{Reader: r, file: f}, nil
		}
	}
	return nil, errors.Join(err, f.Close())
}

// deletion is a line of the file of deletions.
type deletion struct {
	Session string    `json:"session_id"`
	Written time.Time `json:"last_written"`
	Bytes   int64     `json:"bytes"`
	Deleted time.Time `json:"deleted"`
}

func (a *Archive) wasDeleted(session string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	b, err := os.ReadFile(filepath.Join(a.cfg.Dir, deletions))
	return err == nil && strings.Contains(string(b), `"session_id":"`+session+`"`)
}

// Prune deletes the recordings whose time is over, and writes of each that it was
// deleted: first into the file deleted.log of the folder, then into the log.
func (a *Archive) Prune(ctx context.Context) error {
	entries, err := os.ReadDir(a.cfg.Dir)
	if err != nil {
		return err
	}
	var failed error
	for _, e := range entries {
		session, is := strings.CutSuffix(e.Name(), suffix)
		if !is || ctx.Err() != nil {
			continue
		}
		info, err := e.Info()
		if err != nil || a.cfg.Now().Sub(info.ModTime()) <= a.cfg.Keep {
			continue
		}
		d := deletion{Session: session, Written: info.ModTime().UTC(), Bytes: info.Size(), Deleted: a.cfg.Now().UTC()}
		if err := a.delete(d); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		a.cfg.Logger.Info("recording deleted: its time was over", "session", session, "bytes", d.Bytes, "last_written", d.Written)
	}
	return failed
}

// delete removes a file and, once it is gone, proves it.
func (a *Archive) delete(d deletion) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	path := a.path(d.Session)
	if err := os.Remove(path); err != nil {
		return err
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is still there after it was deleted", path)
	}
	line, err := json.Marshal(d)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(a.cfg.Dir, deletions), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

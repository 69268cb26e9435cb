package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"offhook/assets/lang"

	"github.com/google/uuid"
)

// FileName is the name of the settings file within a profile's folder.
const FileName = "settings.json"

// maxFile bounds what is read: a settings file is a few kilobytes.
const maxFile = 1 << 20

// Store holds the settings of one profile and writes each change to its file.
// All methods may be called from any goroutine.
type Store struct {
	path string

	mu  sync.Mutex // guards cur and writing the file
	cur Settings
}

// Open reads the settings file in dir, or makes one. What can't be understood of
// a file, be it one field or all of it, is as it is at first; the file as it was is
// kept under another name. A folder or a disk that can't be written does not keep
// the phone from starting: what is changed then holds until it is closed. remark
// says each of these in a sentence for the user, and cause is what the system said.
func Open(dir string) (s *Store, remark lang.Text, cause error) {
	s = &Store{path: filepath.Join(dir, FileName), cur: Default()}
	cause = os.MkdirAll(dir, 0o700)
	data, err := readBounded(s.path)
	changed := false
	if errors.Is(err, fs.ErrNotExist) {
		changed = true
	} else {
		var lost []string
		s.cur, lost = read(data)
		if changed = len(lost) > 0; changed {
			remark = s.setAside(lost)
		}
		if !bytes.Equal(asUTF8(data), data) {
			changed = true // understood, and from now on in the usual form
		}
	}
	if s.cur.DeviceID == "" {
		s.cur.DeviceID = uuid.NewString()
		changed = true
	}
	if changed {
		if err := s.write(s.cur); err != nil {
			cause = errors.Join(cause, err)
			remark = lang.Join(remark, lang.Of("settings.not-kept"))
		}
	}
	return s, remark, cause
}

// setAside keeps the file as it was and says what was lost of it.
func (s *Store) setAside(lost []string) (remark lang.Text) {
	aside := fmt.Sprintf("%s.%s.bad", s.path, time.Now().UTC().Format("20060102T150405"))
	remark = lang.Of("settings.partly-reset", strings.Join(lost, ", "))
	if slices.Contains(lost, everything) {
		remark = lang.Of("settings.reset")
	}
	if os.Rename(s.path, aside) == nil {
		remark = lang.Join(remark, lang.Of("settings.old-file", filepath.Base(aside)))
	}
	return remark
}

// Look reads the settings in dir as they are and changes nothing there. What can't
// be read is as it is at first.
func Look(dir string) Settings {
	data, err := readBounded(filepath.Join(dir, FileName))
	if err != nil {
		return Default()
	}
	s, _ := read(data)
	return s
}

// Get returns a copy of the settings.
func (s *Store) Get() Settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cur.Clone()
}

// Update calls change with a copy of the settings, repairs what is out of
// range, and writes the result. When writing fails the settings in memory are
// changed all the same, so that the user's choice holds until the restart.
func (s *Store) Update(change func(*Settings)) (Settings, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.cur.Clone()
	change(&next)
	next.Version, next.DeviceID = Version, s.cur.DeviceID
	next.normalise()
	s.cur = next
	return next.Clone(), s.write(next)
}

// normalise brings every field into its range, so that a hand-edited file can
// do no harm.
func (s *Settings) normalise() {
	s.normaliseSIP()
	s.DeskAPI.normalise()
	s.Integrations.normalise()
	s.Audio.Country = strings.ToUpper(s.Audio.Country)
	for _, e := range Table {
		e.repair(s)
	}
	if w := s.Appearance.Window; w != nil && (w.Width < 1 || w.Height < 1 || w.Width > 1e5 || w.Height > 1e5) {
		s.Appearance.Window = nil
	}
	if b := s.Appearance.Bar; b != nil && (max(b.Right, b.Bottom) > 1e5 || min(b.Right, b.Bottom) < -1e5) {
		s.Appearance.Bar = nil
	}
}

func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, errors.New("settings: the file is too long")
	}
	return os.ReadFile(path)
}

func (s *Store) write(v Settings) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return WriteFileAtomic(s.path, append(data, '\n'), 0o600)
}

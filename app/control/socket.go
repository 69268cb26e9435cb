package control

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"offhook/internal/filelock"
)

// The files of a running phone within its profile's folder.
const (
	socketName = "control.sock"
	// pointerName holds the socket's path when the profile's own is too long
	// for a socket.
	pointerName = "control.path"
	lockName    = "lock"
)

// maxSocketPath is what every system takes as the path of a Unix socket.
const maxSocketPath = 100

// ErrRunning is returned by Listen when another phone has the profile.
var ErrRunning = errors.New("control: a phone runs on this profile")

// Lock is the right to be the one phone of a profile.
type Lock struct{ file *os.File }

// Acquire takes the profile's lock, or returns ErrRunning. The lock goes with
// the process, however it ends. Where the profile's folder can't be written, as on a
// full or a read-only disk, the lock is kept in the user's part of the temporary
// folder.
func Acquire(dir string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); errors.Is(err, syscall.ENOTDIR) {
		return nil, err // a file stands in the folder's place: a mistake, and no broken disk
	}
	// A folder that was there before may be open to others. Where it can't be closed
	// the system has rules of its own.
	_ = os.Chmod(dir, 0o700)
	f, err := filelock.Lock(filepath.Join(dir, lockName))
	if err != nil && !filelock.Held(err) {
		short, serr := shortPath(dir)
		if serr != nil {
			return nil, errors.Join(err, serr)
		}
		f, err = filelock.Lock(strings.TrimSuffix(short, ".sock") + ".lock")
	}
	if filelock.Held(err) {
		return nil, ErrRunning
	}
	if err != nil {
		return nil, err
	}
	return &Lock{f}, nil
}

// Release gives the lock back.
func (l *Lock) Release() { l.file.Close() }

// listen opens the profile's socket, in the profile's folder or, where that is too
// deep or on a file system without sockets, in a folder of the user's in the
// temporary one. The caller holds the lock, so that what is left of an older socket
// belongs to nobody.
func listen(dir string) (net.Listener, string, error) {
	path := filepath.Join(dir, socketName)
	pointer := filepath.Join(dir, pointerName)
	_ = os.Remove(pointer)
	if len(path) <= maxSocketPath {
		if l, err := listenAt(path); err == nil {
			return l, path, nil
		}
	}
	path, err := shortPath(dir)
	if err != nil {
		return nil, "", err
	}
	// Clients find the place without it, too; it tells them where to look first.
	_ = os.WriteFile(pointer, []byte(path), 0o600)
	l, err := listenAt(path)
	return l, path, err
}

func listenAt(path string) (net.Listener, error) {
	_ = os.Remove(path)
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	// The folder is the user's alone already; this is the second bolt.
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// shortPath is a place for the socket of a profile in a deep folder.
func shortPath(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	base := filepath.Join(os.TempDir(), fmt.Sprintf("offhook-%d", os.Getuid()))
	if len(base) > maxSocketPath-30 {
		base = fmt.Sprintf("/tmp/offhook-%d", os.Getuid())
	}
	if err := os.MkdirAll(base, 0o700); err != nil {
		return "", err
	}
	// Somebody else may have made the folder to listen in our place.
	info, err := os.Lstat(base)
	if err != nil {
		return "", err
	}
	if !info.IsDir() || !ownedByUs(info) {
		return "", fmt.Errorf("control: %s belongs to somebody else", base)
	}
	if err := os.Chmod(base, 0o700); err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(abs))
	return filepath.Join(base, hex.EncodeToString(sum[:8])+".sock"), nil
}

// dial connects to the phone of a profile.
func dial(dir string) (net.Conn, error) {
	places := []string{filepath.Join(dir, socketName)}
	if data, err := os.ReadFile(filepath.Join(dir, pointerName)); err == nil && len(data) < 4096 {
		places = []string{strings.TrimSpace(string(data))}
	}
	if path, err := shortPath(dir); err == nil && path != places[0] {
		places = append(places, path)
	}
	err := os.ErrNotExist
	for _, path := range places {
		if len(path) > maxSocketPath {
			continue
		}
		var c net.Conn
		if c, err = net.DialTimeout("unix", path, 2*time.Second); err == nil {
			return c, nil
		}
	}
	return nil, err
}

// Running reports whether a phone answers on a profile's folder.
func Running(dir string) bool {
	c, err := dial(dir)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

package secrets

import (
	"errors"
	"sync"
)

// ErrNotFound is returned for a secret that was never set.
var ErrNotFound = errors.New("secrets: not found")

// Store keeps secrets by name. All methods may be called from any goroutine and
// may block on the operating system for a few seconds.
type Store interface {
	Get(name string) (string, error)
	Set(name, value string) error
	// Delete removes a secret; one that is not there is no error.
	Delete(name string) error
}

// Memory is a Store that forgets with the process. The zero value is ready.
type Memory struct {
	mu sync.Mutex
	m  map[string]string
}

// Get returns the secret or ErrNotFound.
func (m *Memory) Get(name string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.m[name]
	if !ok {
		return "", ErrNotFound
	}
	return v, nil
}

// Set keeps the secret.
func (m *Memory) Set(name, value string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.m == nil {
		m.m = map[string]string{}
	}
	m.m[name] = value
	return nil
}

// Delete forgets the secret.
func (m *Memory) Delete(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.m, name)
	return nil
}

// Safe keeps secrets in first and, as soon as that fails, in memory: nothing
// that the user types is lost for the running phone, and Err says why it will
// be lost at the restart.
type Safe struct {
	first Store
	mem   Memory

	mu  sync.Mutex
	err error
}

// NewSafe returns a Safe over first.
func NewSafe(first Store) *Safe { return &Safe{first: first} }

// Err is the reason of the latest failure of the keyring, or nil while it
// works.
func (s *Safe) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *Safe) note(err error) {
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	s.mu.Lock()
	s.err = err
	s.mu.Unlock()
}

// Get asks the memory and then the keyring. ErrBusy says that the secret may be
// there, but the keyring is locked.
func (s *Safe) Get(name string) (string, error) {
	if v, err := s.mem.Get(name); err == nil {
		return v, nil
	}
	v, err := s.first.Get(name)
	s.note(err)
	switch {
	case errors.Is(err, ErrBusy):
		return "", ErrBusy
	case err != nil:
		return "", ErrNotFound
	}
	return v, nil
}

// Set never fails: what the keyring does not take stays in memory.
func (s *Safe) Set(name, value string) error {
	err := s.first.Set(name, value)
	s.note(err)
	if err != nil {
		// An older value must not come back at the next start.
		_ = s.first.Delete(name)
		return s.mem.Set(name, value)
	}
	return s.mem.Delete(name)
}

// Delete removes the secret from both. It returns the keyring's error, because
// the user must know of a secret that could not be wiped.
func (s *Safe) Delete(name string) error {
	_ = s.mem.Delete(name)
	err := s.first.Delete(name)
	s.note(err)
	return err
}

// None is a Store that can't store anything, as on a machine without a keyring.
type None struct{}

var errNone = errors.New("secrets: no keyring")

// Get is for Store; it fails.
func (None) Get(string) (string, error) { return "", errNone }

// Set is for Store; it fails.
func (None) Set(string, string) error { return errNone }

// Delete is for Store; it fails.
func (None) Delete(string) error { return errNone }

package secrets

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/zalando/go-keyring"

	"offhook/internal/crash"
)

// partBytes is the size of one part. Windows holds 2,560 bytes in a secret and
// stores UTF-16 for some callers; half of it fits everywhere.
const partBytes = 1200

// maxParts bounds what a damaged index can make Get ask for.
const maxParts = 64

// timeout is how long the keyring may take. It may be waiting for a person to
// unlock it, and a phone that starts by itself must not wait with it.
const timeout = 5 * time.Second

// ErrBusy is returned when the keyring is locked: it did not answer in time, or the
// question for its password was refused. What it holds may be had later.
var ErrBusy = errors.New("secrets: the keyring does not answer")

// Keyring is a Store in the operating system's keyring: the Credential Manager,
// the Keychain, or the Secret Service.
//
// A value is stored as parts under names of their own and an index under its
// name. The index is written last and names a new generation of parts each
// time, so that a crash between two writes leaves the old value whole.
type Keyring struct {
	service string
}

// NewKeyring returns the keyring's part that belongs to a profile.
func NewKeyring(profile string) *Keyring {
	return &Keyring{service: "Offhook (" + profile + ")"}
}

// Get returns the secret, ErrNotFound, or why the keyring can't be used.
func (k *Keyring) Get(name string) (string, error) {
	return within(func() (string, error) {
		gen, n, err := k.index(name)
		if err != nil {
			return "", err
		}
		var b strings.Builder
		for i := range n {
			part, err := keyring.Get(k.service, partName(name, gen, i))
			if err != nil {
				return "", translate(err)
			}
			b.WriteString(part)
		}
		return b.String(), nil
	})
}

// Set stores the secret.
func (k *Keyring) Set(name, value string) error {
	_, err := within(func() (string, error) {
		oldGen, oldN, oldErr := k.index(name)
		if oldErr != nil && !errors.Is(oldErr, ErrNotFound) {
			return "", oldErr
		}
		parts := split(value)
		if len(parts) > maxParts {
			return "", fmt.Errorf("secrets: %d bytes are too many", len(value))
		}
		gen := newGeneration()
		for i, p := range parts {
			if err := keyring.Set(k.service, partName(name, gen, i), p); err != nil {
				return "", translate(err)
			}
		}
		if err := keyring.Set(k.service, name, fmt.Sprintf("v1 %s %d", gen, len(parts))); err != nil {
			return "", translate(err)
		}
		if oldErr == nil {
			k.deleteParts(name, oldGen, oldN)
		}
		return "", nil
	})
	return err
}

// Delete removes the secret and all its parts.
func (k *Keyring) Delete(name string) error {
	_, err := within(func() (string, error) {
		gen, n, err := k.index(name)
		if errors.Is(err, ErrNotFound) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		k.deleteParts(name, gen, n)
		err = translate(keyring.Delete(k.service, name))
		if errors.Is(err, ErrNotFound) {
			err = nil
		}
		return "", err
	})
	return err
}

func (k *Keyring) deleteParts(name, gen string, n int) {
	for i := range n {
		_ = keyring.Delete(k.service, partName(name, gen, i))
	}
}

// index reads where the parts of a secret are. An index that can't be
// understood counts as no secret: it belongs to somebody else's version.
func (k *Keyring) index(name string) (gen string, n int, err error) {
	text, err := keyring.Get(k.service, name)
	if err != nil {
		return "", 0, translate(err)
	}
	gen, n, ok := parseIndex(text)
	if !ok {
		return "", 0, ErrNotFound
	}
	return gen, n, nil
}

func parseIndex(text string) (gen string, n int, ok bool) {
	f := strings.Fields(text)
	if len(f) != 3 || f[0] != "v1" {
		return "", 0, false
	}
	n, err := strconv.Atoi(f[2])
	if err != nil || n < 0 || n > maxParts {
		return "", 0, false
	}
	return f[1], n, true
}

func partName(name, gen string, i int) string { return fmt.Sprintf("%s.%s.%d", name, gen, i) }

func newGeneration() string {
	var b [4]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func split(v string) []string {
	var parts []string
	for len(v) > partBytes {
		parts = append(parts, v[:partBytes])
		v = v[partBytes:]
	}
	return append(parts, v)
}

// translate gives the one error of go-keyring that has a type our name. The
// text of the others may come from a bus and is kept, it holds no secret.
func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keyring.ErrNotFound):
		return ErrNotFound
	case strings.Contains(strings.ToLower(err.Error()), "locked"), strings.Contains(strings.ToLower(err.Error()), "dismissed"):
		return fmt.Errorf("%w: %w", ErrBusy, err)
	default:
		return fmt.Errorf("secrets: keyring: %w", err)
	}
}

// within runs f for at most timeout. A keyring that never answers keeps one
// goroutine.
func within(f func() (string, error)) (string, error) {
	type result struct {
		v   string
		err error
	}
	done := make(chan result, 1)
	go func() {
		defer crash.Guard()
		v, err := f()
		done <- result{v, err}
	}()
	t := time.NewTimer(timeout)
	defer t.Stop()
	select {
	case r := <-done:
		return r.v, r.err
	case <-t.C:
		return "", ErrBusy
	}
}

package recording

import (
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
)

// Key is what encrypts recordings and opens them again.
type Key struct {
	identities []age.Identity
	recipient  age.Recipient
}

// IsZero reports whether there is no key.
func (k Key) IsZero() bool { return k.recipient == nil }

// ErrKey says that a text holds no key.
var ErrKey = errors.New("no age key")

// ParseKey reads a key file as age-keygen writes it: lines that begin with
// AGE-SECRET-KEY-1, and comments. New recordings are for the first key; each opens
// those that were made for it, so that a key can be changed. The error is ErrKey, and
// quotes nothing of the text.
func ParseKey(text string) (Key, error) {
	identities, err := age.ParseIdentities(strings.NewReader(text))
	if err != nil || len(identities) == 0 {
		return Key{}, fmt.Errorf("%w: a key file holds a line that begins with AGE-SECRET-KEY-1, as age-keygen writes it", ErrKey)
	}
	first, ok := identities[0].(*age.X25519Identity)
	if !ok {
		return Key{}, fmt.Errorf("%w: the first key must be one of age-keygen's", ErrKey)
	}
	return Key{identities: identities, recipient: first.Recipient()}, nil
}

// ParsePublicKey reads the public half of a key, as age-keygen -y prints it: it encrypts
// recordings and opens none. The error is ErrKey.
func ParsePublicKey(text string) (Key, error) {
	r, err := age.ParseX25519Recipient(strings.TrimSpace(text))
	if err != nil {
		return Key{}, fmt.Errorf("%w: a public key begins with age1", ErrKey)
	}
	return Key{recipient: r}, nil
}

// GenerateKey makes a key and returns the text of its file, of which a comment names the
// public half, as age-keygen has it.
func GenerateKey() (Key, string, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return Key{}, "", err
	}
	return Key{identities: []age.Identity{id}, recipient: id.Recipient()}, fmt.Sprintf("# public key: %s\n%s\n", id.Recipient(), id), nil
}

package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"offhook/internal/filelock"
)

// Files of the data folder beside the databases.
const (
	lockName        = "lock"
	credentialsName = "api-credentials"
)

// lockData keeps a second platform out of the data folder: the two would ring
// nobody, and each would end the other's calls.
func (p *Platform) lockData() error {
	if p.cfg.DataDir == "" {
		return nil
	}
	if err := os.MkdirAll(p.cfg.DataDir, 0o700); err != nil {
		return err
	}
	lock, err := filelock.Lock(filepath.Join(p.cfg.DataDir, lockName))
	if filelock.Held(err) {
		return fmt.Errorf("another offhook-demo uses the data folder %s: end that one, or name another folder with --data", p.cfg.DataDir)
	}
	if err != nil {
		return fmt.Errorf("lock the data folder: %w", err)
	}
	p.onClose(func(context.Context) error { return lock.Close() })
	return nil
}

// keepCredentials gives an account without API credentials those that were made at
// the first start, or makes them and writes them down for the operator.
func (p *Platform) keepCredentials() error {
	account := &p.cfg.Accounts[0]
	if account.APIKey != "" {
		return nil
	}
	path := filepath.Join(p.cfg.DataDir, credentialsName)
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		account.APIKey, account.APIToken = randomText(), randomText()
		text := fmt.Sprintf("# Made at random at the first start. --api-key and --api-token go before these.\napi-key = %s\napi-token = %s\n", account.APIKey, account.APIToken)
		err = os.WriteFile(path, []byte(text), 0o600)
	case err == nil:
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(line, "=")
			switch strings.TrimSpace(name) {
			case "api-key":
				account.APIKey = strings.TrimSpace(value)
			case "api-token":
				account.APIToken = strings.TrimSpace(value)
			}
		}
		if account.APIKey == "" || account.APIToken == "" {
			err = fmt.Errorf("%s holds no api-key and api-token: correct it, or delete it to have new ones made", path)
		}
	}
	if err != nil {
		return err
	}
	p.credentials = path
	return nil
}

// CredentialsFile is where the account's API credentials were written down, ""
// unless they were made at random and there is a data folder.
func (p *Platform) CredentialsFile() string { return p.credentials }

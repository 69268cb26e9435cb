package pushed

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"offhook/app/settings"
	"offhook/push"
)

// Ledger keeps what was delivered in the file of that name.
type Ledger string

// Load is for push.Store.
func (l Ledger) Load() (push.State, error) {
	data, err := os.ReadFile(string(l))
	if errors.Is(err, fs.ErrNotExist) {
		return push.State{}, nil
	}
	if err != nil {
		return push.State{}, err
	}
	var s push.State
	if json.Unmarshal(data, &s) != nil {
		// What a crash of the machine left of it is worth nothing; the call log
		// still shows nothing twice.
		return push.State{}, nil
	}
	return s, nil
}

// Save is for push.Store.
func (l Ledger) Save(s push.State) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return settings.WriteFileAtomic(string(l), data, 0o600)
}

package directory

import (
	"encoding/json"
	"os"
	"path/filepath"

	"offhook/app/settings"
)

// cacheFile keeps the directory for a start without a network.
const cacheFile = "contacts.json"

// cached is the content of cacheFile.
type cached struct {
	// Owner is whose directory it is.
	Owner  string  `json:"owner"`
	Groups []Group `json:"groups"`
}

// WriteCache keeps an owner's groups in a profile's folder.
func WriteCache(dir, owner string, groups []Group) error {
	data, err := json.Marshal(cached{owner, groups})
	if err != nil {
		return err
	}
	return settings.WriteFileAtomic(filepath.Join(dir, cacheFile), data, 0o600)
}

// ReadCache returns what WriteCache kept; ok is false if it is somebody else's, or
// can't be read.
func ReadCache(dir, owner string) (groups []Group, ok bool) {
	data, err := os.ReadFile(filepath.Join(dir, cacheFile))
	var c cached
	if err != nil || json.Unmarshal(data, &c) != nil || c.Owner != owner {
		return nil, false
	}
	return c.Groups, true
}

// RemoveCache forgets what WriteCache kept.
func RemoveCache(dir string) { _ = os.Remove(filepath.Join(dir, cacheFile)) }

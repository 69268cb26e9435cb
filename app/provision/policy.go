package provision

import (
	"bytes"
	_ "embed" // the schema
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sort"

	"offhook/app/backend"
	"offhook/app/settings"
)

// Schema is the JSON schema of a policy.
//
//go:embed schema.json
var Schema []byte

// Version is the version of the format.
const Version = 1

// maxPolicy bounds a policy.
const maxPolicy = 256 << 10

// Policy is what an administrator decided.
type Policy struct {
	Schema  string `json:"$schema,omitempty"`
	Version int    `json:"version"`
	URL     string `json:"url,omitempty"`
	Server  string `json:"server,omitempty"`
	Account string `json:"account,omitempty"`
	// Settings are values by the settings' JSON paths.
	Settings map[string]json.RawMessage `json:"settings,omitempty"`
	Locked   []string                   `json:"locked,omitempty"`
}

// forbidden are the settings that belong to the phone itself.
var forbidden = map[string]bool{"version": true, "device_id": true, "signed_in": true, "locked": true}

// Parse reads a policy and checks all of it, so that one that is accepted can
// be applied.
func Parse(data []byte) (*Policy, error) {
	if len(data) > maxPolicy {
		return nil, errors.New("the policy is too long")
	}
	var p Policy
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return nil, fmt.Errorf("the policy is no JSON of this form: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the policy is followed by something else")
	}
	if p.Version != Version {
		return nil, fmt.Errorf("the policy's version is %d, this phone knows %d", p.Version, Version)
	}
	if p.Server != "" {
		if _, err := backend.ParseServer(p.Server); err != nil {
			return nil, fmt.Errorf("the policy's server: %w", err)
		}
	}
	if p.URL != "" {
		if err := checkURL(p.URL); err != nil {
			return nil, err
		}
	}
	trial := settings.Default()
	for path, value := range p.Settings {
		if forbidden[path] {
			return nil, fmt.Errorf("the policy can't set %q", path)
		}
		if err := settings.SetPath(&trial, path, value); err != nil {
			return nil, fmt.Errorf("the policy: %w", err)
		}
	}
	for _, path := range p.Locked {
		if forbidden[path] || !settings.Known(path) {
			return nil, fmt.Errorf("the policy can't lock %q", path)
		}
	}
	return &p, nil
}

// checkURL lets a policy only come over a connection that can't be forged.
func checkURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil {
		return errors.New("the policy's url is none")
	}
	if u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()) {
		return nil
	}
	return errors.New("a policy is fetched over https only")
}

func isLoopback(host string) bool { return host == "127.0.0.1" || host == "::1" || host == "localhost" }

// Apply writes the policy into settings. A locked setting is set at each start;
// one that is not locked only while the user has not changed it.
func (p *Policy) Apply(s *settings.Settings) {
	s.Locked = append([]string(nil), p.Locked...)
	sort.Strings(s.Locked)
	for path, value := range p.Settings {
		if p.locks(path) || settings.Untouched(*s, path) {
			_ = settings.SetPath(s, path, value) // Parse has tried it
		}
	}
	if p.Server != "" && (s.Account.Server == "" || p.locks("account.server")) {
		if s.Account.Server != "" && s.Account.Server != p.Server {
			s.SignedIn = false // a token of the old server is worth nothing at the new one
		}
		s.Account.Server = p.Server
	}
	if p.Account != "" && (s.Account.AccountSID == "" || p.locks("account.account_sid")) {
		s.Account.AccountSID = p.Account
	}
}

// locks reports whether a path, or a part that holds it, is locked.
func (p *Policy) locks(path string) bool {
	for _, l := range p.Locked {
		if l == path || len(path) > len(l) && path[:len(l)] == l && path[len(l)] == '.' {
			return true
		}
	}
	return false
}

package provision

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sort"

	"offhook/app/backend"
	"offhook/app/settings"
	"offhook/voice/cleartext"
)

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
	// WebhookSecret is the key that webhooks are signed with. It is in no setting.
	WebhookSecret string `json:"webhook_secret,omitempty"`
	// Settings are values by the settings' JSON paths.
	Settings map[string]json.RawMessage `json:"settings,omitempty"`
	Locked   []string                   `json:"locked,omitempty"`
}

// fit says why a policy can't set or lock what is at a path.
func fit(path string) error {
	if e, ok := settings.Of(path); ok && e.Own || !settings.Known(path) {
		return fmt.Errorf("a policy has no say in %q", path)
	}
	return nil
}

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
		first, others := backend.Servers(p.Server)
		for _, server := range append([]string{first}, others...) {
			if _, err := backend.ParseServer(server); err != nil {
				return nil, fmt.Errorf("the policy's server: %w", err)
			}
		}
	}
	if p.URL != "" {
		if err := checkURL(p.URL); err != nil {
			return nil, err
		}
	}
	trial := settings.Default()
	for path, value := range p.Settings {
		if err := fit(path); err != nil {
			return nil, err
		}
		if err := settings.SetPath(&trial, path, value); err != nil {
			return nil, fmt.Errorf("the policy: %w", err)
		}
	}
	for _, path := range p.Locked {
		if err := fit(path); err != nil {
			return nil, err
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
	if u.Scheme != "https" && u.Scheme != "http" || cleartext.CheckURL(u, false) != nil {
		return errors.New("a policy is fetched over https only")
	}
	return nil
}

// Apply writes the policy into settings. A locked setting is set at each start;
// one that is not locked only while the user has not changed it.
func (p *Policy) Apply(s *settings.Settings) {
	s.Locked = append([]string(nil), p.Locked...)
	sort.Strings(s.Locked)
	for path, value := range p.Settings {
		if s.IsLocked(path) || settings.Untouched(*s, path) {
			_ = settings.SetPath(s, path, value) // Parse has tried it
		}
	}
	if p.Server != "" && (s.Account.Server == "" || s.IsLocked("account.server")) {
		server, nodes := backend.Servers(p.Server)
		if s.Account.Server != server {
			s.SignedIn = s.SignedIn && s.Account.Server == "" // a token of the old server is worth nothing at the new one
			s.Account.Nodes = nil
		}
		s.Account.Server = server
		if len(nodes) > 0 {
			s.Account.Nodes = nodes
		}
	}
	if p.Account != "" && (s.Account.AccountSID == "" || s.IsLocked("account.account_sid")) {
		s.Account.AccountSID = p.Account
	}
}

// Package signin has what a sign-in at an application backend is made of: what a
// person enters, and the secrets that are kept for the next start.
package signin

import (
	"strings"

	"offhook/app/backend"
	"offhook/app/settings"
	"offhook/voice/fault"
)

// Credentials are what the sign-in page asks for. Server, AccountSID and
// DisplayName may be empty: the ones of the last sign-in are used, then those
// of a provisioning file. An empty DisplayName becomes the user name.
type Credentials struct {
	UserName   string
	Password   string
	AccountSID string
	// Server is where to sign in, or several that stand for each other, separated by
	// commas; Completed leaves the first and puts the others into Nodes.
	Server      string
	Nodes       []string
	DisplayName string
	// AllowClearText says that the user knows that passwords and calls can be read
	// on their way to the server.
	AllowClearText bool
}

// Completed fills in what may be empty, and what an administrator has fixed.
func (c Credentials) Completed(set settings.Settings, defaults Credentials) Credentials {
	stored := set.Account
	first := func(values ...string) string {
		for _, v := range values {
			if v = strings.TrimSpace(v); v != "" {
				return v
			}
		}
		return ""
	}
	c.UserName = strings.TrimSpace(c.UserName)
	c.AccountSID = first(c.AccountSID, stored.AccountSID, defaults.AccountSID)
	c.Server = first(c.Server, stored.Server, defaults.Server)
	c.Server, c.Nodes = backend.Servers(c.Server)
	c.DisplayName = first(c.DisplayName, c.UserName)
	if set.IsLocked("account.server") && stored.Server != "" {
		c.Server, c.Nodes = backend.Servers(stored.Server)
	}
	if len(c.Nodes) == 0 && c.Server == stored.Server {
		c.Nodes = stored.Nodes
	}
	if set.IsLocked("account.account_sid") && stored.AccountSID != "" {
		c.AccountSID = stored.AccountSID
	}
	// What was allowed once holds for the same server.
	c.AllowClearText = c.AllowClearText || stored.AllowClearText && stored.Server == c.Server
	if set.IsLocked("account.allow_clear_text") {
		c.AllowClearText = stored.AllowClearText
	}
	return c
}

// Check finds what is missing in the order of the sign-in page (reference,
// section 6).
func (c Credentials) Check() error {
	missing := func(code string) error { return fault.New(fault.InvalidParameter, code) }
	switch {
	case c.UserName == "":
		return missing("sign-in.no-user")
	case c.Password == "":
		return missing("sign-in.no-password")
	case c.AccountSID == "":
		return missing("sign-in.no-account")
	case c.Server == "":
		return missing("sign-in.no-server")
	}
	for _, server := range append([]string{c.Server}, c.Nodes...) {
		if _, err := backend.ParseServer(server); err != nil {
			return err
		}
	}
	return nil
}

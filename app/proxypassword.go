package app

import (
	"encoding/json"
	"errors"
	"strings"

	"offhook/app/proxy"
	"offhook/app/readiness"
	"offhook/voice/fault"
)

// secretProxy is the name of the proxy's user name and password in the keyring.
const secretProxy = "proxy"

// SetProxyPassword keeps the user name and the password that the network's proxy
// wants, in the keyring, and tries again at once whatever failed for want of
// them. An empty user forgets them. It may wait for the keyring for a few
// seconds.
func (p *Phone) SetProxyPassword(user, password string) error {
	if strings.Contains(user, ":") || strings.ContainsAny(user+password, "\r\n\x00") {
		return fault.New(fault.InvalidParameter, "proxy.user-with-colon")
	}
	if user == "" {
		err := p.secrets.Delete(secretProxy)
		p.noteKeyring()
		if err != nil && !p.Snapshot().Account.KeyringMissing {
			return fault.Wrap(err, fault.InternalError, "keyring.keeps-proxy-password")
		}
		return nil
	}
	p.cfg.Protect(password)
	data, err := json.Marshal(proxy.Credentials{User: user, Password: password})
	if err != nil {
		return err
	}
	_ = p.secrets.Set(secretProxy, string(data)) // in memory where there is no keyring
	p.noteKeyring()
	p.Retry()
	return nil
}

// proxyPassword is what the proxy's dialer asks for.
func (p *Phone) proxyPassword(string) (proxy.Credentials, bool) {
	data, err := p.secrets.Get(secretProxy)
	if err != nil {
		return proxy.Credentials{}, false
	}
	var c proxy.Credentials
	if json.Unmarshal([]byte(data), &c) != nil || c.User == "" {
		return proxy.Credentials{}, false
	}
	p.cfg.Protect(c.Password)
	return c, true
}

// actionFor is the action against an error, usual if it needs none of its own.
func actionFor(err error, usual string) string {
	if wantsProxyPassword(err) {
		return readiness.ProxyPassword
	}
	return usual
}

// wantsProxyPassword reports whether a connection failed for want of one.
func wantsProxyPassword(err error) bool { return errors.Is(err, proxy.ErrCredentials) }

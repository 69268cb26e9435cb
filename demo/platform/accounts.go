package platform

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
)

// Account is a tenant of the platform.
type Account struct {
	// SID names the account in every path.
	SID string
	// APIKey and APIToken are the Basic credentials of the account's servers.
	APIKey, APIToken string
	// Exophone is the number that the account's phones dial, without "sip:".
	Exophone string
	// VoIP tells whether subscribers of the account may have tokens and call.
	VoIP bool
	// Preprovisioned forbids dynamic provisioning: a token for an unknown
	// subscriber is then refused instead of creating the subscriber.
	Preprovisioned bool
}

// checkBasic finds the account of the path and checks the credentials against
// it. Wrong credentials and an unknown account look alike.
func (s *Server) checkBasic(r *http.Request) (*Account, error) {
	key, token, ok := r.BasicAuth()
	account := s.accounts[r.PathValue("sid")]
	known := account
	if known == nil {
		known = &Account{}
	}
	if !ok || !SameSecret(key, known.APIKey) || !SameSecret(token, known.APIToken) || account == nil || known.APIKey == "" {
		s.log.Warn("API credentials refused", "from", r.RemoteAddr, "path", r.URL.Path)
		return nil, errBadCredentials
	}
	if !s.accountRate.Allow(account.SID) {
		return nil, errTooMany
	}
	return account, nil
}

// SameSecret compares in a time that tells nothing of either value.
func SameSecret(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

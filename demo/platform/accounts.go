package platform

import (
	"net/http"

	"offhook/demo/endpoint"
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
	account := s.accounts[r.PathValue("sid")]
	known := account
	if known == nil {
		known = &Account{}
	}
	if !endpoint.HasBasic(r, known.APIKey, known.APIToken) {
		s.log.Warn("API credentials refused", "from", r.RemoteAddr, "path", r.URL.Path)
		return nil, errBadCredentials
	}
	if !s.accountRate.Allow(account.SID) {
		return nil, errTooMany
	}
	return account, nil
}

package platform

import (
	"net"
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
		s.refused(r)
		return nil, errBadCredentials
	}
	if !s.accountRate.Allow(account.SID) {
		return nil, errTooMany
	}
	return account, nil
}

// refused writes wrong credentials into the log, but no more of them than
// somebody can read.
func (s *Server) refused(r *http.Request) {
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		from = r.RemoteAddr
	}
	if s.refusals.Allow(from) {
		s.log.Warn("API credentials refused", "from", from, "path", r.URL.Path)
	}
}

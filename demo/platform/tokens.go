package platform

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"offhook/demo/endpoint"
	"offhook/voice/wire"
)

// Defaults of the token lives and of the clock skew that is forgiven
// (reference, section 3).
const (
	DefaultRefreshLife = 24 * time.Hour
	DefaultAccessLife  = 30 * time.Minute
	clockSkew          = time.Minute
	scopeVoice         = "voice"
	keyBytes           = 32
)

// tokenClaims are the documented claims, and some of this project: the device
// that the token is bound to, the account, so that no tenant's token opens
// another's door, and the family of a sign-in. Only an access token has a scope.
type tokenClaims struct {
	jwt.RegisteredClaims
	ClientID   string `json:"client_id"`
	DeviceID   string `json:"device_id"`
	AccountSID string `json:"account_sid"`
	// Family names the sign-in that the token comes from, Generation counts its
	// renewals. A refresh token is used up once a token of the next generation
	// was seen; until then its phone may have lost the answer, and asks again.
	Family     string `json:"family"`
	Generation int64  `json:"generation,omitempty"`
	Scope      string `json:"scope,omitempty"`
}

// signer signs and verifies one kind of token with a key of its own, so that a
// token of one kind is never taken for another.
type signer struct {
	key    []byte
	issuer string
	now    func() time.Time
}

func newSigner(secret []byte, kind, issuer string, now func() time.Time) (signer, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, kind, keyBytes)
	if err != nil {
		return signer{}, fmt.Errorf("derive key for %s: %w", kind, err)
	}
	return signer{key: key, issuer: issuer, now: now}, nil
}

func (s signer) sign(claims jwt.Claims) (string, error) {
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(s.key)
}

func (s signer) verify(token string, claims jwt.Claims) error {
	_, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return s.key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(s.issuer), jwt.WithLeeway(clockSkew),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithTimeFunc(s.now))
	return err
}

// issuePair signs both tokens with the subject, client, device, account, family
// and generation that of names.
func (s *Server) issuePair(of tokenClaims) (wire.TokenPair, error) {
	now := s.now()
	of.Issuer, of.IssuedAt = s.cfg.Issuer, jwt.NewNumericDate(now)
	of.ExpiresAt, of.Scope = jwt.NewNumericDate(now.Add(s.cfg.RefreshLife)), ""
	refresh, err := s.refresh.sign(of)
	if err != nil {
		return wire.TokenPair{}, err
	}
	of.ExpiresAt, of.Scope = jwt.NewNumericDate(now.Add(s.cfg.AccessLife)), scopeVoice
	access, err := s.access.sign(of)
	return wire.TokenPair{RefreshToken: refresh, AccessToken: access}, err
}

func bearerError(description string) *apiError {
	return &apiError{status: http.StatusUnauthorized, code: wire.CodeUnauthorized, description: description,
		challenge: fmt.Sprintf(`Bearer realm="platform", error="invalid_token", error_description=%q`, description)}
}

// The descriptions by which a phone tells an expired token from a wrong one.
var (
	errNoBearer      = bearerError("A Bearer token is required")
	errTokenExpired  = bearerError("Token expired")
	errTokenInvalid  = bearerError("Token invalid")
	errRefreshDevice = bearerError("Invalid refresh token: it was issued to another device")
)

// Whose returns the active subscriber of the first account whose access token it
// is.
func (s *Server) Whose(ctx context.Context, token string) (subscriber string, err error) {
	var claims tokenClaims
	if err := s.access.verify(token, &claims); err != nil {
		return "", err
	}
	account := s.cfg.Accounts[0].SID
	if claims.AccountSID != account || claims.Scope != scopeVoice {
		return "", errTokenInvalid
	}
	sub, _, err := s.findByToken(ctx, account, claims)
	return sub.name, err
}

// checkToken verifies a Bearer token of the given kind for the subscriber of
// the path and returns that subscriber, active, with the token's claims.
func (s *Server) checkToken(r *http.Request, kind signer, scope string) (*Account, subscriber, tokenClaims, error) {
	var claims tokenClaims
	token, ok := endpoint.Bearer(r)
	if !ok {
		return nil, subscriber{}, claims, errNoBearer
	}
	if err := kind.verify(token, &claims); err != nil {
		if errors.Is(err, jwt.ErrTokenExpired) {
			return nil, subscriber{}, claims, errTokenExpired
		}
		return nil, subscriber{}, claims, errTokenInvalid
	}
	account := s.accounts[r.PathValue("sid")]
	if account == nil || claims.AccountSID != account.SID || claims.Subject != r.PathValue("name") || claims.Scope != scope {
		return nil, subscriber{}, claims, errTokenInvalid
	}
	if !s.phoneRate.Allow(account.SID + "/" + claims.Subject) {
		return nil, subscriber{}, claims, errTooMany
	}
	sub, generation, err := s.findByToken(r.Context(), account.SID, claims)
	switch {
	case err != nil:
	case claims.Generation > generation:
		err = s.advance(r.Context(), claims)
	case claims.Generation < generation && scope == "":
		if err = s.revokeFamily(r.Context(), account.SID, claims); err == nil {
			err = errTokenInvalid
		}
	}
	return account, sub, claims, err
}

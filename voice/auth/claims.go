package auth

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

var (
	errNotJSON = errors.New("not a JSON object")
	errNotJWT  = errors.New("not a JWT")
	errNoLife  = errors.New("no exp claim")
	errTooLong = errors.New("longer than a token may be")
)

// Claims are the claims of a subscriber's token (reference, section 3).
type Claims struct {
	Issuer   string
	Subject  string
	ClientID string
	// DeviceID is the device that the token is bound to, or "".
	DeviceID string
	// Scope is "voice" in access tokens.
	Scope    string
	IssuedAt time.Time
	Expires  time.Time
}

type wireClaims struct {
	jwt.RegisteredClaims
	ClientID string `json:"client_id"`
	DeviceID string `json:"device_id"`
	Scope    string `json:"scope"`
}

// ParseClaims reads the claims of a JWT without verifying its signature, for
// which only the platform has the key. A token without an exp claim is refused.
// The errors are AUTHENTICATION_INVALID_TOKEN and never quote the token.
func ParseClaims(token string) (Claims, error) {
	if len(token) > maxTokenBytes {
		return Claims{}, damaged(errTooLong)
	}
	var w wireClaims
	if _, _, err := jwt.NewParser().ParseUnverified(token, &w); err != nil {
		return Claims{}, damaged(errNotJWT)
	}
	if w.ExpiresAt == nil {
		return Claims{}, damaged(errNoLife)
	}
	c := Claims{
		Issuer: w.Issuer, Subject: w.Subject,
		ClientID: w.ClientID, DeviceID: w.DeviceID, Scope: w.Scope,
		Expires: w.ExpiresAt.Time,
	}
	if w.IssuedAt != nil {
		c.IssuedAt = w.IssuedAt.Time
	}
	return c, nil
}

// Life is the time between the token's issue and its expiry, or 0 if it does
// not say when it was issued.
func (c Claims) Life() time.Duration {
	if c.IssuedAt.IsZero() || !c.Expires.After(c.IssuedAt) {
		return 0
	}
	return c.Expires.Sub(c.IssuedAt)
}

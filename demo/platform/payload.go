package platform

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"offhook/demo/exophone"
	"offhook/voice/wire"
)

// payloadLife is the life of a payload whose Expires is zero.
const payloadLife = 2 * time.Minute

var errPayload = errors.New("payload: subscriber or session is missing")

// Sign makes a payload. Times that are missing mean now and two minutes of life.
func (s *Server) Sign(c wire.PayloadClaims) (string, error) {
	if c.Subject == "" || c.SessionID == "" {
		return "", errPayload
	}
	now := s.now()
	c.Issuer = s.cfg.Issuer
	if c.IssuedAt == nil {
		c.IssuedAt = jwt.NewNumericDate(now)
	}
	if c.ExpiresAt == nil {
		c.ExpiresAt = jwt.NewNumericDate(c.IssuedAt.Add(payloadLife))
	}
	if c.NotificationTime == "" {
		c.NotificationTime = now.UTC().Format(time.RFC3339Nano)
	}
	return s.payload.sign(c)
}

// Verify checks signature and life of a payload and returns its claims. It
// returns exophone.ErrPayloadExpired for one that was right in its time.
func (s *Server) Verify(token string) (c wire.PayloadClaims, err error) {
	if err := s.payload.verify(token, &c); err != nil {
		if errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
			err = exophone.ErrPayloadExpired
		}
		return wire.PayloadClaims{}, err
	}
	if c.Subject == "" || c.SessionID == "" {
		return wire.PayloadClaims{}, errPayload
	}
	return c, nil
}

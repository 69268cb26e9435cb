package platform

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"offhook/demo/exophone"
)

// payloadLife is the life of a payload whose Expires is zero.
const payloadLife = 2 * time.Minute

// payloadClaims are the claims of a call's payload (docs/architecture.md, Wire).
type payloadClaims struct {
	jwt.RegisteredClaims
	CallerID         string `json:"callerId"`
	CallerName       string `json:"callerName"`
	SessionID        string `json:"sessionId"`
	LongPollURL      string `json:"longPollUrl"`
	LongPollTimeout  int    `json:"longPollTimeout"`
	RejectCallURL    string `json:"rejectCallUrl"`
	NotificationTime string `json:"notificationTime"`
}

var errPayload = errors.New("payload: subscriber or session is missing")

// Sign makes a payload. Zero times mean now and two minutes of life.
func (s *Server) Sign(c exophone.Claims) (string, error) {
	if c.Subscriber == "" || c.SessionID == "" {
		return "", errPayload
	}
	now := s.now()
	if c.IssuedAt.IsZero() {
		c.IssuedAt = now
	}
	if c.Expires.IsZero() {
		c.Expires = c.IssuedAt.Add(payloadLife)
	}
	if c.NotificationTime.IsZero() {
		c.NotificationTime = now
	}
	return s.payload.sign(payloadClaims{
		RegisteredClaims: jwt.RegisteredClaims{Issuer: s.cfg.Issuer, Subject: c.Subscriber, IssuedAt: jwt.NewNumericDate(c.IssuedAt), ExpiresAt: jwt.NewNumericDate(c.Expires)},
		CallerID:         c.CallerID, CallerName: c.CallerName, SessionID: c.SessionID,
		LongPollURL: c.LongPollURL, LongPollTimeout: c.LongPollTimeout, RejectCallURL: c.RejectCallURL,
		NotificationTime: c.NotificationTime.UTC().Format(time.RFC3339Nano),
	})
}

// Verify checks signature and life of a payload and returns its claims. It
// returns exophone.ErrPayloadExpired for one that was right in its time.
func (s *Server) Verify(token string) (exophone.Claims, error) {
	var c payloadClaims
	if err := s.payload.verify(token, &c); err != nil {
		if errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
			err = exophone.ErrPayloadExpired
		}
		return exophone.Claims{}, err
	}
	if c.Subject == "" || c.SessionID == "" {
		return exophone.Claims{}, errPayload
	}
	// A time that this platform did not write itself is not there.
	notified, _ := time.Parse(time.RFC3339Nano, c.NotificationTime)
	claims := exophone.Claims{
		Subscriber: c.Subject, CallerID: c.CallerID, CallerName: c.CallerName, SessionID: c.SessionID,
		LongPollURL: c.LongPollURL, LongPollTimeout: c.LongPollTimeout, RejectCallURL: c.RejectCallURL,
		NotificationTime: notified, Expires: c.ExpiresAt.Time,
	}
	if c.IssuedAt != nil {
		claims.IssuedAt = c.IssuedAt.Time
	}
	return claims, nil
}

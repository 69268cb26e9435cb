package auth

import (
	"encoding/json"
	"log/slog"
	"strings"

	"offhook/voice/fault"
)

// maxTokenBytes bounds what is accepted as a token or a pair of them.
const maxTokenBytes = 16 << 10

// Pair is a subscriber token: the refresh token, which lives for a day, and the
// access token that is renewed with it. It prints and logs without either.
type Pair struct {
	refresh, access string
}

// NewPair makes a Pair of two JWTs. It fails with
// AUTHENTICATION_INVALID_TOKEN if either is not of that form.
func NewPair(refresh, access string) (Pair, error) {
	for _, t := range []string{refresh, access} {
		if _, err := ParseClaims(t); err != nil {
			return Pair{}, err
		}
	}
	return Pair{refresh: refresh, access: access}, nil
}

// ParsePair reads the JSON text {"refresh_token":"<JWT>","access_token":"<JWT>"}
// that the application backend hands out (reference, section 3). It fails with
// AUTHENTICATION_INVALID_TOKEN.
func ParsePair(text string) (Pair, error) {
	if len(text) > 2*maxTokenBytes {
		return Pair{}, damaged(nil)
	}
	var raw struct {
		Refresh string `json:"refresh_token"`
		Access  string `json:"access_token"`
	}
	// The decoder's error may quote the input, which is a secret: it is dropped.
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return Pair{}, damaged(errNotJSON)
	}
	return NewPair(strings.TrimSpace(raw.Refresh), strings.TrimSpace(raw.Access))
}

// Refresh returns the refresh token, a secret.
func (p Pair) Refresh() string { return p.refresh }

// Access returns the access token, a secret.
func (p Pair) Access() string { return p.access }

// String hides both tokens.
func (p Pair) String() string { return "subscriber token (hidden)" }

// GoString hides both tokens from %#v.
func (p Pair) GoString() string { return "auth.Pair{hidden}" }

// LogValue hides both tokens from structured logs.
func (p Pair) LogValue() slog.Value { return slog.StringValue(p.String()) }

func damaged(cause error) *fault.Error {
	return fault.Wrap(cause, fault.AuthenticationInvalidToken,
		"sign-in.damaged-token")
}

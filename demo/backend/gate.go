package backend

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"offhook/demo/inbox"
)

const (
	// trustFor is how long the platform's word on an access token is believed
	// for the requests that follow.
	trustFor = 30 * time.Second
	// maxTrusted bounds the tokens remembered.
	maxTrusted = 20000
	// maxToken bounds a token that is looked at.
	maxToken = 4096
)

// gate has the platform judge access tokens: the backend has no key of its own
// to do so. It implements inbox.Gate.
type gate struct {
	platform *platformClient
	now      func() time.Time

	mu      sync.Mutex
	trusted map[[sha256.Size]byte]trust
}

type trust struct {
	owner inbox.Owner
	until time.Time
}

func newGate(platform *platformClient, now func() time.Time) *gate {
	return &gate{platform: platform, now: now, trusted: make(map[[sha256.Size]byte]trust)}
}

// Check implements inbox.Gate.
func (g *gate) Check(ctx context.Context, token string) (inbox.Owner, error) {
	var claims struct {
		jwt.RegisteredClaims
		AccountSID string `json:"account_sid"`
	}
	if len(token) > maxToken {
		return inbox.Owner{}, inbox.ErrRefused
	}
	// Whose token it says it is; the platform then says whether that is true.
	if _, _, err := jwt.NewParser().ParseUnverified(token, &claims); err != nil || claims.Subject == "" || claims.ExpiresAt == nil ||
		claims.AccountSID != "" && claims.AccountSID != g.platform.accountSID {
		return inbox.Owner{}, inbox.ErrRefused
	}
	key, now := sha256.Sum256([]byte(token)), g.now()
	g.mu.Lock()
	known, ok := g.trusted[key]
	g.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.owner, nil
	}
	err := g.platform.checkAccess(ctx, claims.Subject, token)
	switch {
	case errors.Is(err, errRefused) || errors.Is(err, errInactive) || errors.Is(err, errNotFound):
		return inbox.Owner{}, fmt.Errorf("%w: %w", inbox.ErrRefused, err)
	case err != nil:
		return inbox.Owner{}, err
	}
	owner := inbox.Owner{Account: g.platform.accountSID, Subscriber: claims.Subject}
	g.remember(key, trust{owner: owner, until: now.Add(trustFor)})
	return owner, nil
}

func (g *gate) remember(key [sha256.Size]byte, t trust) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.trusted) >= maxTrusted {
		now := g.now()
		for k, v := range g.trusted {
			if !now.Before(v.until) {
				delete(g.trusted, k)
			}
		}
	}
	if len(g.trusted) < maxTrusted {
		g.trusted[key] = t
	}
}

// forget drops the trust in a subscriber's tokens.
func (g *gate) forget(subscriber string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for key, t := range g.trusted {
		if t.owner.Subscriber == subscriber {
			delete(g.trusted, key)
		}
	}
}

// Recheck implements inbox.Gate.
func (g *gate) Recheck(ctx context.Context, owner inbox.Owner) error {
	active, err := g.platform.active(ctx, owner.Subscriber)
	switch {
	case errors.Is(err, errNotFound):
		return inbox.ErrGone
	case err != nil:
		return err
	case !active:
		return inbox.ErrRefused
	}
	return nil
}

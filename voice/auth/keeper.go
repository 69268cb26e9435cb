package auth

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"offhook/internal/backoff"
	"offhook/internal/crash"
	"offhook/voice/clock"
	"offhook/voice/fault"
	"offhook/voice/wire"
)

const (
	// renewAt is the part of an access token's life after which it is renewed.
	renewAt = 0.8
	// renewTries is how often a renewal is tried before it counts as failed for
	// now.
	renewTries = 3
	// retryLater is the pause before the next scheduled renewal after one that
	// failed for now.
	retryLater = 30 * time.Second
	// renewTimeout bounds one renewal with all its tries.
	renewTimeout = time.Minute
)

// ErrClosed says that the Keeper was closed.
var ErrClosed = errors.New("auth: keeper is closed")

// Renewer asks the platform for a new access token. The pair's refresh token is
// empty where the platform does not rotate it. A fault of type NETWORK_ERROR or
// SERVER_ERROR is tried again, account.inactive later; any other is final.
type Renewer interface {
	Renew(ctx context.Context, refreshToken string) (wire.TokenPair, error)
}

// Config makes a Keeper.
type Config struct {
	Pair    Pair
	Renewer Renewer
	// Clock is the machine's if nil.
	Clock clock.Clock
	// ServerOffset is how far the platform's clock is ahead of the phone's, as
	// far as is known; nil means not at all.
	ServerOffset func() time.Duration
	// Failed is called once, from a goroutine of the Keeper, when the token can
	// no longer be renewed. May be nil.
	Failed func(*fault.Error)
	// Renewed is called after each renewal with the new pair, from a goroutine of
	// the Keeper and before the new access token is given out: once the platform
	// has seen that one, the old refresh token is worth nothing, and a store that keeps
	// the pair for the next start must have the new one. May be nil.
	Renewed func(Pair)
	// Logger may be nil.
	Logger *slog.Logger
}

// Keeper keeps a subscriber's access token fresh: it is renewed at 80 % of its
// life, and at once after a 401. All methods may be called from any goroutine.
type Keeper struct {
	cfg     Config
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	pair    Pair
	claims  Claims // of the access token
	refresh Claims
	failure *fault.Error
	closed  bool
	// rejected says that the platform refused the present access token.
	rejected bool
	// received is when the present access token was made, by the phone's wall
	// clock; zero for the one of Config.Pair, whose age only the clocks tell.
	received time.Time
	// renewal is the renewal in progress, or nil.
	renewal *renewal
	stop    func() bool // of the scheduled renewal
}

type renewal struct {
	done chan struct{}
	err  error // written before done is closed
}

// NewKeeper starts to keep cfg.Pair fresh; Close ends that.
func NewKeeper(cfg Config) (*Keeper, error) {
	access, err := ParseClaims(cfg.Pair.Access())
	if err != nil {
		return nil, err
	}
	refresh, err := ParseClaims(cfg.Pair.Refresh())
	if err != nil {
		return nil, err
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.System{}
	}
	if cfg.ServerOffset == nil {
		cfg.ServerOffset = func() time.Duration { return 0 }
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	k := &Keeper{
		cfg: cfg, ctx: ctx, cancel: cancel,
		pair: cfg.Pair, claims: access, refresh: refresh,
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.schedule(k.serverNow())
	return k, nil
}

// AccessToken returns a token that the platform should accept, after renewing
// it if it has expired or was rejected. The error is AUTHENTICATION_INVALID_TOKEN
// or AUTHENTICATION_EXPIRED_TOKEN once and for all, NETWORK_ERROR or
// SERVER_ERROR for now.
func (k *Keeper) AccessToken(ctx context.Context) (string, error) {
	for {
		k.mu.Lock()
		switch {
		case k.closed:
			k.mu.Unlock()
			return "", ErrClosed
		case k.failure != nil:
			defer k.mu.Unlock()
			return "", k.failure
		case !k.rejected && !k.spent():
			defer k.mu.Unlock()
			return k.pair.access, nil
		}
		r := k.renew()
		k.mu.Unlock()
		select {
		case <-r.done:
			if r.err != nil {
				return "", r.err
			}
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// spent reports whether the access token has lived its life. One that the
// platform made in this run lives by the time that has passed since, so that a
// phone whose clock is wrong need not renew it at every turn. The mutex is held.
func (k *Keeper) spent() bool {
	if life := k.claims.Life(); life > 0 && !k.received.IsZero() {
		return k.cfg.Clock.Now().Round(0).Sub(k.received) >= life
	}
	return !k.serverNow().Before(k.claims.Expires)
}

// Rejected says that the platform answered 401 to token. The next AccessToken
// renews it, unless that has happened since.
func (k *Keeper) Rejected(token string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if token == k.pair.access {
		k.rejected = true
	}
}

// ValidUntil is the end of the refresh token's life, by the platform's clock.
func (k *Keeper) ValidUntil() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.refresh.Expires
}

// Failure is why the token can no longer be renewed, or nil.
func (k *Keeper) Failure() *fault.Error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.failure
}

// Close stops renewing and returns when the Keeper's goroutines are gone.
func (k *Keeper) Close() {
	k.mu.Lock()
	k.closed = true
	if k.stop != nil {
		k.stop()
	}
	k.mu.Unlock()
	k.cancel()
	k.running.Wait()
}

func (k *Keeper) serverNow() time.Time {
	return k.cfg.Clock.Now().Add(k.cfg.ServerOffset())
}

// schedule sets the next renewal for 80 % of a life that began at born.
// The mutex is held.
func (k *Keeper) schedule(now time.Time) {
	life := k.claims.Life()
	due := k.claims.Expires.Add(-time.Minute)
	if life > 0 {
		due = k.claims.IssuedAt.Add(time.Duration(float64(life) * renewAt))
	}
	k.wake(max(due.Sub(now), 0))
}

// wake renews after d. The mutex is held.
func (k *Keeper) wake(d time.Duration) {
	if k.stop != nil {
		k.stop()
	}
	k.stop = k.cfg.Clock.AfterFunc(d, func() {
		defer crash.Guard()
		k.mu.Lock()
		defer k.mu.Unlock()
		if !k.closed && k.failure == nil {
			k.renew()
		}
	})
}

// renew starts a renewal or returns the one in progress. The mutex is held.
func (k *Keeper) renew() *renewal {
	if k.renewal != nil {
		return k.renewal
	}
	r, old := &renewal{done: make(chan struct{})}, k.pair
	k.renewal = r
	k.running.Add(1)
	go func() {
		defer crash.Guard()
		defer k.running.Done()
		pair, err := k.fetch(old)
		if err == nil && k.cfg.Renewed != nil {
			k.cfg.Renewed(pair)
		}
		k.finish(r, pair, err)
	}()
	return r
}

// fetch asks the platform for the pair that follows old, again where that can
// help.
func (k *Keeper) fetch(old Pair) (Pair, error) {
	ctx, cancel := context.WithTimeout(k.ctx, renewTimeout)
	defer cancel()
	delays := backoff.Backoff{Base: 600 * time.Millisecond, Max: 10 * time.Second}
	var tokens wire.TokenPair
	for try := 1; ; try++ {
		var err error
		if tokens, err = k.cfg.Renewer.Renew(ctx, old.refresh); err == nil {
			break
		}
		if !passing(err) || inactive(err) || try == renewTries || !clock.Sleep(ctx, k.cfg.Clock, delays.Next()) {
			return Pair{}, err
		}
	}
	if tokens.RefreshToken == "" {
		tokens.RefreshToken = old.refresh
	}
	pair, err := NewPair(tokens.RefreshToken, tokens.AccessToken)
	if err != nil {
		return Pair{}, err
	}
	was, err := ParseClaims(old.refresh)
	if err != nil {
		return Pair{}, err
	}
	for _, token := range []string{pair.refresh, pair.access} {
		if claims, err := ParseClaims(token); err != nil || claims.Subject != "" && claims.Subject != was.Subject {
			return Pair{}, fault.New(fault.AuthenticationInvalidToken, "sign-in.renewed-for-another")
		}
	}
	return pair, nil
}

// passing reports whether a failed renewal may succeed later.
func passing(err error) bool {
	switch fault.TypeOf(err) {
	case fault.NetworkError, fault.ServerError:
		return true
	}
	return inactive(err) || errors.Is(err, context.DeadlineExceeded)
}

// inactive reports whether the subscriber was deactivated, and so may be active
// again one day.
func inactive(err error) bool { return err != nil && fault.From(err).Code == "account.inactive" }

func (k *Keeper) finish(r *renewal, pair Pair, err error) {
	var claims, refresh Claims
	if err == nil {
		claims, err = ParseClaims(pair.access)
	}
	if err == nil {
		refresh, err = ParseClaims(pair.refresh)
	}

	k.mu.Lock()
	k.renewal = nil
	var after func()
	switch {
	case k.closed:
		err = ErrClosed
	case err == nil:
		k.pair, k.claims, k.refresh, k.rejected = pair, claims, refresh, false
		// Without the monotonic reading: the token ages while the machine sleeps.
		k.received = k.cfg.Clock.Now().Round(0)
		// The token was made just now, whatever the phone's clock says.
		born := claims.IssuedAt
		if born.IsZero() {
			born = k.serverNow()
		}
		k.schedule(born)
		k.cfg.Logger.Debug("access token renewed", "expires", claims.Expires)
	case passing(err):
		k.wake(retryLater)
		k.cfg.Logger.Warn("access token not renewed, will try again", "error", err)
	default:
		failure := k.judge(err)
		err = failure
		k.failure = failure
		if k.cfg.Failed != nil {
			after = func() { k.cfg.Failed(failure) }
		}
		k.cfg.Logger.Warn("access token cannot be renewed", "error", failure)
	}
	r.err = err
	k.mu.Unlock()
	close(r.done)
	if after != nil {
		after()
	}
}

// judge tells a token that has lived its life from one that is wrong: both come
// as a 401. The mutex is held.
func (k *Keeper) judge(err error) *fault.Error {
	if fault.TypeOf(err) == fault.AuthenticationInvalidToken && !k.serverNow().Before(k.refresh.Expires) {
		return fault.Wrap(err, fault.AuthenticationExpiredToken, "sign-in.expired")
	}
	return fault.From(err)
}

package auth

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"offhook/voice/fault"
	"offhook/voice/wire"
)

// renewer is the platform; answers are what it says, the last one again and
// again. A nil answer is a fresh token.
type renewer struct {
	mu      sync.Mutex
	answers []error
	calls   []time.Time
	life    time.Duration
	subject string
	// ahead is how far the platform's clock is ahead.
	ahead time.Duration
	// rotates says that each renewal brings a new refresh token; with are those
	// that were renewed with.
	rotates bool
	with    []string
}

func (r *renewer) Renew(ctx context.Context, refresh string) (wire.TokenPair, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, time.Now())
	var err error
	if len(r.answers) > 0 {
		err = r.answers[0]
		if len(r.answers) > 1 {
			r.answers = r.answers[1:]
		}
	}
	if err != nil {
		return wire.TokenPair{}, err
	}
	r.with = append(r.with, refresh)
	now := time.Now().Add(r.ahead)
	pair := wire.TokenPair{AccessToken: token(r.subject, now.Unix(), now.Add(r.life).Unix())}
	if r.rotates {
		pair.RefreshToken = token(r.subject, now.Unix(), now.Add(24*time.Hour).Unix())
	}
	return pair, nil
}

func (r *renewer) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.calls)
}

var (
	down    = fault.New(fault.NetworkError, "down")
	broken  = fault.New(fault.ServerError, "broken")
	refused = fault.New(fault.AuthenticationInvalidToken, "refused")
)

type story struct {
	*Keeper
	r      *renewer
	start  time.Time
	failed chan *fault.Error
}

func begin(t *testing.T, answers ...error) *story {
	t.Helper()
	now := time.Now()
	s := &story{
		r:     &renewer{answers: answers, life: 30 * time.Minute, subject: "alice"},
		start: now, failed: make(chan *fault.Error, 8),
	}
	pair, err := NewPair(
		token("alice", now.Unix(), now.Add(24*time.Hour).Unix()),
		token("alice", now.Unix(), now.Add(30*time.Minute).Unix()))
	if err != nil {
		t.Fatal(err)
	}
	s.Keeper, err = NewKeeper(Config{Pair: pair, Renewer: s.r, Failed: func(e *fault.Error) { s.failed <- e }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// mustToken returns the access token.
func (s *story) mustToken(t *testing.T) string {
	t.Helper()
	text, err := s.AccessToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestRenewalAtFourFifthsOfLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := begin(t)
		first := s.mustToken(t)
		time.Sleep(24*time.Minute - time.Second)
		if s.r.count() != 0 || s.mustToken(t) != first {
			t.Error("renewed too early")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if s.r.count() != 1 || s.mustToken(t) == first {
			t.Error("not renewed at 80 % of its life")
		}
		time.Sleep(8 * time.Hour)
		synctest.Wait()
		if got := s.r.count(); got != 21 {
			t.Errorf("%d renewals in eight hours, want one each 24 minutes", got)
		}
	})
}

func TestRejectedTokenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := begin(t)
		old := s.mustToken(t)
		time.Sleep(time.Minute)
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				s.Rejected(old)
				if s.mustToken(t) == old {
					t.Error("the rejected token again")
				}
			})
		}
		all.Wait()
		s.Rejected(old) // late news of a token that is gone
		s.mustToken(t)
		if got := s.r.count(); got != 1 {
			t.Errorf("%d renewals", got)
		}
	})
}

func TestPassingFailuresAreTriedThreeTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := begin(t, down, broken, nil)
		s.Rejected(s.mustToken(t))
		s.mustToken(t)
		if got := s.r.count(); got != 3 {
			t.Errorf("%d tries", got)
		}
		s.r.answers = []error{down}
		s.Rejected(s.mustToken(t))
		if _, err := s.AccessToken(t.Context()); fault.TypeOf(err) != fault.NetworkError {
			t.Errorf("error %v", err)
		}
		if got := s.r.count(); got != 6 {
			t.Errorf("%d tries", got)
		}
		// It is tried again later by itself, and no failure is reported.
		s.r.mu.Lock()
		s.r.answers = []error{nil}
		s.r.mu.Unlock()
		time.Sleep(retryLater + time.Second)
		synctest.Wait()
		if got := s.r.count(); got != 7 || len(s.failed) != 0 || s.Failure() != nil {
			t.Errorf("%d tries, %d failures", got, len(s.failed))
		}
	})
}

func TestRefusedRenewalIsFinal(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		wait   time.Duration
		answer error
		want   fault.Type
	}{
		"invalid":          {time.Hour, refused, fault.AuthenticationInvalidToken},
		"expired":          {25 * time.Hour, refused, fault.AuthenticationExpiredToken},
		"not of the kinds": {time.Hour, fault.New(fault.InvalidParameter, "what?"), fault.InvalidParameter},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := begin(t)
				time.Sleep(c.wait)
				synctest.Wait()
				s.r.mu.Lock()
				s.r.answers = []error{c.answer}
				before := len(s.r.calls)
				s.r.mu.Unlock()
				for range 3 {
					s.Rejected(s.pair.access)
					if _, err := s.AccessToken(t.Context()); fault.TypeOf(err) != c.want {
						t.Errorf("error %v", err)
					}
				}
				time.Sleep(2 * time.Hour)
				synctest.Wait()
				if got := s.r.count() - before; got != 1 {
					t.Errorf("%d tries after a refusal", got)
				}
				if len(s.failed) != 1 {
					t.Fatalf("%d failures reported", len(s.failed))
				}
				if got := (<-s.failed).Type; got != c.want {
					t.Errorf("reported %v", got)
				}
			})
		})
	}
}

func TestRenewedForSomebodyElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := begin(t)
		s.r.subject = "mallory"
		s.Rejected(s.mustToken(t))
		if _, err := s.AccessToken(t.Context()); fault.TypeOf(err) != fault.AuthenticationInvalidToken {
			t.Errorf("error %v", err)
		}
	})
}

func TestWrongClockRenewsOnlyOnce(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"phone ahead": -3 * time.Hour, "phone behind": 3 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := begin(t)
				s.r.ahead = ahead
				s.Rejected(s.mustToken(t))
				for range 10 {
					s.mustToken(t)
				}
				time.Sleep(23 * time.Minute)
				s.mustToken(t)
				if got := s.r.count(); got != 1 {
					t.Errorf("%d renewals", got)
				}
				time.Sleep(2 * time.Minute)
				s.mustToken(t)
				if got := s.r.count(); got != 2 {
					t.Errorf("%d renewals after 25 minutes", got)
				}
			})
		})
	}
}

func TestClosedKeeper(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := begin(t)
		s.Close()
		s.Close()
		if _, err := s.AccessToken(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("error %v", err)
		}
		time.Sleep(time.Hour)
		if s.r.count() != 0 {
			t.Error("renewed after Close")
		}
	})
}

func TestCallerGivesUpWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := begin(t, down)
		s.Rejected(s.mustToken(t))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if _, err := s.AccessToken(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}

// A keeper asleep with its machine renews as soon as it is asked.
func TestExpiredWhileAsleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clock := &stoppedClock{}
		now := time.Now()
		pair, _ := NewPair(token("alice", now.Unix(), now.Add(24*time.Hour).Unix()), token("alice", now.Unix(), now.Add(time.Hour).Unix()))
		r := &renewer{life: time.Hour, subject: "alice"}
		k, err := NewKeeper(Config{Pair: pair, Renewer: r, Clock: clock})
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close()
		time.Sleep(2 * time.Hour)
		if _, err := k.AccessToken(t.Context()); err != nil || r.count() != 1 {
			t.Errorf("%v, %d renewals", err, r.count())
		}
	})
}

// stoppedClock is one whose timers never go off.
type stoppedClock struct{}

func (stoppedClock) Now() time.Time { return time.Now() }
func (stoppedClock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	return func() bool { return true }
}

// TestRotatedRefreshToken renews with the newest refresh token, and has it kept
// before anybody is given the access token that came with it.
func TestRotatedRefreshToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		pair, err := NewPair(token("alice", now.Unix(), now.Add(24*time.Hour).Unix()), token("alice", now.Unix(), now.Add(time.Minute).Unix()))
		if err != nil {
			t.Fatal(err)
		}
		r := &renewer{life: 30 * time.Minute, subject: "alice", rotates: true}
		var mu sync.Mutex // guards kept
		var kept []Pair
		k, err := NewKeeper(Config{Pair: pair, Renewer: r, Renewed: func(p Pair) {
			time.Sleep(time.Second) // as slow as a keyring
			mu.Lock()
			defer mu.Unlock()
			kept = append(kept, p)
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close()
		for range 3 {
			time.Sleep(29 * time.Minute)
			text, err := k.AccessToken(t.Context())
			mu.Lock()
			if err != nil || len(kept) == 0 || kept[len(kept)-1].Access() != text {
				t.Fatalf("a token was given out before it was kept: %v, %d kept", err, len(kept))
			}
			mu.Unlock()
		}
		k.Close()
		for i, with := range r.with {
			want := pair.Refresh()
			if i > 0 {
				want = kept[i-1].Refresh()
			}
			if with != want {
				t.Errorf("renewal %d came with an old refresh token", i+1)
			}
		}
		if k.ValidUntil().Sub(now) < 25*time.Hour {
			t.Errorf("the sign-in ends after %v", k.ValidUntil().Sub(now))
		}
	})
}

// TestInactiveComesBack asks again for a subscriber who was deactivated: that is
// no end of the token.
func TestInactiveComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inactive := fault.New(fault.AuthenticationInvalidToken, "account.inactive")
		s := begin(t, inactive, inactive, nil)
		first := s.mustToken(t)
		s.Rejected(first)
		time.Sleep(time.Second) // so that another token looks different
		for range 2 {
			if _, err := s.AccessToken(t.Context()); fault.From(err).Code != "account.inactive" {
				t.Fatalf("error %v", err)
			}
		}
		if got := s.r.count(); got != 2 {
			t.Errorf("asked %d times: an inactive subscriber is asked for once at a time", got)
		}
		if s.mustToken(t) == first || s.Failure() != nil || len(s.failed) != 0 {
			t.Error("the token does not come back")
		}
	})
}

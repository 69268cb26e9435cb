package sip

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	sipmsg "github.com/emiago/sipgo/sip"

	"offhook/internal/crash"
)

const (
	// maxWatching is how many extensions are watched at most.
	maxWatching = 200
	// watchLater is when a refused subscription is tried again; the server may know the
	// extension by then.
	watchLater = 10 * time.Minute
	// asking is how many subscriptions are begun at once.
	asking = 4
)

// Watch has the account follow how extensions stand, in the place of those that it
// followed before. What it learns goes to AccountConfig.OnExtension. A user is what
// Invitation.Target takes.
func (a *Account) Watch(users []string) {
	users = slices.Compact(slices.Sorted(slices.Values(users)))
	if len(users) > maxWatching {
		users = users[:maxWatching]
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.watched = users
	close(a.watchNews)
	a.watchNews = make(chan struct{})
}

// watchExtensions keeps the subscriptions of one flow in line with Watch until ctx or
// the flow ends.
func (a *Account) watchExtensions(ctx context.Context, f *Flow) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	running := map[string]context.CancelCauseFunc{}
	gate := make(chan struct{}, asking)
	for {
		a.mu.Lock()
		users, news := a.watched, a.watchNews
		a.mu.Unlock()
		for user, stop := range running {
			if !slices.Contains(users, user) {
				stop(errUnwatched)
				delete(running, user)
			}
		}
		for _, user := range users {
			if running[user] != nil || !f.enter() {
				continue
			}
			one, stop := context.WithCancelCause(ctx)
			running[user] = stop
			go func() {
				defer crash.Guard()
				defer f.leave()
				defer stop(nil)
				a.followExtension(one, f, user, gate)
			}()
		}
		select {
		case <-news:
		case <-ctx.Done():
			return
		case <-f.done:
			return
		}
	}
}

// followExtension follows one extension. A refusal is no fault: not each server knows
// of each number.
func (a *Account) followExtension(ctx context.Context, f *Flow, user string, gate chan struct{}) {
	about, err := f.resolve(user)
	if err != nil {
		return
	}
	for {
		var table dialogTable
		var mu sync.Mutex // with gone, so that nothing is said after the end
		begun, gone := false, false
		var s *subscription
		s = f.newSubscription("dialog", dialogInfoType, about, func(body []byte) int {
			info, err := parseDialogInfo(body)
			if err != nil {
				return sipmsg.StatusBadRequest
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case gone:
			case table.take(info):
				a.cfg.OnExtension(table.extension(user))
			default:
				select {
				case s.renew <- struct{}{}:
				default:
				}
			}
			return sipmsg.StatusOK
		})
		s.answered = func() {
			if !begun {
				begun = true
				<-gate
			}
		}
		select {
		case gate <- struct{}{}:
		case <-ctx.Done():
			return
		case <-f.done:
			return
		}
		err := s.run(ctx)
		s.answered()
		mu.Lock()
		gone = true
		a.cfg.OnExtension(Extension{User: user, State: ExtensionUnknown})
		mu.Unlock()
		f.cfg.Logger.Debug("an extension is not watched", "reason", err)
		delay := watchLater
		var refused *StatusError
		switch {
		case errors.As(err, &refused) && refused.RetryAfter > 0:
			delay = refused.RetryAfter
		case errors.Is(err, ErrTimeout):
			delay = time.Minute
		}
		later := time.NewTimer(delay + rand.N(delay/8+1))
		select {
		case <-later.C:
		case <-ctx.Done():
			later.Stop()
			return
		case <-f.done:
			later.Stop()
			return
		}
	}
}

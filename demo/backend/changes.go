package backend

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"offhook/demo/inbox"
	"offhook/demo/store"
)

// What the platform is told of a user.
const (
	changeAdded       = "added"
	changeRemoved     = "removed"
	changeDeactivated = "deactivated"
	changeActivated   = "activated"
	changeRevoked     = "revoked"
)

// changesEvery is how often a running backend looks for what another process has
// changed, and tries again to tell the platform.
const changesEvery = 500 * time.Millisecond

// change is something that the platform has not been told of yet.
type change struct {
	id         int64
	name, what string
}

// note writes down a change within the transaction that makes it, so that the
// platform hears of it whatever happens next.
func note(tx *store.Tx, name, what string) error {
	_, err := tx.Exec("INSERT INTO changes (name, what) VALUES (?, ?)", name, what)
	return err
}

// changes are those that the platform has not been told of, oldest first.
func (u Users) changes(ctx context.Context) (list []change, err error) {
	rows, err := u.DB.Query(ctx, "SELECT id, name, what FROM changes ORDER BY id LIMIT 100")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c change
		if err := rows.Scan(&c.id, &c.name, &c.what); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// tellPlatform makes one change in the platform. Making it twice does no harm.
func (s *Server) tellPlatform(ctx context.Context, c change) error {
	subscriber := s.platform.path("subscribers", c.name)
	var err error
	switch c.what {
	case changeAdded:
		return s.platform.createSubscriber(ctx, c.name)
	case changeRemoved:
		_, err = s.platform.do(ctx, http.MethodDelete, subscriber, "", nil)
	case changeDeactivated:
		_, err = s.platform.do(ctx, http.MethodPut, subscriber, "", map[string]string{"status": "inactive"})
	case changeActivated:
		_, err = s.platform.do(ctx, http.MethodPut, subscriber, "", map[string]string{"status": "active"})
	case changeRevoked:
		_, err = s.platform.do(ctx, http.MethodPost, subscriber+"/revoke", "", nil)
	}
	if errors.Is(err, errNotFound) {
		return nil // somebody else has removed the subscriber
	}
	return err
}

// Provision tells the platform of what has become of the users since it was told
// last. The platform must be reachable.
func (s *Server) Provision(ctx context.Context) error {
	s.provisioning.Lock()
	defer s.provisioning.Unlock()
	for {
		list, err := s.users.changes(ctx)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, c := range list {
			if err := s.tellPlatform(ctx, c); err != nil {
				return fmt.Errorf("tell the platform that %s was %s: %w", c.name, c.what, err)
			}
			if _, err := s.db.Exec(ctx, "DELETE FROM changes WHERE id = ?", c.id); err != nil {
				return err
			}
			if c.what != changeAdded && c.what != changeActivated {
				s.Revoked(c.name, c.what == changeRemoved)
			}
		}
	}
}

// Watch tells the platform of changes until ctx ends.
func (s *Server) Watch(ctx context.Context) {
	tick := time.NewTicker(changesEvery)
	defer tick.Stop()
	failed := false
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		err := s.Provision(ctx)
		if err != nil && !failed && ctx.Err() == nil {
			s.log.Error("the platform could not be told of the users", "error", err)
		}
		failed = err != nil
	}
}

// Revoked ends what a subscriber has here: its push socket closes with 4401, and
// its tokens are asked about anew. The inbox of one that is gone is forgotten.
func (s *Server) Revoked(name string, gone bool) {
	s.gate.forget(name)
	owner := inbox.Owner{Account: s.cfg.AccountSID, Subscriber: name}
	if err := s.inbox.Revoke(context.Background(), owner, gone); err != nil {
		s.log.Error("an inbox could not be forgotten", "subscriber", name, "error", err)
	}
}

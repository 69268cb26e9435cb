package platform

import (
	"context"
	"errors"

	"offhook/demo/exophone"
)

// Directory is the exchange's view of one account's subscribers.
type Directory struct {
	server  *Server
	account string
}

// Directory returns the directory of the account that the exchange serves: the
// first one.
func (s *Server) Directory() Directory {
	return Directory{server: s, account: s.cfg.Accounts[0].SID}
}

// Subscriber implements exophone.Directory. The documents give subscribers no
// name but their own.
func (d Directory) Subscriber(ctx context.Context, name string) (exophone.Subscriber, error) {
	sub, err := d.server.find(ctx, d.account, name)
	if errors.Is(err, errSubscriberNotFound) {
		return exophone.Subscriber{}, exophone.ErrUnknownSubscriber
	}
	if err != nil {
		return exophone.Subscriber{}, err
	}
	return exophone.Subscriber{Name: sub.name, DisplayName: sub.name, Active: sub.status == StatusActive, SIPPassword: sub.sipPassword}, nil
}

var (
	_ exophone.Directory = Directory{}
	_ exophone.Payloads  = (*Server)(nil)
	_ exophone.DialWhom  = (*DialWhom)(nil)
	_ exophone.Pusher    = (*Pusher)(nil)
)

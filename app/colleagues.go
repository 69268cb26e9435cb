package app

import (
	"context"
	"time"

	"offhook/app/directory"
	"offhook/voice/wire"
)

// Colleague is somebody to whom a call can be handed, with how they stand.
type Colleague = directory.Colleague

// colleaguesChanged takes up how agents stand; all says that there are no others.
func (p *Phone) colleaguesChanged(s *session, list []wire.Agent, all bool) {
	p.loop.post(func() {
		if p.m.session == s && p.colleagues.Take(list, all) {
			p.m.colleaguesRevision++
			p.touch()
		}
	})
}

// forgetColleagues is the end of a session. On the loop.
func (p *Phone) forgetColleagues() {
	if p.colleagues.Take(nil, true) {
		p.m.colleaguesRevision++
	}
}

// colleaguesAreDue has all colleagues asked for: changes were missed.
func (s *session) colleaguesAreDue() {
	select {
	case s.colleagues <- struct{}{}:
	default:
	}
}

// keepColleagues asks how all colleagues stand whenever the inbox was connected anew,
// until the session ends.
func (s *session) keepColleagues() {
	p := s.p
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.colleagues:
		}
		_ = p.keepTrying(s.ctx, func(ctx context.Context) error {
			list, err := p.engine.Agents(ctx)
			if err == nil {
				p.colleaguesChanged(s, list, true)
			}
			return err
		}, func(err error, _ time.Time) { p.log.Warn("colleagues", "err", err) })
	}
}

// Directory returns those to whom a call can be handed and whose name, number or
// group holds text, with how they stand: the user's own contacts first, then who is
// available, then by name. It is current when Snapshot.ColleaguesRevision and
// ContactsRevision are those of the latest snapshot.
func (p *Phone) Directory(text string) []Colleague {
	d := p.contacts.Load()
	return d.Colleagues(text, p.store.Get().Account.SubscriberName, p.colleagues.All(), extensionPresences(d, p.Snapshot().Lines))
}

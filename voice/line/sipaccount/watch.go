package sipaccount

import (
	"slices"

	"offhook/voice/display"
	"offhook/voice/sip"
)

// Watch follows how extensions stand, in the place of those that were followed before:
// each is what a user dials on the account. One that can't be dialled is left out.
// Status.Extensions tells of them.
func (l *Line) Watch(users []string) {
	var list []sip.Extension
	var targets []string
	plan := l.Account.Plan()
	l.mu.Lock()
	l.watching = map[string]string{}
	for _, user := range users {
		n, err := plan.Parse(user)
		if _, twice := l.watching[n.Target]; err != nil || twice {
			continue
		}
		l.watching[n.Target] = user
		targets = append(targets, n.Target)
		e := sip.Extension{User: user, Since: l.cfg.Clock.Now()}
		if i := l.indexOf(user); i >= 0 {
			e = l.status.Extensions[i]
		}
		list = append(list, e)
	}
	same := slices.Equal(list, l.status.Extensions)
	l.status.Extensions = list
	next := l.status
	l.mu.Unlock()
	l.registration.Watch(targets)
	if !same && l.ctx.Err() == nil {
		l.cfg.Changed(next)
	}
}

// indexOf finds a watched extension, -1 for none. The mutex is held.
func (l *Line) indexOf(user string) int {
	return slices.IndexFunc(l.status.Extensions, func(e sip.Extension) bool { return e.User == user })
}

// extension is what the server says of one that is watched.
func (l *Line) extension(e sip.Extension) {
	e.CallerName, e.Caller = display.Name(e.CallerName), l.Account.Shown(e.Caller)
	l.mu.Lock()
	e.User = l.watching[e.User]
	i := l.indexOf(e.User)
	if i < 0 {
		l.mu.Unlock()
		return
	}
	was := l.status.Extensions[i]
	if e.Since = was.Since; e.State != was.State {
		e.Since = l.cfg.Clock.Now()
	}
	if e == was {
		l.mu.Unlock()
		return
	}
	l.status.Extensions = slices.Clone(l.status.Extensions)
	l.status.Extensions[i] = e
	next := l.status
	l.mu.Unlock()
	if l.ctx.Err() == nil {
		l.cfg.Changed(next)
	}
}

package screen

import (
	"offhook/app"
	"offhook/ui/theme"
	"offhook/ui/widget"
)

// lockSign says whether the sound of a call is encrypted, once that is known.
type lockSign struct {
	*widget.Sign
	env *Env
}

func newLockSign(env *Env) *lockSign {
	l := &lockSign{Sign: widget.NewSign(env.Tips), env: env}
	l.Hide()
	return l
}

// render draws it. Keys that were exchanged anew during the call belong to another
// association, which may have another end: that is said.
func (l *lockSign) render(c *app.Call) {
	e := l.env
	switch {
	case !c.Encrypted:
		l.Set(theme.LockOpen, theme.WarningInk, e.T("Not encrypted"), e.T("Not encrypted: others on the network can listen"))
	case c.KeyChanges > 0:
		l.Set(theme.Lock, theme.WarningInk, e.T("New keys"), e.T("Encrypted. The keys changed during the call, {n} times", "n", c.KeyChanges))
	default:
		l.Set(theme.Lock, theme.Text2, "", e.T("Encrypted"))
	}
	setVisible(l, c.Established != nil)
}

// NotEncrypted reports whether an account or a line that is switched on goes over the
// network without encryption: the user has allowed it.
func NotEncrypted(v View) bool {
	if v.Snapshot == nil {
		return false
	}
	on := v.Account.NotEncrypted
	for _, l := range v.Lines {
		on = on || l.NotEncrypted
	}
	return on
}

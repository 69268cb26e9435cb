package app

import (
	"time"

	"offhook/app/settings"
)

// Pairing is a web page that asks to work the phone: the user reads Code here and
// gives it to the page before Until.
type Pairing struct {
	Name string `json:"name"`
	// Origin is where the page is from, "" for a program.
	Origin string    `json:"origin"`
	Code   string    `json:"code"`
	Until  time.Time `json:"until"`
}

// ShowPairing shows a page that asks to work the phone, or with nil none.
func (p *Phone) ShowPairing(asks *Pairing) {
	p.loop.post(func() {
		p.m.pairing = asks
		p.touch()
	})
}

// FollowSettings calls f with the present settings and after each change, one call
// at a time. f must return at once.
func (p *Phone) FollowSettings(f func(settings.Settings)) {
	p.loop.post(func() {
		p.m.follow = append(p.m.follow, f)
		f(p.m.settings)
	})
}

package app

import (
	"context"
	"time"

	"offhook/app/readiness"
	"offhook/app/update"
	"offhook/assets/lang"
)

// The phone looks for a newer version when it has settled, and then hourly
// whether a day has passed: a machine that slept, or settings that changed,
// need nothing special then.
const (
	updatesFirst = time.Minute
	updatesEvery = time.Hour
)

// watchUpdates tells the user of a newer version, once, and keeps it in the
// snapshots. It asks nobody unless an address is set.
func (p *Phone) watchUpdates(ctx context.Context) {
	checker := &update.Checker{Dir: p.cfg.Dir, Version: p.cfg.Version, HTTP: p.http, Now: p.cfg.Now}
	told := ""
	t := time.NewTimer(updatesFirst)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			t.Reset(updatesEvery)
		}
		var found *update.Release
		if set := p.store.Get().Updates; set.Check && set.URL != "" {
			var err error
			if found, err = checker.Newer(ctx, set.URL); err != nil {
				p.log.Info("no answer about a newer version", "err", err)
			}
		}
		told = p.updateFound(found, told)
	}
}

// updateFound puts a newer version into the snapshots, and tells of it if it is
// not the one of which the user was told.
func (p *Phone) updateFound(r *update.Release, told string) string {
	version := ""
	if r != nil {
		version = r.Version
	}
	p.loop.post(func() {
		switch {
		case r == nil && p.m.update == nil, r != nil && p.m.update != nil && *p.m.update == Update(*r):
			return
		case r == nil:
			p.m.update = nil
			p.m.ready.Set(readiness.Version, readiness.Good())
		default:
			u := Update(*r)
			p.m.update = &u
			p.m.ready.Set(readiness.Version, readiness.Bad(lang.Of("condition.update", r.Version, p.cfg.Version), ""))
			if version != told {
				p.say("info", lang.Of("notice.update", r.Version))
			}
		}
		p.touch()
	})
	return version
}

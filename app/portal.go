package app

import (
	"context"
	"time"

	"offhook/app/backend"
	"offhook/app/diagnosis"
	"offhook/app/readiness"
	"offhook/app/retry"
	"offhook/voice/cleartext"
)

// portalEvery is how often a network is asked whether it wants a sign-in of its
// own while the phone is not ready.
const portalEvery = 10 * time.Second

// watchPortal looks for a portal while the phone is signed in and not ready, so
// that the reason is named.
func (p *Phone) watchPortal(ctx context.Context) {
	for {
		now := p.retry.Next()
		if s := p.Snapshot(); s.Account.Server != "" && s.Account.State != SignedOut && !p.reached(s) {
			if server, err := backend.ParseServer(s.Account.Server); err == nil && !cleartext.Loopback(server.Hostname()) {
				who := diagnosis.Portal(ctx, p.http, server)
				p.loop.post(func() { p.portalSeen(who) })
			}
		}
		if retry.Wait(ctx, portalEvery, now) != nil {
			return
		}
	}
}

// reached says that the servers are there, as far as is known.
func (p *Phone) reached(s *Snapshot) bool {
	return s.condition(readiness.Push).OK && s.condition(readiness.Platform).OK
}

func (p *Phone) portalSeen(who string) {
	if p.m.portal == who {
		return
	}
	p.m.portal = who
	p.log.Info("captive portal", "host", who)
	p.touch()
}

// explainByPortal puts the portal in place of what the conditions of the network
// say, as long as they do not hold.
func explainByPortal(conditions []Condition, who string) {
	for i := range conditions {
		c := &conditions[i]
		if !c.OK && (c.Name == readiness.Push || c.Name == readiness.Platform) {
			c.Text, c.Action = diagnosis.PortalFault(who).Text(), readiness.OpenBrowser
		}
	}
}

// condition returns one of the present conditions.
func (s *Snapshot) condition(name string) Condition {
	for _, c := range s.Conditions {
		if c.Name == name {
			return c
		}
	}
	return Condition{Name: name}
}

package app

import (
	"net/url"
	"slices"

	"offhook/app/settings"
)

// useNodes has requests of an account go to one of the servers that stand for its own.
// The platform is another service, unless it is at one of the same addresses.
func (p *Phone) useNodes(a settings.Account, clearText bool) {
	p.nodes.Use(a.Server, a.Nodes, clearText)
	p.nodes.Use(a.PlatformURL, a.PlatformNodes, clearText)
}

// otherNodes are those that stand for a server.
func (p *Phone) otherNodes(server string) []string {
	if all := p.nodes.Nodes(server); len(all) > 1 {
		return all[1:]
	}
	return nil
}

// nodesChanged shows which node serves, and keeps those known for the next start.
func (p *Phone) nodesChanged() {
	m := &p.m
	if m.session == nil {
		return
	}
	a := m.session.account
	m.account.Node = or(p.nodes.Serving(a.Server), p.nodes.Serving(a.PlatformURL))
	p.touch()
	own, platform := p.otherNodes(a.Server), p.otherNodes(a.PlatformURL)
	stored := p.store.Get()
	if !stored.SignedIn || stored.Account.Server != a.Server ||
		slices.Equal(stored.Account.Nodes, own) && slices.Equal(stored.Account.PlatformNodes, platform) {
		return
	}
	if _, err := p.store.Update(func(s *settings.Settings) { s.Account.Nodes, s.Account.PlatformNodes = own, platform }); err != nil {
		p.notWritten(err)
	}
}

// learnNodes asks a backend that is not the platform for the servers that stand for it;
// the platform's come with the profile.
func (s *session) learnNodes() {
	server, err := url.Parse(s.account.Server)
	if err != nil {
		return
	}
	if platform, err := url.Parse(s.account.PlatformURL); err != nil || s.p.nodes.Same(server, platform) {
		return
	}
	if public, err := s.backend.Public(s.ctx); err == nil {
		s.p.nodes.Learn(s.account.Server, public.Nodes)
	}
}

package nodes

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"offhook/voice/cleartext"
)

const (
	// most bounds the nodes of one service.
	most = 32
	// spread is the longest random pause before a phone goes to another node, so that
	// the phones of a node that is gone don't come all at once.
	spread = 500 * time.Millisecond
	// failedFor is how long a node that has failed comes after all others.
	failedFor = 30 * time.Second
	// connectLimit bounds the connecting to a node while there are others to ask.
	connectLimit = 1500 * time.Millisecond
)

// Set is what a phone knows of servers that stand for each other. It is an
// http.RoundTripper. Its methods may be called from any goroutine.
type Set struct {
	next http.RoundTripper
	log  *slog.Logger

	mu      sync.Mutex
	groups  []*group
	changed func()
}

// group is the nodes of one service in the order in which this phone asks them.
type group struct {
	nodes   []*node
	serving *node
	// settled is when the phone may go to the serving node.
	settled time.Time
	// clearText says that nodes without encryption are known to the user.
	clearText bool
}

type node struct {
	origin   url.URL // scheme and host
	failedAt time.Time
	served   bool
}

// New makes a set whose requests go on through next; nil is http.DefaultTransport.
func New(next http.RoundTripper, log *slog.Logger) *Set {
	if next == nil {
		next = http.DefaultTransport
	}
	return &Set{next: next, log: log}
}

// OnChange says what is called after another node serves, or others are known. f must
// not block.
func (s *Set) OnChange(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = f
}

// origin is where a URL leads, with the scheme of HTTP.
func origin(u *url.URL) url.URL {
	scheme := strings.ToLower(u.Scheme)
	switch scheme {
	case "ws":
		scheme = "http"
	case "wss":
		scheme = "https"
	}
	host := strings.ToLower(u.Hostname())
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	port := u.Port()
	if port != "" && !(scheme == "http" && port == "80" || scheme == "https" && port == "443") {
		host += ":" + port
	}
	return url.URL{Scheme: scheme, Host: host}
}

// Use says where a service is: at server, the first to ask, and at others that stand
// for it. What is no http or https URL, or would be asked without encryption where
// server is not, is left out. What was known of the service is kept.
func (s *Set) Use(server string, others []string, clearText bool) {
	base, err := url.Parse(server)
	if err != nil || base.Host == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.group(base)
	if g == nil {
		first := &node{origin: origin(base)}
		g = &group{nodes: []*node{first}, serving: first}
		s.groups = append(s.groups, g)
	}
	g.clearText = clearText
	for _, text := range others {
		s.add(g, text)
	}
}

// Forget forgets all services.
func (s *Set) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups = nil
}

// Learn takes the nodes that a service tells of: server is one of it. Those known stay
// where they are in the order, new ones come behind them in an order that differs from
// phone to phone, so that the phones of a node that is gone don't all go to the same.
// Those that are no longer named go, but for the first and the one that serves. An empty
// list tells nothing.
func (s *Set) Learn(server string, told []string) {
	if s == nil || len(told) == 0 {
		return
	}
	base, err := url.Parse(server)
	if err != nil {
		return
	}
	s.mu.Lock()
	g := s.group(base)
	if g == nil {
		s.mu.Unlock()
		return
	}
	before := g.names()
	var named []url.URL
	fresh := slices.Clone(told)
	rand.Shuffle(len(fresh), func(i, j int) { fresh[i], fresh[j] = fresh[j], fresh[i] })
	for _, text := range fresh {
		if at, ok := s.add(g, text); ok {
			named = append(named, at)
		}
	}
	if len(named) > 0 {
		first := g.nodes[0]
		g.nodes = slices.DeleteFunc(g.nodes, func(n *node) bool {
			return n != first && n != g.serving && !slices.Contains(named, n.origin)
		})
	}
	changed := s.changed
	same := slices.Equal(before, g.names())
	s.mu.Unlock()
	if changed != nil && !same {
		changed()
	}
}

// add takes a node into a group. Called with mu held.
func (s *Set) add(g *group, text string) (url.URL, bool) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Host == "" || u.User != nil {
		return url.URL{}, false
	}
	at := origin(u)
	if at.Scheme != "https" && (at.Scheme != "http" || g.nodes[0].origin.Scheme == "https") {
		s.log.Warn("a node without encryption is left out", "node", at.Host)
		return url.URL{}, false
	}
	if err := cleartext.CheckURL(&at, g.clearText); err != nil {
		s.log.Warn("a node without encryption is left out", "node", at.Host)
		return url.URL{}, false
	}
	if g.node(at) != nil {
		return at, true
	}
	if other := s.groupAt(at); other != nil && other != g || len(g.nodes) == most {
		return url.URL{}, false
	}
	g.nodes = append(g.nodes, &node{origin: at})
	return at, true
}

// group is that of a URL, nil if none is known. Called with mu held.
func (s *Set) group(u *url.URL) *group { return s.groupAt(origin(u)) }

func (s *Set) groupAt(at url.URL) *group {
	for _, g := range s.groups {
		if g.node(at) != nil {
			return g
		}
	}
	return nil
}

func (g *group) node(at url.URL) *node {
	for _, n := range g.nodes {
		if n.origin == at {
			return n
		}
	}
	return nil
}

func (g *group) names() []string {
	list := make([]string, len(g.nodes))
	for i, n := range g.nodes {
		list[i] = n.origin.String()
	}
	return list
}

// Nodes are the servers that stand for one, and that one first, as scheme://host.
func (s *Set) Nodes(server string) []string {
	u, err := url.Parse(server)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.group(u); g != nil {
		return g.names()
	}
	return nil
}

// Serving is the node that serves in place of a server, as scheme://host: "" if it is not
// known, or if there is only one.
func (s *Set) Serving(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.group(u); g != nil && len(g.nodes) > 1 {
		return g.serving.origin.String()
	}
	return ""
}

// Same reports whether two URLs lead to one service.
func (s *Set) Same(a, b *url.URL) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.group(a)
	return g != nil && g == s.group(b)
}

// Locate returns a URL at the node that serves now, and how long connecting may take, 0
// for as long as it likes. It waits while the phones of a node that is gone spread out,
// or until ctx ends. A nil Set, and a URL that belongs to no service, are taken as they
// are.
func (s *Set) Locate(ctx context.Context, u *url.URL) (*url.URL, time.Duration) {
	if s == nil {
		return u, 0
	}
	s.mu.Lock()
	g := s.group(u)
	if g == nil || len(g.nodes) == 1 {
		s.mu.Unlock()
		return u, 0
	}
	n, settled := g.serving, g.settled
	limit := connectLimit
	if !n.failedAt.IsZero() {
		limit = 0 // all have failed: this one may be slow rather than gone
	}
	s.mu.Unlock()
	await(ctx, settled)
	return n.at(u), limit
}

func await(ctx context.Context, until time.Time) {
	d := time.Until(until)
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// at is a URL at the node, with its own kind of scheme.
func (n *node) at(u *url.URL) *url.URL {
	moved := *u
	moved.Host = n.origin.Host
	secure := n.origin.Scheme == "https"
	switch strings.ToLower(u.Scheme) {
	case "ws", "wss":
		moved.Scheme = "ws"
		if secure {
			moved.Scheme = "wss"
		}
	default:
		moved.Scheme = n.origin.Scheme
	}
	return &moved
}

// Failed says that the node of a URL is gone: the next one serves.
func (s *Set) Failed(u *url.URL) {
	if s == nil {
		return
	}
	s.mu.Lock()
	changed := s.failed(origin(u))
	s.mu.Unlock()
	if changed != nil {
		changed()
	}
}

// failed returns what is to be called if another node serves now. Called with mu held.
func (s *Set) failed(at url.URL) func() {
	g := s.groupAt(at)
	if g == nil || len(g.nodes) == 1 {
		return nil
	}
	n := g.node(at)
	now := time.Now()
	n.failedAt = now
	served := n.served
	n.served = false
	if g.serving != n {
		return nil
	}
	g.serving = g.next(nil, now)
	if served {
		g.settled = now.Add(rand.N(spread))
	}
	s.log.Info("another node serves", "gone", n.origin.Host, "now", g.serving.origin.Host)
	if s.changed == nil || g.serving == n {
		return nil
	}
	return s.changed
}

// next is the node to ask: the first in order of those that have not failed of late,
// else the one whose failure is the longest ago. Those in not are left out.
func (g *group) next(not []*node, now time.Time) *node {
	var best *node
	rank := func(n *node) time.Time {
		if now.Sub(n.failedAt) < failedFor {
			return n.failedAt
		}
		return time.Time{}
	}
	for _, n := range g.nodes {
		if !slices.Contains(not, n) && (best == nil || rank(n).Before(rank(best))) {
			best = n
		}
	}
	return best
}

// Served says that the node of a URL has answered.
func (s *Set) Served(u *url.URL) {
	if s == nil {
		return
	}
	s.mu.Lock()
	at := origin(u)
	var changed func()
	if g := s.groupAt(at); g != nil {
		n := g.node(at)
		n.failedAt, n.served = time.Time{}, true
		if g.serving != n && !g.serving.failedAt.IsZero() {
			g.serving, changed = n, s.changed
		}
	}
	s.mu.Unlock()
	if changed != nil {
		changed()
	}
}

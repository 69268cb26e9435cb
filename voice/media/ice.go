package media

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"

	"offhook/voice/sdp"
)

// ICE timing. The library's own values suit a browser; a phone would rather
// know soon, and has the engine to restart ICE.
const (
	iceKeepalive    = time.Second
	iceDisconnected = 3 * time.Second
	iceFailed       = 5 * time.Second
	// iceCheck paces connectivity checks where the first ones, which are sent by
	// kick, found nothing.
	iceCheck    = 50 * time.Millisecond
	closeGrace  = 100 * time.Millisecond
	iceRequests = 400 // checks of a pair before it is given up: 20 s
	// Acceptance waits: how long a better kind of path is waited for.
	waitReflexive = 100 * time.Millisecond
	waitRelay     = 300 * time.Millisecond
)

// leg is one generation of ICE. An ICE restart makes a new leg and keeps the
// old one in use until the new one connects, so that a restart on a path that
// still works interrupts nothing, and one that fails costs nothing.
type leg struct {
	agent       *ice.Agent
	ufrag, pwd  string
	candidates  []string
	standard    netip.AddrPort // default candidate for the m= and c= lines
	peerUfrag   string
	conn        *ice.Conn // nil until started
	connected   chan struct{}
	onConnected sync.Once
	over        chan struct{}
	interrupt   func() // ends what still waits for servers
	tasks       sync.WaitGroup
}

// newLeg gathers candidates until all servers have answered, the timeout has
// passed or ctx is done.
func newLeg(ctx context.Context, cfg Config, onState func(*leg, ice.ConnectionState)) (*leg, error) {
	l := &leg{connected: make(chan struct{}), over: make(chan struct{}), interrupt: func() {}}
	if cfg.Network == nil {
		machine, err := newMachineNet()
		if err != nil {
			return nil, fmt.Errorf("network: %w", err)
		}
		cfg.Network, l.interrupt = machine, machine.interrupt
	}
	opts, err := agentOptions(cfg)
	if err != nil {
		return nil, err
	}
	if l.agent, err = ice.NewAgentWithOptions(opts...); err != nil {
		return nil, fmt.Errorf("ICE agent: %w", err)
	}
	if err := l.gather(ctx, cfg, onState); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func agentOptions(cfg Config) ([]ice.AgentOption, error) {
	urls, err := serverURLs(cfg.ICEServers)
	if err != nil {
		return nil, err
	}
	opts := []ice.AgentOption{
		ice.WithUrls(urls),
		ice.WithNetworkTypes([]ice.NetworkType{
			ice.NetworkTypeUDP4, ice.NetworkTypeUDP6, ice.NetworkTypeTCP4, ice.NetworkTypeTCP6,
		}),
		ice.WithMulticastDNSMode(ice.MulticastDNSModeDisabled),
		ice.WithKeepaliveInterval(iceKeepalive),
		ice.WithDisconnectedTimeout(iceDisconnected),
		ice.WithFailedTimeout(iceFailed),
		ice.WithCheckInterval(iceCheck),
		ice.WithMaxBindingRequests(iceRequests),
		ice.WithHostAcceptanceMinWait(0),
		ice.WithSrflxAcceptanceMinWait(waitReflexive),
		ice.WithPrflxAcceptanceMinWait(waitReflexive),
		ice.WithSTUNGatherTimeout(cfg.GatherTimeout),
	}
	if cfg.RelayOnly {
		opts = append(opts,
			ice.WithCandidateTypes([]ice.CandidateType{ice.CandidateTypeRelay}),
			ice.WithRelayAcceptanceMinWait(0))
	} else {
		opts = append(opts, ice.WithRelayAcceptanceMinWait(waitRelay))
	}
	if cfg.Loopback {
		opts = append(opts, ice.WithIncludeLoopback())
	}
	return append(opts, ice.WithNet(cfg.Network)), nil
}

func serverURLs(servers []ICEServer) ([]*stun.URI, error) {
	var out []*stun.URI
	for _, s := range servers {
		for _, u := range s.URLs {
			uri, err := stun.ParseURI(u)
			if err != nil {
				return nil, fmt.Errorf("ICE server %q: %w", u, err)
			}
			uri.Username, uri.Password = s.Username, s.Credential
			out = append(out, uri)
		}
	}
	return out, nil
}

func (l *leg) gather(ctx context.Context, cfg Config, onState func(*leg, ice.ConnectionState)) error {
	var err error
	if l.ufrag, l.pwd, err = l.agent.GetLocalUserCredentials(); err != nil {
		return err
	}
	done := make(chan struct{})
	var once sync.Once
	if err = l.agent.OnCandidate(func(c ice.Candidate) {
		if c == nil {
			once.Do(func() { close(done) })
		}
	}); err != nil {
		return err
	}
	if err = l.agent.OnConnectionStateChange(func(s ice.ConnectionState) { onState(l, s) }); err != nil {
		return err
	}
	if err = l.agent.GatherCandidates(); err != nil {
		return err
	}
	timeout := time.NewTimer(cfg.GatherTimeout)
	defer timeout.Stop()
	select {
	case <-done:
	case <-timeout.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	found, err := l.agent.GetLocalCandidates()
	if err != nil {
		return err
	}
	l.read(found)
	return nil
}

// read writes the candidates down for SDP.
func (l *leg) read(found []ice.Candidate) {
	best := -1
	for _, c := range found {
		if a, err := netip.ParseAddr(c.Address()); err == nil && a.IsLinkLocalUnicast() {
			continue // means nothing on the peer's link
		}
		l.candidates = append(l.candidates, c.Marshal())
		if c.NetworkType().IsTCP() {
			continue
		}
		a, err := netip.ParseAddr(c.Address())
		if err != nil {
			continue
		}
		if r := standardRank(c.Type(), a); r > best {
			best, l.standard = r, netip.AddrPortFrom(a, uint16(c.Port()))
		}
	}
}

// standardRank orders candidates by how likely a peer without ICE could use
// them (RFC 8839, section 4.2.1.2).
func standardRank(t ice.CandidateType, a netip.Addr) int {
	rank := map[ice.CandidateType]int{
		ice.CandidateTypeRelay: 6, ice.CandidateTypeServerReflexive: 4, ice.CandidateTypeHost: 2,
	}[t]
	if a.IsLoopback() {
		rank = 0
	}
	if a.Is4() {
		rank++
	}
	return rank
}

// describe writes the leg into our section: credentials, candidates, and the
// default candidate in the m= and c= lines, without which some peers read a
// hold.
func (l *leg) describe(m *sdp.Media) {
	m.Ufrag, m.Password = l.ufrag, l.pwd
	m.Candidates, m.EndOfCandidates = l.candidates, true
	m.Port, m.Address = 9, netip.IPv4Unspecified()
	if l.standard.IsValid() {
		m.Port, m.Address = int(l.standard.Port()), l.standard.Addr()
	}
}

// start begins the checks towards the peer.
func (l *leg) start(peer *sdp.Description, theirs *sdp.Media, controlling bool) error {
	if err := l.agent.SetRemoteICELite(peer.ICELite); err != nil {
		return err
	}
	for _, c := range theirs.Candidates {
		l.add(c)
	}
	var err error
	if controlling || peer.ICELite {
		l.conn, err = l.agent.StartDial(theirs.Ufrag, theirs.Password)
	} else {
		l.conn, err = l.agent.StartAccept(theirs.Ufrag, theirs.Password)
	}
	if err != nil {
		return fmt.Errorf("ICE: %w", err)
	}
	l.peerUfrag = theirs.Ufrag
	lite := peer.ICELite
	l.tasks.Go(func() { l.kick(lite) })
	return nil
}

// add takes a candidate of the peer; one that can't be read is passed over, as
// RFC 8839, section 5.1 asks of unknown transports.
func (l *leg) add(line string) {
	c, err := ice.UnmarshalCandidate(line)
	if err != nil || c.Component() != ice.ComponentRTP {
		return
	}
	_ = l.agent.AddRemoteCandidate(c)
}

// kick makes the agent look at its checks early and often. On its own it looks
// every 50 to 200 ms: it sends checks at one look and nominates at the next, so
// that an answer to a check waits most of that time.
func (l *leg) kick(lite bool) {
	wait := time.Millisecond
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for wait < iceCheck {
		select {
		case <-timer.C:
		case <-l.connected:
			return
		case <-l.over:
			return
		}
		// Says what the agent knows already, and with that asks for a look.
		if l.agent.SetRemoteICELite(lite) != nil {
			return
		}
		wait += wait/2 + time.Millisecond
		timer.Reset(wait)
	}
}

func (l *leg) up() { l.onConnected.Do(func() { close(l.connected) }) }

// close ends the leg and waits for its goroutines. The agent's own callbacks
// must not call it.
func (l *leg) close() {
	close(l.over)
	// A relayed candidate says good-bye to its server, so the sockets are taken
	// away only from what does not end by itself.
	late := time.AfterFunc(closeGrace, l.interrupt)
	_ = l.agent.GracefulClose()
	late.Stop()
	l.interrupt()
	l.tasks.Wait()
}

// names describes the pair in use.
func (l *leg) names() (local, remote string) {
	pair, err := l.agent.GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return "", ""
	}
	return candidateName(pair.Local), candidateName(pair.Remote)
}

func candidateName(c ice.Candidate) string {
	return fmt.Sprintf("%s %s %s", c.Type(), c.NetworkType().NetworkShort(), net.JoinHostPort(c.Address(), fmt.Sprint(c.Port())))
}

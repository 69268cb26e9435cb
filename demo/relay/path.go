package relay

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/randutil"
	"github.com/pion/stun/v4"
)

const lettersAndDigits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// path is one ICE session: the way packets reach a phone. An ICE restart makes
// a new one, and the old one is used until the phone has chosen on the new.
type path struct {
	relay      *Relay
	ufrag, pwd string
	agent      *ice.Agent
	receive    func([]byte, *batch)
	conn       atomic.Pointer[ice.Conn]
	// remote is the UDP address that the phone has chosen, nil without one: packets go
	// there and come from there past the agent.
	remote    atomic.Pointer[netip.AddrPort]
	choosing  sync.Mutex // guards changes of remote
	closed    bool
	lastCheck atomic.Int64
	selected  atomic.Bool
	reader    sync.WaitGroup
}

// newPath starts an ICE-lite agent that answers the phone's checks at once.
// receive is called with each packet that is not STUN and must not keep it; what it
// sends in the same moment may go into the batch, if there is one. chosen is called
// when the phone first chooses a pair.
//
// It is not reached before start has been called with the phone's credentials.
func newPath(r *Relay, receive func([]byte, *batch), chosen func()) (*path, error) {
	p := &path{relay: r, receive: receive}
	var err error
	if p.ufrag, err = randutil.GenerateCryptoRandomString(16, lettersAndDigits); err != nil {
		return nil, err
	}
	if p.pwd, err = randutil.GenerateCryptoRandomString(32, lettersAndDigits); err != nil {
		return nil, err
	}
	networks := []ice.NetworkType{ice.NetworkTypeUDP4, ice.NetworkTypeUDP6}
	options := []ice.AgentOption{
		ice.WithICELite(true),
		ice.WithCandidateTypes([]ice.CandidateType{ice.CandidateTypeHost}),
		ice.WithUDPMux(r.mux),
		ice.WithIncludeLoopback(),
		ice.WithMulticastDNSMode(ice.MulticastDNSModeDisabled),
		ice.WithLocalCredentials(p.ufrag, p.pwd),
		ice.WithLoggerFactory(r.pionLog),
		// Whether a phone is gone is decided by Leg.Idle, and an agent that
		// has failed could not be come back to.
		ice.WithDisconnectedTimeout(0),
		ice.WithFailedTimeout(0),
		ice.WithCheckInterval(2 * time.Second),
		ice.WithDisableActiveTCP(),
		ice.WithBindingRequestHandler(func(*stun.Message, ice.Candidate, ice.Candidate, *ice.CandidatePair) bool {
			p.lastCheck.Store(time.Now().UnixNano())
			return false
		}),
	}
	if r.tcp != nil {
		networks = append(networks, ice.NetworkTypeTCP4, ice.NetworkTypeTCP6)
		options = append(options, ice.WithTCPMux(r.tcp))
	}
	options = append(options, ice.WithNetworkTypes(networks))
	if p.agent, err = ice.NewAgentWithOptions(options...); err != nil {
		return nil, err
	}
	if err := p.gather(chosen); err != nil {
		_ = p.agent.Close()
		return nil, err
	}
	return p, nil
}

func (p *path) gather(chosen func()) error {
	gathered := make(chan struct{})
	err := p.agent.OnCandidate(func(c ice.Candidate) {
		if c == nil {
			close(gathered)
		}
	})
	if err != nil {
		return err
	}
	err = p.agent.OnSelectedCandidatePairChange(func(_, remote ice.Candidate) {
		p.choose(remote)
		if p.selected.CompareAndSwap(false, true) {
			chosen()
		}
	})
	if err != nil {
		return err
	}
	if err := p.agent.GatherCandidates(); err != nil {
		return err
	}
	// Gathering asks no server here; it is over in a moment.
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	select {
	case <-gathered:
	case <-ctx.Done():
		return errors.New("no ICE candidate of our own")
	}
	return nil
}

// start lets the phone's checks in.
func (p *path) start(remoteUfrag, remotePwd string) error {
	conn, err := p.agent.StartAccept(remoteUfrag, remotePwd)
	if err != nil {
		return err
	}
	p.conn.Store(conn)
	p.reader.Go(func() {
		buf := make([]byte, 2048)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			p.receive(buf[:n], nil)
		}
	})
	return nil
}

// choose takes the address that the phone has chosen. One that is not plain UDP is left
// to the agent.
func (p *path) choose(remote ice.Candidate) {
	var now netip.AddrPort
	if ip, err := netip.ParseAddr(remote.Address()); err == nil && ip.Zone() == "" && !remote.NetworkType().IsTCP() {
		now = netip.AddrPortFrom(ip.Unmap(), uint16(remote.Port()))
	}
	p.choosing.Lock()
	defer p.choosing.Unlock()
	if p.closed {
		return
	}
	p.point(now)
}

// point has packets go to an address and come from there past the agent, or with the
// zero address no longer. Called with choosing held.
func (p *path) point(now netip.AddrPort) {
	var before netip.AddrPort
	if old := p.remote.Load(); old != nil {
		before = *old
	}
	if now.IsValid() {
		p.remote.Store(&now)
	} else {
		p.remote.Store(nil)
	}
	p.relay.udp.choose(p, before, now)
}

// write sends one packet; before the phone has chosen a pair it goes nowhere.
func (p *path) write(b []byte) error {
	if to := p.remote.Load(); to != nil {
		_, err := p.relay.udp.WriteToUDPAddrPort(b, *to)
		return err
	}
	conn := p.conn.Load()
	if conn == nil {
		return ErrClosed
	}
	_, err := conn.Write(b)
	return err
}

// retire stops new checks from reaching this path, which then only sends.
func (p *path) retire() { p.relay.mux.RemoveConnByUfrag(p.ufrag) }

// close ends the session. It returns when its reader is gone and must not be
// called by it.
func (p *path) close() {
	p.choosing.Lock()
	p.closed = true
	p.point(netip.AddrPort{})
	p.choosing.Unlock()
	_ = p.agent.Close()
	p.reader.Wait()
}

// pair returns the selected addresses, or empty strings.
func (p *path) pair() (local, remote string) {
	pair, err := p.agent.GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return "", ""
	}
	return candidateText(pair.Local), candidateText(pair.Remote)
}

func candidateText(c ice.Candidate) string {
	return c.NetworkType().NetworkShort() + " " + joinHostPort(c.Address(), c.Port())
}

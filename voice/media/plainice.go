package media

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"

	"offhook/internal/crash"
	"offhook/voice/sdp"
)

// ICE under plain RTP (RFC 8445, RFC 8839). The sockets stay the link's own, so
// that a peer without ICE gets symmetric RTP on the very ports that were offered;
// what belongs to ICE goes through the library, which sees them as its own.

// plainICE is the ICE of a plain link: one agent for each component, with the
// credentials of the stream. Its fields belong to Offer, Answer and SetAnswer,
// which never run at once; the components are safe for all.
type plainICE struct {
	cfg     Config
	machine *machineNet
	parts   [2]*iceComponent // RTP and RTCP

	ufrag, password string
	// remote is the peer's user fragment, "" before the first one and from a
	// restart to its answer.
	remote      string
	started     bool
	controlling bool
	// both says that RTCP has a component of its own; declined that the peer
	// wants no ICE.
	both, declined bool

	once sync.Once
}

// Bounds on the checks. The library sends one request a pair and interval; a
// peer may take seconds to get the description that lets it answer.
const (
	iceCheckInterval = 50 * time.Millisecond
	iceMostRequests  = 200
)

func newPlainICE(cfg Config, sockets [2]*net.UDPConn) (*plainICE, error) {
	machine, err := newMachineNet()
	if err != nil {
		return nil, err
	}
	i := &plainICE{cfg: cfg, machine: machine}
	i.ufrag, i.password = iceCredentials()
	for n, socket := range sockets {
		c, err := newICEComponent(cfg, n+1, socket, machine, i.ufrag, i.password)
		if err != nil {
			i.close()
			return nil, err
		}
		i.parts[n] = c
	}
	return i, nil
}

// iceCredentials are new ones, of 40 and 130 bits (RFC 8445, section 5.3).
func iceCredentials() (ufrag, password string) { return rand.Text()[:8], rand.Text() }

// gather collects candidates until all servers have answered or the timeout has
// passed.
func (i *plainICE) gather(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, i.cfg.GatherTimeout)
	defer cancel()
	var all sync.WaitGroup
	for _, c := range i.parts {
		if err := c.agent.GatherCandidates(); err != nil {
			return err
		}
		all.Go(crash.Guarded(func() { c.reflect(ctx, i.cfg.ICEServers) }))
	}
	all.Wait()
	for _, c := range i.parts {
		select {
		case <-c.gathered:
		case <-ctx.Done():
		}
	}
	return nil
}

// restart takes new credentials and candidates (RFC 8445, section 9).
func (i *plainICE) restart(ctx context.Context) error {
	i.ufrag, i.password = iceCredentials()
	i.remote = ""
	for _, c := range i.parts {
		c.forget()
		if err := c.agent.Restart(i.ufrag, i.password); err != nil {
			return err
		}
	}
	return i.gather(ctx)
}

// describe writes our end. both says that RTCP has a component of its own.
func (i *plainICE) describe(ours *sdp.Media, both bool) {
	ours.Ufrag, ours.Password = i.ufrag, i.password
	ours.ICEOptions = "ice2" // RFC 8445, section 10
	parts := i.parts[:1]
	if both {
		parts = i.parts[:]
	}
	var ends []netip.AddrPort
	var remote []string
	for _, c := range parts {
		lines, end, peer := c.describe(netip.AddrPortFrom(ours.Address, uint16(ours.Port+c.id-1)))
		ours.Candidates = append(ours.Candidates, lines...)
		ends = append(ends, end)
		if peer.IsValid() {
			remote = append(remote, fmt.Sprintf("%d %s %d", c.id, peer.Addr(), peer.Port()))
		}
	}
	// What ICE has ended with is said in later offers (RFC 8839, section 4.4.1.2.2).
	if i.controlling && len(remote) == len(parts) {
		ours.RemoteCandidates = strings.Join(remote, " ")
	}
	// The m= and c= lines must name a candidate, else the peer reads a mismatch;
	// an a=rtcp line without an address is of the same address.
	if both && ends[0].Addr() != ends[1].Addr() {
		return
	}
	ours.Address, ours.Port = ends[0].Addr(), int(ends[0].Port())
	if both {
		ours.RTCPPort = int(ends[1].Port())
	}
}

// start runs the checks against the peer's candidates, or takes up new ones.
func (i *plainICE) start(controlling, lite bool, theirs *sdp.Media, both bool) error {
	parts := i.parts[:1]
	if both {
		parts = i.parts[:]
	}
	if !i.started {
		i.controlling = controlling || lite
	}
	fresh := i.remote != theirs.Ufrag
	for _, c := range parts {
		if err := c.agent.SetRemoteICELite(lite); err != nil {
			return err
		}
		if fresh && c.conn.Load() != nil {
			if err := c.agent.SetRemoteCredentials(theirs.Ufrag, theirs.Password); err != nil {
				return err
			}
		}
		for _, line := range candidatesOf(theirs.Candidates, c.id) {
			if err := c.agent.AddRemoteCandidate(line); err != nil {
				return err
			}
		}
		if c.conn.Load() == nil {
			begin := c.agent.StartAccept
			if i.controlling {
				begin = c.agent.StartDial
			}
			conn, err := begin(theirs.Ufrag, theirs.Password)
			if err != nil {
				return err
			}
			c.conn.Store(conn)
			c.begun(conn)
		}
		c.inForce.Store(true)
	}
	if !both {
		i.parts[1].inForce.Store(false)
	}
	i.started, i.both, i.declined, i.remote = true, both, false, theirs.Ufrag
	return nil
}

// decline leaves the way to symmetric RTP.
func (i *plainICE) decline() {
	i.declined = true
	for _, c := range i.parts {
		c.inForce.Store(false)
	}
}

// lost reports whether only a restart can find a way again.
func (i *plainICE) lost() bool { return i.parts[0].failed.Load() }

// interrupt ends what waits for a server.
func (i *plainICE) interrupt() { i.machine.interrupt() }

func (i *plainICE) close() {
	i.once.Do(func() {
		for _, c := range i.parts {
			if c != nil {
				c.close()
			}
		}
		i.machine.interrupt()
	})
}

// candidatesOf are the peer's candidates for a component. What can't be read, or
// is of another transport, is passed over (RFC 8839, section 5.1).
func candidatesOf(lines []string, component int) []ice.Candidate {
	var out []ice.Candidate
	for _, line := range lines {
		c, err := ice.UnmarshalCandidate(line)
		if err != nil || int(c.Component()) != component || !c.NetworkType().IsUDP() {
			continue
		}
		if a, err := netip.ParseAddr(c.Address()); err == nil && !unicast(a) {
			continue
		}
		out = append(out, c)
	}
	return out
}

// iceOffered is what a description says of ICE.
type iceOffered int

const (
	iceAbsent iceOffered = iota
	iceUsable
	// iceMismatched: the addresses of the m= and a=rtcp lines are none of the
	// candidates, so that something on the way wants the sound to pass by itself
	// (RFC 8839, section 3.2.5).
	iceMismatched
)

// offersICE judges a section; muxed says that RTCP shares the port of RTP.
func offersICE(m *sdp.Media, muxed bool) iceOffered {
	if m.Ufrag == "" || m.Password == "" || m.ICEMismatch {
		return iceAbsent
	}
	end := netip.AddrPortFrom(m.Address, uint16(m.Port))
	rtp, rtcp := candidatesOf(m.Candidates, 1), candidatesOf(m.Candidates, 2)
	switch {
	case len(rtp) == 0:
		return iceAbsent
	case m.Host != "", !m.Address.IsValid(), m.Address.IsUnspecified(), m.Port == 9:
		// A name can't be compared; 0.0.0.0 and port 9 stand for none (RFC 8840) or
		// for a hold.
		return iceUsable
	case !names(rtp, end):
		return iceMismatched
	}
	if muxed || len(rtcp) == 0 {
		return iceUsable
	}
	if !names(rtcp, reportsTo(m)) {
		return iceMismatched
	}
	return iceUsable
}

// names reports whether one of the candidates is that end.
func names(candidates []ice.Candidate, end netip.AddrPort) bool {
	for _, c := range candidates {
		a, err := netip.ParseAddr(c.Address())
		// A name among the candidates may be any address.
		if err != nil || netip.AddrPortFrom(a.Unmap(), uint16(c.Port())) == end {
			return true
		}
	}
	return false
}

// ofComponent makes a candidate line one of a component: the library knows only
// the first (RFC 8445, section 5.1.2.1 has the component in the priority), and
// repeats the user fragment in each.
func ofComponent(line string, component int) string {
	line, _, _ = strings.Cut(line, " ufrag ")
	f := strings.Fields(line)
	if component == 1 || len(f) < 8 {
		return line
	}
	f[1] = strconv.Itoa(component)
	if n, err := strconv.ParseUint(f[3], 10, 32); err == nil {
		f[3] = strconv.FormatUint(n-uint64(component-1), 10)
	}
	return strings.Join(f, " ")
}

// reflexiveServers are the UDP addresses at which servers tell what they see of
// this machine.
func reflexiveServers(servers []ICEServer) []*stun.URI {
	var out []*stun.URI
	for _, s := range servers {
		for _, raw := range s.URLs {
			u, err := stun.ParseURI(raw)
			if err == nil && (u.Scheme == stun.SchemeTypeSTUN || u.Scheme == stun.SchemeTypeTURN && u.Proto == stun.ProtoTypeUDP) {
				out = append(out, u)
			}
		}
	}
	return out
}

// iceURLs are the servers as the library wants them; one that can't be read is
// an error.
func iceURLs(servers []ICEServer) ([]*stun.URI, error) {
	var out []*stun.URI
	for _, s := range servers {
		for _, raw := range s.URLs {
			u, err := stun.ParseURI(raw)
			if err != nil {
				return nil, fmt.Errorf("media: ICE server: %w", err)
			}
			u.Username, u.Password = s.Username, s.Credential
			out = append(out, u)
		}
	}
	return out, nil
}

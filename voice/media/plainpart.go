package media

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"

	"offhook/internal/crash"
)

// iceComponent is one component of a plain link's ICE: an agent on one of the
// link's sockets.
type iceComponent struct {
	id    int // 1 is RTP, 2 RTCP
	wire  *iceWire
	mux   *ice.UniversalUDPMuxDefault
	agent *ice.Agent
	// conn is set once the checks have begun; inForce says that the peer has
	// agreed to ICE for this component.
	conn    atomic.Pointer[ice.Conn]
	inForce atomic.Bool
	// paired says that there is a way to the peer now; remote is where it last
	// led to without a relay of ours, nil before.
	paired atomic.Bool
	remote atomic.Pointer[netip.AddrPort]
	failed atomic.Bool

	mu        sync.Mutex // guards what follows
	gathered  chan struct{}
	done      bool     // gathered is closed
	reflexive []string // candidate lines of what servers see

	// begun is called with what arrives by ICE, state with what becomes of it.
	begun func(*ice.Conn)
	state func(ice.ConnectionState)
}

func newICEComponent(cfg Config, id int, socket *net.UDPConn, machine *machineNet, ufrag, password string) (*iceComponent, error) {
	urls, err := iceURLs(cfg.ICEServers)
	if err != nil {
		return nil, err
	}
	c := &iceComponent{id: id, gathered: make(chan struct{}), begun: func(*ice.Conn) {}, state: func(ice.ConnectionState) {}}
	c.wire = newICEWire(socket)
	c.mux = ice.NewUniversalUDPMuxDefault(ice.UniversalUDPMuxParams{Logger: quiet{}.NewLogger(""), UDPConn: c.wire, Net: machine})
	network := ice.NetworkTypeUDP4
	if c.wire.local().Addr().Is6() {
		network = ice.NetworkTypeUDP6
	}
	options := []ice.AgentOption{
		// What a server sees of the socket is the socket's own candidate again
		// (RFC 8445, section 6.1.2.4): it is told the peer, and not checked.
		ice.WithCandidateTypes([]ice.CandidateType{ice.CandidateTypeHost, ice.CandidateTypeRelay}),
		ice.WithUDPMux(c.mux.UDPMuxDefault),
		ice.WithUrls(urls), ice.WithNet(machine), ice.WithLocalCredentials(ufrag, password),
		ice.WithNetworkTypes([]ice.NetworkType{network}),
		ice.WithMulticastDNSMode(ice.MulticastDNSModeDisabled),
		ice.WithDisconnectedTimeout(cfg.timeout), ice.WithFailedTimeout(cfg.timeout * 5 / 3),
		ice.WithKeepaliveInterval(cfg.timeout / 3),
		ice.WithHostAcceptanceMinWait(0), ice.WithPrflxAcceptanceMinWait(waitReflexive),
		ice.WithSrflxAcceptanceMinWait(waitReflexive), ice.WithRelayAcceptanceMinWait(waitRelay),
		ice.WithSTUNGatherTimeout(cfg.GatherTimeout),
		ice.WithCheckInterval(iceCheckInterval), ice.WithMaxBindingRequests(iceMostRequests),
		ice.WithLoggerFactory(quiet{}),
	}
	if cfg.Loopback || c.wire.local().Addr().IsLoopback() {
		options = append(options, ice.WithIncludeLoopback())
	}
	if c.agent, err = ice.NewAgentWithOptions(options...); err != nil {
		_ = c.mux.Close()
		return nil, err
	}
	err = errors.Join(
		c.agent.OnCandidate(func(x ice.Candidate) {
			if x == nil {
				c.complete()
			}
		}),
		c.agent.OnSelectedCandidatePairChange(func(local, remote ice.Candidate) {
			if a, err := netip.ParseAddr(remote.Address()); err == nil && local.Type() != ice.CandidateTypeRelay {
				end := netip.AddrPortFrom(a.Unmap(), uint16(remote.Port()))
				c.remote.Store(&end)
			}
		}),
		c.agent.OnConnectionStateChange(func(s ice.ConnectionState) {
			switch s {
			case ice.ConnectionStateConnected, ice.ConnectionStateCompleted:
				c.paired.Store(true)
			case ice.ConnectionStateFailed, ice.ConnectionStateChecking:
				c.paired.Store(false)
			}
			c.failed.Store(s == ice.ConnectionStateFailed)
			c.state(s)
		}))
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *iceComponent) complete() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.done {
		c.done = true
		close(c.gathered)
	}
}

// forget makes ready for another gathering.
func (c *iceComponent) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gathered, c.done, c.reflexive = make(chan struct{}), false, nil
	c.paired.Store(false)
}

// reflect asks servers what they see of the socket.
func (c *iceComponent) reflect(ctx context.Context, servers []ICEServer) {
	var all sync.WaitGroup
	for _, u := range reflexiveServers(servers) {
		all.Go(func() {
			defer crash.Guard()
			if line, err := c.seenBy(ctx, u); err == nil {
				c.mu.Lock()
				c.reflexive = append(c.reflexive, line)
				c.mu.Unlock()
			}
		})
	}
	all.Wait()
}

// seenBy is the candidate that one server sees.
func (c *iceComponent) seenBy(ctx context.Context, u *stun.URI) (string, error) {
	network := "ip4"
	if c.wire.local().Addr().Is6() {
		network = "ip6"
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, network, u.Host)
	if err != nil {
		return "", err
	}
	until, ok := ctx.Deadline()
	if !ok || len(found) == 0 {
		return "", os.ErrDeadlineExceeded
	}
	server := net.UDPAddrFromAddrPort(netip.AddrPortFrom(found[0].Unmap(), uint16(u.Port)))
	seen, err := c.mux.GetXORMappedAddrContext(ctx, server, time.Until(until))
	if err != nil {
		return "", err
	}
	base := c.wire.local()
	x, err := ice.NewCandidateServerReflexive(&ice.CandidateServerReflexiveConfig{
		Network: "udp", Address: seen.IP.String(), Port: seen.Port, Component: ice.ComponentRTP,
		RelAddr: base.Addr().String(), RelPort: int(base.Port()),
	})
	if err != nil {
		return "", err
	}
	return x.Marshal(), nil
}

// describe returns the candidates to tell, the one of them for the m= line, and
// the peer's end once there is a way. host is the address for peers without ICE.
func (c *iceComponent) describe(host netip.AddrPort) (lines []string, end, peer netip.AddrPort) {
	if pair, err := c.agent.GetSelectedCandidatePair(); err == nil && pair != nil {
		line := pair.Local.Marshal()
		return []string{ofComponent(line, c.id)}, candidateEnd(line), candidateEnd(pair.Remote.Marshal())
	}
	local, _ := c.agent.GetLocalCandidates()
	for _, x := range local {
		lines = append(lines, x.Marshal())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	end = host
	for _, line := range c.reflexive {
		// On a network without NAT a server sees what is there already.
		if known := candidateEnd(line); !hasEnd(lines, known) {
			lines = append(lines, line)
			end = known
		}
	}
	lines = usable(lines)
	if !hasEnd(lines, end) && len(lines) > 0 {
		end = candidateEnd(lines[0])
	}
	for n := range lines {
		lines[n] = ofComponent(lines[n], c.id)
	}
	return lines, end, netip.AddrPort{}
}

// candidateEnd is the address in a candidate line.
func candidateEnd(line string) netip.AddrPort {
	f := strings.Fields(line)
	if len(f) < 6 {
		return netip.AddrPort{}
	}
	a, err := netip.ParseAddr(f[4])
	port, bad := strconv.ParseUint(f[5], 10, 16)
	if err != nil || bad != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.Unmap(), uint16(port))
}

func hasEnd(lines []string, end netip.AddrPort) bool {
	for _, line := range lines {
		if candidateEnd(line) == end {
			return true
		}
	}
	return false
}

// send sends by ICE and reports whether there was a way.
func (c *iceComponent) send(packet []byte) (bool, error) {
	conn := c.conn.Load()
	if conn == nil || !c.inForce.Load() || !c.paired.Load() {
		return false, nil
	}
	_, err := conn.Write(packet)
	return true, err
}

// takes reports whether a packet belongs to ICE, and hands it on if so. What is
// no check is the library's to judge, which knows the peer's addresses; only
// while ICE restarts does the way before it still hold.
func (c *iceComponent) takes(b []byte, from netip.AddrPort) bool {
	if !stun.IsMessage(b) {
		if !c.inForce.Load() {
			return false
		}
		if last := c.remote.Load(); !c.paired.Load() && last != nil && *last == from {
			return false
		}
	}
	c.wire.put(b, from)
	return true
}

// pairNames are how the statistics name the ends of the way, "" while there is none.
func (c *iceComponent) pairNames() (local, remote string) {
	pair, err := c.agent.GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return "", ""
	}
	name := func(x ice.Candidate) string {
		return fmt.Sprintf("%s udp %s", x.Type(), net.JoinHostPort(x.Address(), strconv.Itoa(x.Port())))
	}
	return name(pair.Local), name(pair.Remote)
}

func (c *iceComponent) close() {
	if c.agent != nil {
		_ = c.agent.GracefulClose()
	}
	_ = c.mux.Close()
}

// iceWire is a socket of the link as the library sees it: it writes to the real
// one and reads what the link leaves to it.
type iceWire struct {
	*net.UDPConn
	in   chan icePacket
	done chan struct{}
	once sync.Once
}

type icePacket struct {
	b    []byte
	from netip.AddrPort
}

// iceQueue is what may wait for the library: some seconds of sound.
const iceQueue = 256

func newICEWire(socket *net.UDPConn) *iceWire {
	return &iceWire{UDPConn: socket, in: make(chan icePacket, iceQueue), done: make(chan struct{})}
}

func (w *iceWire) local() netip.AddrPort { return w.LocalAddr().(*net.UDPAddr).AddrPort() }

// put never waits: what does not fit is dropped, as a socket drops it.
func (w *iceWire) put(b []byte, from netip.AddrPort) {
	select {
	case w.in <- icePacket{append([]byte(nil), b...), from}:
	default:
	}
}

// ReadFrom implements net.PacketConn.
func (w *iceWire) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := w.ReadFromAddrPort(b)
	if err != nil {
		return 0, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// ReadFromAddrPort implements ice.AddrPortReaderWriter.
func (w *iceWire) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case p := <-w.in:
		return copy(b, p.b), p.from, nil
	case <-w.done:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

// WriteToAddrPort implements ice.AddrPortReaderWriter.
func (w *iceWire) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	return w.WriteToUDPAddrPort(b, to)
}

// Close ends the reading; the socket is the link's.
func (w *iceWire) Close() error {
	w.once.Do(func() { close(w.done) })
	return nil
}

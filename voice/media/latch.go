package media

import (
	"net"
	"net/netip"
	"time"
)

// latch decides which packets of plain RTP are the peer's, and where the phone's own
// go. They go where the description says (RFC 3264, section 8). Only a peer behind a
// NAT can't name the address that its packets come from, so another source is
// learnt, by probation (RFC 7362, section 4): it has to bring a run of packets of
// one SSRC in sequence. The described address comes first: its first packet ends
// what another has won.
//
// Once a source is heard, another takes its place only if it goes on where the
// first fell silent, with its SSRC and its sequence numbers, as a peer does whose
// NAT has forgotten it. A stranger who can't read the packets can't know them. What
// SRTP has authenticated needs no such proof, but a run of packets all the same, so
// that a copy of one from elsewhere moves nothing.
type latch struct {
	described, reports netip.AddrPort // RTP and RTCP, as described; not valid during a hold
	own, nat           bool           // described is of this machine; it may be behind a NAT
	heard              netip.AddrPort // the source whose packets are taken, not valid before the first
	sure               bool           // heard is the described one, or went on from it
	ssrc               uint32         // of its last packet
	seq                uint16
	at                 time.Duration
	// until is the end of the time in which a new description lets a source be learnt
	// as at first, if the one before is silent.
	until  time.Duration
	trials [4]trial
}

// trial is a source on probation.
type trial struct {
	from netip.AddrPort
	ssrc uint32
	seq  uint16
	run  int // packets in sequence
	at   time.Duration
}

const (
	// goneAfter is how long a source must be silent before another may go on for it.
	goneAfter = 500 * time.Millisecond
	// relearnFor is how long a new description with the address of the old lets a
	// source be learnt as at first.
	relearnFor = 5 * time.Second
	// Runs of packets: of the peer's own machine from another port, of a source that
	// goes on for a silent one, of another machine.
	runSameHost  = 3
	runGoingOn   = 2
	runElsewhere = 6
	// mostSkipped is how many packets may be missing in a run.
	mostSkipped = 8
)

// describe takes up the peer's description.
func (l *latch) describe(media, reports netip.AddrPort, at time.Duration) {
	l.reports = reports
	if media == l.described {
		l.until = at + relearnFor
		return
	}
	*l = latch{described: media, reports: reports, own: ownMachine(media.Addr()), nat: behindNAT(media.Addr())}
}

// rtp judges a packet. taken says that it is the peer's; moved that packets go to
// where it came from, from now on.
func (l *latch) rtp(from netip.AddrPort, ssrc uint32, seq uint16, at time.Duration, authenticated bool) (taken, moved bool) {
	switch {
	case from == l.heard:
	case from == l.described && !l.sure:
		moved = l.heard.IsValid()
		l.heard, l.sure = from, true
	default:
		run := l.try(from, ssrc, seq, at)
		won, send, sure := l.wins(from, run, ssrc, seq, at, authenticated)
		if !won {
			return authenticated, false
		}
		l.heard, l.sure, moved = from, sure, send
	}
	l.ssrc, l.seq, l.at = ssrc, seq, at
	return true, moved
}

// wins reports whether a source is heard from now on, whether packets go there, and
// whether that is for good.
func (l *latch) wins(from netip.AddrPort, run int, ssrc uint32, seq uint16, at time.Duration, authenticated bool) (won, send, sure bool) {
	silent := l.heard.IsValid() && at-l.at >= goneAfter
	goesOn := silent && ssrc == l.ssrc && seq != l.seq && seq-l.seq < maxDropout
	sameHost := from.Addr() == l.described.Addr()
	switch {
	case authenticated:
		return !l.heard.IsValid() || run >= runSameHost, true, true
	case goesOn:
		return run >= runGoingOn, true, true
	case !l.described.IsValid() || l.described.Addr().IsUnspecified():
		return false, false, false // a hold has no address
	case l.heard.IsValid() && !(silent && at < l.until):
		return false, false, false
	case sameHost:
		return run >= runSameHost, true, false
	case run < runElsewhere || l.own:
		return false, false, false
	default:
		// Some servers send from another address than the one that they take sound at.
		return true, l.nat, false
	}
}

// try counts a packet of a source on probation and returns the length of its run.
func (l *latch) try(from netip.AddrPort, ssrc uint32, seq uint16, at time.Duration) int {
	t := &l.trials[0]
	for i := range l.trials {
		if l.trials[i].from == from {
			t = &l.trials[i]
			break
		}
		if l.trials[i].at < t.at {
			t = &l.trials[i]
		}
	}
	switch ahead := seq - t.seq; {
	case t.from != from || t.ssrc != ssrc || ahead > mostSkipped && ahead < 1<<15 || at-t.at > time.Second:
		*t = trial{from: from, ssrc: ssrc, seq: seq, run: 1}
	case ahead > 0 && ahead <= mostSkipped:
		t.seq = seq
		t.run++
	}
	t.at = at
	return t.run
}

// rtcp judges a report in the same way; it is only taken from the machine that RTP
// comes from, or from the address that was described for it.
func (l *latch) rtcp(from netip.AddrPort, authenticated bool) (taken, moved bool) {
	host := l.heard.Addr()
	if !l.heard.IsValid() {
		host = l.described.Addr()
	}
	switch {
	case from == l.reports:
		return true, false
	case from.Addr() == host:
		// Another port of the peer's is where its NAT wants reports, if there is one.
		return true, l.heard.IsValid() && l.heard != l.described
	default:
		return authenticated, false
	}
}

// behindNAT reports whether a peer at that address can be elsewhere for this
// machine: one that not all the world can reach.
func behindNAT(a netip.Addr) bool {
	carrier := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10) // RFC 6598
	return (a.IsPrivate() || a.IsLinkLocalUnicast() || carrier.Contains(a)) && !ownMachine(a)
}

// ownMachine reports whether an address is one of this machine's.
func ownMachine(a netip.Addr) bool {
	if a.IsLoopback() {
		return true
	}
	own, _ := net.InterfaceAddrs()
	for _, o := range own {
		if p, err := netip.ParsePrefix(o.String()); err == nil && p.Addr().Unmap() == a {
			return true
		}
	}
	return false
}

package media

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// holePeriod is how often the path is held open where nothing else does.
const holePeriod = 5 * time.Second

// keepOpen holds NAT bindings open before the first packet of sound and while
// on hold, by empty datagrams, which no receiver takes for sound (RFC 6263,
// section 4.1).
func (l *plainLink) keepOpen() {
	tick := time.NewTicker(holePeriod)
	defer tick.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-tick.C:
			l.punch()
		}
	}
}

func (l *plainLink) punch() {
	if i := l.ice.Load(); i != nil && i.parts[0].inForce.Load() {
		return // the checks hold it open
	}
	if to := l.mediaTo.Load(); to != nil {
		_, _ = l.media.WriteToUDPAddrPort(nil, *to)
	}
}

// read takes what arrives on the socket of a component until it is closed.
func (l *plainLink) read(c *net.UDPConn, part int) {
	b := make([]byte, readSize)
	for {
		n, from, err := c.ReadFromUDPAddrPort(b)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil || n == 0:
			continue // such as a port that is not open yet on the other side
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		if isDTLS(b[:n]) {
			l.mu.Lock()
			if d := l.dtls; d != nil && part == 0 {
				d.wire.put(b[:n], from)
			}
			l.mu.Unlock()
			continue
		}
		if i := l.ice.Load(); i == nil || !i.parts[part].takes(b[:n], from) {
			l.take(b[:n], from, l.cfg.Now())
		}
	}
}

// take checks, opens and hands on one packet; from is not set for one that came
// by ICE, which knows its peer.
func (l *plainLink) take(b []byte, from netip.AddrPort, at time.Duration) {
	l.inbound.Lock()
	defer l.inbound.Unlock()
	if len(b) < 8 || b[0]>>6 != 2 || l.keyless.Load() {
		return
	}
	keys := l.receiveBy.Load()
	if isRTCP(b) {
		if keys != nil {
			p, err := keys.rtcp.DecryptRTCP(l.opened[:0], b, &l.inRTCP)
			if err != nil {
				return
			}
			b = p
		}
		if l.fromPeer(b, true, from, at, keys != nil) {
			l.h.rtcp(b, at)
		}
		return
	}
	if keys != nil {
		p, err := keys.rtp.DecryptRTP(l.opened[:0], b, &l.inRTP)
		if err != nil {
			return
		}
		b = p
	}
	if l.fromPeer(b, false, from, at, keys != nil) {
		l.h.rtp(b, at)
	}
}

// fromPeer reports whether a packet is the peer's, and follows the peer to where its
// packets come from. l.inbound is held.
func (l *plainLink) fromPeer(b []byte, report bool, from netip.AddrPort, at time.Duration, authenticated bool) bool {
	if !from.IsValid() {
		return true
	}
	if report {
		taken, moved := l.latch.rtcp(from, authenticated)
		if moved {
			l.ctrlTo.Store(&from)
		}
		return taken
	}
	h, ok := parseRTP(b)
	if !ok {
		return false
	}
	taken, moved := l.latch.rtp(from, h.ssrc, h.seq, at, authenticated)
	if moved {
		l.mediaTo.Store(&from)
		if l.mux.Load() {
			l.ctrlTo.Store(&from)
		}
	}
	return taken
}

// sendRTP implements link.
func (l *plainLink) sendRTP(_ rtpHeader, packet []byte) error {
	if keys := l.sendBy.Load(); keys != nil {
		var err error
		if packet, err = keys.rtp.EncryptRTP(l.sealed[:0], packet, &l.outRTP); err != nil {
			return err
		}
	}
	return l.write(packet, 0, &l.mediaTo)
}

// sendRTCP implements link.
func (l *plainLink) sendRTCP(packet []byte) error {
	part := 1
	if l.mux.Load() {
		part = 0
	}
	if keys := l.sendBy.Load(); keys != nil {
		var err error
		if packet, err = keys.rtcp.EncryptRTCP(nil, packet, nil); err != nil {
			return err
		}
	}
	return l.write(packet, part, &l.ctrlTo)
}

// write sends from the socket of a component: by ICE if it is in force, where it
// last led while it restarts, and else to the address that was described.
func (l *plainLink) write(packet []byte, part int, described *atomic.Pointer[netip.AddrPort]) error {
	to := described.Load()
	if l.keyless.Load() {
		return ErrPathLost
	}
	if i := l.ice.Load(); i != nil && i.parts[part].inForce.Load() {
		if sent, err := i.parts[part].send(packet); sent {
			return err
		}
		to = i.parts[part].remote.Load()
	}
	if to == nil {
		return ErrPathLost
	}
	socket := l.media
	if part == 1 {
		socket = l.ctrl
	}
	_, err := socket.WriteToUDPAddrPort(packet, *to)
	return err
}

// candidates implements link.
func (l *plainLink) candidates() (local, remote string) {
	if i := l.ice.Load(); i != nil && i.parts[0].inForce.Load() {
		return i.parts[0].pairNames()
	}
	to := l.mediaTo.Load()
	if to == nil {
		return "", ""
	}
	port := l.media.LocalAddr().(*net.UDPAddr).Port
	return fmt.Sprintf("host udp %s", netip.AddrPortFrom(l.cfg.LocalAddress, uint16(port))), fmt.Sprintf("host udp %s", to)
}

package media

import (
	"errors"
	"net"
	"net/netip"

	"offhook/internal/dscp"
)

// localAddress is an address of the machine that others can reach, or loopback.
func localAddress() netip.Addr {
	best := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err != nil || !p.Addr().IsGlobalUnicast() {
			continue
		}
		if p.Addr().Is4() {
			return p.Addr()
		}
		if best.IsLoopback() {
			best = p.Addr()
		}
	}
	return best
}

// listenPair opens an even port and the odd one above it (RFC 3550, section 11).
// The sockets take packets on every address of the family: the machine may
// move to another network during a call.
func listenPair(local netip.Addr) (media, ctrl *net.UDPConn, err error) {
	any := netip.IPv4Unspecified()
	if local.Is6() {
		any = netip.IPv6Unspecified()
	}
	if local.IsLoopback() {
		any = local // nothing but this machine has any business here
	}
	for range 64 {
		if media, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(any, 0))); err != nil {
			return nil, nil, err
		}
		port := media.LocalAddr().(*net.UDPAddr).AddrPort().Port()
		if port%2 == 0 && port < 65535 {
			if ctrl, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(any, port+1))); err == nil {
				dscp.Mark(media, dscp.Voice)
				dscp.Mark(ctrl, dscp.Voice)
				return media, ctrl, nil
			}
		}
		_ = media.Close()
	}
	if err == nil {
		err = errors.New("no free pair of ports")
	}
	return nil, nil, err
}

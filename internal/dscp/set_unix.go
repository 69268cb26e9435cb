//go:build unix

package dscp

import "golang.org/x/sys/unix"

// set sets the traffic class of either family; the one that a socket is not of fails.
func set(fd uintptr, class int) {
	_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TOS, class)
	_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_TCLASS, class)
}

package relay

import (
	"context"
	"net"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// mostSockets bounds the sockets of the media port.
const mostSockets = 8

// socketsWanted is a socket for every second core: the kernel deals phones out to them,
// and the other cores are left to signalling.
func socketsWanted() int { return min(max(runtime.GOMAXPROCS(0)/2, 1), mostSockets) }

// listenAll opens the media port with n sockets, or with fewer if the kernel can't.
func listenAll(address *net.UDPAddr, n int) ([]*net.UDPConn, error) {
	// The first is opened as any socket is, so that a port that another program has, or
	// a second platform, is an error. Only then is it shared.
	first, err := net.ListenUDP("udp", address)
	if err != nil {
		return nil, err
	}
	sockets := []*net.UDPConn{first}
	share := func(raw syscall.RawConn) error {
		var err error
		if cerr := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) }); cerr != nil {
			return cerr
		}
		return err
	}
	if raw, err := first.SyscallConn(); n == 1 || err != nil || share(raw) != nil {
		return sockets, nil
	}
	more := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error { return share(raw) }}
	for len(sockets) < n {
		c, err := more.ListenPacket(context.Background(), "udp", first.LocalAddr().String())
		if err != nil {
			break // fewer do too
		}
		sockets = append(sockets, c.(*net.UDPConn))
	}
	return sockets, nil
}

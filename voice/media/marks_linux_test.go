package media

import (
	"net"
	"net/netip"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"offhook/internal/dscp"
)

// The sockets of sound, those of ICE and those of plain RTP, are marked.
func TestSoundIsMarked(t *testing.T) {
	dscp.Set(dscp.EF, dscp.CS3)
	defer dscp.Set(0, 0)
	n, err := newMachineNet()
	if err != nil {
		t.Fatal(err)
	}
	defer n.interrupt()
	candidate, err := n.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer candidate.Close()
	media, ctrl, err := listenPair(netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	defer media.Close()
	defer ctrl.Close()
	for name, c := range map[string]any{"candidate": candidate, "RTP": media, "RTCP": ctrl} {
		raw, err := c.(syscall.Conn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		class := 0
		if err := raw.Control(func(fd uintptr) { class, _ = unix.GetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TOS) }); err != nil || class != dscp.EF<<2 {
			t.Errorf("%s: class %d, %v", name, class, err)
		}
	}
}

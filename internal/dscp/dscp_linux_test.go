package dscp

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// class is the traffic class that a socket sends with.
func class(t *testing.T, c *net.UDPConn, level, option int) int {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	got := -1
	if err := raw.Control(func(fd uintptr) { got, _ = unix.GetsockoptInt(int(fd), level, option) }); err != nil {
		t.Fatal(err)
	}
	return got
}

// Sockets of either family send with the mark of what they carry; 0 marks nothing.
func TestMarks(t *testing.T) {
	for _, row := range []struct {
		address       string
		level, option int
	}{{"127.0.0.1:0", unix.IPPROTO_IP, unix.IP_TOS}, {"[::1]:0", unix.IPPROTO_IPV6, unix.IPV6_TCLASS}} {
		at, err := net.ResolveUDPAddr("udp", row.address)
		if err != nil {
			t.Fatal(err)
		}
		for _, marks := range [][2]int{{EF, CS3}, {0, 0}, {Max + 1, -1}} {
			Set(marks[0], marks[1])
			for kind, want := range marks {
				c, err := net.ListenUDP("udp", at)
				if err != nil {
					t.Logf("this machine has no %s", row.address)
					break
				}
				Mark(c, Kind(kind))
				if want < 0 || want > Max {
					want = 0
				}
				if got := class(t, c, row.level, row.option); got != want<<2 {
					t.Errorf("%s marked %v: class %d, want %d", row.address, marks, got, want<<2)
				}
				c.Close()
			}
		}
	}
	Set(EF, CS3)
	Mark("no connection", Voice)
	a, b := net.Pipe()
	Mark(a, Voice)
	a.Close()
	b.Close()
}

//go:build !linux

package relay

import (
	"net"
	"net/netip"
)

// batch reads and sends one packet at a time, where the system takes no more.
type batch struct {
	conn *net.UDPConn
	in   [packetRoom]byte
	out  [packetRoom]byte
	size int
	from netip.AddrPort
}

func newBatch(conn *net.UDPConn) (*batch, error) { return &batch{conn: conn}, nil }

func (b *batch) read() (n int, err error) {
	b.size, b.from, err = b.conn.ReadFromUDPAddrPort(b.in[:])
	return 1, err
}

func (b *batch) packet(int) ([]byte, netip.AddrPort) {
	return b.in[:b.size], netip.AddrPortFrom(b.from.Addr().Unmap(), b.from.Port())
}

func (b *batch) room() []byte { return b.out[:0] }

func (b *batch) queue(packet []byte, to netip.AddrPort) { _, _ = b.conn.WriteToUDPAddrPort(packet, to) }

func (b *batch) flush() {}

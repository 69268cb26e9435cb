package relay

import (
	"encoding/binary"
	"net"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// batchSize is how many packets one system call takes at most: more gains nothing,
// and a packet waits for those before it.
const batchSize = 64

// message is struct mmsghdr of recvmmsg(2) and sendmmsg(2).
type message struct {
	header unix.Msghdr
	length uint32
}

// batch reads packets of a socket, and sends others on it, many with one system call.
// It belongs to one goroutine. golang.org/x/net has the same, but allocates for each
// packet's address, and can't send from a socket of both families to an IPv4 address.
type batch struct {
	raw syscall.RawConn
	six bool // the socket's addresses are IPv6, those of IPv4 mapped

	in, out       messages
	queued        int
	receive, send func(fd uintptr) bool
	// The results of the two.
	got, sent int
	err       error
}

// messages are the packets of one direction with room for their addresses.
type messages struct {
	list    [batchSize]message
	vectors [batchSize]unix.Iovec
	names   [batchSize]unix.RawSockaddrInet6 // RawSockaddrInet4 fits into it
	packets [batchSize][packetRoom]byte
}

func newBatch(conn *net.UDPConn) (*batch, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	b := &batch{raw: raw}
	family := 0
	if cerr := raw.Control(func(fd uintptr) { family, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN) }); cerr != nil {
		return nil, cerr
	}
	if err != nil {
		return nil, err
	}
	b.six = family == unix.AF_INET6
	for _, m := range []*messages{&b.in, &b.out} {
		for i := range m.list {
			m.vectors[i].Base = &m.packets[i][0]
			m.vectors[i].SetLen(packetRoom)
			h := &m.list[i].header
			h.Iov = &m.vectors[i]
			h.SetIovlen(1)
			h.Name = (*byte)(unsafe.Pointer(&m.names[i]))
		}
	}
	b.receive, b.send = b.recvmmsg, b.sendmmsg
	return b, nil
}

// read waits for packets and returns how many have come, at most batchSize.
func (b *batch) read() (int, error) {
	if err := b.raw.Read(b.receive); err != nil {
		return 0, err
	}
	return b.got, b.err
}

func (b *batch) recvmmsg(fd uintptr) bool {
	for i := range b.in.list {
		b.in.list[i].header.Namelen = unix.SizeofSockaddrInet6
	}
	for {
		n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&b.in.list[0])), batchSize, 0, 0, 0)
		switch errno {
		case 0:
			b.got, b.err = int(n), nil
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		default:
			b.got, b.err = 0, errno
		}
		return true
	}
}

// packet returns one of the packets that read has got, until the next read, and its
// sender.
func (b *batch) packet(i int) ([]byte, netip.AddrPort) {
	m := &b.in
	name := &m.names[i]
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&name.Port))[:])
	var from netip.Addr
	if name.Family == unix.AF_INET6 {
		from = netip.AddrFrom16(name.Addr).Unmap()
	} else {
		from = netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(name)).Addr)
	}
	return m.packets[i][:min(m.list[i].length, packetRoom)], netip.AddrPortFrom(from, port)
}

// room returns where the next packet to send may be written.
func (b *batch) room() []byte { return b.out.packets[b.queued][:0] }

// queue adds a packet that was written into room, or is copied there, and sends all
// if there is room for no more.
func (b *batch) queue(packet []byte, to netip.AddrPort) {
	m, i := &b.out, b.queued
	m.vectors[i].SetLen(copy(m.packets[i][:], packet))
	name := &m.names[i]
	*name = unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: to.Addr().As16()}
	m.list[i].header.Namelen = unix.SizeofSockaddrInet6
	if !b.six {
		*(*unix.RawSockaddrInet4)(unsafe.Pointer(name)) = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: to.Addr().Unmap().As4()}
		m.list[i].header.Namelen = unix.SizeofSockaddrInet4
	}
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&name.Port))[:], to.Port())
	if b.queued++; b.queued == batchSize {
		b.flush()
	}
}

// flush sends what is queued. What the system refuses is lost, as packets are.
func (b *batch) flush() {
	if b.queued == 0 {
		return
	}
	b.sent = 0
	_ = b.raw.Write(b.send)
	b.queued = 0
}

func (b *batch) sendmmsg(fd uintptr) bool {
	for b.sent < b.queued {
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&b.out.list[b.sent])), uintptr(b.queued-b.sent), 0, 0, 0)
		switch errno {
		case 0:
			b.sent += int(n)
		case unix.EINTR:
		case unix.EAGAIN:
			return false
		default:
			b.sent++ // the first of the rest can't be sent
		}
	}
	return true
}

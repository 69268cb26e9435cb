// Package dscp marks the packets of calls, so that a network that looks at marks lets
// them go first (RFC 2474, RFC 4594): sound as EF, signalling as CS3.
package dscp

import (
	"sync/atomic"
	"syscall"
)

// The marks of RFC 4594 for telephony, and the highest that there is.
const (
	EF  = 46
	CS3 = 24
	Max = 63
)

// Kind is what a socket carries.
type Kind int

// Voice is sound, Signalling SIP.
const (
	Voice Kind = iota
	Signalling
)

var marks [2]atomic.Int32

// Set chooses the marks of the sockets that are opened from now on; 0 leaves them as
// the system has them.
func Set(voice, signalling int) {
	marks[Voice].Store(int32(voice))
	marks[Signalling].Store(int32(signalling))
}

// Mark marks what a socket sends. A connection without a socket, and a system that
// knows no marks, are left as they are.
func Mark(conn any, kind Kind) {
	mark := marks[kind].Load()
	socket, ok := conn.(syscall.Conn)
	if mark <= 0 || mark > Max || !ok {
		return
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { set(fd, int(mark)<<2) })
}

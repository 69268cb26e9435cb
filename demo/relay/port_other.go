//go:build !linux

package relay

import "net"

func socketsWanted() int { return 1 }

// listenAll opens the media port, always with one socket.
func listenAll(address *net.UDPAddr, _ int) ([]*net.UDPConn, error) {
	c, err := net.ListenUDP("udp", address)
	return []*net.UDPConn{c}, err
}

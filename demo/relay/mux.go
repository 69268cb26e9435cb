package relay

import (
	"fmt"
	"log/slog"
	"net"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
)

// oneAddressMux shares one UDP socket between all ICE agents, and shows each
// agent one address per family only: a socket bound to all interfaces would
// otherwise give every leg a candidate, and goroutines, for each of them. What
// the phones are told stands in the answer, not in the agent.
type oneAddressMux struct {
	*ice.UDPMuxDefault
	addresses []net.Addr
}

func newOneAddressMux(socket *port, log pionLog) *oneAddressMux {
	m := &oneAddressMux{UDPMuxDefault: ice.NewUDPMuxDefault(ice.UDPMuxParams{
		UDPConn: socket, Logger: log.NewLogger("ice-udp"),
	})}
	local := socket.LocalAddr().(*net.UDPAddr)
	switch {
	case !local.IP.IsUnspecified():
		m.addresses = []net.Addr{local}
	case local.IP.To4() != nil:
		m.addresses = []net.Addr{&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: local.Port}}
	default:
		m.addresses = []net.Addr{
			&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: local.Port},
			&net.UDPAddr{IP: net.IPv6loopback, Port: local.Port},
		}
	}
	return m
}

// GetListenAddresses implements ice.UDPMux.
func (m *oneAddressMux) GetListenAddresses() []net.Addr { return m.addresses }

// pionLog gives pion's libraries a logger. They warn of every stray packet, so
// that nothing of theirs is louder than debug.
type pionLog struct{ log *slog.Logger }

// NewLogger implements logging.LoggerFactory.
func (p pionLog) NewLogger(scope string) logging.LeveledLogger {
	return pionScope{p.log.With("library", scope)}
}

type pionScope struct{ log *slog.Logger }

func (pionScope) Trace(string)          {}
func (pionScope) Tracef(string, ...any) {}
func (pionScope) Debug(string)          {}
func (pionScope) Debugf(string, ...any) {}
func (pionScope) Info(string)           {}
func (pionScope) Infof(string, ...any)  {}
func (s pionScope) Warn(msg string)     { s.log.Debug(msg) }
func (s pionScope) Warnf(format string, args ...any) {
	s.log.Debug(fmt.Sprintf(format, args...))
}
func (s pionScope) Error(msg string) { s.log.Debug(msg) }
func (s pionScope) Errorf(format string, args ...any) {
	s.log.Debug(fmt.Sprintf(format, args...))
}

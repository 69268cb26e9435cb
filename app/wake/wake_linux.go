package wake

import (
	"context"
	"log/slog"

	"github.com/godbus/dbus/v5"

	"offhook/internal/crash"
)

// The names of systemd-logind (org.freedesktop.login1(5)).
const (
	logindName  = "org.freedesktop.login1"
	logindPath  = dbus.ObjectPath("/org/freedesktop/login1")
	logindIface = "org.freedesktop.login1.Manager"
	prepare     = "PrepareForSleep"
)

// Follow gives out true when the machine is about to sleep and false when it has
// woken, until ctx ends; then the channel is closed, and at once where nobody
// tells.
func Follow(ctx context.Context, log *slog.Logger) <-chan bool {
	return follow(ctx, func() (*dbus.Conn, error) { return dbus.ConnectSystemBus() }, log)
}

func follow(ctx context.Context, connect func() (*dbus.Conn, error), log *slog.Logger) <-chan bool {
	out := make(chan bool)
	go func() {
		defer crash.Guard()
		defer close(out)
		conn, err := connect()
		if err != nil {
			log.Debug("nobody tells of sleep", "err", err)
			return
		}
		defer conn.Close()
		signals := make(chan *dbus.Signal, 8)
		conn.Signal(signals)
		if err := conn.AddMatchSignalContext(ctx, dbus.WithMatchSender(logindName), dbus.WithMatchObjectPath(logindPath),
			dbus.WithMatchInterface(logindIface), dbus.WithMatchMember(prepare)); err != nil {
			log.Debug("nobody tells of sleep", "err", err)
			return
		}
		for {
			select {
			case <-ctx.Done():
				return
			case s, open := <-signals:
				if !open {
					log.Debug("the system bus is gone")
					return
				}
				if len(s.Body) != 1 || s.Name != logindIface+"."+prepare {
					continue
				}
				if asleep, ok := s.Body[0].(bool); ok {
					select {
					case out <- asleep:
					case <-ctx.Done():
						return
					}
				}
			}
		}
	}()
	return out
}

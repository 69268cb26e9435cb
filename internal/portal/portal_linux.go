// Package portal asks the XDG desktop portal for what the user has to allow or choose.
package portal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/uuid"
)

// The names of the portal (XDG Desktop Portal).
const (
	Name         = "org.freedesktop.portal.Desktop"
	path         = dbus.ObjectPath("/org/freedesktop/portal/desktop")
	requestIface = "org.freedesktop.portal.Request"
)

// limit bounds one call of the portal, which returns before the user is asked anything.
const limit = 10 * time.Second

// ErrRefused says that the user, or the portal, did not want it.
var ErrRefused = errors.New("portal: refused")

// Portal makes requests, whose answers come as signals.
type Portal struct {
	conn   *dbus.Conn
	Object dbus.BusObject
	// Signals are all of the portal's; a request that waits takes those that come
	// meanwhile.
	Signals <-chan *dbus.Signal
}

// Open begins to hear the portal on a connection that the caller closes.
func Open(ctx context.Context, conn *dbus.Conn) (*Portal, error) {
	signals := make(chan *dbus.Signal, 32)
	conn.Signal(signals)
	if err := conn.AddMatchSignalContext(ctx, dbus.WithMatchSender(Name)); err != nil {
		return nil, err
	}
	return &Portal{conn: conn, Object: conn.Object(Name, path), Signals: signals}, nil
}

// Token is a new name for a request or a session.
func Token() string { return "offhook" + strings.ReplaceAll(uuid.NewString(), "-", "") }

// Request calls a method, by its interface and name, and waits for its answer, which may
// take the user's decision.
func (p *Portal) Request(ctx context.Context, method string, args func(options map[string]dbus.Variant) []any) (map[string]dbus.Variant, error) {
	own := Token()
	sender := strings.ReplaceAll(strings.TrimPrefix(p.conn.Names()[0], ":"), ".", "_")
	expected := path + "/request/" + dbus.ObjectPath(sender+"/"+own)
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var handle dbus.ObjectPath
	err := p.Object.CallWithContext(limited, method, 0, args(map[string]dbus.Variant{"handle_token": dbus.MakeVariant(own)})...).Store(&handle)
	if err != nil {
		return nil, err
	}
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case s, open := <-p.Signals:
			switch {
			case !open:
				return nil, errors.New("portal: the session bus is gone")
			case s.Name != requestIface+".Response" || s.Path != handle && s.Path != expected:
				continue // of something else
			}
			var status uint32
			var results map[string]dbus.Variant
			if err := dbus.Store(s.Body, &status, &results); err != nil {
				return nil, err
			}
			if status != 0 {
				return nil, fmt.Errorf("%w: %s (%d)", ErrRefused, method, status)
			}
			return results, nil
		}
	}
}

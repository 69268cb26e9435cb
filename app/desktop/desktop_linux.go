package desktop

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/godbus/dbus/v5"

	"offhook/app/hotkeys"
)

// session connects to the session bus if there is one; it never starts one.
func session(ctx context.Context) (*dbus.Conn, error) {
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") == "" {
		return nil, errors.New("desktop: no session bus")
	}
	return dbus.ConnectSessionBus(dbus.WithContext(context.WithoutCancel(ctx)))
}

const (
	mprisPrefix = "org.mpris.MediaPlayer2."
	mprisPath   = "/org/mpris/MediaPlayer2"
	mprisPlayer = "org.mpris.MediaPlayer2.Player"
)

// pauseMedia pauses the players that play (MPRIS 2.2). Its undo lets those play
// again that are still paused.
func pauseMedia(ctx context.Context) (func(context.Context) error, error) {
	conn, err := session(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var names []string
	if err := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.ListNames", 0).Store(&names); err != nil {
		return nil, err
	}
	var paused []string
	for _, name := range names {
		if !strings.HasPrefix(name, mprisPrefix) || strings.HasPrefix(name, hotkeys.MediaName) || status(ctx, conn, name) != "Playing" {
			continue
		}
		if conn.Object(name, mprisPath).CallWithContext(ctx, mprisPlayer+".Pause", 0).Err == nil {
			paused = append(paused, name)
		}
	}
	if len(paused) == 0 {
		return nil, nil
	}
	return func(ctx context.Context) error {
		conn, err := session(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		var errs []error
		for _, name := range paused {
			if status(ctx, conn, name) == "Paused" {
				errs = append(errs, conn.Object(name, mprisPath).CallWithContext(ctx, mprisPlayer+".Play", 0).Err)
			}
		}
		return errors.Join(errs...)
	}, nil
}

func status(ctx context.Context, conn *dbus.Conn, name string) string {
	var v dbus.Variant
	err := conn.Object(name, mprisPath).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, mprisPlayer, "PlaybackStatus").Store(&v)
	s, ok := v.Value().(string)
	if err != nil || !ok {
		return ""
	}
	return s
}

// keepAwake inhibits the screen saver, by its own interface or, where there is
// none as in a sandbox, by the desktop portal. The inhibition lasts as long as
// the connection, so that a phone that is killed leaves nothing behind.
func keepAwake(ctx context.Context) (func(context.Context) error, error) {
	conn, err := session(ctx)
	if err != nil {
		return nil, err
	}
	release, err := inhibitSaver(ctx, conn)
	if err != nil {
		var perr error
		if release, perr = inhibitPortal(ctx, conn); perr != nil {
			conn.Close()
			return nil, errors.Join(err, perr)
		}
	}
	return func(ctx context.Context) error {
		defer conn.Close()
		return release(ctx)
	}, nil
}

func inhibitSaver(ctx context.Context, conn *dbus.Conn) (release func(context.Context) error, err error) {
	saver := conn.Object("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver")
	var cookie uint32
	if err := saver.CallWithContext(ctx, "org.freedesktop.ScreenSaver.Inhibit", 0, "Offhook", "In a call").Store(&cookie); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		return saver.CallWithContext(ctx, "org.freedesktop.ScreenSaver.UnInhibit", 0, cookie).Err
	}, nil
}

// inhibitIdle is the portal's flag against the idling of the session.
const inhibitIdle = uint32(8)

func inhibitPortal(ctx context.Context, conn *dbus.Conn) (release func(context.Context) error, err error) {
	const name = "org.freedesktop.portal.Desktop"
	var handle dbus.ObjectPath
	reason := map[string]dbus.Variant{"reason": dbus.MakeVariant("In a call")}
	err = conn.Object(name, "/org/freedesktop/portal/desktop").CallWithContext(ctx, "org.freedesktop.portal.Inhibit.Inhibit", 0, "", inhibitIdle, reason).Store(&handle)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		return conn.Object(name, handle).CallWithContext(ctx, "org.freedesktop.portal.Request.Close", 0).Err
	}, nil
}

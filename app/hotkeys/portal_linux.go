package hotkeys

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"offhook/internal/crash"
	"offhook/internal/portal"
)

// The names of the portal (XDG Desktop Portal, org.freedesktop.portal.GlobalShortcuts).
const (
	shortcutsIface = "org.freedesktop.portal.GlobalShortcuts"
	sessionIface   = "org.freedesktop.portal.Session"
	registryIface  = "org.freedesktop.host.portal.Registry"

	// appID names the phone to the portal, as its desktop file does.
	appID = "offhook"
)

// Keys are the shortcuts of one session of the portal. They are asked for in the
// background, since the user may take their time.
type Keys struct {
	log    *slog.Logger
	cancel context.CancelFunc
	done   chan struct{}

	mu              sync.Mutex // guards what follows
	bound           bool
	answer, decline func()
	turn            int
}

// Open asks the portal of the bus that connect reaches for both keys. It returns
// at once; without such a portal, or if the user refuses, there are none. Close
// gives them back.
func Open(connect func() (*dbus.Conn, error), words Words, log *slog.Logger) *Keys {
	ctx, cancel := context.WithCancel(context.Background())
	k := &Keys{log: log, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer crash.Guard()
		defer close(k.done)
		if err := k.run(ctx, connect, words); err != nil && ctx.Err() == nil {
			log.Info("there are no keys for all windows", "err", err)
		}
		k.mu.Lock()
		k.bound = false
		k.mu.Unlock()
	}()
	return k
}

// While has the keys answer and decline until stop is called. The functions are
// called from another goroutine. ok is false while the portal has given no keys.
func (k *Keys) While(answer, decline func()) (stop func(), ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.turn++
	turn := k.turn
	k.answer, k.decline = answer, decline
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.turn == turn {
			k.answer, k.decline = nil, nil
		}
	}, k.bound
}

// Close gives the keys back and waits for that.
func (k *Keys) Close() {
	k.cancel()
	<-k.done
}

// run holds a session until ctx or the portal ends it.
func (k *Keys) run(ctx context.Context, connect func() (*dbus.Conn, error), words Words) error {
	conn, err := connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	p, err := portal.Open(ctx, conn)
	if err != nil {
		return err
	}
	// A program outside of a sandbox says who it is; older portals guess.
	_ = p.Object.CallWithContext(ctx, registryIface+".Register", 0, appID, map[string]dbus.Variant{}).Err
	results, err := p.Request(ctx, shortcutsIface+".CreateSession", func(options map[string]dbus.Variant) []any {
		options["session_handle_token"] = dbus.MakeVariant(portal.Token())
		return []any{options}
	})
	if err != nil {
		return err
	}
	handle, _ := results["session_handle"].Value().(string)
	session := dbus.ObjectPath(handle)
	if !session.IsValid() {
		return errors.New("hotkeys: the portal names no session")
	}
	type shortcut struct {
		ID   string
		Told map[string]dbus.Variant
	}
	wanted := func(id, text, keys string) shortcut {
		return shortcut{id, map[string]dbus.Variant{"description": dbus.MakeVariant(text), "preferred_trigger": dbus.MakeVariant(keys)}}
	}
	if _, err := p.Request(ctx, shortcutsIface+".BindShortcuts", func(options map[string]dbus.Variant) []any {
		return []any{session, []shortcut{wanted("answer", words.Answer, "CTRL+SHIFT+a"), wanted("decline", words.Decline, "CTRL+SHIFT+d")}, "", options}
	}); err != nil {
		return err
	}
	k.mu.Lock()
	k.bound = true
	k.mu.Unlock()
	k.log.Info("the desktop gives keys for all windows")
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Object(portal.Name, session).CallWithContext(ctx, sessionIface+".Close", 0).Err // the connection's end closes it, too
	}()
	return k.follow(ctx, session, p.Signals)
}

// follow hears the keys until the session ends.
func (k *Keys) follow(ctx context.Context, session dbus.ObjectPath, signals <-chan *dbus.Signal) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case s, open := <-signals:
			switch {
			case !open:
				return errors.New("hotkeys: the session bus is gone")
			case s.Name == sessionIface+".Closed" && s.Path == session:
				return errors.New("hotkeys: the desktop took the keys back")
			case s.Name == shortcutsIface+".Activated":
				k.pressed(s.Body, session)
			}
		}
	}
}

// pressed does what a key of this session stands for.
func (k *Keys) pressed(body []any, session dbus.ObjectPath) {
	if len(body) < 2 || body[0] != any(session) {
		return
	}
	k.mu.Lock()
	answer, decline := k.answer, k.decline
	k.mu.Unlock()
	switch id := body[1]; {
	case id == "answer" && answer != nil:
		answer()
	case id == "decline" && decline != nil:
		decline()
	}
}

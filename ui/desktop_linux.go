package ui

import (
	"html"
	"log/slog"
	"sync"

	"github.com/godbus/dbus/v5"

	"offhook/app/hotkeys"
	"offhook/internal/atspi"
	"offhook/internal/crash"
)

// linuxDesktop talks to the X server and to the session bus, when there are any.
type linuxDesktop struct {
	x    *x11
	log  *slog.Logger
	once sync.Once
	bus  *dbus.Conn
	// keys are the portal's, for a desktop without an X server; nil until they are
	// wanted.
	keys *hotkeys.Keys
	// speaker tells screen readers what the toolkit doesn't.
	speaker *atspi.Speaker

	mu      sync.Mutex
	actions map[uint32]notice
}

// The names of the notification service (Desktop Notifications Specification).
const (
	notifyName = "org.freedesktop.Notifications"
	notifyPath = dbus.ObjectPath("/org/freedesktop/Notifications")
	// desktopEntry is the name of the phone's desktop file and of its icon.
	desktopEntry = "offhook"
	trayName     = "org.kde.StatusNotifierWatcher"
)

func openDesktop(log *slog.Logger) desktopEnv {
	d := &linuxDesktop{log: log, actions: map[uint32]notice{}}
	d.speaker = atspi.New(d.session, "Offhook", log)
	x, err := openX11()
	if err != nil {
		log.Debug("no X server beside Fyne's", "err", err)
	} else {
		d.x = x
	}
	return d
}

// session connects to the session bus once.
func (d *linuxDesktop) session() *dbus.Conn {
	d.once.Do(func() {
		bus, err := dbus.ConnectSessionBus()
		if err != nil {
			d.log.Debug("no session bus", "err", err)
			return
		}
		d.bus = bus
		if err := bus.AddMatchSignal(dbus.WithMatchInterface(notifyName), dbus.WithMatchObjectPath(notifyPath)); err != nil {
			d.log.Debug("notifications tell nothing", "err", err)
			return
		}
		signals := make(chan *dbus.Signal, 16)
		bus.Signal(signals)
		crash.Go(func() { d.follow(signals) })
	})
	return d.bus
}

// follow hears what was pressed in a notification, until the bus is closed.
func (d *linuxDesktop) follow(signals <-chan *dbus.Signal) {
	for s := range signals {
		if s == nil || len(s.Body) < 2 {
			continue
		}
		id, ok := s.Body[0].(uint32)
		if !ok {
			continue
		}
		d.mu.Lock()
		n, known := d.actions[id]
		if s.Name == notifyName+".NotificationClosed" {
			delete(d.actions, id)
		}
		d.mu.Unlock()
		if !known || s.Name != notifyName+".ActionInvoked" {
			continue
		}
		if do := n.action(s.Body[1]); do != nil {
			do()
		}
	}
}

// action is what the button of a name does, or nil.
func (n notice) action(name any) func() {
	if name == "default" {
		return n.Open
	}
	for _, a := range n.Actions {
		if name == a.key {
			return a.do
		}
	}
	return nil
}

// Notify shows a notification. The text comes from strangers: what the service
// would read as markup is escaped.
func (d *linuxDesktop) Notify(n notice) (done func()) {
	bus := d.session()
	if bus == nil {
		return func() {}
	}
	const normal, critical, usualTime, forEver = byte(1), byte(2), int32(-1), int32(0)
	urgency, expires := normal, usualTime
	if n.Urgent {
		urgency, expires = critical, forEver
	}
	hints := map[string]dbus.Variant{"urgency": dbus.MakeVariant(urgency), "category": dbus.MakeVariant(n.Category), "desktop-entry": dbus.MakeVariant(desktopEntry)}
	if n.Resident {
		hints["resident"], expires = dbus.MakeVariant(true), forEver
	}
	var actions []string
	for _, a := range n.Actions {
		actions = append(actions, a.key, a.word)
	}
	actions = append(actions, "default", n.Title)
	var mu sync.Mutex
	var id uint32
	closed := false
	shut := func(id uint32) {
		bus.Object(notifyName, notifyPath).Go(notifyName+".CloseNotification", dbus.FlagNoReplyExpected, nil, id)
	}
	go func() {
		defer crash.Guard()
		var got uint32
		call := bus.Object(notifyName, notifyPath).Call(notifyName+".Notify", 0, "Offhook", uint32(0), desktopEntry, n.Title, html.EscapeString(n.Text), actions, hints, expires)
		if err := call.Store(&got); err != nil {
			d.log.Debug("notification", "err", err)
			return
		}
		d.mu.Lock()
		d.actions[got] = n
		d.mu.Unlock()
		mu.Lock()
		defer mu.Unlock()
		if id = got; closed {
			shut(got)
		}
	}()
	return func() {
		mu.Lock()
		defer mu.Unlock()
		if closed = true; id != 0 {
			shut(id)
		}
	}
}

func (d *linuxDesktop) HasTray() bool {
	bus := d.session()
	if bus == nil {
		return false
	}
	var owned bool
	err := bus.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, trayName).Store(&owned)
	return err == nil && owned
}

func (d *linuxDesktop) CanPlace() bool { return d.x != nil }

func (d *linuxDesktop) Float(handle uintptr) {
	if d.x == nil || handle == 0 {
		return
	}
	if err := d.x.float(handle); err != nil {
		d.log.Debug("a window that floats", "err", err)
	}
}

func (d *linuxDesktop) Veil(handle uintptr) (unveil func()) {
	if d.x == nil || handle == 0 {
		return func() {}
	}
	if err := d.x.veil(handle, true); err != nil {
		d.log.Debug("veil", "err", err)
		return func() {}
	}
	return func() {
		if err := d.x.veil(handle, false); err != nil {
			d.log.Warn("unveil", "err", err)
		}
	}
}

func (d *linuxDesktop) Minimise(handle uintptr) bool {
	return d.x != nil && handle != 0 && d.x.minimise(handle) == nil
}

func (d *linuxDesktop) Attention(handle uintptr, on bool) {
	if d.x == nil || handle == 0 {
		return
	}
	if err := d.x.askAttention(handle, on); err != nil {
		d.log.Debug("attention", "err", err)
	}
}

func (d *linuxDesktop) WantHotkeys(answer, decline string) {
	if d.x == nil && d.keys == nil && d.session() != nil {
		d.keys = hotkeys.Open(sessionBus, hotkeys.Words{Answer: answer, Decline: decline}, d.log)
	}
}

func (d *linuxDesktop) Hotkeys(answer, decline func()) (stop func(), ok bool) {
	media := func() {}
	if d.session() != nil {
		media = hotkeys.TakeMedia(sessionBus, "Offhook", answer, decline, d.log)
	}
	keys, ok := d.shortcuts(answer, decline)
	return func() {
		media()
		if keys != nil {
			keys()
		}
	}, ok
}

// sessionBus connects to the session bus, beside the connection for notifications.
func sessionBus() (*dbus.Conn, error) { return dbus.ConnectSessionBus() }

// shortcuts takes Ctrl Shift A and Ctrl Shift D, by the X server or the portal.
func (d *linuxDesktop) shortcuts(answer, decline func()) (stop func(), ok bool) {
	if d.x == nil {
		if d.keys == nil {
			return nil, false
		}
		return d.keys.While(answer, decline)
	}
	stop, err := d.x.hotkeys(func(letter rune) {
		if letter == 'a' {
			answer()
		} else {
			decline()
		}
	})
	if err != nil {
		d.log.Debug("hotkeys", "err", err)
		return nil, false
	}
	return stop, true
}

// Say has a screen reader say something.
func (d *linuxDesktop) Say(text string, urgent bool) { d.speaker.Say(text, urgent) }

func (d *linuxDesktop) Close() {
	d.speaker.Close()
	d.once.Do(func() {})
	if d.keys != nil {
		d.keys.Close()
	}
	if d.bus != nil {
		_ = d.bus.Close() // nothing is left to be said
	}
	if d.x != nil {
		d.x.close()
	}
}

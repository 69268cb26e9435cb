package ui

import (
	"html"
	"log/slog"
	"sync"

	"github.com/godbus/dbus/v5"

	"offhook/app/hotkeys"
)

// linuxDesk talks to the X server and to the session bus, when there are any.
type linuxDesk struct {
	x    *x11
	log  *slog.Logger
	once sync.Once
	bus  *dbus.Conn
	// keys are the portal's, for a desktop without an X server; nil until they are
	// wanted.
	keys *hotkeys.Keys

	mu      sync.Mutex
	actions map[uint32]ringNotice
}

// The names of the notification service (Desktop Notifications Specification).
const (
	notifyName = "org.freedesktop.Notifications"
	notifyPath = dbus.ObjectPath("/org/freedesktop/Notifications")
	// desktopEntry is the name of the phone's desktop file and of its icon.
	desktopEntry = "offhook"
	trayName     = "org.kde.StatusNotifierWatcher"
)

func openDesk(log *slog.Logger) desk {
	d := &linuxDesk{log: log, actions: map[uint32]ringNotice{}}
	x, err := openX11()
	if err != nil {
		log.Debug("no X server beside Fyne's", "err", err)
	} else {
		d.x = x
	}
	return d
}

// session connects to the session bus once.
func (d *linuxDesk) session() *dbus.Conn {
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
		go d.follow(signals)
	})
	return d.bus
}

// follow hears what was pressed in a notification, until the bus is closed.
func (d *linuxDesk) follow(signals <-chan *dbus.Signal) {
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
		action, _ := s.Body[1].(string)
		var do func()
		switch action {
		case "answer":
			do = n.Answer
		case "decline":
			do = n.Refuse
		case "default":
			do = n.Open
		}
		if do != nil {
			do()
		}
	}
}

// notify shows a notification. The text comes from strangers: what the service
// would read as markup is escaped.
func (d *linuxDesk) notify(n ringNotice, actions []string, urgency byte, category string) (done func()) {
	bus := d.session()
	if bus == nil {
		return func() {}
	}
	hints := map[string]dbus.Variant{"urgency": dbus.MakeVariant(urgency), "category": dbus.MakeVariant(category), "desktop-entry": dbus.MakeVariant(desktopEntry)}
	expires := int32(0)
	if urgency < 2 {
		expires = -1
	}
	var mu sync.Mutex
	var id uint32
	closed := false
	shut := func(id uint32) {
		bus.Object(notifyName, notifyPath).Go(notifyName+".CloseNotification", dbus.FlagNoReplyExpected, nil, id)
	}
	go func() {
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

func (d *linuxDesk) Ring(n ringNotice) (done func()) {
	return d.notify(n, []string{"answer", n.AnswerWord, "decline", n.Decline, "default", n.Title}, 2, "call.incoming")
}

func (d *linuxDesk) Missed(title, text string, open func()) {
	d.notify(ringNotice{Title: title, Text: text, Open: open}, []string{"default", title}, 1, "call.unanswered")
}

func (d *linuxDesk) HasTray() bool {
	bus := d.session()
	if bus == nil {
		return false
	}
	var owned bool
	err := bus.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, trayName).Store(&owned)
	return err == nil && owned
}

func (d *linuxDesk) CanPlace() bool { return d.x != nil }

func (d *linuxDesk) KeepFocusElsewhere(handle uintptr) {
	if d.x == nil || handle == 0 {
		return
	}
	if err := d.x.keepFocusElsewhere(handle); err != nil {
		d.log.Debug("focus", "err", err)
	}
}

func (d *linuxDesk) Veil(handle uintptr) (unveil func()) {
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

func (d *linuxDesk) Corner(w, h, margin int) (x, y int, ok bool) {
	if d.x == nil {
		return 0, 0, false
	}
	a, ok := d.x.workArea()
	return a.x + a.w - w - margin, a.y + a.h - h - margin, ok
}

func (d *linuxDesk) Position(handle uintptr) (x, y int, ok bool) {
	if d.x == nil || handle == 0 {
		return 0, 0, false
	}
	return d.x.position(handle)
}

func (d *linuxDesk) OnScreen(x, y int) bool { return d.x != nil && d.x.onScreen(x, y) }

func (d *linuxDesk) Minimise(handle uintptr) bool {
	return d.x != nil && handle != 0 && d.x.minimise(handle) == nil
}

func (d *linuxDesk) Attention(handle uintptr, on bool) {
	if d.x == nil || handle == 0 {
		return
	}
	if err := d.x.askAttention(handle, on); err != nil {
		d.log.Debug("attention", "err", err)
	}
}

func (d *linuxDesk) WantHotkeys(answer, decline string) {
	if d.x == nil && d.keys == nil && d.session() != nil {
		d.keys = hotkeys.Open(sessionBus, hotkeys.Words{Answer: answer, Decline: decline}, d.log)
	}
}

func (d *linuxDesk) Hotkeys(answer, decline func()) (stop func(), ok bool) {
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
func (d *linuxDesk) shortcuts(answer, decline func()) (stop func(), ok bool) {
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

func (d *linuxDesk) Close() {
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

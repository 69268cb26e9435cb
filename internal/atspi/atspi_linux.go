// Package atspi has the desktop's screen reader say what happens in the window. It is not
// the window's tree of controls, which only the toolkit could give: it registers a program
// with one window, whose announcements screen readers speak (AT-SPI 2, Announcement).
package atspi

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"offhook/internal/crash"
)

// The names of the accessibility bus, which the session bus tells of.
const (
	busName      = "org.a11y.Bus"
	busPath      = dbus.ObjectPath("/org/a11y/bus")
	statusIface  = "org.a11y.Status"
	registryName = "org.a11y.atspi.Registry"
	rootPath     = dbus.ObjectPath("/org/a11y/atspi/accessible/root")
	windowPath   = dbus.ObjectPath("/org/a11y/atspi/accessible/window")
	accessible   = "org.a11y.atspi.Accessible"
	application  = "org.a11y.atspi.Application"
	announcement = "org.a11y.atspi.Event.Object.Announcement"
)

// limit bounds one call over a bus; checkEvery is how long it is believed that no screen
// reader runs; maxWaiting is how many announcements may wait for a bus that hangs.
const (
	limit      = 2 * time.Second
	checkEvery = 5 * time.Second
	maxWaiting = 16
)

// Speaker announces. It has no goroutine before the first word and no connection while no
// screen reader runs.
type Speaker struct {
	session func() *dbus.Conn
	name    string
	log     *slog.Logger
	now     func() time.Time

	ctx    context.Context
	cancel context.CancelFunc
	begin  sync.Once
	done   chan struct{}
	words  chan words

	// What follows belongs to the goroutine.
	bus     *dbus.Conn
	checked time.Time
}

type words struct {
	text   string
	urgent bool
}

// New returns a Speaker for a program. session gives the session bus, or nil where there
// is none; it is asked on another goroutine and stays the caller's to close.
func New(session func() *dbus.Conn, name string, log *slog.Logger) *Speaker {
	s := &Speaker{session: session, name: name, log: log, now: time.Now, done: make(chan struct{}), words: make(chan words, maxWaiting)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Say has a text spoken: after what is being said, or with urgent at once. It returns at
// once; without a screen reader nothing happens.
func (s *Speaker) Say(text string, urgent bool) {
	if text == "" || s.ctx.Err() != nil {
		return
	}
	s.begin.Do(func() { crash.Go(s.run) })
	select {
	case s.words <- words{text, urgent}:
	default: // the bus hangs; what is old by then helps nobody
	}
}

// Close ends the announcements.
func (s *Speaker) Close() {
	s.cancel()
	s.begin.Do(func() { close(s.done) })
	<-s.done
}

func (s *Speaker) run() {
	defer close(s.done)
	defer s.drop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case w := <-s.words:
			if s.ready() {
				s.emit(w)
			}
		}
	}
}

func (s *Speaker) drop() {
	if s.bus != nil {
		_ = s.bus.Close()
		s.bus = nil
	}
}

// ready reports whether a screen reader can hear, and connects to it.
func (s *Speaker) ready() bool {
	if s.bus != nil && s.bus.Connected() {
		return true
	}
	s.drop()
	if now := s.now(); now.Sub(s.checked) < checkEvery {
		return false
	} else {
		s.checked = now
	}
	session := s.session()
	if session == nil || !s.runs(session) {
		return false
	}
	if err := s.connect(session); err != nil {
		s.log.Debug("no accessibility bus", "err", err)
		s.drop()
		return false
	}
	return true
}

// runs reports whether the desktop says that a screen reader is on. The service is asked
// only if it runs: to ask would start it.
func (s *Speaker) runs(session *dbus.Conn) bool {
	ctx, cancel := context.WithTimeout(s.ctx, limit)
	defer cancel()
	var there bool
	if err := session.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, busName).Store(&there); err != nil || !there {
		return false
	}
	for _, name := range []string{"ScreenReaderEnabled", "IsEnabled"} {
		var v dbus.Variant
		err := session.Object(busName, busPath).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, statusIface, name).Store(&v)
		if on, ok := v.Value().(bool); err == nil && ok && on {
			return true
		}
	}
	return false
}

// connect joins the accessibility bus and registers the program.
func (s *Speaker) connect(session *dbus.Conn) error {
	ctx, cancel := context.WithTimeout(s.ctx, limit)
	defer cancel()
	var address string
	if err := session.Object(busName, busPath).CallWithContext(ctx, busName+".GetAddress", 0).Store(&address); err != nil {
		return err
	}
	bus, err := dbus.Connect(address, dbus.WithContext(s.ctx))
	if err != nil {
		return err
	}
	s.bus = bus
	own := bus.Names()[0]
	root := &object{own: own, name: s.name, role: roleApplication, roleName: "application", children: []reference{{own, windowPath}}}
	window := &object{own: own, name: s.name, role: roleFrame, roleName: "frame", parent: reference{own, rootPath}, states: shownStates, index: 0}
	if err := root.export(bus, rootPath, reference{registryName, rootPath}); err != nil {
		return err
	}
	if err := window.export(bus, windowPath, reference{own, rootPath}); err != nil {
		return err
	}
	return bus.Object(registryName, rootPath).CallWithContext(ctx, "org.a11y.atspi.Socket.Embed", 0, reference{own, rootPath}).Err
}

// The politeness of an announcement (AtspiLive).
const polite, assertive int32 = 1, 2

func (s *Speaker) emit(w words) {
	how := polite
	if w.urgent {
		how = assertive
	}
	if err := s.bus.Emit(windowPath, announcement, "", how, int32(0), dbus.MakeVariant(w.text), map[string]dbus.Variant{}); err != nil {
		s.log.Debug("announcement", "err", err)
		s.drop()
	}
}

// reference names an object of a program on the bus.
type reference struct {
	Name string
	Path dbus.ObjectPath
}

// nothing is the reference to no object.
var nothing = reference{"", "/org/a11y/atspi/null"}

// The roles of AtspiRole, and the states of AtspiStateType by their bits: active,
// enabled, sensitive, showing and visible.
const (
	roleFrame       uint32 = 23
	roleApplication uint32 = 75
)

var shownStates = []uint32{1<<1 | 1<<8 | 1<<24 | 1<<25 | 1<<30, 0}

// object is the program or its window, as screen readers ask for it.
type object struct {
	own, name, roleName string
	role                uint32
	parent              reference
	children            []reference
	states              []uint32
	index               int32
}

// export answers for the object at a path.
func (o *object) export(bus *dbus.Conn, path dbus.ObjectPath, parent reference) error {
	o.parent = parent
	if err := bus.Export(o, path, accessible); err != nil {
		return err
	}
	fixed := func(v any) *prop.Prop { return &prop.Prop{Value: v, Emit: prop.EmitFalse} }
	props := prop.Map{accessible: {"Name": fixed(o.name), "Description": fixed(""), "Parent": fixed(parent), "ChildCount": fixed(int32(len(o.children))),
		"Locale": fixed(""), "AccessibleId": fixed(""), "HelpText": fixed("")}}
	if o.role == roleApplication {
		// The registry numbers programs by writing Id.
		props[application] = map[string]*prop.Prop{"ToolkitName": fixed("Fyne"), "Version": fixed("2"), "AtspiVersion": fixed("2.1"),
			"Id": {Value: int32(0), Writable: true, Emit: prop.EmitFalse}}
	}
	_, err := prop.Export(bus, path, props)
	return err
}

// GetChildAtIndex is of the interface Accessible, as all below.
func (o *object) GetChildAtIndex(i int32) (reference, *dbus.Error) {
	if i < 0 || int(i) >= len(o.children) {
		return nothing, nil
	}
	return o.children[i], nil
}

// GetChildren returns the window of the program.
func (o *object) GetChildren() ([]reference, *dbus.Error) { return o.children, nil }

// GetIndexInParent returns 0: there is one window.
func (o *object) GetIndexInParent() (int32, *dbus.Error) { return o.index, nil }

// relation is what binds an object to others.
type relation struct {
	Kind    uint32
	Targets []reference
}

// GetRelationSet returns none.
func (o *object) GetRelationSet() ([]relation, *dbus.Error) { return nil, nil }

// GetRole returns the AtspiRole.
func (o *object) GetRole() (uint32, *dbus.Error) { return o.role, nil }

// GetRoleName returns the role in English.
func (o *object) GetRoleName() (string, *dbus.Error) { return o.roleName, nil }

// GetLocalizedRoleName returns the role in English; screen readers have their own words.
func (o *object) GetLocalizedRoleName() (string, *dbus.Error) { return o.roleName, nil }

// GetState returns the states as two words of bits.
func (o *object) GetState() ([]uint32, *dbus.Error) {
	if o.states == nil {
		return []uint32{0, 0}, nil
	}
	return o.states, nil
}

// GetAttributes returns the toolkit.
func (o *object) GetAttributes() (map[string]string, *dbus.Error) {
	return map[string]string{"toolkit": "Fyne"}, nil
}

// GetApplication returns the program.
func (o *object) GetApplication() (reference, *dbus.Error) { return reference{o.own, rootPath}, nil }

// GetInterfaces returns what the object answers to.
func (o *object) GetInterfaces() ([]string, *dbus.Error) {
	if o.role == roleApplication {
		return []string{accessible, application}, nil
	}
	return []string{accessible}, nil
}

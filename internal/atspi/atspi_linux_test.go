package atspi

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"go.uber.org/goleak"

	"offhook/internal/privatebus"
)

// desktop plays the accessibility service and the registry on one bus.
type desktop struct {
	address  string
	embedded chan reference
	reader   atomic.Bool
	// answered is told after each look at whether accessibility is on at all.
	answered chan struct{}
}

// Get is a method of org.freedesktop.DBus.Properties.
func (d *desktop) Get(_, property string) (dbus.Variant, *dbus.Error) {
	on := property == "ScreenReaderEnabled" && d.reader.Load()
	if property == "IsEnabled" {
		d.answered <- struct{}{}
	}
	return dbus.MakeVariant(on), nil
}

// GetAddress is a method of org.a11y.Bus.
func (d *desktop) GetAddress() (string, *dbus.Error) { return d.address, nil }

// Embed is a method of the registry.
func (d *desktop) Embed(plug reference) (reference, *dbus.Error) {
	d.embedded <- plug
	return reference{registryName, rootPath}, nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// next is what comes on a channel.
func next[T any](t *testing.T, what string, c <-chan T) (got T) {
	t.Helper()
	select {
	case got = <-c:
	case <-time.After(20 * time.Second):
		t.Fatalf("no %s", what)
	}
	return got
}

// A screen reader hears what is said once it runs, finds the program and its window, and
// nothing is asked of a desktop without one.
func TestAnnouncements(t *testing.T) {
	address := privatebus.Address(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	open := func() *dbus.Conn {
		c, err := dbus.Connect(address)
		must(t, err)
		return c
	}
	session, service, reader := open(), open(), open()
	defer session.Close()
	defer service.Close()
	defer reader.Close()
	heard := make(chan *dbus.Signal, 16)
	reader.Signal(heard)
	must(t, reader.AddMatchSignal(dbus.WithMatchMember("Announcement")))

	asked := make(chan struct{}, 16)
	var clock sync.Mutex
	at := time.Unix(1e9, 0)
	there := false // the session bus, at first not
	s := New(func() *dbus.Conn {
		defer func() { asked <- struct{}{} }()
		if !there {
			there = true
			return nil
		}
		return session
	}, "Offhook", slog.New(slog.DiscardHandler))
	s.now = func() time.Time { clock.Lock(); defer clock.Unlock(); return at }
	later := func() { clock.Lock(); defer clock.Unlock(); at = at.Add(checkEvery) }
	defer s.Close()
	s.Say("nobody hears this", false)
	next(t, "question", asked)

	d := &desktop{address: address, embedded: make(chan reference, 4), answered: make(chan struct{}, 4)}
	must(t, service.Export(d, busPath, busName))
	must(t, service.Export(d, rootPath, "org.a11y.atspi.Socket"))
	must(t, service.Export(d, busPath, "org.freedesktop.DBus.Properties"))
	for _, name := range []string{busName, registryName} {
		_, err := service.RequestName(name, dbus.NameFlagDoNotQueue)
		must(t, err)
	}
	later()
	s.Say("the screen reader is off", false)
	next(t, "question", d.answered)
	d.reader.Store(true)
	later()
	s.Say("Incoming call, Priya Nair", true)
	s.Say("आने वाली कॉल", false)
	own := next(t, "registration", d.embedded)
	for _, want := range []struct {
		text string
		how  int32
	}{{"Incoming call, Priya Nair", assertive}, {"आने वाली कॉल", polite}} {
		e := next(t, "announcement", heard)
		for e.Name != announcement { // the bus itself speaks, too
			e = next(t, "announcement", heard)
		}
		if e.Sender != own.Name || e.Path != windowPath || len(e.Body) != 5 || e.Body[1] != want.how || e.Body[3].(dbus.Variant).Value() != want.text {
			t.Errorf("heard %v, not %v", e, want)
		}
	}
	var window reference
	root := reader.Object(own.Name, own.Path)
	must(t, root.Call(accessible+".GetChildAtIndex", 0, int32(0)).Store(&window))
	var role uint32
	must(t, reader.Object(window.Name, window.Path).Call(accessible+".GetRole", 0).Store(&role))
	name, err := root.GetProperty(accessible + ".Name")
	must(t, err)
	must(t, root.SetProperty(application+".Id", dbus.MakeVariant(int32(7))))
	if role != roleFrame || name.Value() != "Offhook" {
		t.Errorf("the window is a %d, the program %v", role, name)
	}
}

// A bus that hangs holds up nobody who speaks, and what is too much is left out.
func TestABusThatHangs(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	hangs := make(chan struct{})
	s := New(func() *dbus.Conn { <-hangs; return nil }, "Offhook", slog.New(slog.DiscardHandler))
	for range 3 * maxWaiting {
		s.Say("nobody hears this", false)
	}
	s.Say("", true)
	close(hangs)
	s.Close()
}

// A Speaker that never spoke ends at once, and one that ended says nothing.
func TestSilence(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := New(func() *dbus.Conn { t.Error("the bus is asked for"); return nil }, "Offhook", slog.New(slog.DiscardHandler))
	s.Close()
	s.Say("too late", true)
	s.Close()
}

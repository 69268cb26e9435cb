package hotkeys

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"go.uber.org/goleak"

	"offhook/internal/privatebus"

	"offhook/internal/portal"
)

const (
	portalPath   = dbus.ObjectPath("/org/freedesktop/portal/desktop")
	requestIface = "org.freedesktop.portal.Request"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desktop is a portal with a user who decides as the test says.
type desktop struct {
	t    *testing.T
	conn *dbus.Conn
	// decides is the user's answer: 0 is yes.
	decides uint32
	asked   chan string
	closed  chan struct{}
}

const testSession = dbus.ObjectPath("/org/freedesktop/portal/desktop/session/1/offhook")

func newDesktop(t *testing.T, connect func() (*dbus.Conn, error), decides uint32) *desktop {
	t.Helper()
	conn, err := connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	d := &desktop{t: t, conn: conn, decides: decides, asked: make(chan string, 8), closed: make(chan struct{}, 1)}
	for path, iface := range map[dbus.ObjectPath]string{portalPath: shortcutsIface, testSession: sessionIface} {
		if err := conn.Export(d, path, iface); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := conn.RequestName(portal.Name, dbus.NameFlagDoNotQueue); err != nil || r != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("%v %v", r, err)
	}
	return d
}

// respond answers a request, under a path of its own as older portals do.
func (d *desktop) respond(status uint32, results map[string]dbus.Variant) dbus.ObjectPath {
	path := portalPath + "/request/any/" + dbus.ObjectPath(portal.Token())
	go func() {
		if err := d.conn.Emit(path, requestIface+".Response", status, results); err != nil {
			d.t.Error(err)
		}
	}()
	return path
}

// CreateSession is the portal's method.
func (d *desktop) CreateSession(options map[string]dbus.Variant) (dbus.ObjectPath, *dbus.Error) {
	return d.respond(0, map[string]dbus.Variant{"session_handle": dbus.MakeVariant(string(testSession))}), nil
}

// BindShortcuts is the portal's method.
func (d *desktop) BindShortcuts(session dbus.ObjectPath, shortcuts []struct {
	ID   string
	Told map[string]dbus.Variant
}, window string, options map[string]dbus.Variant) (dbus.ObjectPath, *dbus.Error) {
	for _, s := range shortcuts {
		d.asked <- s.ID + ": " + s.Told["description"].Value().(string) + ", " + s.Told["preferred_trigger"].Value().(string)
	}
	return d.respond(d.decides, map[string]dbus.Variant{}), nil
}

// Close is the session's method.
func (d *desktop) Close() *dbus.Error {
	d.closed <- struct{}{}
	return nil
}

func (d *desktop) press(session dbus.ObjectPath, id string) {
	d.t.Helper()
	if err := d.conn.Emit(portalPath, shortcutsIface+".Activated", session, id, uint64(1), map[string]dbus.Variant{}); err != nil {
		d.t.Fatal(err)
	}
}

func next[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(time.Minute):
		t.Fatalf("no %s", what)
		panic("unreachable")
	}
}

// open opens the keys and waits until the portal has given them.
func open(t *testing.T, connect func() (*dbus.Conn, error)) *Keys {
	t.Helper()
	told := make(chan string, 8)
	k := Open(connect, Words{"Take it", "Leave it"}, slog.New(tell(told)))
	t.Cleanup(k.Close)
	if got := next(t, "log line", told); got != "the desktop gives keys for all windows" {
		t.Fatal(got)
	}
	return k
}

// tell is a log that gives out its messages.
type tell chan<- string

func (tell) Enabled(context.Context, slog.Level) bool { return true }
func (c tell) Handle(_ context.Context, r slog.Record) error {
	c <- r.Message
	return nil
}
func (c tell) WithAttrs([]slog.Attr) slog.Handler { return c }
func (c tell) WithGroup(string) slog.Handler      { return c }

func TestKeysOfThePortal(t *testing.T) {
	t.Parallel()
	connect := privatebus.Start(t)
	d := newDesktop(t, connect, 0)
	k := open(t, connect)
	for _, want := range []string{"answer: Take it, CTRL+SHIFT+a", "decline: Leave it, CTRL+SHIFT+d"} {
		if got := next(t, "shortcut", d.asked); got != want {
			t.Errorf("asked for %q", got)
		}
	}
	pressed := make(chan string, 8)
	stop, ok := k.While(func() { pressed <- "answer" }, func() { pressed <- "decline" })
	if !ok {
		t.Fatal("the keys are not there")
	}
	d.press("/another/session", "decline")
	d.press(testSession, "anything")
	d.press(testSession, "answer")
	d.press(testSession, "decline")
	for _, want := range []string{"answer", "decline"} {
		if got := next(t, "key", pressed); got != want {
			t.Errorf("%s came, want %s", got, want)
		}
	}
	// Between calls they do nothing; an old call's stop leaves the next one's.
	again, _ := k.While(func() { pressed <- "second" }, func() {})
	stop()
	d.press(testSession, "answer")
	if got := next(t, "key", pressed); got != "second" {
		t.Error(got)
	}
	again()
	d.press(testSession, "answer")
	k.Close()
	next(t, "end of the session", d.closed)
	if len(pressed) != 0 {
		t.Error(<-pressed)
	}
	if _, ok := k.While(func() {}, func() {}); ok {
		t.Error("closed keys are there")
	}
}

func TestAUserWhoWantsNoKeys(t *testing.T) {
	t.Parallel()
	connect := privatebus.Start(t)
	newDesktop(t, connect, 1)
	k := Open(connect, Words{}, slog.New(slog.DiscardHandler))
	<-k.done
	if _, ok := k.While(func() {}, func() {}); ok {
		t.Error("there are keys")
	}
	k.Close()
}

func TestADesktopWithoutThePortal(t *testing.T) {
	t.Parallel()
	k := Open(privatebus.Start(t), Words{}, slog.New(slog.DiscardHandler))
	<-k.done
	k.Close()
	lost := Open(func() (*dbus.Conn, error) { return nil, context.Canceled }, Words{}, slog.New(slog.DiscardHandler))
	<-lost.done
	lost.Close()
}

// The desktop may take the keys back, and the portal may restart.
func TestKeysThatAreTakenBack(t *testing.T) {
	t.Parallel()
	connect := privatebus.Start(t)
	d := newDesktop(t, connect, 0)
	k := open(t, connect)
	if err := d.conn.Emit(testSession, sessionIface+".Closed", map[string]dbus.Variant{}); err != nil {
		t.Fatal(err)
	}
	<-k.done
	if _, ok := k.While(func() {}, func() {}); ok {
		t.Error("there are keys")
	}
}

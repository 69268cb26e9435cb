package ui

import (
	"bufio"
	"context"
	"log/slog"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// notifications is a made notification service.
type notifications struct {
	conn   *dbus.Conn
	shown  chan []any
	closed chan uint32
}

// Notify is the service's method; what was asked for goes to shown.
func (n *notifications) Notify(name string, replaces uint32, icon, title, body string, actions []string, hints map[string]dbus.Variant, expires int32) (uint32, *dbus.Error) {
	n.shown <- []any{title, body, actions, hints, expires}
	return 7, nil
}

// CloseNotification is the service's method.
func (n *notifications) CloseNotification(id uint32) *dbus.Error {
	n.closed <- id
	return nil
}

func (n *notifications) invoke(t *testing.T, action string) {
	t.Helper()
	if err := n.conn.Emit(notifyPath, notifyName+".ActionInvoked", uint32(7), action); err != nil {
		t.Fatal(err)
	}
}

// newBus starts a session bus of the test's own with a notification service.
func newBus(t *testing.T) (address string, n *notifications) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "dbus-daemon", "--session", "--nofork", "--print-address")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	address, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address = strings.TrimSpace(address)
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	n = &notifications{conn: conn, shown: make(chan []any, 4), closed: make(chan uint32, 4)}
	if err := conn.Export(n, notifyPath, notifyName); err != nil {
		t.Fatal(err)
	}
	if r, err := conn.RequestName(notifyName, dbus.NameFlagDoNotQueue); err != nil || r != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("the service's name: %v, %v", r, err)
	}
	return address, n
}

func await[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("no %s", what)
		panic("unreachable")
	}
}

func TestNotificationAnswersAndDeclines(t *testing.T) {
	address, service := newBus(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	t.Setenv("DISPLAY", "")
	d := openDesktop(slog.New(slog.DiscardHandler))
	defer d.Close()
	if d.CanPlace() {
		t.Error("without a display windows can be placed")
	}
	if d.HasTray() {
		t.Error("without a watcher there is a tray")
	}
	did := make(chan string, 4)
	done := d.Notify(notice{Title: "Incoming call", Text: "<b>Priya & Nair</b>\n$(touch x)", Category: "call.incoming", Urgent: true, Open: func() { did <- "open" },
		Actions: []noticeAction{{"answer", "Answer", func() { did <- "answer" }}, {"decline", "Decline", func() { did <- "decline" }}}})
	shown := await(t, "notification", service.shown)
	if shown[1] != "&lt;b&gt;Priya &amp; Nair&lt;/b&gt;\n$(touch x)" {
		t.Errorf("what a stranger wrote arrives as %q", shown[1])
	}
	if got := strings.Join(shown[2].([]string), " "); got != "answer Answer decline Decline default Incoming call" {
		t.Errorf("the actions are %q", got)
	}
	if u := shown[3].(map[string]dbus.Variant)["urgency"].Value(); u != byte(2) {
		t.Errorf("the urgency is %v", u)
	}
	for signal, want := range map[string]string{"answer": "answer", "decline": "decline", "default": "open"} {
		// The phone may not know the number yet: the answer to Notify races the press.
		got := ""
		for range 100 {
			service.invoke(t, signal)
			select {
			case got = <-did:
			case <-time.After(50 * time.Millisecond):
				continue
			}
			break
		}
		if got != want {
			t.Errorf("the action %q does %q", signal, got)
		}
		for len(did) > 0 {
			<-did
		}
	}
	done()
	if id := await(t, "closing", service.closed); id != 7 {
		t.Errorf("the notification %d was closed", id)
	}
}

func TestNoBusIsNoTrouble(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+t.TempDir()+"/none")
	t.Setenv("DISPLAY", "")
	d := openDesktop(slog.New(slog.DiscardHandler))
	defer d.Close()
	d.Notify(notice{Title: "Incoming call", Urgent: true})()
	if d.HasTray() || d.Minimise(1) {
		t.Error("a desktop that is not there does something")
	}
	d.WantHotkeys("Answer", "Decline")
	if _, ok := d.Hotkeys(nil, nil); ok {
		t.Error("keys were taken from nobody")
	}
}

package hotkeys

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"offhook/internal/privatebus"
)

// players lists the players on the bus.
func players(t *testing.T, conn *dbus.Conn) (list []string) {
	t.Helper()
	var names []string
	if err := conn.BusObject().Call("org.freedesktop.DBus.ListNames", 0).Store(&names); err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if strings.HasPrefix(n, rootIface+".") {
			list = append(list, n)
		}
	}
	return list
}

// The desktop hands its media keys to the player that plays: while it rings, to the
// phone.
func TestThePlayKeyAnswers(t *testing.T) {
	t.Parallel()
	connect := privatebus.Start(t)
	keyboard, err := connect()
	if err != nil {
		t.Fatal(err)
	}
	defer keyboard.Close()
	pressed := make(chan string, 8)
	stop := TakeMedia(connect, "Incoming call", func() { pressed <- "answer" }, func() { pressed <- "decline" }, slog.New(slog.DiscardHandler))
	name := fmt.Sprintf("%s.instance%d", MediaName, os.Getpid())
	until := func(n int) {
		t.Helper()
		limit := time.After(time.Minute)
		for len(players(t, keyboard)) != n {
			select {
			case <-limit:
				t.Fatalf("%v are players, not %d", players(t, keyboard), n)
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
	until(1)
	object := keyboard.Object(name, mediaPath)
	status, err := object.GetProperty(playerName + ".PlaybackStatus")
	if err != nil || status.Value() != "Playing" {
		t.Errorf("%v %v", status, err)
	}
	for _, key := range []string{"Pause", "Next", "PlayPause", "Play", "Stop"} {
		if err := object.Call(playerName+"."+key, 0).Err; err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	for _, want := range []string{"answer", "answer", "decline"} {
		if got := next(t, "key", pressed); got != want {
			t.Errorf("%s came, want %s", got, want)
		}
	}
	stop()
	stop()
	until(0)
	if len(pressed) != 0 {
		t.Errorf("%d more keys came", len(pressed))
	}
}

func TestMediaKeysWithoutABus(t *testing.T) {
	t.Parallel()
	TakeMedia(func() (*dbus.Conn, error) { return nil, context.Canceled }, "", nil, nil, slog.New(slog.DiscardHandler))()
}

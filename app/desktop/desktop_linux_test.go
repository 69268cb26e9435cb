package desktop

import (
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"
	"go.uber.org/goleak"
)

// ownBus marks the child process that has a session bus of its own.
const ownBus = "OFFHOOK_TEST_DESK_BUS"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMusicPausesAndTheScreenStaysOn(t *testing.T) {
	if os.Getenv(ownBus) != "" {
		storyOfADesktop(t)
		return
	}
	t.Parallel()
	cmd := exec.Command("dbus-run-session", "--", os.Args[0], "-test.run", "^TestMusicPausesAndTheScreenStaysOn$", "-test.v")
	cmd.Env = append(os.Environ(), ownBus+"=1", "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Fatalf("%v\n%s", err, out)
	}
}

// player is a music player on the bus; it tells what it was asked for.
type player struct {
	props *prop.Properties
	asked chan string
}

func (p *player) Pause() *dbus.Error {
	p.props.SetMust(mprisPlayer, "PlaybackStatus", "Paused")
	p.asked <- "pause"
	return nil
}

func (p *player) Play() *dbus.Error {
	p.props.SetMust(mprisPlayer, "PlaybackStatus", "Playing")
	p.asked <- "play"
	return nil
}

// saver is a screen saver on the bus.
type saver struct{ asked chan string }

func (s *saver) Inhibit(app, why string) (uint32, *dbus.Error) {
	s.asked <- "inhibit for " + app
	return 7, nil
}

func (s *saver) UnInhibit(cookie uint32) *dbus.Error {
	s.asked <- "release"
	return nil
}

// portal is the desktop portal on the bus, and its request.
type portal struct{ asked chan string }

func (p *portal) Inhibit(window string, flags uint32, options map[string]dbus.Variant) (dbus.ObjectPath, *dbus.Error) {
	if flags != inhibitIdle {
		return "", dbus.MakeFailedError(os.ErrInvalid)
	}
	p.asked <- "inhibit by the portal"
	return "/request", nil
}

func (p *portal) Close() *dbus.Error {
	p.asked <- "close the request"
	return nil
}

func storyOfADesktop(t *testing.T) {
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	asked := make(chan string, 16)
	p := &player{asked: asked}
	p.props, err = prop.Export(conn, mprisPath, prop.Map{mprisPlayer: {"PlaybackStatus": {Value: "Playing", Writable: true}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []struct {
		v           any
		path, iface string
	}{{p, mprisPath, mprisPlayer}, {&saver{asked}, "/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver"}} {
		if err := conn.Export(e.v, dbus.ObjectPath(e.path), e.iface); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{mprisPrefix + "made", "org.freedesktop.ScreenSaver"} {
		if _, err := conn.RequestName(name, 0); err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string) {
		t.Helper()
		select {
		case got := <-asked:
			if got != what {
				t.Fatalf("asked for %q, want %q", got, what)
			}
		case <-time.After(time.Minute):
			t.Fatalf("nobody asked for %q", what)
		}
	}
	d := New(slog.New(slog.DiscardHandler))
	d.CallBegan(Wish{PauseMedia: true, KeepAwake: true})
	want("pause")
	want("inhibit for Offhook")
	d.CallEnded()
	want("play")
	want("release")
	d.CallBegan(Wish{KeepAwake: true})
	want("inhibit for Offhook")
	d.CallEnded()
	want("release")
	// A sandbox has the portal alone.
	if _, err := conn.ReleaseName("org.freedesktop.ScreenSaver"); err != nil {
		t.Fatal(err)
	}
	by := &portal{asked}
	for path, iface := range map[string]string{"/org/freedesktop/portal/desktop": "org.freedesktop.portal.Inhibit", "/request": "org.freedesktop.portal.Request"} {
		if err := conn.Export(by, dbus.ObjectPath(path), iface); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.RequestName("org.freedesktop.portal.Desktop", 0); err != nil {
		t.Fatal(err)
	}
	d.CallBegan(Wish{KeepAwake: true})
	want("inhibit by the portal")
	d.Close()
	want("close the request")
	d.Close()
	d.CallBegan(Wish{PauseMedia: true})
	if len(asked) != 0 {
		t.Fatal(<-asked)
	}
}

func TestADeskWithoutABusHarmsNothing(t *testing.T) {
	if os.Getenv(ownBus) != "" {
		return
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	d := New(slog.New(slog.DiscardHandler))
	d.CallBegan(Wish{PauseMedia: true, KeepAwake: true})
	d.CallEnded()
	d.Close()
}

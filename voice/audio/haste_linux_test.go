package audio

import (
	"bufio"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// onThread runs f on a thread that ends with it.
func onThread(f func(tid int)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		f(threadID())
	}()
	<-done
}

func TestThreadIsHastened(t *testing.T) {
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere") // leave the machine's own alone
	onThread(func(tid int) {
		err := hasten(t.Context(), tid)
		got, known := unix.SchedGetAttr(tid, 0)
		if known != nil {
			t.Error(known)
			return
		}
		// One may not be allowed it, but then it is said.
		if got.Nice != hasteNice && err == nil || got.Flags&unix.SCHED_FLAG_RESET_ON_FORK == 0 {
			t.Errorf("nice %d, flags %#x: %v", got.Nice, got.Flags, err)
		}
	})
}

// kit stands in for RealtimeKit.
type kit chan [2]int64

func (k kit) MakeThreadHighPriority(tid uint64, nice int32) *dbus.Error {
	k <- [2]int64{int64(tid), int64(nice)}
	return nil
}

func TestRealtimeKitIsAsked(t *testing.T) {
	daemon := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address")
	out, err := daemon.StdoutPipe()
	if err == nil {
		err = daemon.Start()
	}
	if err != nil {
		t.Fatal("this test needs the package dbus: ", err)
	}
	defer func() { _ = daemon.Process.Kill(); _ = daemon.Wait() }()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", strings.TrimSpace(address))
	if err := askRealtimeKit(t.Context(), 7); err == nil {
		t.Error("nobody was there to be asked, and it is not said")
	}
	bus, err := dbus.ConnectSystemBus()
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	k := make(kit, 1)
	const name = "org.freedesktop.RealtimeKit1"
	if err := bus.Export(k, "/org/freedesktop/RealtimeKit1", name); err != nil {
		t.Fatal(err)
	}
	if _, err := bus.RequestName(name, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	if err := askRealtimeKit(t.Context(), 4711); err != nil {
		t.Fatal(err)
	}
	if got := <-k; got != [2]int64{4711, hasteNice} {
		t.Errorf("asked for %v", got)
	}
}

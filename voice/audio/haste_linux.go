package audio

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

const (
	// hasteNice is the priority of a device's thread, that which desktop sound
	// servers ask for themselves. Real-time scheduling is no choice: such a thread
	// that waits inside the Go runtime for another one would keep it from running.
	hasteNice = -11
	// hasteSlice is how long such a thread wants to run at a time, in nanoseconds.
	// Since Linux 6.12 the one that wants less is woken before the one that wants
	// more; older kernels ignore it.
	hasteSlice = 100_000
	busLimit   = 2 * time.Second
)

// threadID names the calling thread. It neither waits nor allocates.
func threadID() int { return unix.Gettid() }

// hasten asks the system to run a thread of this process before ordinary ones.
// What takes no permission is always done; for the rest RealtimeKit is asked, as
// sound servers do. It may wait for a short while.
func hasten(ctx context.Context, tid int) error {
	err := schedule(tid, hasteNice)
	if !errors.Is(err, unix.EPERM) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, busLimit)
	defer cancel()
	asked := askRealtimeKit(ctx, tid)
	now, err := unix.SchedGetAttr(tid, 0)
	if err != nil {
		return err
	}
	return errors.Join(asked, schedule(tid, now.Nice))
}

func schedule(tid int, nice int32) error {
	if now, err := unix.SchedGetAttr(tid, 0); err != nil || now.Policy != unix.SCHED_NORMAL {
		return err // somebody has given it a better place already
	}
	return unix.SchedSetAttr(tid, &unix.SchedAttr{
		Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL, Nice: nice, Runtime: hasteSlice,
		// Threads that the Go runtime starts from this one are ordinary.
		Flags: unix.SCHED_FLAG_RESET_ON_FORK,
	}, 0)
}

// askRealtimeKit asks the system's RealtimeKit for hasteNice.
func askRealtimeKit(ctx context.Context, tid int) error {
	bus, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("no system bus: %w", err)
	}
	defer bus.Close()
	kit := bus.Object("org.freedesktop.RealtimeKit1", "/org/freedesktop/RealtimeKit1")
	if err := kit.CallWithContext(ctx, "org.freedesktop.RealtimeKit1.MakeThreadHighPriority", 0, uint64(tid), int32(hasteNice)).Err; err != nil {
		return fmt.Errorf("RealtimeKit refuses: %w", err)
	}
	return nil
}

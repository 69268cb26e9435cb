package wake

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"go.uber.org/goleak"

	"offhook/internal/privatebus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A logind on a bus of the test's own puts the machine to sleep and wakes it.
func TestLogindTellsOfSleep(t *testing.T) {
	t.Parallel()
	connect := privatebus.Start(t)
	logind, err := connect()
	if err != nil {
		t.Fatal(err)
	}
	defer logind.Close()
	if _, err := logind.RequestName(logindName, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	told := follow(ctx, connect, slog.New(slog.DiscardHandler))
	tell := func(name string, body ...any) {
		if err := logind.Emit(logindPath, logindIface+"."+name, body...); err != nil {
			t.Fatal(err)
		}
	}
	// Before the phone has asked for them, signals go nowhere.
	heard := make(chan bool)
	go func() {
		defer close(heard)
		for asleep := range told {
			heard <- asleep
		}
	}()
	limit := time.After(time.Minute)
	for asked := false; !asked; {
		tell(prepare, true)
		select {
		case asleep := <-heard:
			asked = asleep
		case <-limit:
			t.Fatal("the phone never hears of sleep")
		case <-time.After(20 * time.Millisecond):
		}
	}
	tell("PrepareForShutdown", true)
	tell(prepare, "no bool")
	tell(prepare, false)
	for {
		if asleep := <-heard; !asleep {
			break // what was told too often comes before it
		}
	}
	logind.Close()
	cancel()
	if _, open := <-heard; open {
		t.Error("something more was heard")
	}
}

func TestWithoutASystemBus(t *testing.T) {
	t.Parallel()
	told := follow(context.Background(), func() (*dbus.Conn, error) { return nil, context.Canceled }, slog.New(slog.DiscardHandler))
	if _, open := <-told; open {
		t.Error("the machine sleeps")
	}
}

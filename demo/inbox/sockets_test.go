package inbox

import (
	"context"
	"offhook/voice/wire"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func TestSecondSocket(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, device string
		code         websocket.StatusCode
	}{{"same device", "device-1", websocket.StatusNormalClosure}, {"another device", "device-2", wire.CloseOtherDevice}} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			first := w.connect("bob", "device-1", "")
			second := w.connect("bob", row.device, "")
			if code := first.closed(); code != row.code {
				t.Errorf("the first socket closes with %d, want %d", code, row.code)
			}
			w.deliver("bob", "hello")
			second.message(1, "hello")
			if n := w.hub.Stats().Sockets; n != 1 {
				t.Errorf("%d sockets", n)
			}
		})
	}
}

// A socket that is slow to open does not take the inbox from one that came later.
func TestSlowSocketIsTheOlder(t *testing.T) {
	t.Parallel()
	slow, opened := make(chan struct{}), make(chan struct{})
	var calls atomic.Int32
	w := newWorld(t, func(c *Config) {
		clock := c.Now
		c.Now = func() time.Time {
			if calls.Add(1) == 1 { // for the hello of the first
				close(slow)
				<-opened
			}
			return clock()
		}
	})
	conn, _, err := w.dial("bob", "device-1", "")
	if err != nil {
		t.Fatal(err)
	}
	first := &phone{t: t, conn: conn}
	<-slow
	second := w.connect("bob", "device-2", "")
	w.until("second socket", func() bool { return w.hub.Connected(owner("bob")) })
	close(opened)
	if code := first.closed(); code != wire.CloseOtherDevice {
		t.Errorf("the first socket closes with %d", code)
	}
	w.deliver("bob", "hello")
	second.message(1, "hello")
}

func TestCloseSaysGoodbye(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	bob := w.connect("bob", "device", "")
	done := make(chan error)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		done <- w.hub.Close(ctx)
	}()
	if code := bob.closed(); code != websocket.StatusGoingAway {
		t.Errorf("close code %d", code)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if conn, _, err := w.dial("bob", "device", ""); err == nil {
		if code := (&phone{t: t, conn: conn}).closed(); code > 0 && code != websocket.StatusGoingAway {
			t.Errorf("a closed hub takes a socket, close code %d", code)
		}
	}
	if _, err := w.hub.Deliver(t.Context(), owner("bob"), wire.PushData{}); err == nil {
		t.Error("closed inboxes take a message")
	}
}

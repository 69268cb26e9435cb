package media

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v4/vnet"
)

// wire is a simulated network between two addresses, with delay and loss.
type wire struct {
	a, b *vnet.Net
	// every drops each n-th packet of media from a to b, none if 0.
	every   atomic.Int64
	cut     atomic.Bool // everything is dropped
	sent    atomic.Int64
	dropped atomic.Int64
	passed  atomic.Int64
}

func newWire(t testing.TB, delay, jitter time.Duration) *wire {
	t.Helper()
	router, err := vnet.NewRouter(&vnet.RouterConfig{
		CIDR:          "10.0.0.0/24",
		MinDelay:      delay,
		MaxJitter:     jitter,
		LoggerFactory: logging.NewDefaultLoggerFactory(),
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{}
	hosts := []struct {
		n  **vnet.Net
		ip string
	}{{&w.a, "10.0.0.1"}, {&w.b, "10.0.0.2"}}
	for _, h := range hosts {
		if *h.n, err = vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{h.ip}}); err != nil {
			t.Fatal(err)
		}
		if err = router.AddNet(*h.n); err != nil {
			t.Fatal(err)
		}
	}
	router.AddChunkFilter(func(c vnet.Chunk) bool {
		if w.cut.Load() {
			return false
		}
		p := c.UserData()
		media := len(p) > 12 && p[0]>>6 == 2 && !isRTCP(p)
		from, ok := c.SourceAddr().(*net.UDPAddr)
		if !media || !ok || from.IP.String() != "10.0.0.1" {
			return true
		}
		if n := w.every.Load(); n > 0 && w.sent.Add(1)%n == 0 {
			w.dropped.Add(1)
			return false
		}
		w.passed.Add(1)
		return true
	})
	if err := router.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := router.Stop(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// wired is a call over the wire.
func wired(t testing.TB, w *wire, ca, cb Config) (a, b *phone) {
	t.Helper()
	ca.Network, cb.Network = w.a, w.b
	return call(t, ca, cb)
}

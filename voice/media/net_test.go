package media

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v4/vnet"
)

// wire is a simulated network between two addresses that can be cut.
type wire struct {
	a, b *vnet.Net
	cut  atomic.Bool // everything is dropped
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
	router.AddChunkFilter(func(vnet.Chunk) bool { return !w.cut.Load() })
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

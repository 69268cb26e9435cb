package audio

import (
	"sort"
	"sync"
	"testing"
	"time"
)

// pinger is a far side that plays clicks and times them until they come back.
type pinger struct {
	mu    sync.Mutex
	n     int
	sent  time.Time
	trips []time.Duration
}

func (p *pinger) Pull(frame []int16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(frame)
	if p.n++; p.n%37 == 0 {
		for i := range 240 {
			frame[i] = 20000
		}
		p.sent = time.Now()
	}
}

func (p *pinger) Push(frame []int16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sent.IsZero() || loudness(frame) < -40 {
		return
	}
	// From the start of the frame that was pulled to the click in this one, less
	// nothing: a frame is whole only when its last sample is there.
	p.trips = append(p.trips, time.Since(p.sent))
	p.sent = time.Time{}
}

func TestWayThroughTheDevicesIsShort(t *testing.T) {
	srv := startPulse(t)
	_, p, _, _ := pulsePath(t, "device:a.monitor", "device:a")
	ping := &pinger{}
	if err := p.OpenPlayout(ping); err != nil {
		t.Fatal(err)
	}
	if err := p.OpenCapture(ping); err != nil {
		t.Fatal(err)
	}
	srv.until("clicks came back", func() bool {
		ping.mu.Lock()
		defer ping.mu.Unlock()
		return len(ping.trips) >= 15
	})
	ping.mu.Lock()
	defer ping.mu.Unlock()
	sort.Slice(ping.trips, func(i, j int) bool { return ping.trips[i] < ping.trips[j] })
	median := ping.trips[len(ping.trips)/2]
	t.Logf("pull to push: median %v, of %v", median, ping.trips)
	if median > 60*time.Millisecond {
		t.Errorf("the way through the devices takes %v", median)
	}
}

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

// BenchmarkWayThroughDevices plays clicks and hears them again by the sound
// server's own loop. Its floor is what such a loop can't do without: the frame
// itself and a block of the server's in each direction.
func BenchmarkWayThroughDevices(b *testing.B) {
	srv := startPulse(b)
	_, p, _, _ := pulsePath(b, "device:a.monitor", "device:a")
	ping := &pinger{}
	if err := p.OpenPlayout(ping); err != nil {
		b.Fatal(err)
	}
	if err := p.OpenCapture(ping); err != nil {
		b.Fatal(err)
	}
	heard := func(n int) func() bool {
		return func() bool {
			ping.mu.Lock()
			defer ping.mu.Unlock()
			return len(ping.trips) >= n
		}
	}
	srv.until("the devices are warm", heard(8))
	ping.mu.Lock()
	ping.trips = nil
	ping.mu.Unlock()
	n := 0
	for b.Loop() {
		n++
		srv.until("a click came back", heard(n))
	}
	ping.mu.Lock()
	defer ping.mu.Unlock()
	sort.Slice(ping.trips, func(i, j int) bool { return ping.trips[i] < ping.trips[j] })
	ms := func(d time.Duration) float64 { return d.Seconds() * 1000 }
	b.ReportMetric(ms(ping.trips[len(ping.trips)/2]), "ms-p50")
	b.ReportMetric(ms(ping.trips[len(ping.trips)*95/100]), "ms-p95")
	b.ReportMetric(ms(3*frameTime), "ms-floor")
}

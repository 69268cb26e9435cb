package media

import (
	"runtime"
	"testing"
)

// BenchmarkSession is what a connected session costs in memory: bytes that live
// while the call does, and goroutines, for one of the two ends.
func BenchmarkSession(b *testing.B) {
	for name, make := range map[string]func() *phone{
		"WebRTC": func() *phone { return newPhone(b, 440, Config{}) },
		"RTP":    func() *phone { return newPlainPhone(b, 440, Config{}) },
	} {
		b.Run(name, func(b *testing.B) {
			var bytes, routines float64
			for range b.N {
				before, n := live(), runtime.NumGoroutine()
				x, y := make(), make()
				for _, p := range []*phone{x, y} {
					p.OpenSend()
					p.OpenReceive()
				}
				exchange(b, x, y, false)
				hears(b, x, 440)
				x.mu.Lock()
				x.heard = nil
				x.mu.Unlock()
				y.mu.Lock()
				y.heard = nil
				y.mu.Unlock()
				bytes += float64(live()-before) / 2
				routines += float64(runtime.NumGoroutine()-n) / 2
				x.end()
				y.end()
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(bytes/float64(b.N)/1024, "KB/session")
			b.ReportMetric(routines/float64(b.N), "goroutines/session")
		})
	}
}

func live() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
